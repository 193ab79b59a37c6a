// Which journals of tags are open: one for each key that may open packets now or soon (docs/spec/node.md 3).

import { epochAt, type Network } from '../../directory/documents/network.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { KeyRing } from './keys.ts'
import type { ReplayStore } from './replay.ts'

/**
 * Opens the journals of the keys that open packets now or in the next epoch. A key whose journal may have lost its
 * end opens nothing any more: better no packet of an epoch than one packet twice.
 *
 * @throws NodeError FOLDER, BAD_FILE
 */
export async function openJournals(
  { network, clock, log }: { readonly network: Network; readonly clock: Clock; readonly log: Log },
  keys: KeyRing,
  replay: ReplayStore,
): Promise<void> {
  const last = Math.max(0, epochAt(network, clock.now())) + 1
  for (const epoch of keys.epochs()) {
    if (epoch > last || (await replay.open(epoch)) === 'ready') continue
    keys.retire(epoch)
    log.warn({ epoch }, 'the machine started anew in this epoch: its packet key is retired')
  }
}
