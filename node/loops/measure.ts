// Counts what a node's loops tell about the nodes on their paths, by half epochs (docs/spec/node.md 4.1).

import type { LoopCount } from '../../directory/rounds/reliability.ts'
import type { NodeId } from '../../encoding/ids.ts'

/** So many loops without one return, and the node is what lost them. */
const suspectAfter = 3
/** Lost loops of one half whose path is remembered. */
const mostLost = 4096

interface Half {
  readonly counts: Map<NodeId, { sent: number; returned: number }>
  /** The paths of lost loops. */
  readonly lost: (readonly NodeId[])[]
}

export class LoopMeasure {
  readonly #halves = new Map<number, Half>()

  /**
   * Counts a loop that has ended in this half.
   *
   * @param nodes those that it measures
   */
  ended(half: number, nodes: readonly NodeId[], returned: boolean): void {
    const of: Half = this.#halves.get(half) ?? { counts: new Map(), lost: [] }
    this.#halves.set(half, of)
    for (const old of this.#halves.keys()) if (old < half - 2) this.#halves.delete(old)
    for (const id of nodes) {
      const counts = of.counts.get(id) ?? { sent: 0, returned: 0 }
      of.counts.set(id, counts)
      counts.sent++
      if (returned) counts.returned++
    }
    if (!returned && of.lost.length < mostLost) of.lost.push(nodes)
  }

  /**
   * Counts loops by node. What a node from which nothing came back has lost does not count against the others of its
   * paths, unless nothing came back at all.
   */
  counts(half: number): ReadonlyMap<NodeId, LoopCount> {
    const of = this.#halves.get(half)
    if (of === undefined) return new Map()
    const counts = new Map([...of.counts].map(([id, count]) => [id, { ...count }]))
    const suspects = new Set(
      [...counts]
        .filter(([, { sent, returned }]) => sent >= suspectAfter && returned === 0)
        .map(([id]) => id),
    )
    for (const nodes of of.lost) {
      if (!nodes.some(id => suspects.has(id))) continue
      for (const id of nodes) {
        const count = counts.get(id)
        if (count !== undefined && !suspects.has(id)) count.sent--
      }
    }
    return counts
  }
}
