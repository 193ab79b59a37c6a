// docs/spec/payments-rounds.md 4.8, docs/spec/payments-bitcoin.md 6.3: a chain goes back by two blocks after a join was
// in it. No key and no record goes before the join is as deep as the ledger wants, and nothing is settled while it is
// not there. Control: on a ledger that wants one confirmation, the record is gone when the blocks are. And what waits
// for a block and is lost, as by a node that starts again, is handed in until it is in one.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import type { Ledger, Position } from '../payment/ledger/ledger.ts'
import { ownerOf, readTransaction } from '../payment/ledger/transaction.ts'
import type { VirtualClock } from '../world/clock.ts'
import { keysUnder } from '../world/store.ts'
import { minute } from '../world/units.ts'
import { type Guest, Room, settlementOf } from './payment-room.ts'

/** Blocks come every two minutes; those of the first two after a join are gone for eight minutes, and come back. */
const blockMs = 2 * minute
const goneMs = 8 * minute

/** A ledger as a chain shows it that goes back by two blocks, once, when the first join is two deep. */
function chain(clock: VirtualClock, confirmations: number): (ledger: Ledger) => Ledger {
  const entered = new Map<string, number>()
  /** Confirmations now; undefined while its blocks are gone. */
  const depthOf = (transaction: Uint8Array): number | undefined => {
    const key = hex(transaction)
    const since = clock.now() - (entered.get(key) ?? clock.now())
    if (!entered.has(key)) entered.set(key, clock.now())
    const blocks = Math.floor(since / blockMs)
    if (blocks < 3) return blocks
    if (since < 3 * blockMs + goneMs) return undefined
    return Math.floor((since - 3 * blockMs - goneMs) / blockMs)
  }
  return ledger => {
    const shown = (position: Position | null): Position | null => {
      // What was minted is deep enough
      if (position === null || position.spends?.length === 0) return position
      const depth = depthOf(position.transaction)
      return depth === undefined ? null : { ...position, depth }
    }
    return {
      id: ledger.id,
      confirmations,
      async note(id) {
        const note = await ledger.note(id)
        if (note === null || note.spentBy === null) return note
        return depthOf(note.spentBy) === undefined ? { ...note, spentBy: null } : note
      },
      notesOwnedBy: (owner, after) => ledger.notesOwnedBy(owner, after),
      submit: async bytes => shown(await ledger.submit(bytes)) ?? (await ledger.submit(bytes)),
      positionOf: async transaction => shown(await ledger.positionOf(transaction)),
      feeTooLow: async () => null,
    }
  }
}

async function records({ store }: Guest): Promise<number> {
  return (await keysUnder(store, 'round/')).length
}

test('no record goes before a join is deep enough, and a join that comes back pays all the same', async () => {
  const room = await Room.open(['a', 'b', 'c'], clock => chain(clock, 3))
  await room.meet(12 * minute)
  let gone = 0
  for (let at = 0; at < 60; at++) {
    await room.clock.advance(minute)
    const settled = room.guests.map(settlementOf)
    const left = await Promise.all(room.guests.map(records))
    if (settled.every(one => one === null)) gone++
    assert.equal(
      left,
      settled.map(one => (one === null ? 1 : 0)),
      'a record lasts as long as its round is open',
    )
  }
  assert.ok(gone > 14, `${gone} minutes until it was deep`)
  for (const guest of room.guests) {
    const settlement = settlementOf(guest)
    if (settlement?.is !== 'paid') return assert.unreachable(settlement?.is)
    const [note] = await room.ledger.notesOwnedBy(ownerOf(settlement.outputSecret))
    assert.is(note?.spentBy, null, 'the coin is there')
  }
  room.close()
})

test('control: where one confirmation is enough, the record is gone when the blocks are', async () => {
  const room = await Room.open(['a', 'b', 'c'], clock => chain(clock, 1))
  await room.meet(20 * minute)
  assert.equal(await Promise.all(room.guests.map(records)), [0, 0, 0])
  room.close()
})

/** A ledger that loses what it has taken, again and again, until ten minutes after the first join. */
function losing(clock: VirtualClock): {
  readonly view: (ledger: Ledger) => Ledger
  readonly taken: string[]
} {
  const taken: string[] = []
  let first: number | undefined
  const view = (ledger: Ledger): Ledger => ({
    id: ledger.id,
    note: id => ledger.note(id),
    notesOwnedBy: (owner, after) => ledger.notesOwnedBy(owner, after),
    async submit(bytes) {
      first ??= clock.now()
      const { id, transaction } = readTransaction(ledger.id, bytes)
      taken.push(hex(id))
      if (clock.now() >= first + 10 * minute) return await ledger.submit(bytes)
      const spends = transaction.kind === 'transfer' ? transaction.inputs : []
      return { transaction: id, index: 0, depth: 0, spends }
    },
    positionOf: transaction => ledger.positionOf(transaction),
    feeTooLow: async () => null,
  })
  return { view, taken }
}

test('a join that is lost while it waits for a block is handed in again', async () => {
  let lost: string[] = []
  const room = await Room.open(['a', 'b', 'c'], clock => {
    const { view, taken } = losing(clock)
    lost = taken
    return view
  })
  // Long before the time is over in which they would move their notes
  await room.meet(25 * minute)
  assert.equal(
    room.guests.map(guest => settlementOf(guest)?.is),
    ['paid', 'paid', 'paid'],
  )
  assert.is(new Set(lost).size, 1, 'one join')
  room.close()
})

test.run()
