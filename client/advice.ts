// What went wrong and what to do about it, a sentence for each code (docs/spec/client-errors.md 16): the hint of the
// command line, and of problems over HTTP.

import type { ClientErrorCode } from './error.ts'

/** Codes that the HTTP API has besides. */
export type ApiCode =
  | 'BAD_TOKEN'
  | 'BAD_ORIGIN'
  | 'BAD_HOST'
  | 'BAD_REQUEST'
  | 'NOT_FOUND'
  | 'OWNER_ONLY'
  | 'SLOW_DOWN'
  | 'INTERNAL'

/** Explains a code to a person. */
export interface Advice {
  /** Names what was handed in, or what happened. */
  readonly when: string
  /** Says what to do. */
  readonly remedy: string
}

/** By code: the rows of docs/spec/client-errors.md 16. */
export const advice: Readonly<Record<ClientErrorCode | ApiCode, Advice>> = {
  BAD_ADDRESS: {
    when: 'an address with a wrong or missing character',
    remedy: 'copy the address again, whole, from where it came',
  },
  WRONG_NETWORK: {
    when: 'an address, reply blocks or an identity of another network',
    remedy: 'use it with a client of that network, or ask for one of this network',
  },
  WRONG_VERSION: {
    when: 'an address or reply blocks of another version',
    remedy: 'update chaffinch: a newer one made it',
  },
  BAD_SURB: {
    when: 'reply blocks with a wrong or missing character',
    remedy: 'ask for the reply blocks again and copy them whole',
  },
  TOO_LARGE: { when: 'a message over the limit', remedy: 'split it, or leave something out' },
  QUEUE_FULL: {
    when: 'more messages under way than the queue holds',
    remedy: 'wait until some have left (chaffinch flush), or call some off',
  },
  DISK_FULL: {
    when: 'the disk has no room for what is to be kept',
    remedy: 'make room on the disk and try again: nothing was accepted, and what was accepted before is safe',
  },
  NO_CONSENSUS: {
    when: 'no consensus, or an expired one',
    remedy:
      "check this computer's clock and connection; it resolves by itself when an authority or a node answers",
  },
  NO_GATEWAY: {
    when: 'none of the gateways of this client can be reached',
    remedy: "wait, or name others as 'gateways' in client.toml",
  },
  NO_PATH: {
    when: 'no path that obeys families, networks and the wishes for this message',
    remedy: 'wait until more mixes run, or ask less of the path',
  },
  NO_REPLY: {
    when: 'a reply to a message without reply blocks: its sender wants no reply',
    remedy: 'write to the sender with --to, if you know the address',
  },
  REPLY_EXPIRED: {
    when: 'the keys of the reply blocks are over, or all are spent, and the message does not say who wrote it',
    remedy: 'wait for the other side to write again',
  },
  REPLY_EXHAUSTED: {
    when: 'every reply block was used up and the other side sent no more',
    remedy: 'wait for the other side to write again, and send less or ask it for more reply blocks',
  },
  NO_SERVICE: {
    when: 'a service that nobody announces, or several do',
    remedy: 'choose from chaffinch services, as NAME@GATEWAY, or give its address',
  },
  SERVICE_BUSY: { when: 'a service with more requests than its quota', remedy: 'try again later' },
  SERVICE_REFUSED: { when: 'a request longer than the service takes', remedy: 'ask for less at once' },
  SERVICE_FAILED: { when: 'a service whose handler failed', remedy: 'ask whoever runs it' },
  EXPIRED: {
    when: 'nobody acknowledged the message while it lived',
    remedy: 'send it again, and ask the receiver whether the gateways of the address still run',
  },
  ABORTED: { when: 'the caller called it off', remedy: 'nothing: what has left may still arrive' },
  DEADLINE: { when: 'its deadline passed first', remedy: 'send it again with more time' },
  CLOSED: { when: 'the client is closed', remedy: 'start the client again' },
  STORE_NEWER: {
    when: 'a folder that a newer chaffinch has written',
    remedy: 'run that version, or a later one: nothing was changed',
  },
  STORE_DAMAGED: {
    when: 'a folder in which something is lost or cannot be read',
    remedy: 'restore the folder from a copy, or go on with its identity alone, as the message says',
  },
  LOCKED: {
    when: 'a locked folder and no passphrase or key, or the wrong one',
    remedy: 'give its passphrase or key file (chaffinch identity --help)',
  },
  IN_USE: {
    when: 'a folder that another client has open, of this process or another',
    remedy: 'end the other one first, or use another folder',
  },
  NO_FOLDER: {
    when: 'a folder that can be neither opened nor made',
    remedy: "see to its owner, its rights and the disk, or set 'folder' to another place",
  },
  NO_CONTACT: {
    when: 'a contact that is not there',
    remedy: 'chaffinch contacts shows those that are; contacts add makes one',
  },
  NO_IDENTITY: {
    when: 'an identity that is not there',
    remedy: 'chaffinch identity list shows those that are; identity create makes one',
  },
  BAD_OPTION: { when: 'an option out of its range', remedy: 'correct the option that the message names' },
  BAD_TEXT: {
    when: 'text that is not UTF-8, in a body, path, query or header, or half a character in a text',
    remedy: 'encode the text that the detail names as UTF-8; bytes that are no text go as base64 or octets',
  },
  UNKNOWN_MESSAGE: {
    when: "an id of no message here, or of another app's or identity's",
    remedy: 'chaffinch inbox list and chaffinch queue --all show the ids',
  },
  NO_TOPIC: { when: 'a topic that the network does not have', remedy: 'use one that the message names' },
  BAD_ENTRY: { when: 'bytes that are not what the topic wants', remedy: 'correct the entry' },
  NOT_PUBLISHED: {
    when: 'an entry that did not turn up on the board',
    remedy: 'publish it again, or name another gateway',
  },
  WRONG_STATE: { when: 'a fault in this program', remedy: 'report it, with what you did' },
  BAD_FRAGMENT: {
    when: 'bytes from the network that are no fragment',
    remedy: 'nothing: dropped and counted',
  },
  BAD_CONTENT: { when: 'fragments that make no message', remedy: 'nothing: dropped and counted' },
  BAD_SEAL: {
    when: 'bytes from the network that were not sealed to this client',
    remedy: 'nothing: dropped and counted',
  },
  BAD_TOKEN: {
    when: 'a request without the token, or with a wrong one',
    remedy: "send 'Authorization: Bearer' with what is in the client's token file",
  },
  BAD_ORIGIN: {
    when: 'a request that a web page made (it has an Origin)',
    remedy: 'ask from a program of this computer: web pages may not',
  },
  BAD_HOST: {
    when: 'a request whose Host is not this computer (a web page behind a name of its own)',
    remedy: 'ask at 127.0.0.1, localhost or [::1] with the port',
  },
  BAD_REQUEST: {
    when: 'a body or query that is not as documented',
    remedy: 'correct the field that the detail names: GET /openapi.json says how it must be',
  },
  NOT_FOUND: { when: 'a path or method that is none', remedy: 'look the path up in GET /openapi.json' },
  OWNER_ONLY: {
    when: "an app's token for what is the owner's, or another identity's",
    remedy: "use the client's own token",
  },
  SLOW_DOWN: { when: 'more requests a minute than are granted', remedy: 'wait as long as Retry-After says' },
  INTERNAL: { when: 'a fault in this program', remedy: "look into the client's log, and report it" },
}

/** Finds what to do about a code; undefined for one that is none of a client's. */
export function adviceFor(code: string): string | undefined {
  return Object.hasOwn(advice, code) ? advice[code as keyof typeof advice].remedy : undefined
}
