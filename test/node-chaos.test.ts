// npm run chaos -- node and -- replay: their options, and the bad links between processes. The runs themselves take
// minutes.
// tier: slow

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../simulator/processes/plan.ts'
import { chaos as chaosNode } from '../trials/chaos-node/chaos-node.ts'
import { defects } from '../trials/chaos-node/defects.ts'
import { badLinks, type Weather } from '../trials/chaos-node/links.ts'
import { chaos as chaosReplay } from '../trials/chaos-replay/chaos-replay.ts'
import { defects as replayDefects } from '../trials/chaos-replay/defects.ts'
import { seededRandom } from '../world/random.ts'

/** Runs without a word. */
async function quietly(run: () => Promise<number>): Promise<number> {
  const { error } = console
  console.error = () => {}
  try {
    return await run()
  } finally {
    console.error = error
  }
}

test('five defects at least can be planted, and others are wrong use', async () => {
  assert.ok(Object.keys(defects).length >= 5)
  assert.ok(Object.keys(replayDefects).length >= 5)
  for (const chaos of [chaosNode, chaosReplay]) {
    assert.is(await quietly(() => chaos(['--break', 'nothing'])), 2)
    assert.is(await quietly(() => chaos(['--fly'])), 2)
  }
  assert.is(await quietly(() => chaosNode(['--minutes', '0'])), 2)
  assert.is(await quietly(() => chaosReplay(['--kills', 'many'])), 2)
})

/** Sends bytes to an echo behind a link, and gives what comes back, and how long that took. */
async function through(weather: Weather, bytes: Buffer): Promise<{ echo: Buffer; ms: number }> {
  const server = createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [port] = (await freePorts(1)) as [number]
  const target = (server.address() as AddressInfo).port
  const links = await badLinks([{ name: 'echo', port, target }], seededRandom(4))
  links.set('echo', weather)
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  const startedAt = performance.now()
  socket.end(bytes)
  for await (const chunk of socket) chunks.push(chunk)
  await links.close()
  server.close()
  return { echo: Buffer.concat(chunks), ms: performance.now() - startedAt }
}

test('a fair link and a slow one carry every byte, one of them later', async () => {
  const bytes = Buffer.from(seededRandom(5)(50_000))
  const [fair, slow] = await Promise.all([through('fair', bytes), through('slow', bytes)])
  assert.ok(fair.echo.equals(bytes))
  assert.ok(slow.echo.equals(bytes))
  assert.ok(slow.ms > 600, `${slow.ms} ms there and back`)
})

test('a lossy link carries a beginning of what was sent', async () => {
  const bytes = Buffer.from(seededRandom(6)(200_000))
  const { echo } = await through('lossy', bytes).catch(() => ({ echo: Buffer.alloc(0) }))
  assert.ok(echo.equals(bytes.subarray(0, echo.length)))
})

test.run()
