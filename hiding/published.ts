// What a consensus tells of how much traffic its network has (docs/spec/counts.md 5): from the counts that nodes
// publish with noise, and, where they publish none, from what it says of its nodes alone.

import type { PublishedCount } from '../directory/documents/count.ts'
import {
  clientPacketsPerS,
  countStep,
  type Mechanism,
  mechanism,
  periodOf,
} from '../directory/documents/counting.ts'
import { lowMedian } from '../directory/documents/parameters.ts'
import type { NodeEntry, RelayRole, View } from '../directory/documents/view.ts'
import { minute, second } from '../world/units.ts'

/** A number and the bounds that it lies in. */
export interface Estimate {
  /** Undefined where only bounds are known. */
  readonly value: number | undefined
  readonly low: number
  /** Undefined where nothing bounds it from above. */
  readonly high: number | undefined
  /** Says where it comes from: counts with noise, or what the consensus says of its nodes. */
  readonly from: 'counts' | 'consensus'
  /** Nodes whose counts are in it, and those that could have published one. */
  readonly nodes: number
  readonly of: number
}

export interface Traffic {
  /** Clients that are connected at one time, in the mean over the last period; identities, not people. */
  readonly users: Estimate
  /** Packets a second that pass each layer. */
  readonly packetsPerS: Estimate
}

/** Counts of periods that were over longer ago are not used. */
const freshPeriods = 4
/** Bounds are so many deviations away, which leaves out one in twenty. */
const deviations = 2
/** At the busiest level a client sends 3/2 of its clocks' rate, and each packet has an acknowledgement. */
const mostOfClient = 3

/** Reads a consensus. Lies of few nodes are bounded: docs/spec/counts.md 5. */
export function trafficOf(view: View): Traffic {
  return { users: usersOf(view), packetsPerS: packetsOf(view) }
}

interface Sum {
  readonly value: number
  readonly deviation: number
  readonly nodes: number
}

/** Adds up the counts of some nodes; those without one are taken for like the others, if they are not the most. */
function sumOf(view: View, role: RelayRole, nodes: readonly NodeEntry[]): Sum | undefined {
  const by = mechanism(role, networkOf(view), view.parameters)
  const counts = nodes.flatMap(node => (isFresh(view, node.count) ? [node.count] : []))
  if (by === undefined || counts.length === 0 || 2 * counts.length < nodes.length) return undefined
  const share = nodes.length / counts.length
  const step = role === 'gateway' ? countStep.users : countStep.packets * clientPacketsPerS(view.parameters)
  const steps = counts.reduce((sum, count) => sum + count.steps, 0)
  return {
    value: share * steps * step,
    deviation: share * Math.sqrt(counts.length) * deviationInSteps(by) * step,
    nodes: counts.length,
  }
}

function isFresh(view: View, count: PublishedCount | undefined): count is PublishedCount {
  return count !== undefined && count.period + freshPeriods >= periodOf(networkOf(view), view.epoch)
}

/** Gives the deviation of noise and rounding of one node's number, in steps of it. */
export function deviationInSteps({ scale, perStep }: Mechanism): number {
  const ratio = Math.exp(-1 / scale)
  const noise = Math.sqrt(2 * ratio) / (1 - ratio) / perStep
  return Math.hypot(noise, 1 / Math.sqrt(12))
}

/** Gives the times and layers of the network whose document this is. */
export function networkOf(view: View): { readonly epochMs: number; readonly layers: number } {
  return { epochMs: view.freshUntil - view.validAfter, layers: view.layers.length }
}

/** Gives how many clients a gateway says it can carry at most; undefined where it says nothing. */
function mostClients({ capacity = 0 }: NodeEntry): number | undefined {
  return capacity === 0 ? undefined : 2 ** capacity - 1
}

function usersOf(view: View): Estimate {
  const { gateways } = view
  const most = gateways.map(mostClients)
  const room = most.every(clients => clients !== undefined)
    ? most.reduce<number>((sum, clients) => sum + clients, 0)
    : undefined
  return estimate(sumOf(view, 'gateway', gateways), { low: 1, high: room, of: gateways.length })
}

function packetsOf(view: View): Estimate {
  const { parameters, layers } = view
  const mixes = layers.flat()
  const widest = Math.max(0, ...layers.map(layer => layer.length))
  const relays = mixes.length + view.gateways.length
  const loops = (parameters.nodeLoopPerMinute * second) / minute
  const client = clientPacketsPerS(parameters)
  const { high: clients } = usersOf({
    ...view,
    gateways: view.gateways.map(gateway => ({ ...gateway, count: undefined })),
  })
  const bounds = {
    // a node's loops pass every layer but its own
    low: (relays - widest) * loops + client,
    high: clients === undefined ? undefined : relays * loops + clients * client * mostOfClient,
    of: mixes.length,
  }
  // free routes have no layers: all mixes are one, which each packet passes as often as it has hops
  const isFree = view.topology === 'free'
  const sums = (isFree ? [mixes] : layers).map(layer => sumOf(view, 'mix', layer))
  const known = sums.flatMap(sum => (sum === undefined ? [] : [sum]))
  if (known.length === 0 || 2 * known.length <= sums.length) return estimate(undefined, bounds)
  const passes = isFree ? Math.max(1, layers.length) : 1
  return estimate(
    {
      value: lowMedian(known.map(({ value }) => value)) / passes,
      deviation: Math.max(...known.map(({ deviation }) => deviation)) / passes,
      nodes: known.reduce((sum, { nodes }) => sum + nodes, 0),
    },
    bounds,
  )
}

/** Puts a sum into the bounds that hold without it. */
function estimate(
  sum: Sum | undefined,
  { low, high, of }: { readonly low: number; readonly high: number | undefined; readonly of: number },
): Estimate {
  if (sum === undefined) return { value: undefined, low, high, from: 'consensus', nodes: 0, of }
  const within = (value: number): number => Math.max(low, Math.min(high ?? Number.POSITIVE_INFINITY, value))
  const spread = deviations * sum.deviation
  return {
    value: within(sum.value),
    low: within(sum.value - spread),
    high: within(sum.value + spread),
    from: 'counts',
    nodes: sum.nodes,
    of,
  }
}
