// docs/spec/payments-ledger.md 3.7: a ledger is followed, stretch by stretch, and asked nothing else; what it says is
// believed when it is proven and holds.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { PaymentError } from '../payment/error.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import { FollowedLedger } from '../payment/ledger/followed.ts'
import { signHead, writeHead } from '../payment/ledger/log.ts'
import { answerQuestion, type Served, stretchQuestion, submitQuestion } from '../payment/ledger/service.ts'
import {
  entriesIn,
  readStretch,
  stretchAnswerBytes,
  stretchBytes,
  stretchIn,
  writeStretch,
} from '../payment/ledger/stretches.ts'
import { type Note, ownerOf, signMint } from '../payment/ledger/transaction.ts'
import { readRequest } from '../payment/person/request.ts'
import { Wallet } from '../payment/person/wallet.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { mintNotes, signing, theftOf, withEntry } from './payment-entries.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const [ledgerSeed, mintSeed] = [seed(1), seed(2)]
const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
type Ask = (question: Uint8Array) => Promise<Uint8Array>

async function openWith(entries: number): Promise<EmbeddedLedger> {
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => 1000 })
  for (let i = 0; i < entries; i++) await mint(ledger, 100 + i)
  return ledger
}

async function mint(ledger: EmbeddedLedger, n: number, owner = seed(9)): Promise<Uint8Array> {
  const nonce = new Uint8Array(32)
  new DataView(nonce.buffer).setUint32(0, n)
  const [note] = (await mintNotes(ledger, nonce, [{ denomination: 10, owner: ownerOf(owner) }])) as [Note]
  return note.id
}

interface Follow {
  readonly ask: Ask
  readonly clock: VirtualClock
  readonly store?: Store
  readonly mirrors?: readonly Ask[]
  readonly onInvalid?: (error: PaymentError) => void
}

async function follow({
  ask,
  clock,
  store = memoryStore(),
  mirrors = [],
  onInvalid,
}: Follow): Promise<FollowedLedger> {
  return await FollowedLedger.open({
    genesis,
    store,
    ledger: ask,
    mirrors,
    clock,
    random: seededRandom(5),
    log: silent,
    everyMs: minute,
    ...(onInvalid === undefined ? {} : { onInvalid }),
  })
}

/** Answers after a second. */
function at(served: Served, clock: VirtualClock, asked: Uint8Array[] = []): Ask {
  return async question => {
    asked.push(question)
    await new Promise<void>(resolve => clock.after(second, resolve))
    return await answerQuestion(served, question)
  }
}

test('a stream is cut into stretches and put together again, whatever its entries', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { maxLength: 8 }), entries => {
      const stream = stretchIn(entries, 0, Number.POSITIVE_INFINITY)
      const { entries: read, length } = entriesIn(stream)
      assert.equal(read.map(hex), entries.map(hex))
      assert.is(length, stream.length)
      const parts = []
      for (let from = 0; from < stream.length; from += stretchBytes)
        parts.push(stretchIn(entries, from, from + stretchBytes))
      assert.is(hex(Buffer.concat(parts)), hex(stream))
    }),
  )
})

test('every answer with a stretch has one length, and any bytes are read or refused', async () => {
  for (const entries of [0, 1, 20, 70]) {
    const ledger = await openWith(entries)
    for (let number = 0; ; number++) {
      const answer = await answerQuestion(ledger, stretchQuestion(number))
      if (answer.length !== stretchAnswerBytes) break
      const { bytes, head } = readStretch(answer, genesis)
      assert.is(head.size, entries + 1)
      if (bytes.length < stretchBytes) break
    }
  }
  const answer = await answerQuestion(await openWith(3), stretchQuestion(0))
  fc.assert(
    fc.property(fc.nat(answer.length - 1), fc.integer({ min: 1, max: 255 }), (place, flip) => {
      const spoilt = answer.slice()
      spoilt[place] = (spoilt[place] as number) ^ flip
      try {
        readStretch(spoilt, genesis)
      } catch (error) {
        assert.instance(error, PaymentError)
      }
    }),
  )
})

test('any question is answered', async () => {
  const ledger = await openWith(1)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async junk => {
      assert.ok((await answerQuestion(ledger, junk)).length > 0)
    }),
    { numRuns: 60 },
  )
})

test('a follower has what the ledger has, also after a restart and while the log grows', async () => {
  const ledger = await openWith(70)
  const clock = virtualClock(0)
  const store = memoryStore()
  const asked: Uint8Array[] = []
  const first = await follow({ ask: at(ledger, clock, asked), clock, store })
  await clock.advance(30 * second)
  assert.is(first.size, 71)
  assert.ok(asked.length >= 4, 'it takes several stretches, one after another without a pause')
  const id = await mint(ledger, 1)
  assert.is(await first.note(id), null)
  await clock.advance(2 * minute)
  assert.is((await first.note(id))?.denomination, 10)
  assert.equal(await first.notesOwnedBy(ownerOf(seed(9))), await ledger.notesOwnedBy(ownerOf(seed(9))))
  assert.equal(await first.originOf(id), await ledger.originOf(id))
  first.close()

  asked.length = 0
  await mint(ledger, 2)
  const again = await follow({ ask: at(ledger, clock, asked), clock, store })
  await clock.advance(10 * second)
  assert.is(again.size, 73)
  assert.ok(asked.length <= 2, 'what lies on its disk is not asked for again')
  assert.is(hex(again.head.root), hex(ledger.head.root))
  again.close()
})

test('what is asked has nothing to do with what its wallet does', async () => {
  const heard = async (isBusy: boolean): Promise<string[]> => {
    const ledger = await openWith(10)
    const clock = virtualClock(0)
    const asked: Uint8Array[] = []
    const times: number[] = []
    const served = at(ledger, clock, asked)
    const followed = await follow({
      ask: question => {
        times.push(clock.elapsed())
        return served(question)
      },
      clock,
    })
    for (let n = 0; n < 30; n++) {
      await clock.advance(20 * second)
      if (!isBusy) continue
      const id = (await ledger.notesOwnedBy(ownerOf(seed(9))))[0]?.id ?? seed(0)
      await followed.notesOwnedBy(ownerOf(seed(9)))
      await followed.note(id)
      await followed.noteAt(id, writeHead(ledger.head))
      await followed.positionOf(seed(n))
      await followed.evidence(id)
    }
    followed.close()
    return asked.map((question, i) => `${times[i]} ${hex(question)}`)
  }
  const [busy, idle] = [await heard(true), await heard(false)]
  assert.equal(busy, idle)
  assert.ok(idle.length >= 10)
})

test('a mirror serves what it has read; who lies there is found out, and another one is asked', async () => {
  const ledger = await openWith(70)
  const clock = virtualClock(0)
  const mirror = await follow({ ask: at(ledger, clock), clock })
  await clock.advance(minute)
  const forge: Ask = async question => {
    const answer = await at(ledger, clock)(question)
    const stretch = readStretch(answer, genesis)
    const bytes = stretch.bytes.slice()
    bytes[100] = (bytes[100] as number) ^ 1
    return writeStretch({ ...stretch, bytes })
  }
  const late: Ask = async () => await new Promise<never>(() => {})
  const followed = await follow({ ask: late, mirrors: [at(mirror.mirror(), clock), forge], clock })
  await clock.advance(60 * minute)
  assert.is(followed.size, 71)
  assert.is(hex(followed.head.root), hex(ledger.head.root))
  const code = await answerQuestion(mirror.mirror(), submitQuestion(seed(1)))
  assert.ok(Buffer.from(code).includes('BUSY'), 'a mirror takes no transactions')
  followed.close()
  mirror.close()
})

test('an entry that should not stand in the log is found, though the ledger has signed it', async () => {
  const ledger = await openWith(2)
  const entries = await ledger.entries(0, 9)
  const [note] = await ledger.notesOwnedBy(ownerOf(seed(9)))
  // Somebody else's signature, under an entry that the chain and the tree bear out
  const theft = theftOf(ledger.id, note as NonNullable<typeof note>)
  const stolen = withEntry(entries, theft, 1000)
  const clock = virtualClock(0)
  const caught: string[] = []
  const store = memoryStore()
  for (let start = 0; start < 2; start++) {
    const followed = await follow({
      ask: at(signing(stolen), clock),
      clock,
      store,
      onInvalid: ({ message }) => caught.push(message),
    })
    await clock.advance(minute)
    assert.is(followed.size, 3)
    const refused = await followed.submit(theft).catch((error: PaymentError) => error.code)
    assert.is(refused, 'FORKED')
    followed.close()
  }
  assert.is(caught.length, 2, 'also after a restart')
  assert.match(caught[0] as string, 'entry 3: transfer: input 0: not signed by its key')
  // The control: the same log without it
  const fine = await follow({ ask: at(signing(entries), clock), clock })
  await clock.advance(minute)
  assert.is(fine.invalid, undefined)
  fine.close()
})

test('a made-up note is known for one as soon as the log is here as far as its evidence, and not before', async () => {
  const ledger = await openWith(3)
  const clock = virtualClock(0)
  const followed = await follow({ ask: at(ledger, clock), clock })
  await clock.advance(10 * second)
  const code = async (id: Uint8Array, evidence: Uint8Array): Promise<string> =>
    await followed.noteAt(id, evidence).then(
      note => (note === null ? 'none' : 'there'),
      (error: PaymentError) => error.code,
    )
  assert.is(await code(seed(77), writeHead(ledger.head)), 'none')
  const young = await mint(ledger, 1)
  assert.is(await code(young, writeHead(ledger.head)), 'BUSY')
  assert.is(await code(seed(77), writeHead(ledger.head)), 'BUSY')
  await clock.advance(2 * minute)
  assert.is(await code(young, writeHead(ledger.head)), 'there')
  assert.is(await code(seed(77), writeHead(ledger.head)), 'none')
  // Nobody can make others wait for a log that there is not
  const { signature: _, ...far } = { ...ledger.head, size: 1_000_000 }
  assert.is(await code(seed(77), writeHead(signHead(far, seed(3)))), 'BAD_SIGNATURE')
  assert.is(await code(seed(77), new Uint8Array(0)), 'BAD_DOCUMENT')
  followed.close()
})

/** Says whether a shop signs a receipt for notes that the ledger's log has under a mint of this key. */
async function isReceipted(key: Uint8Array): Promise<boolean> {
  const ledger = await openWith(2)
  const entries = await ledger.entries(0, 9)
  const clock = virtualClock(0)
  let served = signing(entries)
  const followed = await follow({ ask: question => at(served, clock)(question), clock })
  const random = seededRandom(1)
  const shop = new Wallet({ store: memoryStore(), ledger: followed, random, now: () => 1000 })
  const { hash, owners } = readRequest(await shop.request(50_000, 1_000_000, 'goods', ''))
  const outputs = owners.map(owner => ({ denomination: 50_000, owner }))
  served = signing(withEntry(entries, signMint(ledger.id, seed(66), outputs, key), 1000))
  await clock.advance(5 * minute)
  assert.is(followed.invalid === undefined ? followed.size : 4, 4, 'it has seen the mint')
  const own = await shop.ownRequest(hash)
  followed.close()
  return own?.receipt != null
}

test('a receipt is signed for notes that are proven, and for none that a ledger makes up', async () => {
  assert.not.ok(await isReceipted(seed(7)), 'its signature over the head proves no mint')
  // The control: the same mint by the key that may
  assert.ok(await isReceipted(mintSeed))
})

test('while nobody answers, what is here stays, and what is asked waits two minutes at most', async () => {
  const clock = virtualClock(0)
  const never: Ask = async () => await new Promise<never>(() => {})
  const followed = await follow({ ask: never, clock })
  let code = ''
  followed.note(seed(1)).catch((error: PaymentError) => {
    code = error.code
  })
  await clock.advance(minute)
  assert.is(code, '')
  await clock.advance(2 * minute)
  assert.is(code, 'BUSY')
  followed.close()
})

test('stretches are as the vectors have them', () => {
  const file = new URL('./vectors/payment-stretches.json', import.meta.url)
  const cases = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly name: string
    readonly answer: string
    readonly entries?: number
    readonly refused?: string
  }[]
  for (const { name, answer, entries, refused } of cases) {
    let found = ''
    try {
      const { bytes } = readStretch(fromHex(answer), genesis)
      found = String(entriesIn(bytes).entries.length)
    } catch (error) {
      found = error instanceof PaymentError ? error.code : String(error)
    }
    assert.is(found, refused ?? String(entries), name)
  }
})

test.run()
