// docs/spec/node.md and docs/spec/mixing.md: heap, hold, keys, files and routes, each for itself.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { epochStart, graceMs, type Network } from '../directory/documents/network.ts'
import { NodeError, type NodeErrorCode } from '../node/error.ts'
import { folderFiles, memoryFiles } from '../node/files.ts'
import { poisson } from '../node/mixing/poisson.ts'
import { openingEpochs, openKeys } from '../node/relay/keys.ts'
import { virtualClock } from '../world/clock.ts'
import { heap } from '../world/heap.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'

const network: Network = {
  name: 'test',
  genesis: 1_000_000,
  epochMs: 20 * second,
  authorities: [],
  threshold: 1,
  suite: 'x25519',
  hops: 5,
  userBytes: 200,
  topology: 'stratified',
  layers: 3,
  minimum: { mixes: 3, gateways: 1 },
}
const at = (epoch: number, ms = 0): number => epochStart(network, epoch) + ms

async function rejects(run: () => Promise<unknown>, code: NodeErrorCode, text: RegExp): Promise<void> {
  const error = await run().then(
    () => undefined,
    reason => reason,
  )
  assert.instance(error, NodeError)
  assert.is((error as NodeError).code, code)
  assert.match((error as NodeError).message, text)
}

function inFolder(run: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chaffinch-node-'))
    try {
      await run(join(folder, 'node'))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

test('a heap gives back what was put in, smallest first, also with items taken out of its middle', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.nat()), (values, places) => {
      const all = heap<number>((a, b) => a < b)
      for (const value of values) all.push(value)
      const taken = places.flatMap(place => (all.size > 0 ? [all.removeAt(place % all.size)] : []))
      const rest: number[] = []
      for (let next = all.pop(); next !== undefined; next = all.pop()) rest.push(next)
      assert.equal(
        rest,
        [...rest].sort((a, b) => a - b),
      )
      assert.equal(
        [...rest, ...taken].sort((a, b) => a - b),
        [...values].sort((a, b) => a - b),
      )
    }),
  )
})

test('the Poisson hold loses nothing, keeps every delay and its bound', () => {
  const arrivals = fc.array(fc.record({ delayMs: fc.nat(200), gap: fc.nat(20) }), { maxLength: 80 })
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 20 }), fc.nat(), (packets, limit, seed) => {
      const hold = poisson<{ delayMs: number; due: number }>({ random: seededRandom(seed), limit })
      const gone = new Set<object>()
      let now = 0
      const take = (): void => {
        for (const packet of hold.take(now)) {
          assert.ok(packet.due <= now, 'not before its time')
          assert.not(gone.has(packet))
          gone.add(packet)
        }
        assert.ok((hold.wakeAt() ?? Number.POSITIVE_INFINITY) > now, 'nothing late stays')
      }
      for (const { delayMs, gap } of packets) {
        now += gap
        take()
        const evicted = hold.put({ delayMs, due: now + delayMs }, now)
        if (evicted !== undefined) gone.add(evicted)
        assert.ok(hold.size <= limit)
      }
      now += 1000
      take()
      assert.is(hold.size, 0)
      assert.is(hold.wakeAt(), undefined)
      assert.is(gone.size, packets.length)
    }),
  )
})

test('a full hold drops one of all at random, and what leaves together leaves in random order', () => {
  const random = seededRandom(4)
  let newestDropped = 0
  const orders = new Set<string>()
  for (let run = 0; run < 400; run++) {
    const hold = poisson<{ delayMs: number; name: number }>({ random, limit: 3 })
    for (let name = 0; name < 3; name++) hold.put({ delayMs: 10, name }, 0)
    if (hold.put({ delayMs: 10, name: 3 }, 0)?.name === 3) newestDropped++
    orders.add(
      hold
        .take(10)
        .map(packet => packet.name)
        .join(''),
    )
  }
  assert.ok(newestDropped > 60 && newestDropped < 140, `the newest in ${newestDropped} of 400`)
  assert.is(orders.size, 24, 'all orders of three of four')
})

test('near a boundary the neighbouring key opens too, and nowhere else', () => {
  assert.is(graceMs(network), 5 * second)
  assert.is(graceMs({ ...network, epochMs: 20 * 60 * second }), 60 * second)
  assert.equal(openingEpochs(network, at(3)), [3, 2])
  assert.equal(openingEpochs(network, at(3, 4999)), [3, 2])
  assert.equal(openingEpochs(network, at(3, 5000)), [3])
  assert.equal(openingEpochs(network, at(3, 14_999)), [3])
  assert.equal(openingEpochs(network, at(3, 15_000)), [3, 4])
  assert.equal(openingEpochs(network, at(0)), [0])
})

test('keys are made three epochs ahead, survive a restart, and go one grace period after their epoch', async () => {
  const files = memoryFiles()
  const random = seededRandom(5)
  const ring = await openKeys({ network, files, random })
  await ring.advance(at(0), true)
  assert.equal(ring.epochs(), [0, 1, 2, 3])
  const named = ring.published(1)
  assert.equal([...named.keys()], [1, 2, 3])
  assert.throws(() => ring.published(2), /packet key of epoch 4: not made yet/)
  assert.is(ring.nextAdvance(at(0)), at(0, 5000))
  assert.is(ring.nextAdvance(at(0, 5000)), at(1))

  const again = await openKeys({ network, files, random })
  await again.advance(at(1), true)
  assert.equal(again.published(1), named)
  assert.equal(again.epochs(), [0, 1, 2, 3, 4])
  assert.equal(
    again.opening(at(1)).map(key => key.epoch),
    [1, 0],
  )
  const old = again.opening(at(1))[1]?.secret as Uint8Array
  await again.advance(at(1, 5000), true)
  assert.equal(again.epochs(), [1, 2, 3, 4])
  assert.ok(
    old.every(byte => byte === 0),
    'wiped in memory',
  )
  assert.not((await files.list()).includes('packet-0.key'))
  again.retire(1)
  assert.equal(again.opening(at(1, 5000)), [])
  assert.equal([...again.published(1).keys()], [1, 2, 3])
})

test('a key whose erasure was cut short is gone with the next start', async () => {
  const files = memoryFiles()
  const random = seededRandom(6)
  await (await openKeys({ network, files, random })).advance(at(0), true)
  await files.write('packet-1.key', new Uint8Array(64))
  const ring = await openKeys({ network, files, random })
  assert.equal(ring.epochs(), [0, 2, 3])
  assert.not((await files.list()).includes('packet-1.key'))
})

test(
  'key files are private, and a damaged one is named',
  inFolder(async folder => {
    const files = await folderFiles(folder, virtualClock())
    const ring = await openKeys({ network, files, random: seededRandom(6) })
    await ring.advance(at(0), true)
    assert.equal(readdirSync(folder).sort(), ['packet-0.key', 'packet-1.key', 'packet-2.key', 'packet-3.key'])
    const path = join(folder, 'packet-1.key')
    assert.is(statSync(path).mode & 0o777, 0o600)
    assert.is(statSync(folder).mode & 0o777, 0o700)
    const bytes = readFileSync(path)
    assert.is(bytes.length, 64)
    writeFileSync(path, bytes.subarray(0, 63))
    await rejects(
      () => openKeys({ network, files, random: seededRandom(7) }),
      'BAD_FILE',
      /packet-1.key: want 64/,
    )
    bytes[0] = (bytes[0] as number) ^ 8
    writeFileSync(path, bytes)
    await rejects(
      () => openKeys({ network, files, random: seededRandom(7) }),
      'BAD_FILE',
      /packet-1.key: secret/,
    )
    writeFileSync(path, new Uint8Array(1 << 20))
    await rejects(
      () => openKeys({ network, files, random: seededRandom(7) }),
      'BAD_FILE',
      /packet-1.key: want 64 bytes, have 1048576/,
    )
    await files.erase('packet-1.key')
    await files.erase('packet-1.key')
    assert.not(existsSync(path))
  }),
)

test(
  'a folder that cannot be used is an error that names it',
  inFolder(async folder => {
    writeFileSync(folder, 'a file')
    await rejects(() => folderFiles(join(folder, 'below'), virtualClock()), 'FOLDER', /below.*ENOTDIR/)
    rmSync(folder)
    const files = await folderFiles(folder, virtualClock())
    await rejects(() => files.write('not-there/x', new Uint8Array(1)), 'FOLDER', /not-there.*ENOENT/)
  }),
)

test.run()
