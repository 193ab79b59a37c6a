// What a run of `npm run chaos -- client` is made of, drawn from its seed.

import { below, fraction, pick, type Random, seededRandom } from '../../world/random.ts'
import { hour, second } from '../../world/units.ts'

export type Victim = { readonly kind: 'client' | 'gateway' | 'mix'; readonly number: number }

/**
 * Happens to a disk while no process is on it: the power goes, and with it what was not synced; a block of the
 * store's log goes bad; a bit of a record changes, or of a file beside the store.
 */
export type Harm = 'cut' | 'lose-block' | 'flip-bit' | 'flip-beside'

/** Times are milliseconds from the moment when all is ready. */
export interface Kill {
  readonly at: number
  readonly victim: Victim
  /** At the n-th write to its disk from then on, before or after it; otherwise at once. */
  readonly write: { readonly n: number; readonly when: 'before' | 'after' } | undefined
  readonly deadMs: number
  readonly harm: Harm | undefined
}

/** A wall clock is ahead by so much, behind where negative, until it is put right. */
export interface ClockError {
  readonly by: number
  readonly rightAfter: number
}

export interface Sending {
  readonly at: number
  readonly from: number
  readonly to: number
  readonly bytes: number
  /** Counts how often the receiver answers; more often than it has reply blocks where it is many. */
  readonly replies: number
}

export interface Plan {
  readonly seed: number
  readonly clients: number
  readonly gateways: number
  readonly loss: number
  readonly latencyMs: { readonly min: number; readonly max: number }
  /** By how much each process's clock is ahead, in order of clients, gateways, mixes. */
  readonly skewMs: readonly number[]
  /** Into its epoch, when all begins. */
  readonly phase: number
  readonly sendings: readonly Sending[]
  readonly kills: readonly Kill[]
  readonly cuts: readonly { readonly at: number; readonly ms: number; readonly victim: Victim }[]
  /** The time that a write to a client's disk takes until it is there. */
  readonly syncMs: number
  /** Clients have a mailbox at each gateway, not at one. */
  readonly everywhere: boolean
  /** A client's clock goes by so much from a moment on, and is put right later. */
  readonly jumps: readonly (ClockError & { readonly at: number; readonly client: number })[]
  /** A client is switched off for so long, while mail comes for it; its clock may be wrong when it begins again. */
  readonly absences: readonly {
    readonly at: number
    readonly client: number
    readonly ms: number
    readonly wrong: ClockError | undefined
  }[]
  readonly moments: readonly Moment[]
  /** A client is switched off, and its disk is damaged. */
  readonly damages: readonly { readonly at: number; readonly client: number; readonly harm: Harm }[]
  /** A gateway that was not there begins; from the next document on the network has it. */
  readonly comes: { readonly at: number; readonly gateway: number } | undefined
  /** A gateway is away for longer than clients wait for it. */
  readonly goes: { readonly at: number; readonly gateway: number; readonly ms: number } | undefined
  /** A client ends, and goes on with another gateway, alone or in front of those that it had. */
  readonly moves: readonly {
    readonly at: number
    readonly client: number
    readonly gateway: number
    readonly isAlone: boolean
  }[]
  /** The wall clock of a gateway or mix goes by so much from a moment on, and is put right later. */
  readonly nodeJumps: readonly (ClockError & { readonly at: number; readonly victim: Victim })[]
  /** Says what a correspondent whom nobody knows does to a client. */
  readonly attacks: readonly {
    readonly at: number
    readonly to: number
    readonly what: Attack
    readonly many: number
  }[]
}

/**
 * An accident at the moment that matters: when for the n-th time a message or reply is accepted, is reported stored,
 * or is handed to the app that reads it.
 */
export interface Moment {
  readonly what: 'accepted' | 'stored' | 'read'
  readonly n: number
  /** Meets with the accident: who wrote it, for whom it is, both, all gateways. */
  readonly whom: 'sender' | 'receiver' | 'both' | 'gateways'
  readonly accident:
    | { readonly what: 'kill'; readonly deadMs: number; readonly harm: Harm | undefined }
    | (ClockError & { readonly what: 'jump' })
}

/**
 * Lists attacks: messages that ask for all there is, halves, names that nobody has, what does not open, questions,
 * fragments that contradict themselves, reply blocks that are wrong, receipts that lie, and copies of packets that
 * others sent, answers over reply blocks among them.
 */
export const attacks = [
  'flood',
  'halves',
  'names',
  'garbage',
  'questions',
  'fragments',
  'blocks',
  'receipts',
  'replays',
] as const
export type Attack = (typeof attacks)[number]
const jumpsBy = [-24 * hour, -2 * hour, -20 * second, 20 * second, 2 * hour, 24 * hour] as const

/** Messages and accidents come within so long; what follows is quiet. */
export const troubleMs: number = 30 * second
export const mixes = 2
const mostGateways = 4
/** Clients leave a home that does not answer for 20 s. */
const longestPatienceMs = 25 * second
/** Half of what an epoch's grace covers, for each side. */
const mostSkewMs = 2 * second
const longestBytes = 12_000
/** Replies to one message at most; where they are to run out of blocks, many. */
export const usualReplies = 2
const manyReplies = 14

/** Each part has dice of its own: more of one kind of accident changes nothing of the others. */
const parts = { people: 0, network: 1, accidents: 2, gateways: 3, strangers: 4, damages: 5 } as const

export function drawPlan(seed: number): Plan {
  const dice = (part: keyof typeof parts): Random => seededRandom(seed * 16 + parts[part])
  const random = dice('people')
  const clients = 2 + below(random, 2)
  // Where there are more than two clients have two homes and an entry, by default
  const gateways = 2 + below(random, mostGateways - 1)
  return {
    seed,
    clients,
    gateways,
    sendings: drawSendings(random, clients),
    ...drawNetwork(dice('network'), clients, gateways),
    ...drawAccidents(dice('accidents'), clients, gateways),
    ...drawGateways(dice('gateways'), clients, gateways),
    attacks: drawAttacks(dice('strangers'), clients),
    damages: drawDamages(dice('damages'), clients),
  }
}

function drawSendings(random: Random, clients: number): Plan['sendings'] {
  const exhausting = below(random, 4) === 0
  return Array.from({ length: 4 + below(random, 5) }, (_, i) => {
    const from = below(random, clients)
    return {
      at: below(random, troubleMs),
      from,
      to: (from + 1 + below(random, clients - 1)) % clients,
      bytes: below(random, 3) === 0 ? below(random, longestBytes) : below(random, 300),
      replies: i === 0 && exhausting ? manyReplies : below(random, usualReplies + 1),
    }
  })
}

function drawNetwork(
  random: Random,
  clients: number,
  gateways: number,
): Pick<Plan, 'loss' | 'latencyMs' | 'skewMs' | 'phase' | 'syncMs' | 'everywhere'> {
  const skewed = fraction(random) < 0.5
  return {
    loss: pick(random, [0, 0.005, 0.02]),
    latencyMs: pick(random, [
      { min: 1, max: 5 },
      { min: 5, max: 60 },
      { min: 1, max: 400 },
    ]),
    skewMs: Array.from({ length: clients + gateways + mixes }, () =>
      skewed ? below(random, 2 * mostSkewMs) - mostSkewMs : 0,
    ),
    phase: fraction(random),
    syncMs: pick(random, [0, 3, 25]),
    everywhere: below(random, 3) === 0,
  }
}

/** Draws what happens to single processes, and to their links and clocks. */
function drawAccidents(
  random: Random,
  clients: number,
  gateways: number,
): Pick<Plan, 'kills' | 'cuts' | 'jumps' | 'absences' | 'moments'> {
  const victim = (): Victim => {
    const kind = pick(random, ['client', 'client', 'client', 'gateway', 'gateway', 'mix'] as const)
    return { kind, number: below(random, { client: clients, gateway: gateways, mix: mixes }[kind]) }
  }
  return {
    kills: Array.from({ length: 1 + below(random, 4) }, () => ({
      at: below(random, troubleMs),
      victim: victim(),
      write: drawWrite(random),
      deadMs: 100 + below(random, 5 * second),
      harm: drawCut(random),
    })),
    cuts: Array.from({ length: below(random, 2) }, () => ({
      at: below(random, troubleMs),
      ms: 1 * second + below(random, 5 * second),
      victim: victim(),
    })),
    jumps: Array.from({ length: below(random, 3) }, () => ({
      at: below(random, troubleMs),
      client: below(random, clients),
      ...drawClockError(random),
    })),
    absences: Array.from({ length: below(random, 3) }, () => ({
      at: below(random, troubleMs),
      client: below(random, clients),
      ms: 2 * second + below(random, 20 * second),
      wrong: below(random, 4) === 0 ? drawClockError(random) : undefined,
    })),
    moments: Array.from({ length: 1 + below(random, 3) }, () => drawMoment(random)),
  }
}

/** Draws what becomes of gateways, and of clients because of it. */
function drawGateways(
  random: Random,
  clients: number,
  gateways: number,
): Pick<Plan, 'comes' | 'goes' | 'moves' | 'nodeJumps'> {
  const comes = below(random, 3) === 0 ? { at: below(random, troubleMs / 2), gateway: gateways } : undefined
  const goes =
    below(random, 4) === 0
      ? { at: below(random, troubleMs), gateway: below(random, gateways), ms: longestPatienceMs }
      : undefined
  return {
    comes,
    goes,
    moves: Array.from({ length: below(random, 2) }, () => ({
      at: troubleMs / 2 + below(random, troubleMs / 2),
      client: below(random, clients),
      gateway: below(random, gateways + (comes === undefined ? 0 : 1)),
      isAlone: below(random, 2) === 0,
    })),
    nodeJumps: Array.from({ length: below(random, 4) === 0 ? 1 : 0 }, () => ({
      at: below(random, troubleMs),
      victim: { kind: pick(random, ['gateway', 'mix'] as const), number: 0 },
      ...drawClockError(random),
    })),
  }
}

function drawAttacks(random: Random, clients: number): Plan['attacks'] {
  return Array.from({ length: below(random, 4) }, () => ({
    at: below(random, troubleMs),
    to: below(random, clients),
    what: pick(random, attacks),
    many: 1 + below(random, 12),
  }))
}

function drawDamages(random: Random, clients: number): Plan['damages'] {
  return Array.from({ length: below(random, 3) === 0 ? 1 : 0 }, () => ({
    at: below(random, troubleMs),
    client: below(random, clients),
    harm: pick(random, ['lose-block', 'flip-bit', 'flip-beside'] as const),
  }))
}

function drawClockError(random: Random): ClockError {
  return { by: pick(random, jumpsBy), rightAfter: 1 * second + below(random, 8 * second) }
}

function drawCut(random: Random): Harm | undefined {
  return below(random, 3) === 0 ? 'cut' : undefined
}

function drawWrite(random: Random): Kill['write'] {
  if (below(random, 3) === 0) return undefined
  return { n: 1 + below(random, 8), when: pick(random, ['before', 'after']) }
}

function drawMoment(random: Random): Moment {
  const what = pick(random, ['accepted', 'stored', 'read'] as const)
  const n = 1 + below(random, 6)
  const whom = pick(random, ['sender', 'receiver', 'both', 'gateways'] as const)
  const jumps = whom !== 'gateways' && below(random, 3) === 0
  const accident = jumps
    ? ({ what: 'jump', ...drawClockError(random) } as const)
    : ({ what: 'kill', deadMs: 100 + below(random, 5 * second), harm: drawCut(random) } as const)
  return { what, n, whom, accident }
}
