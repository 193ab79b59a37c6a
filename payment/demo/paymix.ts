// `chaffinch demo paymix`: three senders pay three receivers through Mixer:In and Mixer:Out, on a virtual clock and an
// embedded ledger; then what the public ledger shows beside what the owners know, and how well an observer guesses.

import { hex } from '../../encoding/bytes.ts'
import { type VirtualClock, virtualClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { type Random, seededRandom } from '../../world/random.ts'
import { memoryStore, type Store } from '../../world/store.ts'
import { minute } from '../../world/units.ts'
import { among, bestGuess, effectiveSet, originsOf, readPublic, type Seen } from '../anonymity/observer.ts'
import { split } from '../denominations.ts'
import { type EmbeddedLedger, openLedger } from '../ledger/embedded.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../ledger/transaction.ts'
import { Payer } from '../person/payer.ts'
import { mixEpoch, type Payment, type PieceState, type Purse } from '../person/pieces.ts'
import {
  makeReceipt,
  makeRequest,
  type RequestSecrets,
  readReceipt,
  readRequest,
  settleDispute,
} from '../person/request.ts'
import { embeddedJoins } from '../rounds/join.ts'
import { Mixer, type MixerInit, type MixerReport } from '../rounds/mixer.ts'
import { openEpoch, type PaymentTimes, usualTimes } from '../times.ts'

const times: PaymentTimes = { ...usualTimes, phaseMs: minute, voteMs: minute / 2, delayMs: 40 * minute }
const deadlineMs = 24 * 60 * minute
const start = 1_800_000_000_000
const [senders, receivers] = [
  ['Ada', 'Ben', 'Cem'],
  ['Dina', 'Eli', 'Fay'],
] as const
const amount = 80
const denominations = split(amount)

/** A line of the public ledger. Ids and keys are the first 8 hex digits. */
export interface PublicLine {
  readonly minutes: number
  readonly what: 'mint' | 'join' | 'transfer'
  readonly denomination: number
  readonly from: readonly string[]
  readonly to: readonly string[]
}

/** A line of a sender's temporal ledger, as its owner reads it. */
export interface TemporalLine {
  readonly sender: string
  readonly receiver: string
  readonly denomination: number
  /** In which epoch it went through Mixer:In. */
  readonly epoch: number
  /** Minutes from the start: when it could leave at the earliest, and when it was paid out. */
  readonly paidAt: number | null
  readonly deadline: number
  readonly state: PieceState['at']
  /** The note that paid the receiver. */
  readonly note: string
}

/**
 * Says what the observer makes of one payout. It knows who the senders are, who held the notes at first, and every
 * transaction.
 */
export interface Guess {
  readonly note: string
  readonly denomination: number
  readonly guessed: readonly string[]
  readonly sender: string
  readonly probability: number
  readonly effectiveSet: number
}

/** The story of Paymix: the public ledger beside what each sender knows, and how an observer guesses. */
export interface PaymixDemo {
  readonly senders: readonly string[]
  readonly receivers: readonly string[]
  readonly amount: number
  readonly pieces: readonly number[]
  readonly public: readonly PublicLine[]
  readonly owners: readonly TemporalLine[]
  readonly receipts: readonly {
    readonly receiver: string
    readonly isPaid: boolean
    readonly receiptHolds: boolean
  }[]
  readonly observer: {
    readonly guesses: readonly Guess[]
    /**
     * The part of payouts whose sender the observer names at its first guess, what it may expect, and what chance
     * gives.
     */
    readonly topOne: number
    readonly expected: number
    readonly chance: number
  }
}

interface World {
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly random: Random
  readonly mintSeed: Uint8Array
  readonly disk: () => Store
  /** Everybody who hears the rounds. */
  readonly ears: ((message: Uint8Array) => void)[]
  /** Says who holds the minted notes. */
  readonly holders: Map<string, string>
}

interface Contract {
  readonly sender: string
  readonly receiver: string
  readonly request: Uint8Array
  readonly secrets: RequestSecrets
  readonly payer: Payer
}

/**
 * Runs the whole story; a seed replays it.
 *
 * @param disk of one sender: seals its values
 */
export async function runPaymix(seed: number, disk: () => Store): Promise<PaymixDemo> {
  const world = await openWorld(seededRandom(seed), disk)
  const makers = await Promise.all(receivers.map(name => openMaker(world, name)))
  const contracts: Contract[] = []
  for (const [i, sender] of senders.entries()) {
    contracts.push(await openContract(world, sender, receivers[i] as string))
  }
  const isPaid = ({ payer }: Contract): boolean =>
    payer.payments.every(({ pieces }) =>
      pieces.every(({ state }) => state.at === 'paid' || state.at === 'kept'),
    )
  const end = start + deadlineMs
  while (world.clock.now() < end && !contracts.every(isPaid)) await world.clock.advance(minute)
  for (const maker of makers) maker.close()
  for (const { payer } of contracts) payer.close()
  return await tell(world, contracts)
}

async function openWorld(random: Random, disk: () => Store): Promise<World> {
  const clock = virtualClock(start)
  const [ledgerSeed, mintSeed] = [random(32), random(32)]
  const genesis = { name: 'demo', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const ledger = await openLedger({
    store: memoryStore(),
    genesis,
    ledgerSeed,
    now: () => Math.floor(clock.now()),
  })
  return { clock, ledger, random, mintSeed, disk, ears: [], holders: new Map() }
}

/** Notes of the amount's denominations, which everybody knows to be this holder's. */
async function fund(world: World, name: string): Promise<{ note: Note; secret: Uint8Array }[]> {
  const { ledger, random, mintSeed, holders } = world
  const secrets = denominations.map(() => random(32))
  const outputs = secrets.map((secret, i) => ({
    denomination: denominations[i] as number,
    owner: ownerOf(secret),
  }))
  const mint = signMint(ledger.id, random(32), outputs, mintSeed)
  await ledger.submit(mint)
  const { id, transaction } = readTransaction(ledger.id, mint)
  return notesOf(id, transaction).map((note, i) => {
    holders.set(hex(note.id), name)
    return { note, secret: secrets[i] as Uint8Array }
  })
}

function mixing(world: World): Omit<MixerInit, 'report'> {
  const { clock, ledger, random, ears } = world
  const own = seededRandom(random(32))
  return {
    scheme: embeddedJoins(ledger.id),
    ledger,
    clock,
    random: own,
    store: memoryStore(),
    log: silent,
    times,
    publish(message) {
      for (const ear of ears) clock.after(2000, () => ear(message))
    },
  }
}

/** A peer that lends its notes to every meeting: Mixer:In is nobody in particular. */
async function openMaker(world: World, name: string): Promise<Mixer> {
  const held = await fund(world, name)
  const mixer: Mixer = await Mixer.open({
    ...mixing(world),
    async report({ what }: MixerReport) {
      if (what.type !== 'settled') return
      const secret = 'outputSecret' in what.settlement ? what.settlement.outputSecret : what.record.noteSecret
      const [now] = secret === null ? [] : await world.ledger.notesOwnedBy(ownerOf(secret))
      if (now !== undefined && secret !== null) lend(now, secret)
    },
  })
  const lend = (note: Note, secret: Uint8Array): void => {
    const present = openEpoch(times, world.clock.now())
    mixer.join(
      note,
      secret,
      Math.max(world.clock.now(), mixEpoch(note.denomination, present) * times.epochMs),
    )
  }
  for (const { note, secret } of held) lend(note, secret)
  world.ears.push(message => mixer.receive(message))
  return mixer
}

async function openContract(world: World, sender: string, receiver: string): Promise<Contract> {
  const { ledger, clock, random } = world
  const wants = {
    ledger: ledger.id,
    amount,
    deadline: clock.now() + deadlineMs,
    memo: `from ${sender}`,
    receipts: '',
  }
  const { request, secrets } = makeRequest(wants, random)
  const notes = await fund(world, sender)
  const purse: Purse = {
    take(denomination) {
      const place = notes.findIndex(({ note }) => note.denomination === denomination)
      return place === -1 ? null : (notes.splice(place, 1)[0] ?? null)
    },
  }
  const payer = await Payer.open({ ...mixing(world), times, store: world.disk() })
  world.ears.push(message => payer.receive(message))
  await payer.pay(request, purse)
  return { sender, receiver, request, secrets, payer }
}

async function tell(world: World, contracts: readonly Contract[]): Promise<PaymixDemo> {
  const { ledger, holders } = world
  const seen = readPublic(ledger.id, await ledger.entries(1, 10_000))
  const owners = contracts.flatMap(one => one.payer.payments.flatMap(payment => linesOf(payment, one)))
  const guesses = guessesOf(seen, holders, contracts)
  return {
    senders,
    receivers,
    amount,
    pieces: denominations,
    public: seen.map(publicLine),
    owners,
    receipts: await Promise.all(contracts.map(one => receiptOf(world, one))),
    observer: {
      guesses,
      topOne: scoreOf(guesses),
      expected: guesses.reduce((sum, { probability }) => sum + probability / guesses.length, 0),
      chance: 1 / senders.length,
    },
  }
}

function publicLine({ time, signed, is }: Seen): PublicLine {
  const { transaction } = signed
  const from = transaction.kind === 'mint' ? [] : transaction.inputs.map(short)
  const to = notesOf(signed.id, transaction).map(({ id }) => short(id))
  return {
    minutes: minutes(time),
    what: is,
    denomination: transaction.outputs[0]?.denomination ?? 0,
    from,
    to,
  }
}

function linesOf({ pieces, deadline }: Payment, { sender, receiver }: Contract): TemporalLine[] {
  return pieces.map(({ denomination, epoch, note, state }) => ({
    sender,
    receiver,
    denomination,
    epoch: epoch - Math.floor(start / times.epochMs),
    paidAt: state.at === 'paid' ? minutes(state.when) : null,
    deadline: minutes(deadline),
    state: state.at,
    note: short(note.id),
  }))
}

async function receiptOf(
  { ledger, clock }: World,
  { request, secrets, receiver }: Contract,
): Promise<PaymixDemo['receipts'][number]> {
  const wanted = readRequest(request)
  const { isPaid } = await settleDispute(wanted, ledger)
  const receipt = makeReceipt(wanted, clock.now(), secrets.key)
  return { receiver, isPaid, receiptHolds: readReceipt(receipt, wanted).at === clock.now() }
}

/** For every payout the sender that the public ledger makes likeliest. */
function guessesOf(
  seen: readonly Seen[],
  holders: ReadonlyMap<string, string>,
  contracts: readonly Contract[],
): Guess[] {
  const origins = originsOf(seen, holders)
  const truth = new Map(
    contracts.flatMap(({ sender, payer }) =>
      payer.payments.flatMap(({ pieces }) => pieces.map(({ note }) => [hex(note.id), sender] as const)),
    ),
  )
  return seen.flatMap(({ signed: { transaction }, is }): Guess[] => {
    const spent = transaction.kind === 'transfer' ? hex(transaction.inputs[0] as Uint8Array) : ''
    const anybody = origins.get(spent)
    const sender = truth.get(spent)
    if (is !== 'transfer' || anybody === undefined || sender === undefined) return []
    const from = among(anybody, senders)
    const { who, probability } = bestGuess(from)
    return [
      {
        note: spent.slice(0, 8),
        denomination: transaction.outputs[0]?.denomination ?? 0,
        guessed: who,
        sender,
        probability,
        effectiveSet: effectiveSet(from),
      },
    ]
  })
}

/** Counts right guesses: of several that are equally likely the observer draws one. */
function scoreOf(guesses: readonly Guess[]): number {
  const right = guesses.reduce(
    (sum, { guessed, sender }) => sum + (guessed.includes(sender) ? 1 / guessed.length : 0),
    0,
  )
  return guesses.length === 0 ? 0 : right / guesses.length
}

function minutes(time: number): number {
  return Math.round(((time - start) / minute) * 10) / 10
}

function short(id: Uint8Array): string {
  return hex(id).slice(0, 8)
}
