// docs/spec/node.md 3: exact, bounded, and stronger than SIGKILL.
// tier: slow

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NodeError } from '../node/error.ts'
import { type Files, folderFiles, memoryFiles } from '../node/files.ts'
import { type ReplayStore, replayStore } from '../node/relay/replay.ts'
import { tagSet } from '../node/relay/tags.ts'
import { killAndReplay } from '../trials/chaos-replay/chaos-replay.ts'
import type { Violation } from '../trials/chaos-replay/invariants.ts'
import { systemClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'

const store = (files: Files, tagsPerKey = 1000): ReplayStore =>
  replayStore({ files, random: seededRandom(1), tagsPerKey })

function tagOf(n: number): Uint8Array {
  const tag = new Uint8Array(32)
  new DataView(tag.buffer).setUint32(28, n)
  return tag
}

test('the set of tags is exact', () => {
  const tag = fc.uint8Array({ minLength: 32, maxLength: 32, max: 3 })
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 300 }), fc.nat(), (tags, seed) => {
      const set = tagSet(seededRandom(seed))
      const model = new Set<string>()
      for (const next of tags) {
        assert.is(set.has(next), model.has(next.join()))
        if (!set.has(next)) set.add(next)
        model.add(next.join())
        assert.is(set.size, model.size)
      }
      for (const next of tags) assert.ok(set.has(next))
    }),
  )
})

test('the set grows far beyond its first tables', () => {
  const set = tagSet(seededRandom(2))
  for (let n = 0; n < 50_000; n++) set.add(tagOf(n))
  assert.is(set.size, 50_000)
  for (let n = 0; n < 50_000; n++) assert.ok(set.has(tagOf(n)))
  assert.not(set.has(tagOf(50_000)))
})

test('a tag is new once for each key; a full or unknown key takes none', async () => {
  const replay = store(memoryFiles(), 3)
  await replay.open(1)
  await replay.open(2)
  assert.is(replay.admit(1, tagOf(1)), 'new')
  assert.is(replay.admit(1, tagOf(1)), 'seen')
  assert.is(replay.admit(2, tagOf(1)), 'new')
  assert.is(replay.admit(1, tagOf(2)), 'new')
  assert.is(replay.admit(1, tagOf(3)), 'new')
  assert.is(replay.admit(1, tagOf(4)), 'full')
  assert.is(replay.admit(1, tagOf(2)), 'seen')
  assert.is(replay.admit(3, tagOf(9)), 'full')
  assert.is(replay.size, 4)
})

test('what was flushed is known after a restart, and freed with its key', async () => {
  const files = memoryFiles()
  const replay = store(files)
  await replay.open(1)
  await replay.open(2)
  for (let n = 0; n < 10; n++) replay.admit(1 + (n % 2), tagOf(n))
  await Promise.all([replay.flush(), replay.flush()])
  const again = store(files)
  assert.is(await again.open(1), 'ready')
  assert.is(await again.open(2), 'ready')
  for (let n = 0; n < 10; n++) assert.is(again.admit(1 + (n % 2), tagOf(n)), 'seen')
  await again.free(2)
  assert.equal(await files.list(), ['replay-2.tags'])
  assert.is(again.size, 5)
  assert.is(again.admit(1, tagOf(77)), 'full')
})

test('flushes that wait share one write, in order', async () => {
  const files = memoryFiles()
  let writes = 0
  const slow: Files = {
    ...files,
    journal: async (...args) => {
      const journal = await files.journal(...args)
      return {
        ...journal,
        append: async records => {
          writes++
          await new Promise(resolve => setImmediate(resolve))
          await journal.append(records)
        },
      }
    },
  }
  const replay = store(slow)
  await replay.open(1)
  writes = 0
  const flushed: number[] = []
  const all: Promise<unknown>[] = []
  for (let n = 0; n < 50; n++) {
    replay.admit(1, tagOf(n))
    all.push(replay.flush().then(() => flushed.push(n)))
    if (n % 10 === 9) await new Promise(resolve => setImmediate(resolve))
  }
  await Promise.all(all)
  assert.equal(
    flushed,
    [...flushed].sort((a, b) => a - b),
  )
  assert.ok(writes < 15, `${writes} writes for 50 flushes`)
})

test('a disk that refuses is an error of the flush, and the tags are written with the next one', async () => {
  const files = memoryFiles()
  let broken = false
  const fragile: Files = {
    ...files,
    journal: async (...args) => {
      const journal = await files.journal(...args)
      return {
        ...journal,
        append: async records => {
          if (broken) throw new NodeError('FOLDER', 'replay-1.tags: ENOSPC')
          await journal.append(records)
        },
      }
    },
  }
  const replay = store(fragile)
  await replay.open(1)
  broken = true
  replay.admit(1, tagOf(1))
  await replay.flush().then(
    () => assert.unreachable(),
    error => assert.is(error.code, 'FOLDER'),
  )
  assert.is(replay.admit(1, tagOf(1)), 'seen')
  broken = false
  replay.admit(1, tagOf(2))
  await replay.flush()
  const again = store(files)
  await again.open(1)
  assert.is(again.admit(1, tagOf(1)), 'seen')
  assert.is(again.admit(1, tagOf(2)), 'seen')
})

test('after a start of the machine a journal counts as incomplete', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-replay-'))
  try {
    const files = await folderFiles(folder, systemClock)
    const replay = store(files)
    await replay.open(1)
    await replay.close()
    assert.is(await store(await folderFiles(folder, systemClock)).open(1), 'ready')
    assert.is(await store({ ...files, boot: 'another' }).open(1), 'incomplete')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a journal that the machine lost with its first record does not look new', async () => {
  const files = memoryFiles()
  const written: string[] = []
  const noting: Files = {
    ...files,
    write: async (name, bytes) => {
      written.push(name)
      await files.write(name, bytes)
    },
  }
  await store(noting).open(1)
  assert.equal(written, ['replay-1.tags'], 'the first record is synced')
  await files.write('replay-2.tags', new Uint8Array(0))
  assert.is(await store(files).open(2), 'incomplete')
})

const told: Violation[] = []
const killed = await killAndReplay({ kills: 10, seed: 3, defect: undefined }, violation =>
  told.push(violation),
)

// `npm run chaos -- replay --break` has the controls.
test('a running node that is killed ten times lets no packet out twice', () => {
  assert.equal(told, [])
  assert.is(killed.twice, 0)
  assert.ok(killed.kills >= 10)
  assert.ok(killed.copies > killed.packets)
  assert.ok(killed.accepted > 100, `${killed.accepted} of ${killed.packets} packets left`)
})

test('a full store lets nothing through, before and after a kill, and counts it', () => {
  assert.ok(killed.refusedFull > 0)
  assert.ok(killed.invariants.every(({ holds }) => holds))
})

test.run()
