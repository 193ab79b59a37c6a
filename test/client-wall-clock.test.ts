// People and NTP put the wall clock back and forth while a client runs: nothing that waits, limits or counts by the
// time that goes by may notice.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { access } from '../client/api/access.ts'
import { serveRequests } from '../client/service.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { hour, minute, second } from '../world/units.ts'

const steps = { back: -hour, forth: hour }

for (const [how, step] of Object.entries(steps)) {
  test(`an hour's step ${how} neither locks the owner out of the HTTP API nor grants more requests`, async () => {
    const clock = virtualClock(2 * hour)
    const who = access({ clock, token: 'owner', apps: new Map(), perMinute: 60 })
    for (let i = 0; i < 30; i++) assert.is(who.take(undefined), undefined)
    assert.is(who.take(undefined), 1)
    clock.set(step)
    assert.is(who.take(undefined), 1)
    await clock.advance(second)
    assert.is(who.take(undefined), undefined)
    assert.is(who.take(undefined), 1)
  })

  test(`an hour's step ${how} neither makes a service busy nor raises its quota`, async () => {
    const clock = virtualClock(2 * hour)
    const received = { id: '', seq: 0, at: 0, app: 'x', bytes: new Uint8Array(0), text: '', canReply: true }
    const message = { ...received, inReplyTo: undefined }
    const requests = async function* (): AsyncGenerator<typeof message> {
      for (let i = 0; i < 3; i++) yield message
      clock.set(step)
      await clock.advance(1)
      yield message
      await clock.advance(minute)
      for (let i = 0; i < 3; i++) yield message
    }
    const reply = (): Promise<never> => Promise.reject(new Error('nobody is told'))
    const init = { clock, log: silent, messages: requests, reply }
    const service = serveRequests(init, () => '', { perMinute: 2 })
    await service.ended
    assert.equal(service.counts, { fine: 4, busy: 3, refused: 0, failed: 0, mute: 0 })
  })
}

test.run()
