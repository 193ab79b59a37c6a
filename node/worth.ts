// Counts what the packets of other nodes were worth (docs/spec/node.md 1.4), for an operator to look at: nothing is
// held against a node by it, since a node cannot see into what it passes on.

import type { NodeId } from '../encoding/ids.ts'
import type { Fit } from './relay/peeling.ts'

/** Nodes remembered at most; for one more the one that came first is forgotten. */
const mostNodes = 4096

export class Worth {
  readonly #nodes = new Map<NodeId, Fit>()

  /** Packets of this node were peeled. */
  add(node: NodeId, { fitting, misfits }: Readonly<Fit>): void {
    const before = this.#nodes.get(node)
    if (before !== undefined) {
      before.fitting += fitting
      before.misfits += misfits
      return
    }
    const [oldest] = this.#nodes.keys()
    if (this.#nodes.size >= mostNodes && oldest !== undefined) this.#nodes.delete(oldest)
    this.#nodes.set(node, { fitting, misfits })
  }

  /** Forgets the counts of those that are no nodes any more. */
  keep(isNode: (node: NodeId) => boolean): void {
    for (const node of this.#nodes.keys()) if (!isNode(node)) this.#nodes.delete(node)
  }

  /** Lists the nodes from which packets came, and how many of them opened for the first time or never could. */
  list(): readonly { readonly id: NodeId; readonly fitting: number; readonly misfits: number }[] {
    return [...this.#nodes].map(([id, fit]) => ({ id, ...fit }))
  }
}
