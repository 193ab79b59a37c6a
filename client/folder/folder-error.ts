// What the disk and LevelDB say about a client's folder, as an error that names the folder and has a code.

import { ClientError } from '../error.ts'

/** An error of the system, of LevelDB, or of a browser. */
interface Coded {
  readonly code?: unknown
  readonly message?: string
  readonly cause?: unknown
}

/** Says it as a ClientError IN_USE or NO_FOLDER; one that is a ClientError already stays as it is. */
export function folderError(folder: string, error: unknown): unknown {
  if (error instanceof ClientError) return error
  const { code, message, cause } = error as Coded
  const why = (cause ?? error) as Coded
  if (code === 'LEVEL_LOCKED' || why.code === 'LEVEL_LOCKED')
    return new ClientError('IN_USE', `${folder}: another process uses this folder`, { cause: error })
  return new ClientError('NO_FOLDER', `${folder}: ${why.message ?? message}`, { cause: error })
}

/** @throws ClientError BAD_OPTION where a JavaScript program hands over something else */
export function wantFolder(folder: unknown): void {
  if (typeof folder !== 'string' || folder === '')
    throw new ClientError('BAD_OPTION', `folder: want the path of a client's folder, have ${shown(folder)}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : value === null ? 'null' : typeof value
}
