// chaffinch reply: answers a message of the inbox. It is `send --reply` under the name that one looks for.

import { type SendOptions, run as send } from './send.ts'

export async function run(
  which: string,
  text: string | undefined,
  options: Pick<SendOptions, 'config' | 'as' | 'file' | 'wait' | 'timeout' | 'json'>,
): Promise<undefined> {
  return await send(text, { ...options, reply: which, replies: true })
}
