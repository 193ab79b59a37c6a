// docs/spec/payments-paymix.md 5.9: what a person has, asks for and is told before it signs.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sealedValues } from '../client/folder/vault.ts'
import { hex } from '../encoding/bytes.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import {
  notesOf,
  ownerOf,
  readTransaction,
  signMint,
  signTransfer,
  transfer,
} from '../payment/ledger/transaction.ts'
import { Agreements } from '../payment/person/agreements.ts'
import { forecast } from '../payment/person/forecast.ts'
import { ordersIn } from '../payment/person/orders.ts'
import { Payer } from '../payment/person/payer.ts'
import type { Held } from '../payment/person/purse.ts'
import { readRequest } from '../payment/person/request.ts'
import { Wallet } from '../payment/person/wallet.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { usualTimes } from '../payment/times.ts'
import { virtualClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute } from '../world/units.ts'

const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]

async function open(random: Random): Promise<[Wallet, EmbeddedLedger]> {
  const [{ wallet }, ledger] = await opened(random)
  return [wallet, ledger]
}

async function opened(random: Random): Promise<[{ store: Store; wallet: Wallet }, EmbeddedLedger]> {
  const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => 1000 })
  const store = memoryStore(sealedValues(random(32), random))
  return [{ store, wallet: new Wallet({ store, ledger, random, now: () => 1000 }) }, ledger]
}

async function mint(
  ledger: EmbeddedLedger,
  wallet: Wallet,
  random: Random,
  ...amounts: number[]
): Promise<void> {
  const outputs: { denomination: number; owner: Uint8Array }[] = []
  for (const denomination of amounts) outputs.push({ denomination, owner: await wallet.newKey() })
  await ledger.submit(signMint(ledger.id, random(32), outputs, mintSeed))
}

test('a wallet finds its notes by their keys, and exchanges them for the denominations of a payment', async () => {
  const random = seededRandom(1)
  const [wallet, ledger] = await open(random)
  await mint(ledger, wallet, random, 100, 5)
  const purse = await wallet.prepare(87)
  const taken = [50, 20, 10, 5, 2].map(denomination => purse.take(denomination)?.note.denomination)
  assert.equal(taken, [50, 20, 10, 5, 2])
  assert.is(purse.take(1), null)
  const amounts = (await wallet.notes()).map(({ note }) => note.denomination)
  assert.is(
    amounts.reduce((sum, amount) => sum + amount, 0),
    105,
  )
})

test('notes that are there already are taken as they are', async () => {
  const random = seededRandom(2)
  const [wallet, ledger] = await open(random)
  await mint(ledger, wallet, random, 50, 20, 10)
  const { size } = ledger.head
  const purse = await wallet.prepare(80)
  assert.is(ledger.head.size, size, 'no transaction was needed')
  assert.is(purse.take(50)?.note.denomination, 50)
})

test('who has too little is told how much', async () => {
  const random = seededRandom(3)
  const [wallet, ledger] = await open(random)
  await mint(ledger, wallet, random, 10)
  const error = await wallet.prepare(11).catch((error: Error) => error.message)
  assert.is(error, 'wallet: it has 10, and 11 are to be paid')
})

test('a key whose notes are spent is asked about no more, until a note that came to it again is found', async () => {
  const random = seededRandom(6)
  const [{ store, wallet }, ledger] = await opened(random)
  const asked = new Set<string>()
  const watched = new Wallet({
    store,
    ledger: Object.assign(Object.create(ledger) as EmbeddedLedger, {
      notesOwnedBy: (owner: Uint8Array) => {
        asked.add(hex(owner))
        return ledger.notesOwnedBy(owner)
      },
    }),
    random,
    now: () => 1000,
  })
  const look = async (keys: 'live' | 'all'): Promise<number[]> => {
    asked.clear()
    return (await watched.notes([], keys)).map(({ note }) => note.denomination)
  }
  await mint(ledger, wallet, random, 100)
  const [{ note, secret }] = (await wallet.notes()) as [Held]
  const used = hex(note.owner)
  await wallet.prepare(87)
  await look('live')
  await look('live')
  assert.not(asked.has(used))
  await ledger.submit(
    signMint(ledger.id, random(32), [{ denomination: 2, owner: ownerOf(secret) }], mintSeed),
  )
  assert.equal(await look('live'), [50, 20, 10, 10, 5, 2, 2, 1])
  assert.equal(await look('all'), [50, 20, 10, 10, 5, 2, 2, 2, 1])
  assert.equal(await look('live'), [50, 20, 10, 10, 5, 2, 2, 2, 1])
  assert.ok(asked.has(used))
})

test('what is on its way in a payment is not spent twice, and what a payment kept is there again', async () => {
  const random = seededRandom(4)
  const [wallet, ledger] = await open(random)
  await mint(ledger, wallet, random, 10)
  const [held] = await wallet.notes()
  if (held === undefined) return assert.unreachable()
  const piece = { denomination: 10, owner: new Uint8Array(32), epoch: 1, joins: [], ...held }
  const payment = { id: new Uint8Array(32), deadline: 5 }
  const busy = { ...payment, pieces: [{ ...piece, state: { at: 'mixing' as const } }] }
  const kept = { ...payment, pieces: [{ ...piece, state: { at: 'kept' as const, why: 'no time' } }] }
  assert.is((await wallet.notes([busy])).length, 0)
  assert.is((await wallet.notes([kept])).length, 1)
})

test('a request knows how much of it is paid', async () => {
  const random = seededRandom(5)
  const [wallet, ledger] = await open(random)
  const request = readRequest(await wallet.request(30, 1000, 'tea', ''))
  assert.equal(
    (await wallet.requests()).map(({ paid }) => paid.isPaid),
    [false],
  )
  const [payer] = await open(random)
  const key = new Uint8Array(32).fill(7)
  const outputs = [
    { denomination: 20, owner: ownerOf(key) },
    { denomination: 10, owner: ownerOf(key) },
  ]
  const minted = signMint(ledger.id, random(32), outputs, mintSeed)
  await ledger.submit(minted)
  const { id, transaction } = readTransaction(ledger.id, minted)
  for (const [i, note] of notesOf(id, transaction).entries()) {
    const to = transfer(
      [note.id],
      [{ denomination: note.denomination, owner: request.owners[i] as Uint8Array }],
    )
    await ledger.submit(signTransfer(ledger.id, to, [{ note, secretKey: key }]))
    const [own] = await wallet.requests()
    assert.equal(
      own?.paid.pieces.map(({ isPaid }) => isPaid),
      [true, i === 1],
    )
  }
  assert.is((await wallet.notes()).length, 2)
  assert.equal(await payer.notes(), [], "another wallet's keys are not this one's")
  assert.is(hex(request.ledger), hex(ledger.id))
})

test('before it signs a payer is told cost, time, and how well it hides', () => {
  const told = forecast({
    amount: 80,
    peers: 8,
    colluding: 2,
    times: usualTimes,
    joinFee: 1000,
    now: 0,
  })
  assert.equal(told.pieces, [50, 20, 10])
  assert.is(told.cost, 3000)
  assert.is(told.effectiveSet, 8)
  assert.is(told.entropyBits, 3)
  assert.equal(
    told.colluding.map(({ linkProbability }) => linkProbability),
    [1 / 8, 1 / 7, 1 / 6],
  )
  // Three meetings of ten minutes, then the slowest of three exponential delays: 60 ln(1 / (1 - 0.5^(1/3))) minutes.
  assert.ok(Math.abs(told.time.usualMs / minute - 30 - 60 * Math.log(1 / (1 - 0.5 ** (1 / 3)))) < 0.01)
  assert.ok(told.time.longMs > 2 * told.time.usualMs)
})

test('a note is reserved on disk for one payment before it is handed out, also when two are prepared at once', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(100 + seed)
    const [{ store, wallet }, ledger] = await opened(random)
    await mint(ledger, wallet, random, 10, 50)
    const [first, second] = await Promise.all([wallet.prepare(10), wallet.prepare(10)])
    // After a crash: what was handed out before is not handed out again
    const again = new Wallet({ store, ledger, random, now: () => 1000 })
    const third = await again.prepare(10)
    const taken = [first, second, third].map(purse => hex(purse.take(10)?.note.id ?? new Uint8Array(0)))
    assert.is(new Set(taken).size, 3, `seed ${seed}`)
  }
})

test('control: without the reservation two payments are handed one note', async () => {
  const random = seededRandom(7)
  const [{ store, wallet }, ledger] = await opened(random)
  await mint(ledger, wallet, random, 10, 50)
  const first = await wallet.prepare(10)
  await store.clear({ gt: 'reserved/', lt: 'reserved0' })
  const second = await wallet.prepare(10)
  assert.equal(first.take(10)?.note.id, second.take(10)?.note.id)
})

test('a payment that never began gives its notes back, and one that is prepared again has the same', async () => {
  const random = seededRandom(8)
  const [wallet, ledger] = await open(random)
  await mint(ledger, wallet, random, 10)
  const [one, other] = [random(32), random(32)]
  await wallet.prepare(10, [], one)
  assert.is((await wallet.prepare(10, [], one)).take(10)?.note.denomination, 10)
  assert.match(String(await wallet.prepare(10, [], other).catch((error: Error) => error.message)), 'it has 0')
  await wallet.release(one)
  assert.is((await wallet.prepare(10, [], other)).take(10)?.note.denomination, 10)
})

test('dust that is paid to a key hides nothing that was paid to it', async () => {
  const random = seededRandom(9)
  const [wallet, ledger] = await open(random)
  const own = readRequest(await wallet.request(5000, 2000, '', ''))
  const owner = own.owners[0] as Uint8Array
  const mintTo = async (...denominations: number[]): Promise<void> => {
    const outputs = denominations.map(denomination => ({ denomination, owner }))
    await ledger.submit(signMint(ledger.id, random(32), outputs, mintSeed))
  }
  for (let i = 0; i < 3; i++) await mintTo(...Array(100).fill(1))
  await mintTo(5000)
  const held = await wallet.notes()
  assert.is(held.length, 301)
  assert.is(held[0]?.note.denomination, 5000)
  assert.ok((await wallet.ownRequest(own.hash))?.paid.isPaid)
  const first = await ledger.notesOwnedBy(owner)
  assert.is(first.length, 64)
  assert.is(first[0]?.denomination, 5000, 'the largest comes first')
})

test('one damaged record is set aside and named, and closes nothing', async () => {
  const random = seededRandom(11)
  const [{ store, wallet }, ledger] = await opened(random)
  await mint(ledger, wallet, random, 10, 10)
  const named = [`key/${'00'.repeat(32)}`, `request/${'00'.repeat(32)}`]
  for (const key of named) await store.put(key, new Uint8Array([1, 2, 3]))
  assert.is((await wallet.notes()).length, 2)
  assert.equal(await wallet.requests(), [])
  assert.equal(wallet.damaged, named)
  assert.ok(await store.get(named[0] as string), 'it stays where it is')

  const held = memoryStore()
  for (const key of ['payment/00', 'round/00', 'strike/00']) await held.put(key, new Uint8Array([1, 2, 3]))
  const said: string[] = []
  const log = {
    ...silent,
    error: (fields: object) => said.push(String((fields as { record: string }).record)),
  }
  const payer = await Payer.open({
    scheme: embeddedJoins(ledger.id),
    ledger,
    clock: virtualClock(1000),
    random,
    store: held,
    log: log as unknown as Log,
    times: usualTimes,
    publish: () => {},
  })
  payer.close()
  assert.equal(said.sort(), ['payment/00', 'round/00', 'strike/00'])
})

test('a payment of which pieces were kept is finished later: to the same keys, with the note that is there now', async () => {
  const random = seededRandom(12)
  const [{ store, wallet }, ledger] = await opened(random)
  await mint(ledger, wallet, random, 5, 2)
  const clock = virtualClock(1_800_000_000_000)
  const payer = await Payer.open({
    scheme: embeddedJoins(ledger.id),
    ledger,
    clock,
    random,
    store,
    log: silent,
    times: usualTimes,
    publish: () => {},
  })
  const agreements = new Agreements({
    clock,
    orders: ordersIn(store),
    wallet,
    payer: async () => payer,
    kept: async () => payer.payments,
  })
  // Nobody else comes to the meetings
  const request = await wallet.request(7, clock.now() + 90 * minute, '', '')
  const { hash, owners } = readRequest(request)
  await agreements.agree(request)
  await clock.advance(3 * 60 * minute)
  const states = (): string[] => payer.payments.flatMap(({ pieces }) => pieces.map(({ state }) => state.at))
  assert.equal(states(), ['kept', 'kept'])
  // One of the notes has gone elsewhere meanwhile, and another one has come
  const [five] = await wallet.notes(payer.payments)
  const spent = { note: (five as Held).note, secretKey: (five as Held).secret }
  const gone = transfer([spent.note.id], [{ denomination: 5, owner: ownerOf(random(32)) }])
  await ledger.submit(signTransfer(ledger.id, gone, [spent]))
  const finish = (): Promise<string> =>
    agreements.finish(hash, clock.now() + 90 * minute).then(
      () => 'begun',
      (error: { code: string }) => error.code,
    )
  assert.is(await finish(), 'NO_NOTE')
  await mint(ledger, wallet, random, 5)
  assert.is(await finish(), 'begun')
  assert.equal(states(), ['mixing', 'mixing'])
  const [payment] = payer.payments
  assert.ok((payment?.deadline ?? 0) > clock.now())
  assert.equal(new Set(payment?.pieces.map(({ owner }) => hex(owner))), new Set(owners.map(hex)))
  assert.is.not(payment?.pieces.find(({ denomination }) => denomination === 5)?.note.id, spent.note.id)
  // The control: nothing of it is kept now
  assert.is(await finish(), 'WRONG_STATE')
  payer.close()
})

test.run()
