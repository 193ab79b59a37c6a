// chaffinch mix leave, chaffinch gateway leave: the authorities are told, by the running node or in its place.

import { ed25519Sign } from '#crypto'
import { directoryProtocol, readAnswer, writeRequest } from '../../directory/documents/exchange.ts'
import { signLeave, writeLeave } from '../../directory/documents/joining.ts'
import { epochAt, epochStart, epochsValid } from '../../directory/documents/network.ts'
import { DirectoryError } from '../../directory/error.ts'
import { hex } from '../../encoding/bytes.ts'
import { LinkError } from '../../link/link.ts'
import { systemClock } from '../../world/clock.ts'
import { openLink } from '../ask/consensus.ts'
import { CommandError } from '../command.ts'
import type { NodeFile } from '../files/config.ts'
import { readKey } from '../files/folder.ts'
import { askJson, type Endpoint } from '../remote/http.ts'
import { endpointOf } from './running.ts'

const requestMs = 5000

/** @throws CommandError FAILED unless a majority of the authorities knows */
export async function leave(config: NodeFile): Promise<number> {
  const { network } = config
  const running = endpointOf(config.folder)
  const told = (running && (await askRunning(running))) ?? (await tellAuthorities(config, systemClock.now()))
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
async function askRunning(endpoint: Endpoint): Promise<Map<string, boolean> | undefined> {
  try {
    const told = await askJson(endpoint, '/leave', { method: 'POST', timeoutMs: 2 * requestMs })
    return new Map(Object.entries(told as Record<string, boolean>))
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  }
}

async function tellAuthorities({ network, key }: NodeFile, now: number): Promise<Map<string, boolean>> {
  const seed = readKey(key)
  const link = await openLink(network, seed)
  try {
    const epoch = epochAt(network, now)
    const serial = Math.floor(now - epochStart(network, epoch))
    const note = writeLeave(
      signLeave(network.name, { id: link.id, epoch, serial }, message => ed25519Sign(seed, message)),
    )
    const request = writeRequest({ ask: 'leave', note })
    const told = new Map<string, boolean>()
    for (const authority of network.authorities) {
      try {
        const options = { timeoutMs: requestMs, maxBytes: 4096 }
        readAnswer(await link.request(authority, directoryProtocol, request, options))
        told.set(hex(authority.id), true)
      } catch (error) {
        if (!(error instanceof LinkError || error instanceof DirectoryError)) throw error
        told.set(hex(authority.id), false)
      }
    }
    return told
  } finally {
    await link.close()
  }
}
