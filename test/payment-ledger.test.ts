// docs/spec/payments-ledger.md 3: notes, transactions, the log and its crash safety.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { leafHash, verifyInclusion } from '../encoding/merkle.ts'
import { denominations, isDenomination, split } from '../payment/denominations.ts'
import { PaymentError, type PaymentErrorCode } from '../payment/error.ts'
import { audit } from '../payment/ledger/audit.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import type { Genesis } from '../payment/ledger/ledger.ts'
import {
  readEntry,
  readGenesis,
  readHead,
  writeEntry,
  writeGenesis,
  writeHead,
} from '../payment/ledger/log.ts'
import {
  type Note,
  notesOf,
  ownerOf,
  readTransaction,
  sign,
  signMint,
  signTransfer,
  transactionId,
  transfer,
  writeTransaction,
} from '../payment/ledger/transaction.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, openStore, type Store } from '../world/store.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const [ledgerSeed, mintSeed] = [seed(1), seed(2)]
const genesis: Genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }

async function open(store: Store = memoryStore()): Promise<EmbeddedLedger> {
  return await openLedger({ store, genesis, ledgerSeed, now: () => 1000 })
}

/** Notes of these denominations, owned by the key of seed(owner). */
async function mint(
  ledger: EmbeddedLedger,
  nonce: number,
  owner: number,
  ...amounts: number[]
): Promise<Note[]> {
  const outputs = amounts.map(denomination => ({ denomination, owner: ownerOf(seed(owner)) }))
  const bytes = signMint(ledger.id, seed(nonce), outputs, mintSeed)
  await ledger.submit(bytes)
  const { id, transaction } = readTransaction(ledger.id, bytes)
  return notesOf(id, transaction)
}

function pay(
  ledger: EmbeddedLedger,
  notes: Note[],
  owner: number,
  to: number,
  ...amounts: number[]
): Uint8Array {
  const outputs = amounts.map(denomination => ({ denomination, owner: ownerOf(seed(to)) }))
  const unsigned = transfer(
    notes.map(note => note.id),
    outputs,
  )
  return signTransfer(
    ledger.id,
    unsigned,
    notes.map(note => ({ note, secretKey: seed(owner) })),
  )
}

async function refused(code: PaymentErrorCode, run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    assert.instance(error, PaymentError, String(error))
    assert.is((error as PaymentError).code, code, (error as Error).message)
    return
  }
  assert.unreachable(`want ${code}`)
}

test('denominations are 1, 2, 5 times powers of ten, and every amount is split into the fewest', () => {
  assert.equal(denominations.slice(0, 7), [1, 2, 5, 10, 20, 50, 100])
  assert.equal(split(88), [50, 20, 10, 5, 2, 1])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 12 }), amount => {
      const pieces = split(amount)
      assert.is(
        pieces.reduce((a, b) => a + b),
        amount,
      )
      assert.ok(pieces.every(isDenomination))
    }),
  )
  const fewest = [0]
  for (let amount = 1; amount <= 200; amount++) {
    const ways = denominations.filter(d => d <= amount).map(d => (fewest[amount - d] as number) + 1)
    fewest.push(Math.min(...ways))
    assert.is(split(amount).length, fewest[amount])
  }
  assert.throws(() => split(0), /want a whole number from 1/)
  assert.throws(() => split(10 ** 15), /more than 64 notes/)
})

test('mint, split a note, pay with the pieces', async () => {
  const ledger = await open()
  const [note] = (await mint(ledger, 9, 3, 20)) as [Note]
  assert.equal(await ledger.notesOwnedBy(ownerOf(seed(3))), [{ ...note, spentBy: null }])
  const bytes = pay(ledger, [note], 3, 4, 10, 5, 5)
  const receipt = await ledger.submit(bytes)
  assert.is(receipt.index, 2)
  assert.equal((await ledger.note(note.id))?.spentBy, receipt.transaction)
  const pieces = await ledger.notesOwnedBy(ownerOf(seed(4)))
  assert.equal(pieces.map(piece => piece.denomination).sort(), [10, 5, 5].sort())
  assert.equal(await ledger.submit(bytes), receipt)
  assert.equal(await ledger.positionOf(receipt.transaction), receipt)
  assert.is(await ledger.positionOf(seed(0)), null)
  assert.is(ledger.head.size, 3)
})

test('what cannot stand in the ledger leaves no trace', async () => {
  const ledger = await open()
  const [a, b] = (await mint(ledger, 9, 3, 20, 20)) as [Note, Note]
  await ledger.submit(pay(ledger, [a], 3, 4, 20))
  const before = writeHead(ledger.head)
  const stranger = { ...b, id: seed(77) }
  await refused('DOUBLE_SPEND', () => ledger.submit(pay(ledger, [a], 3, 5, 20)))
  await refused('DOUBLE_SPEND', () => ledger.submit(pay(ledger, [a, b], 3, 5, 20, 20)))
  await refused('NO_NOTE', () => ledger.submit(pay(ledger, [stranger], 3, 5, 20)))
  await refused('BAD_SIGNATURE', () => ledger.submit(pay(ledger, [b], 4, 5, 20)))
  await refused('BAD_TRANSACTION', () => ledger.submit(pay(ledger, [b], 3, 5, 20, 1)))
  await refused('BAD_TRANSACTION', () => ledger.submit(pay(ledger, [b], 3, 5, 10)))
  await refused('BAD_DOCUMENT', () => ledger.submit(pay(ledger, [b], 3, 5, 20, 0)))
  await refused('BAD_DOCUMENT', () => ledger.submit(pay(ledger, [b, b], 3, 5, 20, 20)))
  await refused('BAD_TRANSACTION', () => signTransfer(ledger.id, transfer([b.id], []), []))
  const outputs = [{ denomination: 1, owner: seed(5) }]
  await refused('BAD_SIGNATURE', () => ledger.submit(signMint(ledger.id, seed(8), outputs, seed(3))))
  await refused('NONCE_USED', () => ledger.submit(signMint(ledger.id, seed(9), outputs, mintSeed)))
  // Signed for another ledger: the id is another, so the signature does not verify.
  await refused('BAD_SIGNATURE', () => ledger.submit(signMint(seed(6), seed(8), outputs, mintSeed)))
  assert.equal(writeHead(ledger.head), before)
})

test('of two transactions that spend one note at the same moment one is entered', async () => {
  const ledger = await open()
  const [note] = (await mint(ledger, 9, 3, 20)) as [Note]
  const outcomes = await Promise.allSettled(
    [4, 5, 6].map(async to => await ledger.submit(pay(ledger, [note], 3, to, 20))),
  )
  assert.equal(
    outcomes.map(outcome => outcome.status),
    ['fulfilled', 'rejected', 'rejected'],
  )
})

test('too many at once are refused, and the rest are entered', async () => {
  const ledger = await open()
  const outputs = [{ denomination: 1, owner: seed(5) }]
  const all = Array.from({ length: 300 }, (_, i) => {
    const nonce = new Uint8Array(32)
    new DataView(nonce.buffer).setUint32(0, i)
    return ledger.submit(signMint(ledger.id, nonce, outputs, mintSeed))
  })
  const outcomes = await Promise.allSettled(all)
  const lost = outcomes.filter(outcome => outcome.status === 'rejected')
  assert.is(lost.length, 300 - 256)
  assert.ok(lost.every(outcome => (outcome.reason as PaymentError).code === 'BUSY'))
  assert.is(ledger.head.size, 257)
})

test('heads, entries and proofs let anybody check the log; an audit finds every change', async () => {
  const ledger = await open()
  const notes = await mint(ledger, 9, 3, 5, 5, 10)
  await ledger.submit(pay(ledger, notes, 3, 4, 20))
  const entries = await ledger.entries(0, 100)
  const { size, root, minted, notes: found } = audit(genesis, entries)
  assert.is(size, 3)
  assert.is(hex(root), hex(ledger.head.root))
  assert.is(minted, 20)
  assert.is(
    [...found.values()]
      .filter(note => note.spentBy === null)
      .reduce((sum, note) => sum + note.denomination, 0),
    20,
  )
  const last = entries[2] as Uint8Array
  assert.ok(verifyInclusion(2, 3, leafHash(last), ledger.inclusion(2, 3), root))
  assert.equal(readHead(writeHead(ledger.head), genesis), ledger.head)
  assert.throws(() => audit(genesis, [entries[0] as Uint8Array, last]), /entry 1 does not follow/)
  assert.throws(() => audit({ ...genesis, name: 'other' }, entries), /entry 0 does not follow/)
  const doubled = writeEntry({ ...readEntry(last), previous: leafHash(last) })
  assert.throws(() => audit(genesis, [...entries, doubled]), /is spent/)
})

test('a store is continued, and refused when it is another or was changed', async () => {
  const store = memoryStore()
  const ledger = await open(store)
  await mint(ledger, 9, 3, 20)
  const again = await open(store)
  assert.equal(again.head, ledger.head)
  await mint(again, 8, 3, 20)
  await refused('WRONG_LEDGER', () => openLedger({ store, genesis, ledgerSeed: mintSeed, now: () => 0 }))
  const other = { ...genesis, name: 'other' }
  await refused('WRONG_LEDGER', () => openLedger({ store, genesis: other, ledgerSeed, now: () => 0 }))
  const key = 'entry/0000000000000001'
  const entry = (await store.get(key)) as Uint8Array
  await store.put(key, writeEntry({ ...readEntry(entry), time: 1001 }))
  await refused('DAMAGED', () => open(store))
  await store.put(key, entry)
  await store.del('entry/0000000000000002')
  await refused('DAMAGED', () => open(store))
})

test('a disk that fails leaves the ledger as it was', async () => {
  const store = memoryStore()
  const ledger = await open(store)
  const before = ledger.head
  const batch = store.batch.bind(store) as unknown as typeof store.batch
  store.batch = (() => Promise.reject(new Error('disk full'))) as unknown as typeof store.batch
  try {
    await mint(ledger, 9, 3, 20)
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'disk full')
  }
  assert.equal(ledger.head, before)
  store.batch = batch
  await mint(ledger, 9, 3, 20)
  assert.equal((await open(store)).head, ledger.head)
})

test('what a receipt was given for outlives kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-ledger-'))
  const child = spawn(
    process.execPath,
    [
      '--conditions=chaffinch-source',
      '--import',
      'tsx',
      join(import.meta.dirname, 'payment-ledger-child.ts'),
      folder,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  await new Promise<void>(resolve => {
    child.stdout.on('data', chunk => {
      said += String(chunk)
      if (said.split('\n').length > 20) child.kill('SIGKILL')
    })
    child.on('exit', () => resolve())
  })
  const store = await openStore(folder)
  const ledger = await open(store)
  const receipts = said.split('\n').slice(0, -1)
  assert.ok(receipts.length >= 20)
  for (const line of receipts) {
    const [index, id] = line.split(' ') as [string, string]
    const receipt = await ledger.positionOf(fromHex(id))
    assert.is(receipt?.index, Number(index))
  }
  const { size, root } = audit(genesis, await ledger.entries(0, 10_000))
  assert.is(size, ledger.head.size)
  assert.is(hex(root), hex(ledger.head.root))
  await store.close()
  rmSync(folder, { recursive: true })
})

test('transactions, entries, heads: round trip, and any bytes give only their own error', () => {
  const ledger = seed(7)
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const output = fc.record(
    { denomination: fc.constantFrom(...denominations), owner: key },
    { noNullPrototype: true },
  )
  const outputs = fc.array(output, { minLength: 1, maxLength: 4 })
  const inputs = fc.uniqueArray(key, { minLength: 1, maxLength: 4, selector: hex })
  fc.assert(
    fc.property(inputs, outputs, (ids, made) => {
      const unsigned = transfer(ids, made)
      const id = transactionId(ledger, unsigned)
      const signatures = ids.map(() => sign(id, seed(3)))
      const bytes = writeTransaction({ transaction: unsigned, signatures })
      assert.equal(readTransaction(ledger, bytes), { transaction: unsigned, id, signatures })
    }),
    { numRuns: 30 },
  )
  const random = seededRandom(1)
  const examples = [
    signMint(ledger, random(32), [{ denomination: 5, owner: random(32) }], mintSeed),
    writeEntry({ previous: random(32), time: 5, transaction: random(40) }),
    writeGenesis(genesis),
    writeHead({ ledger, size: 3, root: random(32), time: 5, signature: random(64) }),
  ]
  const readers = [
    (bytes: Uint8Array) => readTransaction(ledger, bytes),
    readEntry,
    readGenesis,
    (bytes: Uint8Array) => readHead(bytes, genesis),
  ]
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.constantFrom(...examples), fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, to]) => {
      const copy = bytes.slice()
      copy[at % copy.length] = to
      return copy
    }),
    fc.tuple(fc.constantFrom(...examples), fc.nat()).map(([bytes, at]) => bytes.slice(0, at % bytes.length)),
  )
  fc.assert(
    fc.property(hostile, bytes => {
      for (const reader of readers) {
        try {
          reader(bytes)
        } catch (error) {
          assert.instance(error, PaymentError, String(error))
        }
      }
    }),
    { numRuns: 400 },
  )
  for (const reader of readers) {
    assert.throws(() => reader(new Uint8Array(100_000)), /want at most/)
    // Lists inside lists, deeper than a stack.
    assert.throws(() => reader(new Uint8Array(400).fill(0x81)), /^(transaction|entry|genesis|head): /)
  }
})

test.run()
