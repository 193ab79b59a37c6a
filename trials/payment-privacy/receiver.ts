// The receiver of a payment as an adversary: it knows the amount that it asked for, the notes that it was paid with,
// the whole log, and who was handed which notes when they were minted. Does it name who paid?
// docs/spec/payments-paymix.md 5.7.

import { hex } from '../../encoding/bytes.ts'
import { originsOf, readPublic, type Seen } from '../../payment/anonymity/observer.ts'
import { split } from '../../payment/denominations.ts'
import { type EmbeddedLedger, openLedger } from '../../payment/ledger/embedded.ts'
import {
  type Note,
  notesOf,
  ownerOf,
  readTransaction,
  signMint,
  signTransfer,
  transfer,
} from '../../payment/ledger/transaction.ts'
import type { Held } from '../../payment/person/purse.ts'
import { Wallet } from '../../payment/person/wallet.ts'
import { below, type Random, seededRandom, shuffle } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { hour } from '../../world/units.ts'
import { credit, type Score } from './measure.ts'

/** `exchange`: as before there was a stock, notes are exchanged for those of the amount just before it is paid. */
export type Preparing = 'stock' | 'exchange'

const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const genesis = { name: 'trial', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
/** Each person begins with so much, and the most that is paid. */
const coin = 50_000
const largest = 20_000

interface Person {
  readonly wallet: Wallet
  readonly pays: number
  /** Notes that it pays with. */
  pieces: Held[]
  /** Notes that paid its receiver. */
  readonly paid: string[]
}

interface Town {
  readonly ledger: EmbeddedLedger
  readonly random: Random
  readonly persons: Person[]
  /** By note in hex: to whom it was minted. */
  readonly holders: Map<string, string>
  now: number
}

/** Persons prepare, mix and pay, each an amount of its own; then each receiver guesses its payer. */
export async function receiverNames(seed: number, way: Preparing, persons = 16): Promise<Score> {
  const town = await openTown(seed, persons)
  if (way === 'stock') await stockUp(town)
  for (const person of town.persons) {
    if (way === 'exchange') await exchange(town, person)
    const purse = await person.wallet.prepare(person.pays)
    person.pieces = split(person.pays).map(denomination => purse.take(denomination) as Held)
    town.now += hour
  }
  await mixPieces(town)
  await payOut(town)
  return await guess(town)
}

async function openTown(seed: number, count: number): Promise<Town> {
  const random = seededRandom(seed)
  const town: Town = {
    ledger: null as unknown as EmbeddedLedger,
    random,
    persons: [],
    holders: new Map(),
    now: 1_800_000_000_000,
  }
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => town.now })
  Object.assign(town, { ledger })
  for (let i = 0; i < count; i++) {
    const wallet = new Wallet({ store: memoryStore(), ledger, random, now: () => town.now })
    const mint = signMint(
      ledger.id,
      random(32),
      [{ denomination: coin, owner: await wallet.newKey() }],
      mintSeed,
    )
    await ledger.submit(mint)
    const { id, transaction } = readTransaction(ledger.id, mint)
    town.holders.set(hex((notesOf(id, transaction)[0] as Note).id), String(i))
    town.persons.push({ wallet, pays: 1 + below(random, largest), pieces: [], paid: [] })
  }
  return town
}

/** The way of before: one transaction makes the pieces of the amount and the rest, in this order. */
async function exchange({ ledger }: Town, { wallet, pays }: Person): Promise<void> {
  const [held] = (await wallet.notes()) as [Held]
  const makes = [...split(pays), ...split(held.note.denomination - pays)]
  const outputs = []
  for (const denomination of makes) outputs.push({ denomination, owner: await wallet.newKey() })
  const unsigned = transfer([held.note.id], outputs)
  await ledger.submit(signTransfer(ledger.id, unsigned, [{ note: held.note, secretKey: held.secret }]))
}

/** Long before anything is paid: notes are broken one by one, and each goes through a meeting of its denomination. */
async function stockUp(town: Town): Promise<void> {
  for (const { wallet } of town.persons) {
    while (await wallet.restock([])) town.now += hour
  }
  const denominations = new Map<number, Held[][]>()
  for (const { wallet } of town.persons) {
    const own = new Map<number, Held[]>()
    for (const held of await wallet.notes())
      own.set(held.note.denomination, [...(own.get(held.note.denomination) ?? []), held])
    for (const [denomination, notes] of own)
      denominations.set(denomination, [...(denominations.get(denomination) ?? []), notes])
  }
  for (const notes of denominations.values())
    for (let n = 0; notes.some(one => one.length > n); n++)
      await meet(
        town,
        notes.flatMap((one, who) => (one[n] === undefined ? [] : [{ held: one[n] as Held, who }])),
      )
}

/** A join of these notes, in the order that rounds give it: nobody can tell whose output is whose. */
async function meet(
  { ledger, persons, random }: Town,
  members: readonly { readonly held: Held; readonly who: number }[],
): Promise<Map<number, Uint8Array>> {
  const keys = new Map<number, Uint8Array>()
  const outputs = []
  for (const { held, who } of members) {
    const owner = await (persons[who] as Person).wallet.newKey()
    keys.set(who, owner)
    outputs.push({ denomination: held.note.denomination, owner })
  }
  const unsigned = transfer(
    members.map(({ held }) => held.note.id),
    shuffle(random, outputs),
  )
  await ledger.submit(
    signTransfer(
      ledger.id,
      unsigned,
      members.map(({ held }) => ({ note: held.note, secretKey: held.secret })),
    ),
  )
  return keys
}

/** Takes every piece to a meeting, to which all bring a note who pay with one like it, or have one to lend. */
async function mixPieces(town: Town): Promise<void> {
  const { persons } = town
  for (let piece = 0; persons.some(({ pieces }) => pieces.length > piece); piece++) {
    const denominations = new Set(persons.flatMap(({ pieces }) => pieces[piece]?.note.denomination ?? []))
    for (const denomination of denominations) {
      const members: { held: Held; who: number }[] = []
      for (const [who, { wallet, pieces }] of persons.entries()) {
        const busy = new Set(pieces.map(({ note }) => hex(note.id)))
        const own = pieces[piece]?.note.denomination === denomination ? pieces[piece] : undefined
        const lent = (await wallet.notes()).find(
          ({ note }) => note.denomination === denomination && !busy.has(hex(note.id)),
        )
        const held = own ?? lent
        if (held !== undefined) members.push({ held, who })
      }
      town.now += hour
      const keys = await meet(town, members)
      for (const { held, who } of members) {
        const person = persons[who] as Person
        const place = person.pieces.indexOf(held)
        if (place === -1) continue
        const owner = hex(keys.get(who) as Uint8Array)
        person.pieces[place] = (await person.wallet.notes()).find(
          one => hex(one.note.owner) === owner,
        ) as Held
      }
    }
  }
}

async function payOut({ ledger, persons, random }: Town): Promise<void> {
  for (const { pieces, paid } of persons)
    for (const { note, secret } of pieces) {
      const outputs = [{ denomination: note.denomination, owner: ownerOf(random(32)) }]
      const unsigned = transfer([note.id], outputs)
      const bytes = signTransfer(ledger.id, unsigned, [{ note, secretKey: secret }])
      await ledger.submit(bytes)
      const { id, transaction } = readTransaction(ledger.id, bytes)
      paid.push(hex((notesOf(id, transaction)[0] as Note).id))
    }
}

/** An exchange whose amount can be read off it counts so much more than one that fits nothing. */
const fits = 1e6
const never = 1e-12

/** Weighs every person by where the notes may come from, and by exchanges that fit the amount. */
async function guess({ ledger, persons, holders }: Town): Promise<Score> {
  const seen = readPublic(ledger.id, await ledger.entries(1, ledger.head.size))
  const origins = originsOf(seen, holders)
  const exchanged = persons.map(() => new Set<number>())
  for (const one of seen) {
    const from = one.signed.transaction.kind === 'transfer' ? one.signed.transaction.inputs : []
    const amounts = amountsIn(one)
    for (const [who, p] of origins.get(hex(from[0] ?? new Uint8Array(32))) ?? [])
      if (p > 0.5) for (const amount of amounts) exchanged[Number(who)]?.add(amount)
  }
  let right = 0
  for (const [payer, { paid, pays }] of persons.entries()) {
    const weights = persons.map((_, who) => {
      const pieces = paid.map(note => Math.log(origins.get(note)?.get(String(who)) ?? never))
      const fit = exchanged[who]?.has(pays) === true ? Math.log(fits) * paid.length : 0
      return pieces.reduce((sum, one) => sum + one, 0) + fit
    })
    right += credit(weights, place => place === payer)
  }
  return { right, guesses: persons.length, chance: 1 / persons.length }
}

/** The amounts that an exchange may have been made for: its outputs are those of one, and then those of the rest. */
function amountsIn({ is, signed: { transaction } }: Seen): number[] {
  const outputs = transaction.outputs.map(({ denomination }) => denomination)
  if (is === 'mint' || outputs.length < 2) return []
  const sum = outputs.reduce((total, one) => total + one, 0)
  return outputs.flatMap((_, cut) => {
    const amount = outputs.slice(0, cut + 1).reduce((total, one) => total + one, 0)
    const wanted = [...split(amount), ...(amount < sum ? split(sum - amount) : [])]
    return wanted.length === outputs.length && wanted.every((one, i) => one === outputs[i]) ? [amount] : []
  })
}
