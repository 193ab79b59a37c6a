// Paths: entry gateway, one mix of each layer, far gateway (docs/client.md, Paths).

import type { NodeEntry, View } from '../directory/view.ts'
import { exponential, fraction, type Random } from '../sphinx/random.ts'
import type { Hop } from '../sphinx/wrap.ts'
import { hex } from './bytes.ts'
import { ClientError } from './error.ts'

export interface PathRequest {
  readonly view: View
  readonly first: NodeEntry
  readonly last: NodeEntry
  /** When the packet reaches the first hop, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  /** The epoch whose key a hop reached at this time has. */
  readonly epochAt: (time: number) => number
  /** How readily to use a mix, above 0; without it all alike. */
  readonly weight?: (id: string) => number
  /** Whether the last hop is told a delay: before it sends an acknowledgement. */
  readonly delayAtEnd: boolean
}

export interface Path {
  readonly hops: readonly Hop[]
  /** Lowercase hex of the hops' ids. */
  readonly nodes: readonly string[]
  /** From the first hop's arrival to the last hop's: the delays in between, milliseconds. */
  readonly transitMs: number
  /** The last hop's delay. */
  readonly endDelayMs: number
}

/** Whole paths drawn until one has no family twice; only a network of a few families needs more than a few. */
const maxDraws = 256

/**
 * Draws a path: uniform over the valid ones when no mix is suspected, since a draw that breaks a rule is thrown
 * away whole. Delays are exponential around the consensus's mean, in whole milliseconds, cut at its maximum.
 *
 * @throws ClientError NO_PATH when families leave none, NO_CONSENSUS when the view lacks keys of the epoch
 */
export function drawPath(request: PathRequest, random: Random): Path {
  const { view, first, last } = request
  const layers = view.layers.map(usable)
  for (let draw = 0; draw < maxDraws; draw++) {
    const mixes = layers.map(layer => pickWeighted(layer, request.weight, random))
    if (familiesDiffer(first, mixes, last)) return timed(request, [first, ...mixes, last], random)
  }
  throw new ClientError('NO_PATH', 'path: families leave none: too few mixes of different families')
}

/** The mixes of a layer that may be used: reliable ones that run; where there is none, those that run. */
function usable(layer: readonly NodeEntry[]): readonly NodeEntry[] {
  const running = layer.filter(node => node.running)
  const reliable = running.filter(node => node.reliable)
  const mixes = reliable.length > 0 ? reliable : running
  if (mixes.length === 0) throw new ClientError('NO_PATH', 'path: a layer has no mix that runs')
  return mixes
}

function pickWeighted(
  nodes: readonly NodeEntry[],
  weight: ((id: string) => number) | undefined,
  random: Random,
): NodeEntry {
  const weights = nodes.map(node => weight?.(hex(node.id)) ?? 1)
  let left = fraction(random) * weights.reduce((sum, each) => sum + each, 0)
  for (const [i, node] of nodes.entries()) {
    left -= weights[i] as number
    if (left < 0) return node
  }
  return nodes.at(-1) as NodeEntry
}

/** The two gateways are excepted from each other: a loop, and two people at one gateway, use it twice. */
function familiesDiffer(first: NodeEntry, mixes: readonly NodeEntry[], last: NodeEntry): boolean {
  const met = new Set([first.family, last.family])
  for (const { family } of mixes) {
    if (family !== '' && met.has(family)) return false
    met.add(family)
  }
  return true
}

/** Draws the delays, and so the epoch in which the packet reaches each hop. */
function timed(request: PathRequest, nodes: readonly NodeEntry[], random: Random): Path {
  const { hopDelayMs, maxHopDelayMs } = request.view.parameters
  let transitMs = 0
  let endDelayMs = 0
  const hops = nodes.map((node, i): Hop => {
    const atEnd = i === nodes.length - 1
    const key = node.packetKeys.get(request.epochAt(request.at + transitMs))
    if (key === undefined)
      throw new ClientError('NO_CONSENSUS', 'path: the consensus has no keys for the time of arrival')
    const drawn = Math.min(maxHopDelayMs, Math.round(exponential(random, hopDelayMs)))
    const delayMs = atEnd && !request.delayAtEnd ? 0 : drawn
    if (atEnd) endDelayMs = delayMs
    else transitMs += delayMs
    return { id: node.id, key, delayMs }
  })
  return { hops, nodes: nodes.map(node => hex(node.id)), transitMs, endDelayMs }
}
