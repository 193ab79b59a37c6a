// Decides who may send packets to this node, and where it may send them: by what the consensus of this epoch and of its
// neighbours says, since a packet may be under way across a boundary.

import type { Network } from '../directory/documents/network.ts'
import type { Directory, NodeEntry, RelayRole, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { RankOf } from '../link/shares.ts'
import type { Entry } from './gateway/entry.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { Way } from './relay/relay.ts'

/** Answers what `startHost` and the node itself ask about other hosts. */
export interface Admission {
  /**
   * For the link: may this host send cells here at all? A gateway takes them from anybody, a mix from nodes. Without
   * a consensus nobody may: the sender's link keeps the cells and asks again.
   */
  admits(id: Uint8Array): boolean
  /** Is this host a mix or gateway of the current or a neighbouring consensus? */
  isNode(id: Uint8Array): boolean
  /** The current view, then those of the epochs next to it; empty without a current one. */
  readonly views: readonly View[]
  /** Looks at the directory: called when it has a new view, and when an epoch begins. */
  refresh(directory: Directory): void
}

/** Made before the link, which needs `admits`, and handed to the node, which keeps it fresh. */
export function admission(role: RelayRole): Admission {
  let views: readonly View[] = []
  const isNode = (id: Uint8Array): boolean => {
    const name = hex(id)
    return views.some(view => carries(view.nodes.get(name)))
  }
  return {
    admits: id => (role === 'gateway' ? views.length > 0 : isNode(id)),
    isNode,
    get views() {
      return views
    },
    refresh(directory) {
      const current = directory.current()
      const near = current && [current, directory.view(current.epoch - 1), directory.view(current.epoch + 1)]
      views = near?.filter(view => view !== undefined) ?? []
    },
  }
}

/**
 * Says as what this node knows a peer, for the shares of its link's places (docs/spec/resources.md).
 *
 * @param mail knows a gateway's clients; a mix has none
 */
export function rankOf(
  { authorities }: Pick<Network, 'authorities'>,
  { isNode }: Pick<Admission, 'isNode'>,
  mail: { readonly gateway: Pick<Gateway, 'isOwner'>; readonly entry: Pick<Entry, 'isClient'> } | undefined,
): RankOf {
  const names = new Set(authorities.map(({ id }) => hex(id)))
  return peer => {
    if (names.has(hex(peer))) return 'authority'
    if (isNode(peer)) return 'node'
    const isClient = mail?.gateway.isOwner(peer) === true || mail?.entry.isClient(peer) === true
    return isClient ? 'client' : 'stranger'
  }
}

/**
 * The node a packet may go to next.
 *
 * @param views any of them may allow the hop
 * @param self 32 bytes: this node
 * @param next 32 bytes: as the packet says
 * @returns undefined when no view allows this hop
 */
export function nextHop(
  views: readonly View[],
  self: Uint8Array,
  next: Uint8Array,
  way: Way,
): NodeEntry | undefined {
  const [here, there] = [hex(self), hex(next)]
  for (const view of views) {
    const from = view.nodes.get(here)
    const to = view.nodes.get(there)
    if (from !== undefined && to !== undefined && allowed(view, from, to, way)) return to
  }
  return undefined
}

/** gateway -> layer 0 -> ... -> last layer -> gateway; in a free route any mix stands for every layer. */
function allowed(view: View, from: NodeEntry, to: NodeEntry, way: Way): boolean {
  if (!carries(from) || !carries(to)) return false
  if (way === 'gateway') return to.role === 'gateway'
  if (view.topology === 'free')
    return (from.role === 'mix' || to.role === 'mix') && !waits(from) && !waits(to)
  if (waits(from)) return false
  if (from.role === 'gateway') return to.layer === 0
  return from.layer === view.layers.length - 1 ? to.role === 'gateway' : to.layer === from.layer + 1
}

/** Says whether packets go through a node: not through members of a crowd. */
function carries(node: NodeEntry | undefined): boolean {
  return node !== undefined && node.role !== 'member'
}

/** A new mix has no layer yet. */
function waits({ role, layer }: NodeEntry): boolean {
  return role === 'mix' && layer < 0
}

/** Finds a gateway by its id (32 bytes) in any of the views, the newest word first. */
export function gatewayIn(views: readonly View[], id: Uint8Array): NodeEntry | undefined {
  for (const view of views) {
    const found = view.nodes.get(hex(id))
    if (found?.role === 'gateway') return found
  }
  return undefined
}

/** Every node a view lets this one send to: the queues the link keeps. */
export function neighboursOf(views: readonly View[], self: Uint8Array): readonly NodeEntry[] {
  const here = hex(self)
  const found = new Map<string, NodeEntry>()
  for (const view of views) {
    const from = view.nodes.get(here)
    if (from === undefined) continue
    for (const [name, to] of view.nodes) {
      if (name === here) continue
      const reached = allowed(view, from, to, 'onward') || (from.role === 'gateway' && to.role === 'gateway')
      if (reached && !found.has(name)) found.set(name, to)
    }
  }
  return [...found.values()]
}
