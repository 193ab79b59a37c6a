// A client's session at a gateway, docs/spec/client-clocks.md 9: how soon it is opened again after a failure.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GatewaySession, type SessionInit } from '../client/incoming/session.ts'
import { WayError } from '../client/incoming/ways.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'

/** A session whose gateway refuses: when it was tried, by elapsed time. */
async function triedWithin(ms: number): Promise<number[]> {
  const clock = virtualClock()
  const tried: number[] = []
  const refuse = (): Promise<never> => {
    tried.push(clock.elapsed())
    return Promise.reject(new WayError('no-home'))
  }
  const init = {
    ...{ clock, random: seededRandom(3), log: silent },
    peer: () => ({ id: new Uint8Array(32) }),
    way: () => ({ begin: refuse, ask: refuse, close: () => {} }),
    onChange: () => {},
  } as unknown as SessionInit
  const session = new GatewaySession(init)
  session.start()
  for (let at = 0; at < ms; at += second / 2) await clock.advance(second / 2)
  session.end()
  return tried
}

test('one that was never open is tried each second at first, and each five seconds after that', async () => {
  const tried = await triedWithin(60 * second)
  const gaps = tried.slice(1).map((at, i) => ({ at, gap: at - (tried[i] as number) }))
  const [early, late] = [gaps.filter(({ at }) => at < 20 * second), gaps.filter(({ at }) => at > 26 * second)]
  assert.ok(early.length > 20 && early.every(({ gap }) => gap <= second))
  assert.ok(late.length > 5 && late.every(({ gap }) => gap > 3 * second && gap <= 5 * second))
})

test.run()
