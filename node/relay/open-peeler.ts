// Where a node's packets are peeled (docs/spec/node.md 1.3): by its own thread, by others, or by others while its own
// is busy.

import type { Network } from '../../directory/documents/network.ts'
import type { Clock } from '../../world/clock.ts'
import { peelerByLoad } from './peel-by-load.ts'
import { peelPool } from './peel-pool.ts'
import { compiledThread, type StartThread } from './peel-worker.ts'
import { inlinePeeler, type Peeler, type PeelerOptions } from './peeler.ts'

/** So many threads always, 0 for none but the node's own; or so many while peeling keeps that one busy. */
export type PeelThreads = number | { readonly whenBusy: number }

/** Threads that peel faster than one thread reads and writes: more are asked for only by a node's file. */
export const mostThreads = 4

/**
 * Says how many threads a node of so many cores has while it is busy: one core is for the links, and more than four
 * peel faster than one thread reads and writes. None when this runs from source.
 */
export function usualThreads(cores: number): PeelThreads {
  if (cores < 2 || !import.meta.url.endsWith('.js')) return 0
  return { whenBusy: Math.min(mostThreads, cores - 1) }
}

/**
 * Peels in threads, or in the caller's where none are wanted or the keys are in memory only.
 *
 * @throws NodeError THREAD when one that is always to be there does not start
 */
export async function openPeeler(
  options: PeelerOptions & {
    readonly clock: Clock
    readonly threads: PeelThreads
    readonly startThread: StartThread | undefined
    readonly network: Pick<Network, 'suite' | 'hops' | 'userBytes'>
    /** Holds the key files; undefined where they are in memory. */
    readonly folder: string | undefined
  },
): Promise<Peeler> {
  const { threads, startThread = compiledThread, folder, network } = options
  const most = typeof threads === 'number' ? threads : threads.whenBusy
  if (most === 0 || folder === undefined) return inlinePeeler(options)
  const { suite, hops, userBytes } = network
  const data = { folder, geometry: { suite, hops, userBytes } }
  const pool = { ...options, threads: most, data, startThread }
  return typeof threads === 'number' ? await peelPool(pool) : peelerByLoad(options, () => peelPool(pool))
}
