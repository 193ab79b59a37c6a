// The operator of a ledger as an adversary: it sees no senders, but every question and when it came. Does it find out
// which output of a join came from which input, and which keys are of one wallet? docs/spec/payments-paymix.md 5.7.

import { decode } from '@ipld/dag-cbor'
import { hex } from '../../encoding/bytes.ts'
import { type EmbeddedLedger, openLedger } from '../../payment/ledger/embedded.ts'
import { FollowedLedger } from '../../payment/ledger/followed.ts'
import type { Ledger } from '../../payment/ledger/ledger.ts'
import { answerQuestion } from '../../payment/ledger/service.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../../payment/ledger/transaction.ts'
import { Payer } from '../../payment/person/payer.ts'
import { makeRequest, readRequest } from '../../payment/person/request.ts'
import { Wallet } from '../../payment/person/wallet.ts'
import { embeddedJoins } from '../../payment/rounds/join.ts'
import type { PaymentTimes } from '../../payment/times.ts'
import { type VirtualClock, virtualClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { below, exponential, fraction, type Random, seededRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { hour, minute, second } from '../../world/units.ts'
import { credit, type Score } from './measure.ts'

/** `asking`: as before the log was followed, each look is a question that names what is looked for. */
export type Way = 'following' | 'asking'

/** A question as the operator hears it. */
interface Heard {
  readonly at: number
  readonly what: string
  /** Hex of the note or key that it names; '' for none. */
  readonly names: string
}

interface Office {
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly random: Random
  readonly heard: Heard[]
  /** Lets a question wait for its answer: a ledger may be as slow as it likes. */
  delay: (question: Heard) => Promise<void>
  /** A ledger as one more client reaches it. */
  client(seed: number): Promise<Ledger & { close(): void }>
}

const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const genesis = { name: 'trial', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
const times: PaymentTimes = {
  epochMs: 10 * minute,
  arriveMs: minute,
  roundMs: 20 * minute,
  phaseMs: minute,
  voteMs: minute / 2,
  delayMs: 10 * hour,
  followMs: minute,
}

async function openOffice(seed: number, way: Way): Promise<Office> {
  const clock = virtualClock(1_800_000_000_000)
  const random = seededRandom(seed)
  const ledger = await openLedger({
    store: memoryStore(),
    genesis,
    ledgerSeed,
    now: () => Math.floor(clock.now()),
  })
  const heard: Heard[] = []
  const office: { delay: Office['delay'] } = { delay: async () => {} }
  // Five hops, ticks, pages
  const travel = (): Promise<void> =>
    new Promise(resolve => clock.after(500 + exponential(random, 3 * second), () => resolve()))
  async function asked<T>(what: string, names: string, work: () => Promise<T>): Promise<T> {
    await travel()
    const question = { at: clock.elapsed(), what, names }
    heard.push(question)
    await office.delay(question)
    const answer = await work()
    await travel()
    return answer
  }
  const asking: Ledger & { close(): void } = {
    id: ledger.id,
    note: id => asked('note', hex(id), () => ledger.note(id)),
    notesOwnedBy: (owner, after) => asked('owned', hex(owner), () => ledger.notesOwnedBy(owner, after)),
    originOf: id => asked('origin', hex(id), () => ledger.originOf(id)),
    submit: bytes => asked('submit', '', () => ledger.submit(bytes)),
    positionOf: id => asked('receipt', hex(id), () => ledger.positionOf(id)),
    feeTooLow: async () => null,
    close: () => {},
  }
  return Object.assign(office, {
    clock,
    ledger,
    random,
    heard,
    async client(of: number): Promise<Ledger & { close(): void }> {
      if (way === 'asking') return asking
      return await FollowedLedger.open({
        genesis,
        store: memoryStore(),
        ledger: question =>
          asked(decode<{ ask: string }>(question).ask, '', () => answerQuestion(ledger, question)),
        clock,
        random: seededRandom(of),
        log: silent,
        everyMs: times.followMs,
      })
    },
  })
}

/** So long it answers nobody else, to see what the one that it has answered does next. */
const lookMs = 40 * second

/**
 * Answers questions about notes of a join one by one: what is asked next comes from whom it has just answered.
 *
 * @returns for each key that was asked about, the note that was asked about before; both in hex
 */
function oneByOne(office: Office, inputs: readonly string[]): ReadonlyMap<string, string> {
  const linked = new Map<string, string>()
  const waiting: (() => void)[] = []
  let answered = ''
  const next = (): void => {
    answered = ''
    waiting.shift()?.()
  }
  office.delay = async ({ what, names }) => {
    if (what === 'owned' && answered !== '' && !linked.has(names)) {
      linked.set(names, answered)
      next()
    }
    const isSpent = async (): Promise<boolean> => {
      const note = await office.ledger.note(new Uint8Array(Buffer.from(names, 'hex')))
      return note !== null && note.spentBy !== null
    }
    if (what !== 'note' || !inputs.includes(names) || !(await isSpent())) return
    while (answered !== '' && answered !== names) await new Promise<void>(resolve => waiting.push(resolve))
    answered = names
    office.clock.after(lookMs, () => {
      if (answered === names) next()
    })
  }
  return linked
}

async function minted({ ledger }: Office, random: Random, denomination: number): Promise<[Note, Uint8Array]> {
  const secret = random(32)
  const mint = signMint(ledger.id, random(32), [{ denomination, owner: ownerOf(secret) }], mintSeed)
  await ledger.submit(mint)
  const { id, transaction } = readTransaction(ledger.id, mint)
  return [notesOf(id, transaction)[0] as Note, secret]
}

/** Payers join in a round; each then looks what became of its note, and of its output. The operator pairs the two. */
export async function ledgerLinks(seed: number, way: Way, payers = 6): Promise<Score> {
  const office = await openOffice(seed, way)
  const { clock, random } = office
  const all: Payer[] = []
  const ledgers: { close(): void }[] = []
  const inputs: string[] = []
  /** By output key: its input. */
  const truth = new Map<string, string>()
  for (let i = 0; i < payers; i++) {
    const own = seededRandom(seed * 100 + i)
    const [note, secret] = await minted(office, own, 10)
    inputs.push(hex(note.id))
    const wants = {
      ledger: office.ledger.id,
      amount: 10,
      deadline: clock.now() + 24 * hour,
      memo: '',
      receipts: '',
    }
    const { request } = makeRequest(wants, own)
    const ledger = await office.client(seed * 100 + i)
    ledgers.push(ledger)
    const payer: Payer = await Payer.open({
      scheme: embeddedJoins(office.ledger.id),
      ledger,
      clock,
      random: own,
      store: memoryStore(),
      log: silent,
      times,
      publish: message => {
        for (const other of all)
          if (other !== payer) clock.after(500 + exponential(random, second), () => other.receive(message))
      },
      onChange: ({ pieces }) => {
        const [piece] = pieces
        if (piece?.state.at !== 'mixed' || truth.has(hex(piece.note.owner))) return
        truth.set(hex(piece.note.owner), hex(note.id))
        ledger
          .note(note.id)
          .then(() => ledger.notesOwnedBy(piece.note.owner))
          .catch(() => {})
      },
    })
    all.push(payer)
    await payer.pay(request, { take: () => ({ note, secret }) })
  }
  const linked = oneByOne(office, inputs)
  await clock.advance(70 * minute)
  for (const one of [...all, ...ledgers]) one.close()
  let right = 0
  for (const [output, input] of truth) {
    const weights = inputs.map(one => (linked.get(output) === one ? 1 : 0))
    right += credit(weights, place => inputs[place] === input)
  }
  return { right, guesses: truth.size, chance: 1 / payers }
}

/** Receivers look every minute whether they are paid. The operator groups keys that are looked for together. */
export async function ledgerGroups(seed: number, way: Way, receivers = 8, minutes = 60): Promise<Score> {
  const office = await openOffice(seed, way)
  const { clock, heard, random } = office
  const groupOf = new Map<string, number>()
  const ledgers: { close(): void }[] = []
  for (let i = 0; i < receivers; i++) {
    const ledger = await office.client(seed * 100 + i)
    ledgers.push(ledger)
    const own = seededRandom(seed * 100 + i)
    const wallet = new Wallet({
      store: memoryStore(),
      ledger,
      random: own,
      now: () => Math.floor(clock.now()),
    })
    const { owners, hash } = readRequest(
      await wallet.request(1 + below(random, 20_000), clock.now() + 24 * hour, '', ''),
    )
    for (const owner of owners) groupOf.set(hex(owner), i)
    const look = (): void => {
      wallet.ownRequest(hash).catch(() => {})
      clock.after(minute, look)
    }
    clock.after(fraction(random) * minute, look)
  }
  await clock.advance(minutes * minute)
  for (const one of ledgers) one.close()
  const keys = [...groupOf.keys()]
  const asked = new Map(
    keys.map(key => [key, heard.filter(({ names }) => names === key).map(({ at }) => at)] as const),
  )
  let [right, guesses, chance] = [0, 0, 0]
  for (const key of keys) {
    const others = keys.filter(other => other !== key)
    const mates = others.filter(other => groupOf.get(other) === groupOf.get(key)).length
    if (mates === 0) continue
    const weights = others.map(other => -apart(asked.get(key) ?? [], asked.get(other) ?? []))
    right += credit(weights, place => groupOf.get(others[place] as string) === groupOf.get(key), mates)
    guesses += mates
    chance += mates * (mates / others.length)
  }
  return { right, guesses, chance: chance / guesses }
}

/** Reckons how far apart two keys' questions are: those of one wallet come together, time after time. */
function apart(one: readonly number[], other: readonly number[]): number {
  const [n, more] = [Math.min(one.length, other.length), Math.abs(one.length - other.length)]
  if (n === 0) return 1e9
  const gaps = one.slice(0, n).map((at, i) => at - (other[i] as number))
  return Math.abs(gaps.reduce((sum, gap) => sum + gap, 0)) / n + (20 * second * more) / n
}
