// docs/spec/link.md 8, docs/threats.md 3.36: a peer that gossips faster than gossipsub can take it, or about what
// nobody follows. Each with its control, in which nothing is counted.
// tier: slow

import { multiaddr } from '@multiformats/multiaddr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mostRejected, Standing } from '../link/gossip.ts'
import { systemClock } from '../world/clock.ts'
import { sleep } from '../world/wait.ts'
import { startLoopback } from './loopback-host.ts'
import { rawHost } from './raw-host.ts'

const test = suite('guard of gossip')
const topic = '/test/topic'
const { spend, note } = Standing.prototype
test.after.each(() => {
  Object.assign(Standing.prototype, { spend, note })
})

/** A frame of gossipsub: so many messages of eight bytes about a topic. */
function frameOf(messages: number, about: string): Uint8Array {
  const name = new TextEncoder().encode(about)
  const one = Uint8Array.from([
    0x12,
    12 + name.length,
    0x12,
    8,
    ...new Uint8Array(8),
    0x22,
    name.length,
    ...name,
  ])
  const length = messages * one.length
  const prefix: number[] = []
  for (let rest = length; rest > 0; rest >>= 7) prefix.push((rest & 127) | (rest > 127 ? 128 : 0))
  const frame = new Uint8Array(prefix.length + length)
  frame.set(prefix)
  for (let i = 0; i < messages; i++) {
    new DataView(one.buffer).setFloat64(4, Math.random())
    frame.set(one, prefix.length + i * one.length)
  }
  return frame
}

/** @returns how often somebody was expelled, messages that were judged, and whether the flood goes on */
async function flooded(
  frames: number,
  messages: number,
  about: string,
): Promise<readonly [number, number, boolean]> {
  const host = await startLoopback({ cellBytes: 100 })
  let judged = 0
  const judge = (): 'ignore' => {
    judged++
    return 'ignore'
  }
  const gossip = host.gossip({ peers: () => [], admits: () => true, judge })
  gossip.follow([topic])
  const bad = await rawHost()
  await bad.handle('/meshsub/1.2.0', () => {})
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  const stream = await connection.newStream('/meshsub/1.2.0')
  try {
    for (let i = 0; i < frames && stream.status === 'open'; i++) {
      if (!stream.send(frameOf(messages, about))) await sleep(systemClock, 20)
      else await new Promise(resolve => setImmediate(resolve))
    }
  } catch {
    // it was reset between two looks
  }
  await sleep(systemClock, 500)
  const isOpen = stream.status === 'open'
  await bad.stop()
  await host.close()
  return [gossip.counters.expelled, judged, isOpen]
}

const uncounted = (): void => {
  Standing.prototype.spend = () => true
  Standing.prototype.note = () => {}
}

test('who sends more than its budget is expelled, and what it sent is not looked at', async () => {
  const [expelled, judged, isOpen] = await flooded(2000, 1000, topic)
  assert.equal([expelled, judged, isOpen], [1, 0, false])
})

test('who sends messages of a followed topic by the thousand is expelled after some thousand', async () => {
  const [expelled, judged, isOpen] = await flooded(60, 400, topic)
  assert.equal([expelled, isOpen], [1, false])
  assert.ok(judged > 1000 && judged < 8192, `${judged}`)
})

test('who sends what nobody follows is expelled after a few', async () => {
  const [expelled, judged, isOpen] = await flooded(mostRejected + 2, 1, 'x')
  assert.equal([expelled, judged, isOpen], [1, 0, false])
})

test('control: where nothing is counted all three go on', async () => {
  uncounted()
  assert.equal(await flooded(2000, 1000, topic), [0, 0, true])
  const [expelled, judged, isOpen] = await flooded(60, 400, topic)
  assert.equal([expelled, judged > 8192, isOpen], [0, true, true])
  assert.equal(await flooded(mostRejected + 2, 1, 'x'), [0, 0, true])
})

test.run()
