// docs/spec/payments-rounds.md 4.9: strikes follow a coin through transfers to oneself, and are shared out in joins.
// Control: on a ledger that does not show where notes come from, a struck coin is paired with again once it has moved.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import type { Ledger } from '../payment/ledger/ledger.ts'
import {
  type Note,
  notesOf,
  ownerOf,
  readTransaction,
  signTransfer,
  transfer,
} from '../payment/ledger/transaction.ts'
import { carriedBy } from '../payment/rounds/lineage.ts'
import { isCooling, noStrikes, type Strikes, strike } from '../payment/rounds/strikes.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'
import { type Guest, joinOf, Room, settlementOf } from './payment-room.ts'

interface Held {
  readonly note: Note
  readonly secret: Uint8Array
}

/** Spends notes of one's own for notes of these denominations, also of one's own. */
async function move(
  room: Room,
  held: readonly Held[],
  makes: readonly number[],
  random: Random,
): Promise<Held[]> {
  const inputs = [...held].sort((a, b) => Buffer.compare(a.note.id, b.note.id))
  const secrets = makes.map(() => random(32))
  const outputs = makes.map((denomination, i) => ({ denomination, owner: ownerOf(secrets[i] as Uint8Array) }))
  const unsigned = transfer(
    inputs.map(({ note }) => note.id),
    outputs,
  )
  const keys = inputs.map(({ note, secret }) => ({ note, secretKey: secret }))
  const bytes = signTransfer(room.ledger.id, unsigned, keys)
  await room.ledger.submit(bytes)
  const { id, transaction } = readTransaction(room.ledger.id, bytes)
  return notesOf(id, transaction).map(note => {
    const secret = secrets.find(one => hex(ownerOf(one)) === hex(note.owner)) as Uint8Array
    return { note, secret }
  })
}

async function minted(room: Room, random: Random): Promise<Held> {
  const secret = random(32)
  return { note: await room.mint(random(32), { denomination: 10, owner: ownerOf(secret) }), secret }
}

function struck(times: number, { note }: Held): Strikes {
  let strikes = noStrikes
  for (let n = 0; n < times; n++) strikes = strike(strikes, hex(note.id), 0)
  return strikes
}

test('what a note carries is handed on by every transaction of one owner: moved, broken, put together', async () => {
  const room = await Room.open([])
  const random = seededRandom(1)
  const [first, other] = [await minted(room, random), await minted(room, random)]
  const strikes = struck(2, first)
  const [moved] = (await move(room, [first], [10], random)) as [Held]
  const [five] = (await move(room, [moved], [5, 5], random)) as [Held]
  const [whole] = (await move(room, [five, other], [10, 5], random)) as [Held]
  for (const { note } of [moved, five, whole]) {
    assert.equal(await carriedBy(room.ledger, strikes, note, minute), { count: 2, coolUntil: 10 * minute })
  }
  const clean = await minted(room, random)
  assert.is((await carriedBy(room.ledger, strikes, clean.note, minute)).count, 0)
  room.close()
})

test('a join hands on to each of its outputs a part, and no strike is shed in one', async () => {
  const room = await Room.open([])
  const random = seededRandom(2)
  const notes = [await minted(room, random), await minted(room, random), await minted(room, random)]
  const joined = await move(room, notes, [10, 10, 10], random)
  const twice = struck(2, notes[0] as Held)
  const carried = await Promise.all(joined.map(({ note }) => carriedBy(room.ledger, twice, note, minute)))
  assert.equal(
    carried.map(({ count, coolUntil }) => [count.toFixed(2), coolUntil]),
    Array(3).fill(['0.67', 0]),
  )
  // Whoever owns all of them, and is late with one after the other, has shed nothing
  let strikes = twice
  for (const { note } of joined) {
    const before = await carriedBy(room.ledger, strikes, note, minute)
    strikes = strike(strikes, hex(note.id), minute, before)
  }
  const again = await move(room, joined, [10, 10, 10], random)
  const next = await carriedBy(room.ledger, strikes, (again[0] as Held).note, minute)
  assert.is(next.count.toFixed(2), '1.67')
  assert.ok(isCooling(strike(strikes, 'next', minute, next), 'next', 2 * minute))
  room.close()
})

test('what is followed back from one note is bounded', async () => {
  const room = await Room.open([])
  const random = seededRandom(3)
  let asked = 0
  const chain: Ledger = {
    ...forgetful(room.ledger),
    async originOf(id) {
      asked++
      const makes = [{ id, denomination: 1, owner: id }]
      return { transaction: random(32), index: 1, spends: [random(32), random(32)], makes }
    },
  }
  const held = await minted(room, random)
  await carriedBy(chain, struck(1, await minted(room, random)), held.note, 0)
  assert.is(asked, 128)
  await carriedBy(chain, noStrikes, held.note, 0)
  assert.is(asked, 128, 'where nobody has a strike nothing is looked for')
  room.close()
})

/** A ledger that does not show where notes come from. */
function forgetful(ledger: Ledger): Ledger {
  return {
    id: ledger.id,
    note: id => ledger.note(id),
    notesOwnedBy: owner => ledger.notesOwnedBy(owner),
    submit: transaction => ledger.submit(transaction),
    positionOf: transaction => ledger.positionOf(transaction),
    feeTooLow: async () => null,
  }
}

/** Gives what a guest has after the rounds that it was in. */
async function heldBy(room: Room, guest: Guest, before: Held): Promise<Held> {
  const settlement = settlementOf(guest)
  const secret = settlement?.is === 'paid' ? settlement.outputSecret : null
  if (secret === null) return before
  const [note] = await room.ledger.notesOwnedBy(ownerOf(secret))
  return { note: note as Note, secret }
}

/**
 * Lets a guest be late twice and move its coin to a key of its own then. Gives how many notes are in the next join of
 * each.
 */
async function joinedAfterMoving(view: (ledger: Ledger) => Ledger = ledger => ledger): Promise<number[]> {
  const room = await Room.open(['h1', 'h2', 'h3', 'h4', 'late'], () => view)
  const held = new Map<Guest, Held>(room.guests.map(guest => [guest, guest]))
  const meet = async (): Promise<void> => {
    for (const [guest, { note, secret }] of held) {
      guest.told.splice(0)
      guest.mixer.join(note, secret)
    }
    await room.clock.advance(14 * minute)
    for (const [guest, before] of held) held.set(guest, await heldBy(room, guest, before))
  }
  const late = room.guests[4] as Guest
  room.way = ({ body, bytes }, from) => (from === late && body.kind === 'SR' ? null : bytes)
  await meet()
  await meet()
  room.way = ({ bytes }) => bytes
  const [moved] = await move(room, [held.get(late) as Held], [10], seededRandom(5))
  held.set(late, moved as Held)
  await meet()
  room.close()
  return room.guests.map(guest => joinOf(guest)?.notes.length ?? 0)
}

test('a coin that was late twice is passed over also after it has moved to another key', async () => {
  assert.equal(await joinedAfterMoving(), [4, 4, 4, 4, 0])
})

test('control: where nobody sees what notes are made of, moving it is enough', async () => {
  assert.equal(await joinedAfterMoving(forgetful), [5, 5, 5, 5, 5])
})

test.run()
