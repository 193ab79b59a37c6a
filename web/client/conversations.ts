// From what was sent and what came to conversations: with a contact, with an address, or with somebody who wrote
// without a name. Pure.

import type { ListedJson, QueuedJson } from '../../client/remote/index.ts'
import { fileApp } from './file-content.ts'

/** A message as a thread shows it. */
export type Entry =
  | { readonly by: 'me'; readonly at: number; readonly message: QueuedJson }
  | { readonly by: 'them'; readonly at: number; readonly message: ListedJson }

export interface Conversation {
  /** `c:NAME`, `a:ADDRESS`, or `n:ID` of the message that began it. */
  readonly key: string
  readonly contact: string | undefined
  readonly address: string | undefined
  /** Oldest first. */
  readonly entries: readonly Entry[]
  readonly unread: number
  readonly last: number
  /** A stranger began it, and has not become a contact. */
  readonly isRequest: boolean
}

interface Names {
  readonly contact?: string | undefined
  readonly address?: string | undefined
}

/** Sorts messages into conversations, the latest in front. Only texts and files: apps have their own. */
export function conversationsOf(
  sent: Iterable<QueuedJson>,
  received: Iterable<ListedJson>,
): readonly Conversation[] {
  const shown = ({ app }: { readonly app: string }): boolean => app === '' || app === fileApp
  const came = [...received].filter(shown)
  const went = [...sent].filter(shown)
  const keys = new Map<string, string>()
  const names = new Map<string, Names>()
  const of = (key: string, what: Names): string => {
    if (!names.has(key)) names.set(key, what)
    return key
  }
  for (const { id, to, contact } of went)
    if (contact !== null) keys.set(id, of(`c:${contact}`, { contact, address: to ?? undefined }))
    else if (to !== null) keys.set(id, of(`a:${to}`, { address: to }))
  for (const { id, contact, from, inReplyTo } of came)
    if (contact !== null) keys.set(id, of(`c:${contact}`, { contact, address: from ?? undefined }))
    else if (from !== null) keys.set(id, of(`a:${from}`, { address: from }))
    else if (inReplyTo === null) keys.set(id, of(`n:${id}`, {}))
  // What answers is in the conversation of what it answers, where that is still known
  for (const { id, inReplyTo } of [...came, ...went])
    if (!keys.has(id)) keys.set(id, of(keys.get(inReplyTo ?? '') ?? `n:${inReplyTo ?? id}`, {}))
  const threads = new Map<string, Entry[]>()
  const add = (entry: Entry): void => {
    const key = keys.get(entry.message.id) as string
    const thread = threads.get(key)
    if (thread === undefined) threads.set(key, [entry])
    else thread.push(entry)
  }
  for (const message of went) add({ by: 'me', at: message.acceptedAt, message })
  for (const message of came) add({ by: 'them', at: message.at, message })
  return [...threads].map(([key, entries]) => conversationOf(key, names.get(key) ?? {}, entries)).sort(latest)
}

function conversationOf(key: string, { contact, address }: Names, entries: Entry[]): Conversation {
  entries.sort((a, b) => a.at - b.at)
  const unread = entries.filter(entry => entry.by === 'them' && !entry.message.read).length
  const isRequest =
    contact === undefined && entries[0]?.by === 'them' && entries[0].message.inReplyTo === null
  return { key, contact, address, entries, unread, last: entries.at(-1)?.at ?? 0, isRequest }
}

function latest(a: Conversation, b: Conversation): number {
  return b.last - a.last
}

/** Finds the newest message of a conversation that can be answered without a name. */
export function answerable({ entries }: Conversation): ListedJson | undefined {
  const found = entries.findLast(entry => entry.by === 'them' && entry.message.canReply)
  return found?.by === 'them' ? found.message : undefined
}
