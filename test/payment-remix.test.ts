// docs/spec/payments-paymix.md 5.12: what an owner wants of its joins. With --least, nothing is joined or paid among
// fewer; with --target, a piece goes to joins until its effective set is as large, also across a restart. Controls: the
// same payers who want nothing are joined among fewer, and paid after one join.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import {
  type Note,
  notesOf,
  ownerOf,
  readTransaction,
  signTransfer,
  transfer,
} from '../payment/ledger/transaction.ts'
import { pieceLines } from '../payment/person/account.ts'
import { hidesAmong, type Wants } from '../payment/person/hiding.ts'
import { Payer } from '../payment/person/payer.ts'
import { mixEpoch, type Piece } from '../payment/person/pieces.ts'
import { makeRequest } from '../payment/person/request.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { Mixer } from '../payment/rounds/mixer.ts'
import { openEpoch } from '../payment/times.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { hour, minute } from '../world/units.ts'
import { mintNotes } from './payment-entries.ts'
import { genesis, ledgerSeed, times } from './payment-room.ts'

const amount = 10
const random = seededRandom(3)

async function mint(ledger: EmbeddedLedger, owner: Uint8Array): Promise<Note> {
  const [note] = (await mintNotes(ledger, random(32), [{ denomination: amount, owner }])) as [Note]
  return note
}

/** A payer, and four who bring a fresh note of its denomination to every meeting. */
class Place {
  readonly clock: VirtualClock = virtualClock(1_800_000_000_000)
  readonly ledger: EmbeddedLedger
  readonly #store: Store = memoryStore()
  readonly #lenders: Mixer[] = []
  #payer: Payer | undefined

  private constructor(ledger: EmbeddedLedger) {
    this.ledger = ledger
  }

  static async open(): Promise<Place> {
    let place: Place | undefined
    const now = (): number => Math.floor(place?.clock.now() ?? 1_800_000_000_000)
    place = new Place(await openLedger({ store: memoryStore(), genesis, ledgerSeed, now }))
    for (let i = 0; i < 4; i++) await place.#lend(i)
    await place.start(1)
    return place
  }

  async #lend(i: number): Promise<void> {
    const { clock, ledger } = this
    const mixer = await Mixer.open({
      scheme: embeddedJoins(ledger.id),
      ledger,
      clock,
      random: seededRandom(100 + i),
      store: memoryStore(),
      log: silent,
      times,
      publish: bytes => this.#say(bytes, mixer),
      report: async ({ what }) => {
        if (what.type === 'settled') await bring(openEpoch(times, clock.now()) + 1)
      },
    })
    const bring = async (from: number): Promise<void> => {
      const secret = random(32)
      mixer.join(await mint(ledger, ownerOf(secret)), secret, mixEpoch(amount, from) * times.epochMs)
    }
    await bring(openEpoch(times, clock.now()))
    this.#lenders.push(mixer)
  }

  #say(bytes: Uint8Array, from: object): void {
    for (const one of [...this.#lenders, this.#payer]) {
      if (one !== from) this.clock.after(500, () => one?.receive(bytes))
    }
  }

  /** The payer's process ends, and another one goes on from its disk. */
  async start(seed: number): Promise<void> {
    const { clock, ledger } = this
    this.#payer?.close()
    const payer = await Payer.open({
      scheme: embeddedJoins(ledger.id),
      ledger,
      clock,
      random: seededRandom(seed),
      store: this.#store,
      log: silent,
      times: { ...times, delayMs: minute, followMs: minute },
      publish: bytes => this.#say(bytes, payer),
    })
    this.#payer = payer
  }

  async pay(wants: Wants): Promise<void> {
    const secret = random(32)
    const note = await mint(this.ledger, ownerOf(secret))
    const deadline = this.clock.now() + 6 * hour
    const { request } = makeRequest(
      { ledger: this.ledger.id, amount, deadline, memo: '', receipts: '' },
      { owner: () => random(32), key: () => random(32) },
    )
    await this.#payer?.pay(request, { take: () => ({ note, secret }) }, wants)
  }

  get piece(): Piece {
    return this.#payer?.payments[0]?.pieces[0] as Piece
  }

  close(): void {
    this.#payer?.close()
    for (const mixer of this.#lenders) mixer.close()
  }
}

test('a payer who wants six in each join is not joined by five, and told why at its deadline', async () => {
  const place = await Place.open()
  await place.pay({ least: 6 })
  await place.clock.advance(5 * hour)
  assert.is(place.piece.state.at, 'mixing')
  assert.equal(place.piece.joins, [])
  await place.clock.advance(2 * hour)
  assert.equal(place.piece.state, { at: 'kept', why: 'fewer than 6 peers came to the meeting' })
  place.close()
})

test('one who wants as many as there are is paid, and told of how many its join was', async () => {
  const place = await Place.open()
  await place.pay({ least: 5 })
  await place.clock.advance(2 * hour)
  assert.equal(place.piece.joins, [{ notes: 5, set: 5 }])
  const [line] = pieceLines({ id: new Uint8Array(32), deadline: 0, pieces: [place.piece] }, times.epochMs)
  assert.equal([line?.state, line?.joins, line?.effectiveSet], ['paid', [5], 5])
  assert.match(line?.why ?? '', /after a join of 5/)
  place.close()
})

test('control: who wants nothing is paid after one join', async () => {
  const place = await Place.open()
  await place.pay({})
  await place.clock.advance(6 * hour)
  assert.equal(
    place.piece.joins.map(({ notes }) => notes),
    [5],
  )
  assert.is(place.piece.state.at, 'paid')
  place.close()
})

test('with a target a piece is joined again and again, across restarts, and then paid', async () => {
  const place = await Place.open()
  await place.pay({ target: 7 })
  for (let seed = 2; place.piece.joins.length < 1; seed++) {
    await place.clock.advance(20 * minute)
    await place.start(seed)
  }
  assert.is(place.piece.state.at, 'mixing', 'five are not seven')
  await place.start(50)
  await place.clock.advance(5 * hour)
  const { joins, state } = place.piece
  assert.is(state.at, 'paid')
  assert.ok(joins.length > 1 && joins.every(({ notes }) => notes === 5))
  assert.ok((joins.at(-1)?.set ?? 0) >= 7 && (joins.at(-2)?.set ?? 0) < 7, JSON.stringify(joins))
  place.close()
})

test('a target that is not reached by the deadline leaves the note with its owner', async () => {
  const place = await Place.open()
  await place.pay({ target: 1000 })
  await place.clock.advance(8 * hour)
  const { state, joins, note } = place.piece
  assert.is(state.at, 'kept')
  assert.match(state.at === 'kept' ? state.why : '', /effective set is \d+\.\d+, and 1000 were wanted/)
  assert.is(joins.length, 8, 'so many are remembered')
  assert.is((await place.ledger.note(note.id))?.spentBy, null)
  place.close()
})

test('what a note hides among is read off the log: joins with mixed notes add, those with the same do not', async () => {
  const { ledger, close } = await (async () => {
    const place = await Place.open()
    return { ledger: place.ledger, close: () => place.close() }
  })()
  const secret = random(32)
  const move = async (notes: readonly Note[], makes: readonly number[]): Promise<Note[]> => {
    const inputs = [...notes].sort((a, b) => Buffer.compare(a.id, b.id))
    const ids = inputs.map(({ id }) => id)
    const outputs = makes.map(denomination => ({ denomination, owner: ownerOf(secret) }))
    const keys = inputs.map(note => ({ note, secretKey: secret }))
    const bytes = signTransfer(ledger.id, transfer(ids, outputs), keys)
    await ledger.submit(bytes)
    const { id, transaction } = readTransaction(ledger.id, bytes)
    return notesOf(id, transaction)
  }
  const fresh = async (count: number): Promise<Note[]> => {
    const notes: Note[] = []
    for (let n = 0; n < count; n++) notes.push(await mint(ledger, ownerOf(secret)))
    return notes
  }
  const tens = (count: number): number[] => Array(count).fill(amount)
  const set = async (note: Note | undefined): Promise<number> => await hidesAmong(ledger, (note as Note).id)
  const groups = [await fresh(3), await fresh(3), await fresh(3)]
  assert.is(await set(groups[0]?.[0]), 1)
  const joined = await Promise.all(groups.map(notes => move(notes, tens(3))))
  assert.is(await set(joined[0]?.[0]), 3)
  const across = await move(
    joined.map(notes => notes[0] as Note),
    tens(3),
  )
  assert.is(await set(across[0]), 9)
  const again = await move(across, tens(3))
  assert.is(await set(again[0]), 9, 'the same peers once more')
  const [moved] = await move([again[0] as Note], [amount])
  assert.is(await set(moved), 9)
  const [whole] = await move([again[1] as Note, again[2] as Note], [20])
  assert.is(await set(whole), 1, 'put together, they are of one owner')
  close()
})

test.run()
