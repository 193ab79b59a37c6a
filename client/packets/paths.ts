// Paths: entry gateway, one mix of each layer, far gateway (docs/spec/client-delivery.md 6).

import { areApart, usable } from '../../directory/documents/groups.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Hop } from '../../sphinx/wrap.ts'
import { once } from '../../world/once.ts'
import { below, exponential, fraction, type Random } from '../../world/random.ts'
import { ClientError } from '../error.ts'

export interface PathRequest {
  readonly view: View
  readonly first: NodeEntry
  readonly last: NodeEntry
  /** When the packet reaches the first hop, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  /** The epoch whose key a hop reached at this time has. */
  readonly epochAt: (time: number) => number
  /** Weighs how readily to use a mix, above 0 and at most 1; without it all alike. */
  readonly weight?: (id: string) => number
  /** True when the last hop is told a delay too: the one before it sends an acknowledgement. */
  readonly delayAtEnd: boolean
  /** Rules that a person asked for, for this path. */
  readonly choice?: PathChoice | undefined
}

/** A way (pattern.ts) as one path has to obey it. */
export interface PathChoice {
  /** For each mix of the path the beginning of its id, or any. */
  readonly mixes?: readonly (string | undefined)[] | undefined
  /** Beginnings of ids that are not used. */
  readonly blocked: readonly string[]
  /** Tells whether a mix is reliable enough, by its id. */
  readonly allows: (id: string) => boolean
  /** Milliseconds. */
  readonly maxLatencyMs: number
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

/** Whole paths drawn until one breaks no rule; only a network of a few families or networks needs more than a few. */
const maxDraws = 256
/** Delays drawn until they are short enough. */
const maxDelayDraws = 64
/** Mixes drawn for a place until one is accepted by its weight; then all of the place are weighed. */
const maxMixDraws = 16

const idOf = once((node: NodeEntry) => hex(node.id))
const ofAllLayers = once((layers: View['layers']) => layers.flat())

/**
 * Draws a path: uniform over the valid ones when no mix is suspected, since a draw that breaks a rule is thrown
 * away whole. Delays are exponential around the consensus's mean, in whole milliseconds, cut at its maximum.
 *
 * @throws ClientError NO_PATH when families or the person's choice leave none, NO_CONSENSUS when the view lacks
 * keys of
 *   the epoch
 */
export function drawPath(request: PathRequest, random: Random): Path {
  const { view, first, last, choice } = request
  const places = placesOf(view).map((mixes, i) => chosen(mixes, choice, i))
  for (let draw = 0; draw < maxDraws; draw++) {
    const mixes = places.map(place => pickWeighted(place, request.weight, random))
    if (allDiffer(mixes) && areApart(first, mixes, last, view.parameters))
      return timed(request, [first, ...mixes, last], random)
  }
  throw new ClientError('NO_PATH', 'path: families and networks leave none: too few mixes of different ones')
}

/** For each mix of a path those that may stand there. */
function placesOf({ topology, layers }: View): readonly (readonly NodeEntry[])[] {
  if (topology !== 'free') return layers
  return layers.map(() => ofAllLayers(layers))
}

/** The mixes of a place that may be used. */
function usableMixes(place: readonly NodeEntry[]): readonly NodeEntry[] {
  const mixes = usable(place)
  if (mixes.length === 0) throw new ClientError('NO_PATH', 'path: a layer has no mix that runs')
  return mixes
}

/** Those of them that a person's choice leaves. */
function chosen(
  mixes: readonly NodeEntry[],
  choice: PathChoice | undefined,
  place: number,
): readonly NodeEntry[] {
  if (choice === undefined) return usableMixes(mixes)
  const wanted = choice.mixes?.[place]
  // Who names a mix has it, reliable or not
  const among = wanted === undefined ? usableMixes(mixes) : mixes.filter(mix => mix.running)
  const left = among.filter(mix => {
    const id = idOf(mix)
    if (wanted !== undefined && !id.startsWith(wanted)) return false
    return !choice.blocked.some(blocked => id.startsWith(blocked)) && choice.allows(id)
  })
  if (left.length > 0) return left
  const why =
    wanted === undefined ? 'the filters leave none' : `${wanted} does not run there, or a filter bars it`
  throw new ClientError('NO_PATH', `path: mix ${place + 1}: ${why}`)
}

/** In a free route a mix could be drawn for two places. */
function allDiffer(mixes: readonly NodeEntry[]): boolean {
  return new Set(mixes).size === mixes.length
}

/**
 * Draws one of them, each as likely as its weight among all weights. A mix at random that is accepted as often as its
 * weight says has this law at a cost that does not grow with the network; where weights are so small that none is
 * accepted, weighing them all has it too.
 */
function pickWeighted(nodes: readonly NodeEntry[], weight: PathRequest['weight'], random: Random): NodeEntry {
  for (let draw = 0; draw < maxMixDraws; draw++) {
    const node = nodes[below(random, nodes.length)] as NodeEntry
    const readiness = weight?.(idOf(node)) ?? 1
    if (readiness >= 1 || fraction(random) < readiness) return node
  }
  return pickAmongAll(nodes, weight, random)
}

function pickAmongAll(nodes: readonly NodeEntry[], weight: PathRequest['weight'], random: Random): NodeEntry {
  const weights = nodes.map(node => weight?.(idOf(node)) ?? 1)
  let left = fraction(random) * weights.reduce((sum, each) => sum + each, 0)
  for (const [i, node] of nodes.entries()) {
    left -= weights[i] as number
    if (left < 0) return node
  }
  return nodes.at(-1) as NodeEntry
}

/** Draws the delays, and so the epoch in which the packet reaches each hop. */
function timed(request: PathRequest, nodes: readonly NodeEntry[], random: Random): Path {
  const delays = drawDelays(request, nodes.length, random)
  let transitMs = 0
  const hops = nodes.map((node, i): Hop => {
    const key = node.packetKeys.get(request.epochAt(request.at + transitMs))
    if (key === undefined)
      throw new ClientError('NO_CONSENSUS', 'path: the consensus has no keys for the time of arrival')
    const delayMs = delays[i] as number
    if (i < nodes.length - 1) transitMs += delayMs
    return { id: node.id, key, delayMs }
  })
  return { hops, nodes: nodes.map(idOf), transitMs, endDelayMs: delays.at(-1) as number }
}

/** One for each hop, milliseconds; all again while a person finds them too long together. */
function drawDelays({ view, choice, delayAtEnd }: PathRequest, hops: number, random: Random): number[] {
  const { hopDelayMs, maxHopDelayMs } = view.parameters
  for (let draw = 0; draw < maxDelayDraws; draw++) {
    const delays = Array.from({ length: hops }, () =>
      Math.min(maxHopDelayMs, Math.round(exponential(random, hopDelayMs))),
    )
    if (!delayAtEnd) delays[hops - 1] = 0
    const together = delays.reduce((sum, delay) => sum + delay, 0)
    if (together <= (choice?.maxLatencyMs ?? Number.POSITIVE_INFINITY)) return delays
  }
  throw new ClientError('NO_PATH', `path: no delays of ${choice?.maxLatencyMs} ms together: allow more`)
}
