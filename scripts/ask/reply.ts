// chaffinch reply: answers a message of the inbox. It is `send --reply` under the name that one looks for.

import { CommandError } from '../../encoding/command-line.ts'
import { run as send } from './send.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const [which, ...rest] = args
  if (which === undefined || which.startsWith('-'))
    throw new CommandError(
      'USAGE',
      'reply: want the number or id of a message, in front of the options',
      'chaffinch reply --help',
    )
  return await send(['--reply', which, ...rest])
}
