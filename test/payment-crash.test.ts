// docs/spec/payments-paymix.md 5.9: a client that ends at any moment of a payment goes on when it starts again, and no
// coin is lost or paid twice. Its disk is cut off before, and after, each single write.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BulletinEntry } from '../client/index.ts'
import { Keychain } from '../payment/keychain.ts'
import type { EmbeddedLedger } from '../payment/ledger/embedded.ts'
import { ledgerId } from '../payment/ledger/log.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { Payments, type PaymentsInit } from '../payment/person/payments.ts'
import { mixEpoch } from '../payment/person/pieces.ts'
import { askToRestore } from '../payment/person/restore.ts'
import { Wallet } from '../payment/person/wallet.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { Mixer } from '../payment/rounds/mixer.ts'
import type { Topic } from '../payment/rounds/transport.ts'
import { openEpoch, type PaymentTimes } from '../payment/times.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { keysUnder, memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { sleep } from '../world/wait.ts'
import { cutOff } from './payment-disk.ts'
import { genesis, honest, mintSeed, openTestLedger } from './payment-world.ts'

const times: PaymentTimes = {
  epochMs: 20 * second,
  arriveMs: 6 * second,
  roundMs: 40 * second,
  phaseMs: 8 * second,
  voteMs: 4 * second,
  delayMs: 2 * second,
  followMs: 2 * second,
}
const deadlineMs = 300 * second
const amount = 10
/** Stands for the payer's words. */
const words = new Uint8Array(64).fill(77)

/** A bulletin that everybody reads half a second later. */
class Board {
  readonly #clock: VirtualClock
  readonly #entries: BulletinEntry[] = []
  readonly #ears = new Set<() => void>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  topic(name: string): Topic {
    return {
      name,
      publish: async bytes => {
        if (name !== 'payments') return ''
        await sleep(this.#clock, 500)
        const seq = this.#entries.length
        this.#entries.push({ id: '', seq, at: 0, bytes })
        for (const ear of this.#ears) ear()
        return ''
      },
      entries: options => this.#read(name, options?.after ?? -1, options?.signal),
    }
  }

  async *#read(
    name: string,
    after: number,
    signal?: AbortSignal,
  ): AsyncGenerator<BulletinEntry, void, undefined> {
    for (let next = after + 1; !signal?.aborted; ) {
      const entry = name === 'payments' ? this.#entries[next] : undefined
      if (entry !== undefined) {
        next++
        yield entry
        continue
      }
      await new Promise<void>(resolve => {
        const wake = (): void => {
          this.#ears.delete(wake)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        this.#ears.add(wake)
        signal?.addEventListener('abort', wake, { once: true })
      })
    }
  }
}

interface Story {
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly board: Board
  readonly disk: Store
  readonly receiver: Wallet
}

async function begin(clock: VirtualClock): Promise<Story> {
  const ledger = await openTestLedger(() => clock.now())
  const board = new Board(clock)
  const random = seededRandom(9)
  const receiver = new Wallet({ store: memoryStore(), ledger, random, now: () => clock.now() })
  return { clock, ledger, board, disk: memoryStore(), receiver }
}

async function mint({ ledger }: Story, owner: Uint8Array, nonce: number): Promise<Note> {
  const signed = signMint(
    ledger.id,
    new Uint8Array(32).fill(nonce),
    [{ denomination: amount, owner }],
    mintSeed,
  )
  await ledger.submit(signed)
  const { id, transaction } = readTransaction(ledger.id, signed)
  return notesOf(id, transaction)[0] as Note
}

/** A peer that lends its note to every meeting of its denomination, until it is closed. */
async function lender(story: Story, seed: number): Promise<() => void> {
  const { clock, ledger, board } = story
  const random = seededRandom(seed)
  const topic = board.topic('payments')
  const ending = new AbortController()
  const mixer: Mixer = await Mixer.open({
    scheme: embeddedJoins(ledger.id),
    ledger,
    clock,
    random,
    store: memoryStore(),
    log: silent,
    times,
    publish: message => void topic.publish(message),
    async report({ what }) {
      if (what.type !== 'settled') return
      const secret = 'outputSecret' in what.settlement ? what.settlement.outputSecret : what.record.noteSecret
      const [now] = secret === null ? [] : await ledger.notesOwnedBy(ownerOf(secret))
      if (now !== undefined && secret !== null) lend(now, secret)
    },
  })
  const lend = (note: Note, secret: Uint8Array): void => {
    const epoch = mixEpoch(amount, openEpoch(times, clock.now()))
    mixer.join(note, secret, Math.max(clock.now(), epoch * times.epochMs))
  }
  const secret = random(32)
  lend(await mint(story, ownerOf(secret), seed), secret)
  void (async () => {
    for await (const { bytes } of topic.entries({ signal: ending.signal })) mixer.receive(bytes)
  })()
  return () => {
    ending.abort()
    mixer.close()
  }
}

function open(
  { clock, ledger, board }: Story,
  store: Store,
  seed: number,
  ofWords = words,
): Promise<Payments> {
  const tell = honest(ledger)
  const client = {
    address: '',
    bulletin: (name: string) => board.topic(name),
    async request(_: string, __: string, question: Uint8Array, options?: { signal?: AbortSignal }) {
      await sleep(clock, 300, options?.signal)
      return await tell(question)
    },
    serve: () => ({ counts: {}, ended: Promise.resolve(), end: () => {} }),
  } as unknown as PaymentsInit['client']
  const random = seededRandom(seed)
  return Payments.open({
    client,
    ledger: { genesis, address: '' },
    seed: ofWords,
    store,
    publicLog: memoryStore(),
    clock,
    random,
    log: silent,
    times,
  })
}

interface End {
  /** Notes of the request that are paid; what the payer still has; writes until all was over. */
  readonly paid: number
  readonly left: number
  readonly writes: number
  readonly agreed: boolean
}

/**
 * One payment from the quote on, cut off at a write of the payer's disk, and 5 seconds later started again.
 *
 * @param at no finite number: it is never cut off
 * @param meddle what happens to the disk while nobody looks
 */
async function tellStory(
  at: number,
  isAfter: boolean,
  meddle = async (_: Store): Promise<void> => {},
  clockOf = (clock: VirtualClock): VirtualClock => clock,
  seedAfter = words,
): Promise<End> {
  const story = await begin(clockOf(virtualClock(1_800_000_000_000)))
  const { clock, ledger, disk, receiver } = story
  const lenders = [await lender(story, 31), await lender(story, 32)]
  const before = await open(story, disk, 1)
  await mint(story, new Uint8Array(Buffer.from((await before.address()).key, 'hex')), 40)
  await before.close()
  const request = await receiver.request(amount, clock.now() + deadlineMs, '', '')

  let isCut = false
  const cut = cutOff(disk, at, isAfter, () => {
    isCut = true
  })
  let payments = await open(story, cut.store, 2)
  // The process may end while it looks what there is to pay with
  let quote: string | undefined
  payments.quote({ what: 'send', request }, { peers: 3, colluding: 0 }).then(
    made => {
      quote = made.quote
    },
    () => {
      quote = ''
    },
  )
  for (let n = 0; n < 20 && quote === undefined; n++) await clock.advance(second / 10)
  let agreed = false
  payments.sign(quote ?? '').then(
    () => {
      agreed = true
    },
    () => {},
  )
  let isBack = false
  const isOver = async (): Promise<boolean> =>
    (agreed || isBack) &&
    (await payments.payments()).pieces.every(({ state }) => state === 'paid' || state === 'kept')
  for (let n = 0; n < 400; n++) {
    await clock.advance(second)
    if (isCut && !isBack) {
      isBack = true
      await payments.close()
      await clock.advance(5 * second)
      await meddle(disk)
      payments = await open(story, disk, 3, seedAfter)
      await payments.carry()
      await clock.advance(2 * second)
    } else if ((isBack || n > 3) && (await isOver())) break
  }
  const { payments: told } = await payments.payments()
  const writes = cut.writes()
  const asked = payments.account('open')
  await clock.advance(5 * second)
  const { notes } = await asked
  await payments.close()
  for (const close of lenders) close()
  const [own] = await receiver.requests()
  const paid = own?.paid.pieces.filter(({ isPaid }) => isPaid).length ?? 0
  assert.ok(ledger.head.size > 3)
  return { paid, left: notes.length, writes, agreed: told.length > 0 }
}

test('cut off before and after every write, a payment is paid once, or never began', async () => {
  const whole = await tellStory(Number.POSITIVE_INFINITY, false)
  assert.equal([whole.paid, whole.left], [1, 0])
  assert.ok(whole.writes >= 8, `${whole.writes} writes`)
  for (let at = 0; at < whole.writes; at++) {
    for (const isAfter of [false, true]) {
      const { paid, left, agreed } = await tellStory(at, isAfter)
      const where = `${isAfter ? 'after' : 'before'} write ${at}`
      assert.is(paid + left, 1, `${where}: paid ${paid}, left ${left}`)
      assert.is(paid, agreed ? 1 : 0, `${where}: what was agreed is paid`)
    }
  }
})

test('whenever a disk is lost during a payment, its words bring the coin back, or the payment was paid', async () => {
  const lose = (of: Uint8Array) => async (disk: Store) => {
    await disk.clear()
    await askToRestore(await Keychain.open(disk, of, ledgerId(genesis)), 20)
  }
  const whole = await tellStory(Number.POSITIVE_INFINITY, false)
  const others = new Set<number>()
  for (let at = 0; at < whole.writes; at++) {
    const { paid, left } = await tellStory(at, true, lose(words))
    assert.is(paid + left, 1, `after write ${at}: paid ${paid}, left ${left}`)
    if (at % 4 > 0) continue
    // Control: other words bring nothing back
    const other = await tellStory(
      at,
      true,
      lose(new Uint8Array(64).fill(78)),
      undefined,
      new Uint8Array(64).fill(78),
    )
    others.add(other.paid + other.left)
  }
  assert.ok(others.has(0), [...others].join())
})

test('a payment is paid by a clock whose timers ring a millisecond early', async () => {
  const early = (clock: VirtualClock): VirtualClock => ({
    ...clock,
    after: (ms, run) => clock.after(ms > 1 ? ms - 1 : ms, run),
  })
  const { paid, left } = await tellStory(Number.POSITIVE_INFINITY, false, undefined, early)
  assert.equal([paid, left], [1, 0])
})

test('control: with rounds forgotten on disk, a coin is lost', async () => {
  const forget = async (disk: Store): Promise<void> => {
    for (const key of await keysUnder(disk, 'round/')) await disk.del(key)
  }
  const sums = new Set<number>()
  for (let at = 0; at < 40 && !sums.has(0); at++) {
    const { paid, left } = await tellStory(at, true, forget)
    sums.add(paid + left)
  }
  assert.ok(sums.has(0), [...sums].join())
})

test.run()
