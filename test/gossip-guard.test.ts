// docs/spec/link.md 8, docs/threats.md 3.36: a peer that gossips faster than gossipsub can take it, or about what
// nobody follows, over each transport. Each with its control, in which nothing is counted.
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

const transports = ['tcp', 'ws'] as const
type Transport = (typeof transports)[number]
const listen = { tcp: ['/ip4/127.0.0.1/tcp/0'], ws: ['/ip4/127.0.0.1/tcp/0/ws'] } as const

/** @returns how often somebody was expelled, messages that were judged, and whether the flood goes on */
async function flooded(
  transport: Transport,
  frames: number,
  messages: number,
  about: string,
): Promise<readonly [number, number, boolean]> {
  const host = await startLoopback({ cellBytes: 100, listen: listen[transport] })
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

for (const transport of transports) {
  const over = (name: string): string => `${name}, over ${transport}`

  test(over('who sends more than its budget is expelled, and what it sent is not looked at'), async () => {
    assert.equal(await flooded(transport, 2000, 1000, topic), [1, 0, false])
  })

  test(
    over('who sends messages of a followed topic by the thousand is expelled after some thousand'),
    async () => {
      const [expelled, judged, isOpen] = await flooded(transport, 60, 400, topic)
      assert.equal([expelled, isOpen], [1, false])
      assert.ok(judged > 1000 && judged < 8192, `${judged}`)
    },
  )

  test(over('who sends what nobody follows is expelled after a few'), async () => {
    assert.equal(await flooded(transport, mostRejected + 2, 1, 'x'), [1, 0, false])
  })

  test(
    over('control: where nothing is counted who sends much, or what nobody follows, goes on'),
    async () => {
      uncounted()
      const [expelled, judged, isOpen] = await flooded(transport, 60, 400, topic)
      assert.equal([expelled, judged > 8192, isOpen], [0, true, true])
      assert.equal(await flooded(transport, mostRejected + 2, 1, 'x'), [0, 0, true])
    },
  )
}

test('control: where nothing is counted who sends more than any budget goes on', async () => {
  uncounted()
  assert.equal(await flooded('tcp', 2000, 1000, topic), [0, 0, true])
})

test.run()
