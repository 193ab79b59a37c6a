// Tells what keeps two nodes out of one path (docs/spec/directory-tally.md 7.6): one family, or one network.

import { once } from '../../world/once.ts'
import { networksOf } from '../address.ts'
import type { NodeEntry, Parameters } from './view.ts'

/** The groups of a node; no two nodes of a path have one in common, its two gateways excepted from each other. */
export function groupsOf(
  { family, addresses }: Pick<NodeEntry, 'family' | 'addresses'>,
  { networksApart }: Pick<Parameters, 'networksApart'>,
): string[] {
  const families = family === '' ? [] : [`family ${family}`]
  const networks = networksApart > 0 ? networksOf(addresses) : []
  return [...families, ...networks.map(network => `network ${network}`)]
}

/** Paths are drawn many times a second from one document: its addresses are read once. */
const withNetworks = once((node: NodeEntry) => groupsOf(node, { networksApart: 1 }))
const familyAlone = once((node: NodeEntry) => groupsOf(node, { networksApart: 0 }))

/**
 * Says whether the nodes of a path are apart. The two gateways are excepted from each other: a loop, and two people at
 * one gateway, use it twice.
 */
export function areApart(
  first: NodeEntry,
  mixes: readonly NodeEntry[],
  last: NodeEntry,
  parameters: Pick<Parameters, 'networksApart'>,
): boolean {
  const groupsIn = parameters.networksApart > 0 ? withNetworks : familyAlone
  const met = new Set([first, last].flatMap(groupsIn))
  for (const mix of mixes) {
    const groups = groupsIn(mix)
    if (groups.some(group => met.has(group))) return false
    for (const group of groups) met.add(group)
  }
  return true
}

/** Picks the nodes that paths use: reliable ones that run; where there is none, those that run. Once for each list. */
export const usable: (nodes: readonly NodeEntry[]) => readonly NodeEntry[] = once(
  (nodes: readonly NodeEntry[]): readonly NodeEntry[] => {
    const running = nodes.filter(node => node.running)
    const reliable = running.filter(node => node.reliable)
    return reliable.length > 0 ? reliable : running
  },
)
