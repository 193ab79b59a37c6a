// Who is in the crowd: the members of a document (docs/spec/crowds.md 2). It changes where a document follows another.

import type { View } from '../../directory/documents/view.ts'
import { compare, hex } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/peer.ts'

/** The members of one document. */
export interface Crowd {
  readonly epoch: number
  /** By rising ids. */
  readonly members: readonly Peer[]
  has(id: Uint8Array): boolean
}

/** Gives the crowd of a document. */
export function crowdOf(view: View): Crowd {
  const members = [...view.nodes.values()]
    .filter(({ role }) => role === 'member')
    .sort((a, b) => compare(a.id, b.id))
  return {
    epoch: view.epoch,
    members,
    has: id => view.nodes.get(hex(id))?.role === 'member',
  }
}
