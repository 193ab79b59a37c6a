// docs/spec/payments-keys.md 7: 24 words bring back every key, also those that were made after they were written down.
// tier: slow

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { PaymentError } from '../payment/error.ts'
import { type Branch, branches, Keychain, secretAt } from '../payment/keychain.ts'
import type { EmbeddedLedger } from '../payment/ledger/embedded.ts'
import type { Ledger } from '../payment/ledger/ledger.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { askToRestore, restore, restoring } from '../payment/person/restore.ts'
import { Wallet } from '../payment/person/wallet.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { entropyOf, seedOf, wordsOf } from '../payment/words.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { cutOff } from './payment-disk.ts'
import { mintSeed, openTestLedger } from './payment-world.ts'

interface Vectors {
  readonly words: string
  readonly entropy: string
  readonly seed: string
  readonly ledger: string
  readonly keys: readonly {
    readonly branch: Branch
    readonly index: number
    readonly secret: string
    readonly owner: string
  }[]
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors', 'payment-keys.json'), 'utf8'),
) as Vectors

const seed = seedOf(seededRandom(1)(32))

test('words, seed and keys are those of the vectors', () => {
  assert.is(hex(entropyOf(vectors.words)), vectors.entropy)
  assert.is(wordsOf(fromHex(vectors.entropy)).join(' '), vectors.words)
  assert.is(hex(seedOf(fromHex(vectors.entropy))), vectors.seed)
  for (const { branch, index, secret, owner } of vectors.keys) {
    const derived = secretAt(fromHex(vectors.seed), fromHex(vectors.ledger), branch, index)
    assert.is(hex(derived), secret)
    assert.is(hex(ownerOf(derived)), owner)
  }
  assert.ok(branches.every(branch => vectors.keys.some(one => one.branch === branch)))
})

test('words come back from what a person types, and a slip is named by its place, never by the word', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), entropy => {
      const words = wordsOf(entropy)
      assert.is(words.length, 24)
      assert.equal(entropyOf(`  ${words.join('\n  ').toUpperCase()}\n`), entropy)
    }),
  )
  const words = [...wordsOf(new Uint8Array(32).fill(5))]
  const said = (typed: readonly string[]): string => {
    try {
      entropyOf(typed.join(' '))
      return 'taken'
    } catch (error) {
      assert.instance(error, PaymentError)
      return (error as Error).message
    }
  }
  assert.match(said(words.with(4, 'secretword')), /word 5 is not one/)
  assert.not.match(said(words.with(4, 'secretword')), /secretword/)
  assert.match(said(words.slice(1)), /want 24, have 23/)
  assert.match(said(words.with(0, words[0] === 'zoo' ? 'abandon' : 'zoo')), /checksum/)
  fc.assert(
    fc.property(fc.string(), text => {
      assert.is.not(said([text]), 'taken')
    }),
  )
})

/** A secret that was shown is never given again, wherever the disk fails. */
test('no key is given twice, though the process ends before or after any write', async () => {
  for (let at = 0; at < 6; at++) {
    for (const isAfter of [false, true]) {
      const disk = memoryStore()
      const shown = new Set<string>()
      const cut = cutOff(disk, at, isAfter)
      const before = await Keychain.open(cut.store, seed, new Uint8Array(32))
      for (let i = 0; i < 6; i++) {
        const secret = before.next('paid')
        await before.saved().then(
          () => shown.add(hex(secret)),
          () => {},
        )
      }
      const again = await Keychain.open(disk, seed, new Uint8Array(32))
      for (let i = 0; i < 6; i++) assert.not.ok(shown.has(hex(again.next('paid'))), `${at} ${isAfter}`)
    }
  }
})

test('the words of somebody else, and a damaged count, are refused', async () => {
  const store = memoryStore()
  const keychain = await Keychain.open(store, seed, new Uint8Array(32))
  keychain.next('change')
  await keychain.saved()
  const refused = async (of: Uint8Array): Promise<string> =>
    await Keychain.open(store, of, new Uint8Array(32)).then(
      () => 'opens',
      (error: PaymentError) => error.code,
    )
  assert.is(await refused(seed), 'opens')
  assert.is(await refused(seedOf(new Uint8Array(32))), 'DAMAGED')
  await store.put('keychain', new Uint8Array(3))
  assert.is(await refused(seed), 'DAMAGED')
})

interface Owned {
  readonly ledger: EmbeddedLedger
  readonly disk: Store
  readonly keychain: Keychain
  readonly wallet: Wallet
}

async function owned(store = memoryStore()): Promise<Owned> {
  const ledger = await openTestLedger(() => 1000)
  return { ledger, disk: store, ...(await walletOn(store, ledger)) }
}

async function walletOn(store: Store, ledger: Ledger): Promise<Pick<Owned, 'keychain' | 'wallet'>> {
  const keychain = await Keychain.open(store, seed, ledger.id)
  const random = seededRandom(4)
  return { keychain, wallet: new Wallet({ store, ledger, random, keys: keychain, now: () => 1000 }) }
}

let nonces = 0
async function pay(ledger: EmbeddedLedger, owner: Uint8Array, denomination: number): Promise<Note> {
  const nonce = new Uint8Array(32)
  new DataView(nonce.buffer).setUint32(0, ++nonces)
  const signed = signMint(ledger.id, nonce, [{ denomination, owner }], mintSeed)
  await ledger.submit(signed)
  const { id, transaction } = readTransaction(ledger.id, signed)
  return notesOf(id, transaction)[0] as Note
}

/** Notes on every branch: given, exchanged, and out of a round. */
async function spread({ ledger, wallet, keychain }: Owned): Promise<number> {
  await pay(ledger, await wallet.newKey(), 100)
  await wallet.prepare(87)
  await pay(ledger, await wallet.newKey(), 10)
  const [note, secret] = await (async () => {
    const held = (await wallet.notes()).find(one => one.note.denomination === 10)
    if (held === undefined) throw new Error('no note of 10')
    return [held.note, held.secret] as const
  })()
  for (let i = 0; i < 3; i++) keychain.next('round')
  const output = keychain.next('round')
  await keychain.saved()
  await ledger.submit(embeddedJoins(ledger.id).move(note, secret, ownerOf(output)))
  return 110
}

async function found(store: Store, ledger: Ledger, gap: number): Promise<number> {
  const { keychain, wallet } = await walletOn(store, ledger)
  await askToRestore(keychain, gap)
  await restore(store, ledger, keychain)
  return sum(await wallet.notes())
}

function sum(held: readonly { readonly note: Note }[]): number {
  return held.reduce((total, { note }) => total + note.denomination, 0)
}

test('an empty disk and the words bring back notes of every branch, also those from after the backup', async () => {
  const before = await owned()
  const worth = await spread(before)
  const store = memoryStore()
  assert.is(await found(store, before.ledger, 10), worth)
  // Its next keys are new ones, and a second search finds what is paid to them
  const { wallet, keychain } = await walletOn(store, before.ledger)
  const fresh = await wallet.newKey()
  const old = new Set(
    Array.from({ length: before.keychain.numberOf('paid') }, (_, i) => hex(before.keychain.at('paid', i))),
  )
  assert.not.ok(old.has(hex(keychain.at('paid', keychain.numberOf('paid') - 1))))
  await pay(before.ledger, fresh, 5)
  assert.is(await found(memoryStore(), before.ledger, 10), worth + 5)
})

test('what is paid late to a key that was shown before the disk was lost is found', async () => {
  const before = await owned()
  await pay(before.ledger, await before.wallet.newKey(), 20)
  const shown = await before.wallet.newKey()
  const store = memoryStore()
  assert.is(await found(store, before.ledger, 10), 20)
  await pay(before.ledger, shown, 50)
  const { wallet } = await walletOn(store, before.ledger)
  assert.is(sum(await wallet.notes([], 'all')), 70)
})

test('a hole of keys that nobody paid is crossed up to the gap, and not beyond it: control', async () => {
  const before = await owned()
  for (let i = 0; i < 12; i++) await before.wallet.newKey()
  await pay(before.ledger, await before.wallet.newKey(), 20)
  assert.is(await found(memoryStore(), before.ledger, 13), 20)
  assert.is(await found(memoryStore(), before.ledger, 12), 0)
})

test('a search that ends before or after any of its writes goes on, and finds the same', async () => {
  const before = await owned()
  const worth = await spread(before)
  const whole = cutOff(memoryStore(), Number.POSITIVE_INFINITY, false)
  assert.is(await found(whole.store, before.ledger, 40), worth)
  assert.ok(whole.writes() >= 8, `${whole.writes()} writes`)
  for (let at = 0; at < whole.writes(); at++) {
    for (const isAfter of [false, true]) {
      const disk = memoryStore()
      const cut = cutOff(disk, at, isAfter)
      await found(cut.store, before.ledger, 40).catch(() => {})
      const { keychain, wallet } = await walletOn(disk, before.ledger)
      // Who was stopped before it was asked for asks again
      if ((await restoring(disk)) === null && keychain.numberOf('paid') === 0)
        await askToRestore(keychain, 40)
      await restore(disk, before.ledger, keychain)
      assert.is(sum(await wallet.notes()), worth, `${isAfter ? 'after' : 'before'} write ${at}`)
    }
  }
})

test('a ledger that does not answer ends the search for now, and what was found is kept', async () => {
  const before = await owned()
  const worth = await spread(before)
  let left = 40
  const failing: Ledger = {
    id: before.ledger.id,
    note: id => before.ledger.note(id),
    positionOf: id => before.ledger.positionOf(id),
    originOf: id => before.ledger.originOf(id),
    submit: bytes => before.ledger.submit(bytes),
    feeTooLow: () => before.ledger.feeTooLow(),
    notesOwnedBy: async (owner, after) => {
      if (left-- <= 0) throw new PaymentError('NODE', 'away')
      return await before.ledger.notesOwnedBy(owner, after)
    },
  }
  const store = memoryStore()
  assert.is(await found(store, failing, 40).catch((error: PaymentError) => error.code), 'NODE')
  const { keychain, wallet } = await walletOn(store, before.ledger)
  await restore(store, before.ledger, keychain)
  assert.is(sum(await wallet.notes()), worth)
})

test.run()
