// How a message leaves: to an address, as oneself or not; or over the reply blocks of one that came.

import { daemon } from './daemon.ts'
import { fileApp, writeFile } from './file-content.ts'

export type Way =
  | { readonly by: 'reply'; readonly to: string }
  | { readonly by: 'address'; readonly to: string; readonly named: boolean }

/** A copy of a larger file is not kept beside it. */
const largestCopy = 1024 * 1024

/** Hands a text or a file over: it is on the daemon's disk when this resolves. @throws RemoteError */
export async function send(
  way: Way,
  what: string | { readonly name: string; readonly bytes: Uint8Array },
): Promise<void> {
  const { client } = daemon.value
  const content = typeof what === 'string' ? what : writeFile(what.name, what.bytes)
  const keep = typeof what === 'string' || what.bytes.length <= largestCopy
  if (way.by === 'reply') await client.reply(way.to, content, { keep })
  else {
    // Whoever does not know who writes can answer all the same
    const told = way.named ? { from: true, receipt: true } : { replies: true }
    const app = typeof what === 'string' ? {} : { app: fileApp }
    await client.send(way.to, content, { ...told, ...app, keep })
  }
  await daemon.value.accepted()
}
