// Asking the authorities of a network for a command: what they do not answer is told in one line.

import {
  DirectoryError,
  followedNetwork as followed,
  type Inquiry,
  type Network,
  openInquiry,
} from '../directory/index.ts'
import { CommandError } from '../encoding/command-line.ts'

/** Opens an inquiry for as long as `use` takes. @param seed of the key to ask as; without one it is thrown away */
export async function inquire<T>(
  network: Network,
  use: (inquiry: Inquiry) => Promise<T>,
  seed?: Uint8Array,
): Promise<T> {
  const inquiry = await openInquiry(network, seed === undefined ? {} : { seed })
  try {
    return await use(inquiry)
  } finally {
    await inquiry.close()
  }
}

/** Waits for an answer. @throws CommandError FAILED with what each authority said, where none has it */
export async function answered<T>(asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    if (!(error instanceof DirectoryError)) throw error
    if (error.code === 'UNAVAILABLE') throw new CommandError('FAILED', error.message)
    if (error.code !== 'NO_ANSWER') throw error
    throw new CommandError(
      'FAILED',
      error.message,
      'are the authorities running, and is this their network file?',
    )
  })
}

/** Follows the changes of the authorities. @throws CommandError FAILED when no authority of any time answers */
export async function followedNetwork(network: Network): Promise<Network> {
  return await answered(followed(network))
}
