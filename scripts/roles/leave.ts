// chaffinch mix leave, gateway leave and crowds leave: the authorities are told, by the running node or in its place.

import { epochAt, epochStart, epochsValid } from '../../directory/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import type { ServerFile } from '../../roles/files/index.ts'
import { type Endpoint, isAway, readKey, remoteAt } from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { inquire } from '../inquire.ts'
import { endpointOf } from './running.ts'

/** The node asks every authority before it answers. */
const requestMs = 10_000

/** @throws CommandError FAILED unless a majority of the authorities knows */
export async function leave(config: ServerFile): Promise<number> {
  const { network } = config
  const running = endpointOf(config.folder)
  const told = (running && (await askRunning(running))) ?? (await tellAuthorities(config))
  for (const [authority, knows] of told) {
    console.log(`authority ${authority.slice(0, 16)}  ${knows ? 'knows' : 'could not be told'}`)
  }
  const knowing = [...told.values()].filter(knows => knows).length
  if (knowing < network.threshold) {
    throw new CommandError(
      'FAILED',
      `only ${knowing} of ${told.size} authorities know that the node leaves, ${network.threshold} are needed`,
      'run it again when the authorities can be reached',
    )
  }
  const epoch = Math.max(0, epochAt(network, systemClock.now()))
  const over = new Date(epochStart(network, epoch + 1 + epochsValid)).toISOString()
  console.error(
    `the node leaves: keep it running until ${over}, when no document has it any more, then stop it`,
  )
  return 0
}

/** A node that was killed has left its port behind. */
async function askRunning(endpoint: Endpoint): Promise<ReadonlyMap<string, boolean> | undefined> {
  try {
    const told = await remoteAt(endpoint).ask('/leave', { method: 'POST', timeoutMs: requestMs })
    return new Map(Object.entries(told as Record<string, boolean>))
  } catch (error) {
    if (isAway(error)) return undefined
    throw error
  }
}

function tellAuthorities({ network, key }: ServerFile): Promise<ReadonlyMap<string, boolean>> {
  return inquire(network, inquiry => inquiry.leave(), readKey(key))
}
