// Where the processes of this machine answer over HTTP: each at a loopback port, with a token that it keeps in a file.

import { readFileSync } from 'node:fs'
import { RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'

export interface Endpoint {
  readonly port: number
  readonly tokenFile: string
  /** One of the client's identities; default: the first. */
  readonly as?: string | undefined
}

/** Asks a process there: a client by all its methods, an authority or a node by `ask`. */
export function remoteAt({ port, tokenFile, as }: Endpoint): RemoteClient {
  return new RemoteClient({ url: `http://127.0.0.1:${port}`, token: () => tokenIn(tokenFile), as })
}

/** @throws CommandError FAILED */
function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new CommandError(
      'FAILED',
      `${file}: no token there: the process has not been started yet`,
      'start it first, and use the same --config',
    )
  }
}

/** Says whether an error of a request means that nothing answers there. */
export function isAway(error: unknown): boolean {
  if (error instanceof CommandError) return true
  return error instanceof RemoteError && (error.code === 'UNREACHABLE' || error.code === 'TIMEOUT')
}

/** The remedy where a process does not answer. */
export const awayHint = 'is the process running, and is this its --config?'
