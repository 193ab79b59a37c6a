// Which journals of tags are open: one for each key that may open packets now or soon (docs/spec/node.md 3). A journal
// stays on disk for as long as its key does, and no longer.

import { epochAt, type Network } from '../../directory/documents/network.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { type KeyRing, openingEpochs } from './keys.ts'
import type { ReplayStore } from './replay.ts'

const why = {
  incomplete: 'the machine started anew in this epoch',
  'too long': 'the journal of this epoch has more tags than tagsPerKey',
} as const

/**
 * Opens the journals of the keys that open packets now or in the next epoch. A key whose journal may have lost its
 * end, or has more than there is room for, opens nothing any more: better no packet of an epoch than one packet twice.
 *
 * @throws NodeError FOLDER, BAD_FILE
 */
export async function openJournals(
  { network, clock, log }: { readonly network: Network; readonly clock: Clock; readonly log: Log },
  keys: KeyRing,
  replay: ReplayStore,
): Promise<void> {
  const now = clock.now()
  const [first, last] = [Math.min(...openingEpochs(network, now)), Math.max(0, epochAt(network, now)) + 1]
  for (const epoch of keys.epochs()) {
    if (epoch < first || epoch > last) continue
    const opened = await replay.open(epoch)
    if (opened === 'ready') continue
    keys.retire(epoch)
    log.warn({ epoch }, `${why[opened]}: its packet key is retired`)
  }
}
