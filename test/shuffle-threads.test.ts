// A group on threads (docs/spec/shuffle.md 9) is the same group: same bytes, same errors, and a thread that is gone
// costs time and nothing else.
// tier: slow

import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import { generator } from '../shuffle/group.ts'
import { encrypt, prove, scalars, shuffle, verify } from '../shuffle/index.ts'
import { openThreads, type StartThread } from '../shuffle/threads.ts'
import { shuffleThread } from '../trials/bench/source-thread.ts'
import { seededRandom } from '../world/random.ts'

const core = coreGroup()
const n = 400

test('a proof on three threads has the bytes of one on one, and each verifies the other', async () => {
  const threads = await openThreads(3, shuffleThread)
  try {
    const [alone, together] = [core, threads.group].map(group => {
      const random = seededRandom(5)
      const key = group.multiples(undefined, { base: generator, scalars: scalars(group, random, 1) })
      const input = encrypt(group, key, group.derive(random(64 * n)), scalars(group, random, n))
      const { output, secret } = shuffle(group, { key, width: 1, input }, random)
      const statement = { context: random(8), key, width: 1, input, output }
      return { statement, proof: prove(group, statement, secret, random) }
    }) as [Made, Made]
    assert.is(hex(together.proof), hex(alone.proof))
    assert.is(hex(together.statement.output), hex(alone.statement.output))
    assert.ok(verify(threads.group, alone.statement, alone.proof, seededRandom(1)).holds)
    const wrong = alone.proof.slice()
    wrong.set(alone.proof.subarray(0, 32), 32 * (n - 1))
    assert.not(verify(threads.group, alone.statement, wrong, seededRandom(1)).holds)
  } finally {
    await threads.close()
  }
})

interface Made {
  readonly statement: Parameters<typeof verify>[1]
  readonly proof: Uint8Array
}

test('an error in a part is that of the whole call, and the next call has its own answer', async () => {
  const threads = await openThreads(2, shuffleThread)
  try {
    const random = seededRandom(6)
    const points = core.derive(random(64 * n))
    const by = scalars(core, random, n)
    for (const at of [3, n - 3]) {
      const wrong = points.slice()
      wrong.fill(255, 32 * at, 32 * (at + 1))
      const message = (group: typeof core): string => {
        try {
          group.sum([{ points: wrong, scalars: by }])
        } catch (error) {
          return String(error)
        }
        return 'nothing was thrown'
      }
      assert.match(message(threads.group), /BAD_POINT/)
      assert.is(hex(threads.group.sum([{ points, scalars: by }])), hex(core.sum([{ points, scalars: by }])))
    }
    assert.is(threads.count(), 2)
  } finally {
    await threads.close()
  }
})

test('a thread that never answers is given up, and its part computed here', async () => {
  const silent: StartThread = () =>
    new Worker("require('node:worker_threads').parentPort.on('message', () => {}).postMessage('ready')", {
      eval: true,
    })
  const threads = await openThreads(2, silent, 50)
  const random = seededRandom(7)
  const uniform = random(64 * n)
  assert.is(hex(threads.group.derive(uniform)), hex(core.derive(uniform)))
  assert.is(threads.count(), 1)
  assert.is(hex(threads.group.derive(uniform)), hex(core.derive(uniform)))
  await threads.close()
})

test.run()
