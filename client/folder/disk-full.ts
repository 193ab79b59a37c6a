// What a full disk says, from LevelDB or from the system, as a code that an app can act on.

import { ClientError } from '../error.ts'

const codes: readonly unknown[] = ['ENOSPC', 'EDQUOT']

/** Does something that writes. @throws ClientError DISK_FULL; what else `write` throws */
export async function onDisk<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isFull(error)) throw error
    throw new ClientError('DISK_FULL', 'the disk has no room left: nothing was accepted', { cause: error })
  }
}

/** LevelDB puts the system's words into its own, and keeps its error as a cause. */
function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { readonly code?: unknown }
  return (
    codes.includes(code) || /No space left|Disk quota exceeded/.test(error.message) || isFull(error.cause)
  )
}
