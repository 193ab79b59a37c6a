// docs/threats.md 3.10, 3.11 and 3.19: publishing cannot be told from not publishing, reading not from not reading, by
// who watches a client's link; and a flood costs the flooder.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { noProof } from '../directory/work.ts'
import { hex } from '../encoding/bytes.ts'
import type { Sight } from '../link/memory/memory.ts'
import { readStamped } from '../link/protocol/bulletin.ts'
import { mailboxProtocol, readPage } from '../link/protocol/mailbox.ts'
import { Board } from '../node/bulletin/board.ts'
import { BULLETIN_RECIPIENT } from '../sphinx/commands.ts'
import { wrap } from '../sphinx/wrap.ts'
import { virtualClock } from '../world/clock.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, gateways, join } from './bulletin-world.ts'
import type { World } from './node-world.ts'

/** Packets that leave a host in each of these seconds. */
function watch(
  w: World,
  id: Uint8Array,
): { cells: Map<number, number>; sizes: Set<string>; requests: number } {
  const seen = { cells: new Map<number, number>(), sizes: new Set<string>(), requests: 0 }
  w.links.tap(({ time, from, to, bytes, what }: Sight) => {
    const [mine, theirs] = [hex(from) === hex(id), hex(to) === hex(id)]
    if (!mine && !theirs) return
    const count = what === 'cells' ? bytes / w.geometry.packetBytes : 0
    if (what !== 'cells') seen.sizes.add(`${what} ${bytes}`)
    if (what === 'request') seen.requests++
    const at = Math.floor(time / second)
    if (mine && count > 0) seen.cells.set(at, (seen.cells.get(at) ?? 0) + count)
  })
  return seen
}

const linkOf = (w: World, made: () => Promise<Client>): Promise<{ client: Client; id: Uint8Array }> => {
  const { client: start } = w
  let id: Uint8Array = new Uint8Array()
  Object.assign(w, {
    client: () => {
      const link = start()
      id = link.id
      return link
    },
  })
  return made().then(client => {
    Object.assign(w, { client: start })
    return { client, id }
  })
}

/** Counts how many more packets a second leave in the seconds after something was published than in others. */
function excess(
  cells: ReadonlyMap<number, number>,
  from: number,
  to: number,
  published: readonly number[],
): number {
  const near = (at: number): boolean => published.some(when => at >= when && at < when + 2)
  let [after, afterSeconds, else_, elseSeconds] = [0, 0, 0, 0]
  for (let at = from; at < to; at++) {
    const count = cells.get(at) ?? 0
    if (near(at)) [after, afterSeconds] = [after + count, afterSeconds + 1]
    else [else_, elseSeconds] = [else_ + count, elseSeconds + 1]
  }
  return after / afterSeconds - else_ / elseSeconds
}

test('a client that publishes sends as one that does not; without its clock it would show', async () => {
  const w = await bulletinWorld({ parameters: { payloadPerMinute: 120, openKiB: 1024 } })
  const [gate] = gateways(w)
  const { client, id } = await linkOf(w, () => join(w, [gate!]))
  const seen = watch(w, id)
  // the control has no clock: what it publishes leaves at once, beside the cover of another client
  const hasty = w.client()
  const { client: covered, id: coveredId } = await linkOf(w, () => join(w, [gate!]))
  const control = watch(w, coveredId)
  const other = watch(w, hasty.id)
  const from = Math.floor(w.clock.now() / second)
  const published: number[] = []
  for (let n = 0; n < 24; n++) {
    published.push(Math.floor(w.clock.now() / second))
    client
      .bulletin('open')
      .publish(bytes(`entry ${n}`))
      .catch(() => {})
    const mix = w.places.find(({ role }) => role === 'mix')!
    for (let piece = 0; piece < 2; piece++) {
      const path = w.path([gate!, mix, gate!], [0, 0, 0])
      const body = new Uint8Array(w.geometry.bodyBytes)
      hasty.send(gate!.link, wrap(w.geometry, path, BULLETIN_RECIPIENT, body, w.random))
    }
    await w.clock.advance(10 * second)
  }
  const to = Math.floor(w.clock.now() / second)
  const together = new Map(control.cells)
  for (const [at, count] of other.cells) together.set(at, (together.get(at) ?? 0) + count)
  // 48 of 240 seconds at 2 packets each: a standard deviation of 0.22
  assert.ok(Math.abs(excess(seen.cells, from, to, published)) < 0.7)
  assert.ok(excess(together, from, to, published) > 0.7)
  assert.ok(client.status().bulletin.published >= 20)
  await client.close()
  await covered.close()
  await w.close()
})

test('reading looks the same whether a client uses the bulletin, and whether there is anything on it', async () => {
  // one gateway, so that the control can look into what it answers
  const w = await bulletinWorld({ gateways: 1, parameters: { openKiB: 1024 } })
  const [gate] = gateways(w)
  const reader = await linkOf(w, () => join(w, [gate!]))
  const other = await linkOf(w, () => join(w, [gate!]))
  const idle = [watch(w, reader.id), watch(w, other.id)] as const
  await w.clock.advance(2 * minute)
  const stop = new AbortController()
  const got: string[] = []
  const reading = (async () => {
    for await (const { id } of reader.client.bulletin('open').entries({ signal: stop.signal })) got.push(id)
  })()
  // what the pages would have told if they were not padded
  const unpadded = new Set<number>()
  const answer = (gate!.link as unknown as { answer: (...of: unknown[]) => Promise<{ answer?: Uint8Array }> })
    .answer
  Object.assign(gate!.link, {
    answer: async (from: Uint8Array, protocol: string, body: Uint8Array) => {
      const reply = await answer.call(gate!.link, from, protocol, body)
      if (protocol === mailboxProtocol && reply.answer !== undefined && body[0] === 3) {
        const { board } = readPage(reply.answer, w.geometry.payloadBytes)
        unpadded.add(board.findLastIndex(byte => byte !== 0))
      }
      return reply
    },
  })
  const busy = [watch(w, reader.id), watch(w, other.id)] as const
  for (let n = 0; n < 6; n++) {
    reader.client
      .bulletin('open')
      .publish(w.random(300 + 40 * n))
      .catch(() => {})
    await w.clock.advance(20 * second)
  }
  stop.abort()
  await reading
  assert.ok(got.length >= 5)
  for (const seen of [...busy, ...idle]) {
    assert.equal([...seen.sizes].sort(), [...idle[0].sizes].sort(), 'one size of request, one of answer')
    assert.is(seen.sizes.size, 2)
  }
  // Poisson, 120 expected: five standard deviations
  for (const seen of busy) assert.ok(Math.abs(seen.requests - 120) < 55, `${seen.requests} requests`)
  assert.ok(unpadded.size > 5, 'control: without padding the lengths tell when something is published')
  await reader.client.close()
  await other.client.close()
  await w.close()
})

test('a flood does not drive out what others published; if origins were not told apart it would', () => {
  /** Counts the quiet entries that are left, of five, after 500 loud ones. */
  const left = (quiet: number, loud: number): number => {
    const board = new Board(virtualClock(), () => ({ topicBytes: 10_000, ageMs: minute }))
    for (let n = 0; n < 505; n++) {
      const origin = new Uint8Array(32).fill(n < 5 ? quiet : loud)
      const data = new Uint8Array(100)
      board.put(`${n}`, { topic: 1, time: n, origin, ...noProof, signature: new Uint8Array(64), data }, n)
    }
    return board.since(0, 1e6).entries.filter(entry => readStamped(entry).time < 5).length
  }
  assert.is(left(1, 2), 5)
  assert.is(left(1, 1), 0)
})

test.run()
