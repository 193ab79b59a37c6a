// docs/spec/bulletin.md 8: a gateway that keeps entries back or makes them up, and what its clients see of it. All
// gateways are homes here, so that clients read on connections of their own, where a test can change what is shown.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { hex } from '../encoding/bytes.ts'
import type { BoardPage } from '../link/protocol/bulletin.ts'
import { readBoard, writeBoard } from '../link/protocol/bulletin.ts'
import { mailboxProtocol, readPage, requestBytes, writePage } from '../link/protocol/mailbox.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, during, gateways, join, read } from './bulletin-world.ts'
import type { Place, World } from './node-world.ts'

/** From now on this gateway shows its clients another board. */
function lie(w: World, gate: Place, change: (page: BoardPage) => BoardPage): void {
  const honest = (gate.link as unknown as { answer: Answer }).answer.bind(gate.link)
  const { payloadBytes } = w.geometry
  Object.assign(gate.link, {
    answer: async (from: Uint8Array, protocol: string, body: Uint8Array) => {
      const reply = await honest(from, protocol, body)
      if (protocol !== mailboxProtocol || body.length !== requestBytes || body[0] !== 3 || !reply.answer)
        return reply
      const page = readPage(reply.answer, payloadBytes)
      if (page.status !== 'ok') return reply
      const boardBytes = page.board.length
      const size = { places: reply.answer[1] as number, payloadBytes, boardBytes }
      const board = writeBoard(change(readBoard(page.board)), boardBytes)
      return { answer: writePage({ ...page, board }, size) }
    },
  })
}

type Answer = (from: Uint8Array, protocol: string, body: Uint8Array) => Promise<{ answer?: Uint8Array }>

const recordOf = (client: Client, gate: Place): { shown: number; missing: number; forged: number } => {
  const id = hex(gate.link.id)
  return client.status().bulletin.gateways.find(record => record.id === id)!
}

test('of two gateways the one that shows nothing is found out, and costs nothing', async () => {
  const w = await bulletinWorld({ gateways: 2 })
  const [liar, honest] = gateways(w) as [Place, Place]
  lie(w, liar, () => ({ more: false, stretches: [] }))
  const alice = await join(w, [liar, honest])
  const bob = await join(w, [honest, liar])
  for (const text of ['one', 'two']) await during(w, bob.bulletin('open').publish(bytes(text)))
  await w.clock.advance(2 * minute)
  assert.equal(await read(alice), ['one', 'two'])
  assert.equal(recordOf(alice, liar), {
    id: recordOf(alice, liar)['id' as never],
    shown: 0,
    missing: 2,
    forged: 0,
  })
  assert.is(recordOf(alice, honest).missing, 0)
  assert.is(recordOf(alice, honest).shown, 2)
  await alice.close()
  await bob.close()
  await w.close()
})

test('a client at one gateway notices by what it publishes itself', async () => {
  const w = await bulletinWorld({ gateways: 1 })
  const [liar] = gateways(w) as [Place]
  lie(w, liar, () => ({ more: false, stretches: [] }))
  const alice = await join(w, [liar])
  let why = ''
  const publishing = alice
    .bulletin('open')
    .publish(bytes('mine'))
    .catch((error: Error) => {
      why = error.message
    })
  await during(w, publishing)
  assert.match(why, 'name another gateway')
  await w.clock.advance(2 * minute)
  assert.is(recordOf(alice, liar).missing, 1)
  await alice.close()
  await w.close()
})

test('what a gateway makes up on a topic with signatures is dropped and counted', async () => {
  const w = await bulletinWorld({ gateways: 1 })
  const [liar] = gateways(w) as [Place]
  let cursor = w.clock.now() * 1024
  lie(w, liar, ({ more }) => ({
    more,
    stretches: [{ cursor: cursor++, topic: 2, total: 6, offset: 0, data: bytes('forged') }],
  }))
  const alice = await join(w, [liar])
  await w.clock.advance(5 * second)
  assert.equal(await read(alice, 'payments'), [])
  assert.ok(recordOf(alice, liar).forged > 3)
  assert.ok(alice.status().ready)
  await alice.close()
  await w.close()
})

test('a board that is no answer costs the session, and nothing else', async () => {
  const w = await bulletinWorld({ gateways: 2 })
  const [liar, honest] = gateways(w) as [Place, Place]
  const alice = await join(w, [liar, honest])
  await during(w, alice.bulletin('open').publish(bytes('kept')))
  // entries that were there before, again and again; the middle of one that never began
  lie(w, liar, () => ({
    more: true,
    stretches: [{ cursor: 1, topic: 1, total: 9, offset: 3, data: bytes('middle') }],
  }))
  await w.clock.advance(10 * second)
  await during(w, alice.bulletin('open').publish(bytes('still here')))
  await w.clock.advance(10 * second)
  assert.equal(await read(alice), ['kept', 'still here'])
  await alice.close()
  await w.close()
})

test.run()
