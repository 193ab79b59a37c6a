// A running role of this machine, found by the port that it left in its folder.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../../encoding/command-line.ts'
import { type Endpoint, isAway, remoteAt } from '../../roles/files/index.ts'
import type { Reloaded } from '../../roles/reload.ts'

/** Where the role of a folder answers, if it has been started and not ended. */
export function endpointOf(folder: string): Endpoint | undefined {
  const file = join(folder, 'status-port')
  if (!existsSync(file)) return undefined
  return { port: Number(readFileSync(file, 'utf8')), tokenFile: join(folder, 'token') }
}

/** Asks the role of a folder how it is. @throws CommandError FAILED with that hint where it does not run */
export async function statusIn(folder: string, says: string, hint: string): Promise<unknown> {
  const endpoint = endpointOf(folder)
  const away = new CommandError('FAILED', says, hint)
  if (endpoint === undefined) throw away
  return await remoteAt(endpoint)
    .ask('/status')
    .catch((error: unknown) => {
      throw isAway(error) ? away : error
    })
}

/** Has the role of a folder read its file again, where it runs; says which of the two. */
export async function tellRunning(folder: string): Promise<void> {
  const endpoint = endpointOf(folder)
  try {
    if (endpoint === undefined) throw new CommandError('FAILED', 'not started')
    const { changed } = (await remoteAt(endpoint).ask('/reload', { method: 'POST' })) as Reloaded
    console.error(
      changed.length === 0 ? 'the running authority knew it already' : 'the running authority knows',
    )
  } catch (error) {
    // One that was killed has left its port behind.
    if (!isAway(error)) throw error
    console.error('the authority does not run: it knows when it starts')
  }
}
