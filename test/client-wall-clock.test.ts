// People and NTP put the wall clock back and forth while a client runs: nothing that waits, limits or counts by the
// time that goes by may notice.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { access } from '../client/api/access.ts'
import { serveRequests } from '../client/service.ts'
import { hex } from '../encoding/bytes.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { hour, minute, second } from '../world/units.ts'
import { app, pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

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
    const message = { ...received, inReplyTo: undefined, from: undefined, contact: undefined }
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

interface Trace {
  /** When each packet left, by elapsed time. */
  readonly times: readonly number[]
  readonly states: readonly string[]
  readonly answer: string | undefined
}

/** Two clients that send, lose, ask, answer and publish; `step` is taken after five seconds. */
async function traceOf(step: number): Promise<Trace> {
  const net = new FakeNetwork({ seed: 72, epochMs: 1000 * hour, lossPercent: 10 })
  // Well within an epoch, of which an hour is so little that reply blocks are spread over it alike
  net.clock.set(237 * hour)
  const [alice, bob] = await pair(net)
  const times: number[] = []
  net.onClientPacket = () => times.push(net.clock.elapsed())
  app(bob, ({ bytes }) => new Uint8Array(bytes.length))
  const to = bob.client.address
  const sent = [
    await alice.client.send(to, new Uint8Array(20_000), { replies: true, receipt: true }),
    await alice.client.send(to, 'short', { replies: true }),
  ]
  const [published] = [alice.client.bulletin('open').publish(Uint8Array.of(1))]
  published.catch(() => {})
  await net.clock.advance(5 * second)
  net.clock.set(step)
  await net.clock.advance(2 * second)
  sent.push(await alice.client.send(to, 'after the step', { replies: true }))
  await net.clock.advance(20 * second)
  net.kill(net.gateways.find(({ id }) => hex(id) === alice.client.status().gateway) as never)
  await net.clock.advance(25 * second)
  const [answer] = await alice.client.inbox()
  const states = sent.map(({ state }) => state)
  await Promise.all([alice, bob].map(({ client }) => client.close()))
  return { times, states, answer: answer && `${answer.inReplyTo} ${answer.bytes.length}` }
}

test('packets leave when they would have left had nobody put the wall clock back or forth', async () => {
  const still = await traceOf(0)
  assert.ok(still.times.length > 500, `${still.times.length} packets`)
  assert.ok(still.states.includes('read') && still.answer !== undefined, still.states.join(' '))
  for (const step of Object.values(steps)) {
    const { times, ...rest } = await traceOf(step)
    const apart = times.findIndex((time, i) => time !== still.times[i])
    assert.is(
      apart,
      -1,
      `packet ${apart} of ${times.length} left at ${times[apart]}, not ${still.times[apart]}`,
    )
    assert.equal({ times: times.length, ...rest }, { ...still, times: still.times.length })
  }
})

test.run()
