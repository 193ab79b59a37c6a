// Which gateway a client takes (docs/spec/client-clocks.md 9.2): each is as likely as it says that it can carry
// clients, up to twice what the gateway in the middle says. No I/O.

import { isWithinReach } from '#machine'
import { lowMedian } from '../../directory/documents/parameters.ts'
import type { NodeEntry } from '../../directory/documents/view.ts'
import { fraction, pick, type Random } from '../../world/random.ts'

/** Nobody counts for more than so many times the gateway in the middle, whatever it says. */
const mostMedians = 2

/** Tells whether a gateway runs, and this machine can dial it: a browser opens nothing but WebSockets. */
export function canDial({ running, addresses }: Pick<NodeEntry, 'running' | 'addresses'>): boolean {
  return running && (addresses.length === 0 || addresses.some(isWithinReach))
}

/**
 * Gives what each of these counts for beside the others.
 *
 * @param all the gateways that run: what they say is measured against each other
 */
export function weights(
  from: readonly Pick<NodeEntry, 'capacity'>[],
  all: readonly Pick<NodeEntry, 'capacity'>[],
): number[] {
  const stated = all.map(clientsOf).filter(clients => clients > 0)
  const middle = stated.length === 0 ? 1 : lowMedian(stated)
  // Who says nothing counts as the one in the middle: a document of a network that just began has none that do
  return from.map(each => Math.min(clientsOf(each) || middle, mostMedians * middle))
}

/** Takes one gateway, by what they can carry. Throws RangeError when there is none. */
export function pickGateway<T extends Pick<NodeEntry, 'capacity'>>(
  random: Random,
  from: readonly T[],
  all: readonly Pick<NodeEntry, 'capacity'>[],
): T {
  const each = weights(from, all)
  if (each.every(weight => weight === each[0])) return pick(random, from)
  let left = fraction(random) * each.reduce((sum, weight) => sum + weight, 0)
  const at = each.findIndex(weight => {
    left -= weight
    return left < 0
  })
  return from.at(at) as T
}

/** Gives the clients that a class stands for at least; 0 for unstated. */
function clientsOf({ capacity = 0 }: Pick<NodeEntry, 'capacity'>): number {
  return capacity === 0 ? 0 : 2 ** (capacity - 1)
}
