// What a page asks of the client in its worker (docs/spec/client-browser.md 18.3): a call each, with what can be copied
// from one to the other.

import type { Client } from '../client.ts'
import type { Senders } from '../contacts/choices.ts'
import type { Contact, ContactSettings } from '../contacts/contacts.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import type { KnownService } from '../incoming/announcing.ts'
import type { Message, Received } from '../message.ts'
import type { SendOptions } from '../options.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import type { MessageState } from '../outgoing/queue-state.ts'
import type { ClientStatus } from '../status.ts'

/** Tells what a message or reply of ours has come to. */
export interface Handed {
  readonly id: string
  readonly app: string
  readonly state: MessageState
  readonly reason: ClientErrorCode | undefined
  readonly progress: { readonly fragments: number; readonly arrived: number }
}

/** Options of `send` that can be copied. */
export type CopiedSendOptions = Omit<SendOptions, 'signal'>

/** Says which of the messages that are kept are listed. */
export interface ListOptions {
  readonly app?: string
  readonly senders?: Senders
  /** The `seq` of the last one that the page has; default -1, for all that are kept. */
  readonly after?: number
}

/** Messages in one answer, and their bytes, about. */
const [mostMessages, mostBytes] = [100, 1024 * 1024]

/** Every call, by its name. */
export const calls = {
  address: (client: Client): string => client.address,
  status: (client: Client): ClientStatus => client.status(),
  send: async (
    client: Client,
    to: string,
    content: Uint8Array | string,
    options: CopiedSendOptions,
  ): Promise<Handed> => handedOf(await client.send(to, content, options)),
  reply: async (
    client: Client,
    id: string,
    content: Uint8Array | string,
    options: Pick<CopiedSendOptions, 'deadlineMs' | 'priority'>,
  ): Promise<Handed> => handedOf(await client.reply(id, content, options)),
  request: (
    client: Client,
    to: string,
    name: string,
    content: Uint8Array | string,
    options: Pick<CopiedSendOptions, 'deadlineMs'>,
  ): Promise<Uint8Array> => client.request(to, name, content, options),
  list: async (client: Client, options: ListOptions): Promise<Received[]> =>
    (await client.inbox({ ...options, most: mostMessages, mostBytes })).map(copyOf),
  message: (client: Client, id: string): Handed => handedOf(find(client, id)),
  cancel: (client: Client, id: string): Handed => {
    find(client, id).cancel()
    return handedOf(find(client, id))
  },
  services: (client: Client): KnownService[] => client.services(),
  contacts: (client: Client): readonly Contact[] => client.contacts.list(),
  addContact: async (
    client: Client,
    name: string,
    address: string,
    settings: ContactSettings | undefined,
  ): Promise<Contact> => await client.contacts.add(name, address, settings),
  removeContact: async (client: Client, name: string): Promise<void> => {
    await client.contacts.remove(name)
  },
  safetyWords: (client: Client, who: string): string[] => client.safetyWords(who),
  setCover: (client: Client, level: CoverLevel): void => client.setCover(level),
  flush: (client: Client, until: 'sent' | 'stored'): Promise<void> => client.flush(until),
} as const

export type Calls = typeof calls
export type CallName = keyof Calls

export function isCall(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

function find(client: Client, id: string): Message {
  const found = client.message(id)
  if (found === undefined) throw new ClientError('UNKNOWN_MESSAGE', 'no message of this client has this id')
  return found
}

export function handedOf({ id, app, state, reason, progress }: Message): Handed {
  return { id, app, state, reason, progress }
}

function copyOf(received: Received): Received {
  const { id, seq, at, app, bytes, text, inReplyTo, from, contact, canReply } = received
  return { id, seq, at, app, bytes, text, inReplyTo, from, contact, canReply }
}
