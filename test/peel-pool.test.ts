// docs/spec/node.md 1.3: peeling in threads gives what peeling inline gives, each neighbour waits for itself, and a
// thread that ends costs what it had.
// tier: slow

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Network } from '../directory/documents/network.ts'
import { type Files, folderFiles } from '../node/files.ts'
import { fairQueue } from '../node/relay/fair-queue.ts'
import { openKeys } from '../node/relay/keys.ts'
import {
  openedBytes,
  readOpened,
  readResult,
  recordsOf,
  resultBytes,
  type ToThread,
  writeOpened,
  writeResult,
} from '../node/relay/peel-messages.ts'
import { peelPool } from '../node/relay/peel-pool.ts'
import { inlinePeeler, type Peeler } from '../node/relay/peeler.ts'
import type { Fit } from '../node/relay/peeling.ts'
import type { PeelResult } from '../node/relay/relay.ts'
import { replayStore } from '../node/relay/replay.ts'
import { Shares } from '../node/relay/shares.ts'
import { body } from '../sphinx/body.ts'
import { geometry } from '../sphinx/geometry.ts'
import { makeReplyBlock, useReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { sourceThread } from '../trials/bench/source-thread.ts'
import { stayAlive, systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'

const network: Network = {
  name: 'test',
  genesis: 1_000_000,
  epochMs: 20 * second,
  authorities: [],
  threshold: 1,
  suite: 'x25519',
  hops: 3,
  userBytes: 200,
  topology: 'stratified',
  layers: 1,
  minimum: { mixes: 1, gateways: 1 },
}
const g = geometry(network)
/** In the first epochs' grace: the keys of two epochs open packets. */
const now = network.genesis + network.epochMs + second
const random = seededRandom(21)
const other = { id: random(32), key: new Uint8Array(32).fill(9), delayMs: 3 }

test('what passes between threads reads as it was written', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length })
  const packet = new Uint8Array(g.packetBytes)
  const delayMs = fc.nat(2 ** 32 - 1)
  const plain = { noNullPrototype: true } as const
  const result: fc.Arbitrary<PeelResult> = fc.oneof(
    fc.constantFrom(...(['FAULT', 'NO_KEY', 'BAD_MAC', 'BAD_PAYLOAD'] as const)).map(drop => ({ drop })),
    fc
      .record({ next: bytes(32), delayMs })
      .map(forward => ({ peeled: { at: 'forward' as const, ...forward, packet } })),
    fc.record({ recipient: bytes(32), delayMs }, plain).map(deliver => ({
      peeled: { at: 'deliver' as const, ...deliver, body: packet.subarray(-g.bodyBytes) },
    })),
    fc.record({ recipient: bytes(32), replyId: bytes(16), delayMs }, plain).map(reply => ({
      peeled: { at: 'reply' as const, ...reply, payload: packet.subarray(-g.payloadBytes) },
    })),
  )
  fc.assert(
    fc.property(fc.array(result), results => {
      const records = new Uint8Array(results.length * resultBytes)
      for (const [i, record] of [...recordsOf(records, resultBytes)].entries())
        writeResult(record, results[i] as PeelResult)
      const read = [...recordsOf(records, resultBytes)].map(record => readResult(g, record, () => packet))
      assert.equal(read, results)
    }),
  )
  const opened = fc.oneof(
    fc.constant({ drop: 'BAD_POINT' as const }),
    fc.record({ at: fc.nat(1), tag: bytes(32) }, plain),
  )
  fc.assert(
    fc.property(opened, one => {
      const record = new Uint8Array(openedBytes)
      writeOpened(record, one)
      assert.equal(readOpened(record), one)
    }),
  )
})

test('a fair queue loses nothing, keeps the order of each, and lets nobody wait for more than a share of each other', () => {
  const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(20)), { maxLength: 30 })
  fc.assert(
    fc.property(
      pushes,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 40 }),
      (all, share, count) => {
        const queue = fairQueue<string>(share)
        const want = new Map<string, string[]>()
        for (const [from, n] of all) {
          const items = Array.from({ length: n }, (_, i) => `${from}${want.get(from)?.length ?? 0}.${i}`)
          want.set(from, [...(want.get(from) ?? []), ...items])
          queue.push(from, items)
        }
        const got = new Map<string, string[]>()
        while (queue.size > 0) {
          const before = queue.size
          const taken = queue.take(count)
          const total = taken.reduce((sum, { items }) => sum + items.length, 0)
          assert.is(total, Math.min(count, before))
          assert.is(queue.size, before - total)
          const turns = new Set<string>()
          for (const { from, items } of taken) {
            assert.ok(items.length >= 1 && items.length <= share)
            // a second turn only when nobody else waits for a first
            if (turns.has(from))
              for (const [name, list] of want)
                assert.ok(turns.has(name) || (got.get(name)?.length ?? 0) === list.length)
            turns.add(from)
            got.set(from, [...(got.get(from) ?? []), ...items])
          }
        }
        for (const [from, items] of want) if (items.length > 0) assert.equal(got.get(from), items)
      },
    ),
  )
})

interface Bench {
  readonly peeler: Peeler
  readonly workers: Worker[]
  readonly results: PeelResult[]
  /** The worth of each neighbour's packets. */
  readonly fits: ReadonlyMap<string, Fit>
  /** Packets that a thread was told to finish: whose payload it touches. */
  finished(): number
  readonly files: Files
  /** 32 bytes: the public key of epoch 1. */
  readonly key: Uint8Array
  /** 32 bytes: of epoch 0, in its grace. */
  readonly earlier: Uint8Array
  come(count: number): Promise<readonly PeelResult[]>
}

async function withPeeler(
  threads: number,
  run: (bench: Bench) => Promise<void>,
  isNode: (from: string) => boolean = from => from !== 'client',
): Promise<void> {
  // the threads alone would not
  const letGo = stayAlive()
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-peel-'))
  const files = await folderFiles(folder, systemClock)
  const keys = await openKeys({ network, files, random })
  await keys.advance(network.genesis, true)
  const earlier = keys.published(0).get(0) as Uint8Array
  const key = keys.published(1).get(1) as Uint8Array
  const replay = replayStore({ files, random, tagsPerKey: 1000 })
  for (const epoch of [0, 1]) await replay.open(epoch)
  const results: PeelResult[] = []
  const workers: Worker[] = []
  const fits = new Map<string, Fit>()
  let finished = 0
  const options = {
    geometry: g,
    keys,
    replay,
    now: () => now,
    log: silent,
    clock: systemClock,
    isNode,
    shares: new Shares(isNode),
    peeled: (some: readonly PeelResult[]) => void results.push(...some),
    judged: (from: string, fit: Readonly<Fit>) => {
      const before = fits.get(from) ?? { fitting: 0, misfits: 0 }
      fits.set(from, { fitting: before.fitting + fit.fitting, misfits: before.misfits + fit.misfits })
    },
  }
  const peeler =
    threads === 0
      ? inlinePeeler(options)
      : await peelPool({
          ...options,
          threads,
          data: { folder, geometry: { suite: 'x25519', hops: network.hops, userBytes: network.userBytes } },
          startThread: data => {
            const worker = sourceThread(data)
            const post = worker.postMessage.bind(worker)
            worker.postMessage = (message: ToThread, handedOver?: readonly ArrayBuffer[]) => {
              if (message.do === 'finish') finished += message.verdicts.reduce((sum, yes) => sum + yes, 0)
              post(message, handedOver)
            }
            workers.push(worker)
            return worker
          },
        })
  const come = async (count: number): Promise<readonly PeelResult[]> => {
    for (let waited = 0; results.length < count; waited += 5) {
      assert.ok(waited < 30_000, `${results.length} of ${count} results`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return results
  }
  try {
    await run({ peeler, workers, files, results, fits, finished: () => finished, key, earlier, come })
  } finally {
    await peeler.close()
    keys.close()
    await replay.close()
    rmSync(folder, { recursive: true, force: true })
    letGo()
  }
}

function forward(key: Uint8Array, delayMs = 5): Uint8Array {
  const path = [{ id: random(32), key, delayMs }, other]
  return wrap(g, path, random(32), new Uint8Array(g.bodyBytes), random)
}

/** One of each kind, good and bad, and a name for what becomes of it. */
function samples({ key, earlier }: Bench): Uint8Array[] {
  const id = random(32)
  const plain = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  const deliver = wrap(g, [{ id, key, delayMs: 7 }], random(32), plain, random)
  const damaged = wrap(g, [{ id, key, delayMs: 7 }], random(32), plain, random)
  damaged[g.packetBytes - 1] = (damaged[g.packetBytes - 1] as number) ^ 1
  const back = { recipient: random(32), replyId: random(16) }
  const { block } = makeReplyBlock(g, [{ id, key, delayMs: 8 }], back, random)
  const reply = useReplyBlock(g, block, plain).packet
  const wrongMac = forward(key)
  wrongMac[g.headerBytes - 1] = (wrongMac[g.headerBytes - 1] as number) ^ 1
  const wrongAd = forward(key)
  wrongAd[0] = 77
  const lowOrder = forward(key)
  lowOrder.fill(0, g.adBytes, g.adBytes + g.kemBytes)
  const replayed = forward(key)
  const old = forward(earlier)
  return [
    forward(key),
    deliver,
    damaged,
    reply,
    wrongMac,
    wrongAd,
    lowOrder,
    replayed,
    replayed.slice(),
    old,
    random(g.packetBytes),
  ]
}

test('what does not open is held against who sent it, and no payload of it is touched', async () => {
  await withPeeler(1, async bench => {
    const good = Array.from({ length: 20 }, () => forward(bench.key))
    const copies = [...good, ...good].map(packet => packet.slice())
    const garbage = Array.from({ length: 50 }, () => random(g.packetBytes))
    bench.peeler.peel('aa', good)
    await bench.come(20)
    bench.peeler.peel('bb', garbage)
    bench.peeler.peel('cc', copies)
    await bench.come(110)
    assert.equal(Object.fromEntries(bench.fits), {
      aa: { fitting: 20, misfits: 0 },
      bb: { fitting: 0, misfits: 50 },
      cc: { fitting: 0, misfits: 40 },
    })
    assert.is(bench.finished(), 20)
  })
})

test('threads make of packets what the inline peeler makes of them', async () => {
  const kinds: Record<string, number>[] = []
  let packets: Uint8Array[] = []
  for (const threads of [0, 1])
    await withPeeler(threads, async bench => {
      packets = samples(bench)
      bench.peeler.peel('aa', packets)
      await bench.come(packets.length)
      assert.equal([...bench.fits], [['aa', { fitting: 6, misfits: 5 }]])
      const counts: Record<string, number> = {}
      for (const result of await bench.come(packets.length)) {
        const name = 'drop' in result ? result.drop : `${result.peeled.at} ${result.peeled.delayMs}`
        counts[name] = (counts[name] ?? 0) + 1
        if ('peeled' in result && result.peeled.at === 'forward') {
          assert.equal(result.peeled.next, other.id)
          assert.is(result.peeled.packet.length, g.packetBytes)
        }
      }
      kinds.push(counts)
    })
  assert.equal(kinds[1], kinds[0])
  assert.equal(kinds[0], {
    'forward 5': 3,
    'deliver 7': 1,
    'reply 8': 1,
    BAD_PAYLOAD: 1,
    BAD_MAC: 1,
    BAD_AD: 2,
    BAD_POINT: 1,
    REPLAY: 1,
  })
})

/** Gives what becomes of packets that end here, from a client and from a node, among others that do not open. */
async function endingHere(threads: number, isNode?: (from: string) => boolean): Promise<string[]> {
  const ends: string[] = []
  await withPeeler(
    threads,
    async ({ peeler, key, come, results }) => {
      const id = random(32)
      const plain = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
      const deliver = (): Uint8Array => wrap(g, [{ id, key, delayMs: 7 }], random(32), plain, random)
      const back = { recipient: random(32), replyId: random(16) }
      const reply = useReplyBlock(g, makeReplyBlock(g, [{ id, key, delayMs: 8 }], back, random).block, plain)
      // One batch, so that verdicts and neighbours have to be told apart
      peeler.shares.push('client', [deliver(), random(g.packetBytes), reply.packet, forward(key), deliver()])
      peeler.shares.push('aa', [random(g.packetBytes), deliver(), forward(key)])
      peeler.peel('aa', [deliver()])
      await come(9)
      ends.push(...results.map(result => ('drop' in result ? result.drop : result.peeled.at)).sort())
    },
    isNode,
  )
  return ends
}

test('a client’s packet ends at no first hop, with and without threads; a node’s does', async () => {
  const want = [
    'BAD_AD',
    'BAD_AD',
    'NO_ROUTE',
    'NO_ROUTE',
    'NO_ROUTE',
    'deliver',
    'deliver',
    'forward',
    'forward',
  ]
  assert.equal(await endingHere(0), want)
  assert.equal(await endingHere(1), want)
})

test('control: where clients are taken for nodes they deliver without the network', async () => {
  const all = await endingHere(1, () => true)
  assert.is(all.filter(end => end === 'deliver' || end === 'reply').length, 5)
})

test('a hundred copies in two threads give one output, and a killed thread costs what it had', async () => {
  await withPeeler(2, async ({ peeler, workers, key, come, results }) => {
    const packet = forward(key)
    for (let i = 0; i < 100; i++) peeler.peel(`${i % 7}`, [packet.slice()])
    const all = await come(100)
    assert.is(all.filter(result => 'peeled' in result).length, 1)
    assert.is(all.filter(result => 'drop' in result && result.drop === 'REPLAY').length, 99)

    results.length = 0
    peeler.peel(
      'aa',
      Array.from({ length: 200 }, () => forward(key)),
    )
    // both have batches now, and one will never answer
    await workers[0]?.terminate()
    const lost = (await come(200)).filter(result => 'drop' in result)
    assert.ok(lost.length > 0 && lost.length <= 64, `${lost.length} lost`)
    assert.ok(lost.every(result => 'drop' in result && result.drop === 'THREAD_ENDED'))
    assert.is(results.length, 200)

    for (let waited = 0; workers.length < 3; waited += 10) {
      assert.ok(waited < 5000, 'no other thread takes its place')
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    results.length = 0
    await workers[1]?.terminate()
    peeler.peel('aa', [forward(key)])
    const [one] = await come(1)
    assert.ok(one !== undefined && 'peeled' in one, 'the new thread has the keys')
  })
})

test('a neighbour that floods is told to wait; another is not, and is served meanwhile', async () => {
  await withPeeler(1, async ({ peeler, key, results, come }) => {
    const flood = Array.from({ length: 600 }, () => random(g.packetBytes))
    for (const packet of flood) packet.set([1, 1])
    assert.is(peeler.shares.room('flooder'), undefined)
    peeler.peel('flooder', flood)
    const room = peeler.shares.room('flooder')
    assert.instance(room, Promise)
    assert.is(peeler.shares.room('honest'), undefined)
    peeler.peel('honest', [forward(key)])
    const good = (): number => results.findIndex(result => 'peeled' in result)
    for (let count = 1; good() < 0; count++) await come(count)
    // two batches are under way, its own one is next, and one of garbage overtakes it between its halves
    assert.ok(good() < 4 * 32, `after ${good()} of the flood`)
    await room
    assert.ok(results.length >= 600 - 256, 'not before most of them are done')
    assert.is(peeler.shares.room('flooder'), undefined)
    await come(601)
  })
})

test('a thread opens packets with a key until it is told that the node has erased it', async () => {
  await withPeeler(1, async ({ peeler, files, key, earlier, come, results }) => {
    const come2 = async (): Promise<string[]> => {
      results.length = 0
      peeler.peel('aa', [forward(earlier), forward(key)])
      return (await come(2)).map(result => ('drop' in result ? result.drop : 'peeled')).sort()
    }
    assert.equal(await come2(), ['peeled', 'peeled'])
    await files.erase('packet-0.key')
    assert.equal(await come2(), ['peeled', 'peeled'])
    await peeler.forget(1)
    assert.equal(await come2(), ['BAD_MAC', 'peeled'])
  })
})

test.run()
