// What a mix or gateway publishes of its traffic (docs/spec/counts.md): one number a period, with noise that hides what
// any one client adds to it. The numbers that node and reader must agree on.

import { day, type Epoch, type Ms, minute, second } from '../../world/units.ts'
import type { Network } from './network.ts'
import type { Parameters, RelayRole } from './view.ts'

/** Bounds what may be told of one client in a period: epsilon of each number, and what remains beside it (delta). */
export const budget = { users: 0.3, packets: 0.7, delta: 1e-7 } as const

/** A gateway counts its clients so often in a period. */
export const samplesInPeriod = 60

/** Numbers are published in steps of so many clients, or of so many clients' packets. */
export const countStep = { users: 2, packets: 8 } as const

/** Epochs shorter than this are those of a network for tests: a period is an epoch there. */
const leastEpochMs: Ms = 10 * minute
/** A period is no shorter where people use the network, so that the budget is one of a day. */
const leastPeriodMs: Ms = day
/** The level of cover that sends most sends so many times the clocks' rate (docs/spec/client-clocks.md 8.1). */
const busiest = 3 / 2
/** A packet and its acknowledgement each pass every layer once. */
const ways = 2
/** The largest scale that is drawn from. */
const mostScale = 2 ** 32

/** Gives how many epochs a period has. */
export function periodEpochs({ epochMs }: Pick<Network, 'epochMs'>): number {
  return epochMs < leastEpochMs ? 1 : Math.ceil(leastPeriodMs / epochMs)
}

/** Gives the period that an epoch is in. */
export function periodOf(network: Pick<Network, 'epochMs'>, epoch: Epoch): number {
  return Math.floor(epoch / periodEpochs(network))
}

/** Gives how many packets a second the clocks of a client at the default level send. */
export function clientPacketsPerS({
  payloadPerMinute,
  loopPerMinute,
  dropPerMinute,
}: Pick<Parameters, 'payloadPerMinute' | 'loopPerMinute' | 'dropPerMinute'>): number {
  return ((payloadPerMinute + loopPerMinute + dropPerMinute) * second) / minute
}

/** Says how one role's count is noised and rounded: whole numbers, in what it counts. */
export interface Mechanism {
  /** One client may add so much to the counts of all nodes of this role together. */
  readonly sensitivity: number
  /** The scale of the discrete Laplace distribution: sensitivity over epsilon, rounded up. */
  readonly scale: number
  /** Counts client samples, or packets, for one step of what is published. */
  readonly perStep: number
}

/**
 * Gives the mechanism of a role under these parameters; undefined where a client may do so much that no scale is drawn
 * from that would hide it, and nothing is published.
 */
export function mechanism(
  role: RelayRole,
  { epochMs, layers }: Pick<Network, 'epochMs' | 'layers'>,
  parameters: Parameters,
): Mechanism | undefined {
  const found =
    role === 'gateway' ? ofUsers() : ofPackets(periodEpochs({ epochMs }) * epochMs, layers, parameters)
  return found.scale <= mostScale ? found : undefined
}

function ofUsers(): Mechanism {
  const scale = Math.ceil(samplesInPeriod / budget.users)
  return { sensitivity: samplesInPeriod, scale, perStep: samplesInPeriod * countStep.users }
}

function ofPackets(periodMs: Ms, layers: number, parameters: Parameters): Mechanism {
  const usual = (clientPacketsPerS(parameters) * periodMs) / second
  const mean = busiest * usual
  // Chernoff: a Poisson number exceeds its mean by as much with a probability below delta
  const most = Math.ceil(mean + 6 * Math.sqrt(mean) + 12)
  const sensitivity = ways * layers * most
  const scale = Math.ceil(sensitivity / budget.packets)
  return { sensitivity, scale, perStep: Math.max(1, Math.round(usual * countStep.packets)) }
}
