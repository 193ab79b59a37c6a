// docs/spec/payments-ledger.md 3.9: what a transfer for nothing costs the ledger is bounded by the units that its
// sender owns, whatever it moves, breaks or puts together; and nobody who pays or joins notices. The first and the last
// test are its control: a mint, which is not bounded, adds what it likes, and a minute of rest lets a note move again.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compare } from '../encoding/bytes.ts'
import { PaymentError } from '../payment/error.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import {
  type Note,
  notesOf,
  ownerOf,
  readTransaction,
  signTransfer,
  transfer,
} from '../payment/ledger/transaction.ts'
import { memoryStore } from '../world/store.ts'
import { minute } from '../world/units.ts'
import { mintNotes } from './payment-entries.ts'
import { genesis, ledgerSeed } from './payment-room.ts'

const secret = new Uint8Array(32).fill(9)
const owner = ownerOf(secret)

/** A ledger, the time by its clock, and whose log only its one customer makes grow. */
interface Shop {
  readonly ledger: EmbeddedLedger
  pass(ms: number): void
}

async function open(): Promise<Shop> {
  let now = 1_800_000_000_000
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => now })
  return {
    ledger,
    pass(ms) {
      now += ms
    },
  }
}

async function mint({ ledger }: Shop, nonce: number, denominations: readonly number[]): Promise<Note[]> {
  const outputs = denominations.map(denomination => ({ denomination, owner }))
  return await mintNotes(ledger, new Uint8Array(32).fill(nonce), outputs)
}

/** The notes that a transfer makes; undefined when its notes have to rest. */
async function move(
  { ledger }: Shop,
  notes: readonly Note[],
  makes: readonly number[],
): Promise<Note[] | undefined> {
  const inputs = [...notes].sort((a, b) => compare(a.id, b.id))
  const unsigned = transfer(
    inputs.map(({ id }) => id),
    makes.map(denomination => ({ denomination, owner })),
  )
  const keys = inputs.map(note => ({ note, secretKey: secret }))
  const bytes = signTransfer(ledger.id, unsigned, keys)
  try {
    await ledger.submit(bytes)
  } catch (error) {
    assert.ok(error instanceof PaymentError && error.code === 'BUSY', String(error))
    return undefined
  }
  const { id, transaction } = readTransaction(ledger.id, bytes)
  return notesOf(id, transaction)
}

/** Moves a note to itself as often as it can. */
async function exhaust(shop: Shop, note: Note): Promise<Note> {
  let at = note
  for (;;) {
    const next = await move(shop, [at], [at.denomination])
    if (next === undefined) return at
    at = next[0] as Note
  }
}

test('control: a mint is not bounded', async () => {
  const shop = await open()
  for (let n = 0; n < 40; n++) await mint(shop, n, [1])
  assert.is(shop.ledger.head.size, 41)
})

test('a note moves sixteen times in a row, and once a minute after that', async () => {
  const shop = await open()
  const [note] = (await mint(shop, 1, [1])) as [Note]
  let at = await exhaust(shop, note)
  assert.is(shop.ledger.head.size, 2 + 16)
  for (let n = 0; n < 5; n++) {
    shop.pass(minute)
    at = await exhaust(shop, at)
  }
  assert.is(shop.ledger.head.size, 2 + 16 + 5)
})

test('a rested note that is put together with tired ones, again and again, gives them no moves of its own', async () => {
  const shop = await open()
  const minutes = 12
  let notes = await mint(shop, 1, [1, 1, 1, 1])
  for (let at = 0; at < minutes; at++) {
    for (let isMore = true; isMore; ) {
      const [spare, ...others] = notes as [Note, ...Note[]]
      const tired = await Promise.all(others.map(note => exhaust(shop, note)))
      const made = await move(shop, [spare, ...tired], [1, 1, 1, 1])
      notes = made ?? [spare, ...tired]
      isMore = made !== undefined
    }
    shop.pass(minute)
  }
  const entries = shop.ledger.head.size - 2
  assert.ok(entries <= 4 * (16 + minutes), `${entries} entries`)
})

test('a note that is broken up and put together again adds no more than its units do', async () => {
  const shop = await open()
  const minutes = 12
  let [whole] = (await mint(shop, 1, [10])) as [Note]
  for (let at = 0; at < minutes; at++) {
    for (;;) {
      const parts = await move(shop, [whole], Array(10).fill(1))
      if (parts === undefined) break
      const tired = await Promise.all(parts.map(note => exhaust(shop, note)))
      const again = await move(shop, tired, [10])
      if (again === undefined) {
        shop.pass(minute)
        at++
        ;[whole] = (await move(shop, tired, [10])) as [Note]
      } else [whole] = again as [Note]
    }
    shop.pass(minute)
  }
  const entries = shop.ledger.head.size - 2
  assert.ok(entries <= 10 * (16 + minutes + 1), `${entries} entries`)
})

test('control: a minute of rest lets a join with tired notes stand, and nobody else waits for it', async () => {
  const shop = await open()
  const [tired, a, b] = (await mint(shop, 1, [10, 10, 10])) as [Note, Note, Note]
  const at = await exhaust(shop, tired)
  assert.is(await move(shop, [at], [10]), undefined)
  assert.ok(await move(shop, [at, a, b], [10, 10, 10]))
})

test.run()
