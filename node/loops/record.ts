// What a client of a node's own has found out about the nodes that its packets passed, by half epochs
// (docs/spec/node.md 4.1).

import type { Network } from '../../directory/documents/network.ts'
import { halfAt } from '../../directory/documents/statistics.ts'
import type { LoopCount } from '../../directory/rounds/reliability.ts'
import type { NodeId } from '../../encoding/ids.ts'
import type { Clock } from '../../world/clock.ts'
import { LoopMeasure } from './measure.ts'

/** Keeps what became of the packets of a client that measures. */
export interface LoopRecord {
  /** Counts a packet that came back, or did not, over these nodes. */
  ended(nodes: readonly NodeId[], returned: boolean): void
  /** Counts by node, of a half epoch. */
  measured(half: number): ReadonlyMap<NodeId, LoopCount>
}

/** Begins with nothing. */
export function loopRecord(network: Network, clock: Pick<Clock, 'now'>): LoopRecord {
  const measure = new LoopMeasure()
  return {
    ended: (nodes, returned) => measure.ended(halfAt(network, clock.now()), [...new Set(nodes)], returned),
    measured: half => measure.counts(half),
  }
}
