// docs/spec/payments-rounds.md 4.8, docs/spec/payments-paymix.md 5.3: a payer that is stopped as it signs, beside a
// ledger whose answers take seconds, ends with the coin or with the payment; and a ledger that says nothing for hours
// costs no coin: pieces stay `mixing` with their rounds on disk, and are paid once it answers. Control: with the round
// forgotten on disk a coin is gone.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import type { Ledger } from '../payment/ledger/ledger.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { Payer } from '../payment/person/payer.ts'
import { makeRequest } from '../payment/person/request.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { type Received, readMessage } from '../payment/rounds/message.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { fraction, type Random, seededRandom } from '../world/random.ts'
import { keysUnder, memoryStore, type Store } from '../world/store.ts'
import { hour, minute, second } from '../world/units.ts'
import { genesis, ledgerSeed, mintSeed, slowly, times } from './payment-room.ts'

interface Table {
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly payers: Payer[]
  readonly stores: Store[]
}

/** Says how the first of three payers meets its ledger, and what else happens to it. */
interface Story {
  readonly seed: number
  /** The first payer's process ends as it signs, and starts again within half a minute. */
  readonly isStopped: boolean
  readonly view: (clock: VirtualClock, random: Random) => (ledger: Ledger) => Ledger
  /** Happens to the first payer's disk while its process is away. */
  readonly meddle?: (store: Store) => Promise<void>
}

async function mint(ledger: EmbeddedLedger, owner: Uint8Array, nonce: Uint8Array): Promise<Note> {
  const bytes = signMint(ledger.id, nonce, [{ denomination: 10, owner }], mintSeed)
  await ledger.submit(bytes)
  const { id, transaction } = readTransaction(ledger.id, bytes)
  return notesOf(id, transaction)[0] as Note
}

/** Three who pay 10 each to receivers of their own. */
async function sit({ seed, isStopped, view, meddle = async () => {} }: Story): Promise<Table> {
  const clock = virtualClock(1_800_000_000_000)
  const random = seededRandom(40_000 + seed)
  const now = (): number => Math.floor(clock.now())
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now })
  const seen = view(clock, random)(ledger)
  const table: Table = { clock, ledger, payers: [], stores: [memoryStore(), memoryStore(), memoryStore()] }
  let isDue = isStopped
  const open = async (i: number, dice: number): Promise<void> => {
    table.payers[i] = await Payer.open({
      scheme: embeddedJoins(ledger.id),
      ledger: seen,
      clock,
      random: seededRandom(dice),
      store: table.stores[i] as Store,
      log: silent,
      times: { ...times, delayMs: minute, followMs: minute },
      publish: message => {
        for (const [j, other] of table.payers.entries()) {
          if (j !== i)
            clock.after(500 + (j === 0 ? 0 : fraction(random) * 30 * second), () => other.receive(message))
        }
        if (i !== 0 || !isDue || (readMessage(message) as Received).body.kind !== 'CM') return
        isDue = false
        clock.after(1, () => table.payers[0]?.close())
        clock.after(2 + fraction(random) * 30 * second, async () => {
          await meddle(table.stores[0] as Store)
          await open(0, 9000 + seed)
        })
      },
    })
  }
  for (const i of [0, 1, 2]) {
    await open(i, 100 * seed + i)
    const own = seededRandom(7000 + 10 * seed + i)
    const secret = own(32)
    const note = await mint(ledger, ownerOf(secret), own(32))
    const wanted = {
      ledger: ledger.id,
      amount: 10,
      deadline: clock.now() + 12 * hour,
      memo: '',
      receipts: '',
    }
    const { request } = makeRequest(wanted, { owner: () => own(32), key: () => own(32) })
    await table.payers[i]?.pay(request, { take: () => ({ note, secret }) })
  }
  return table
}

/** Says where the first payer's coin is. */
async function endOf({ ledger, payers }: Table): Promise<'paid' | 'kept' | 'mixing' | 'lost'> {
  const [piece] = (payers[0] as Payer).payments[0]?.pieces ?? []
  if (piece === undefined) return 'lost'
  if ((await ledger.notesOwnedBy(piece.owner)).length > 0) return 'paid'
  const own = await ledger.notesOwnedBy(ownerOf(piece.secret))
  if (own.some(({ spentBy }) => spentBy === null)) return 'kept'
  return piece.state.at === 'mixing' ? 'mixing' : 'lost'
}

function close({ payers }: Table): void {
  for (const payer of payers) payer.close()
}

test('stopped as it signs, beside a ledger whose answers take up to eight seconds, a payer loses nothing', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const view = (clock: VirtualClock, random: Random) => slowly(clock, random, 4 * second)
    const table = await sit({ seed, isStopped: true, view })
    await table.clock.advance(3 * hour)
    assert.is(await endOf(table), 'paid', `seed ${seed}`)
    assert.equal(await keysUnder(table.stores[0] as Store, 'round/'), [])
    close(table)
  }
})

/** A ledger that takes transactions, and answers no question for so long. */
function mute(clock: VirtualClock, ms: number): (ledger: Ledger) => Ledger {
  const until = clock.now() + ms
  return ledger => ({
    id: ledger.id,
    note: id => ledger.note(id),
    notesOwnedBy: owner => ledger.notesOwnedBy(owner),
    submit: transaction => ledger.submit(transaction),
    async positionOf(transaction) {
      if (clock.now() < until) throw new TypeError('no answer')
      return await ledger.positionOf(transaction)
    },
    feeTooLow: async () => null,
  })
}

test('while the ledger does not say where a join stands, its round stays on disk; then the piece is paid', async () => {
  const table = await sit({ seed: 1, isStopped: true, view: clock => mute(clock, 3 * hour) })
  await table.clock.advance(2 * hour)
  assert.is(await endOf(table), 'mixing')
  assert.is((await keysUnder(table.stores[0] as Store, 'round/')).length, 1)
  await table.clock.advance(3 * hour)
  assert.is(await endOf(table), 'paid')
  assert.equal(await keysUnder(table.stores[0] as Store, 'round/'), [])
  close(table)
})

test('control: with its round forgotten on disk, the coin of a payer that was stopped is gone', async () => {
  const forget = async (store: Store): Promise<void> => {
    for (const key of await keysUnder(store, 'round/')) await store.del(key)
  }
  const view = (clock: VirtualClock, random: Random) => slowly(clock, random, 4 * second)
  const table = await sit({ seed: 1, isStopped: true, view, meddle: forget })
  await table.clock.advance(3 * hour)
  assert.is.not(await endOf(table), 'paid')
  assert.is.not(await endOf(table), 'kept')
  close(table)
})

test.run()
