// A gateway towards its clients: who owns which mailbox on which connection, and how much each connection may ask
// for (docs/spec/gateway.md).

import * as crypto from '#crypto'
import { isServiceName } from '../../directory/documents/announced.ts'
import type { Parameters } from '../../directory/documents/view.ts'
import { fromHex, hex, same } from '../../encoding/bytes.ts'
import {
  type Greeting,
  type MailboxRequest,
  type MailboxStatus,
  proofMessage,
  readRequest,
  writeGreeting,
  writePage,
} from '../../link/protocol/mailbox.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import type { Announcements } from '../announcements.ts'
import type { Mailboxes } from './mailbox.ts'

/** A client may come this much faster than the consensus's clocks tick: they are random, and queues make bursts. */
const generosity = 2
/** Smallest bursts, cells and requests: a client that has just come says hello, opens and reads at once. */
const leastCells = 64
const leastRequests = 16
/** Beyond what can be carried, one in so many more comes in to prove its mailbox. */
const reserve = 4

export interface Gateway {
  /** Says how many of a client's cells may come in, from the first on. */
  admit(client: Uint8Array, cells: number): number
  /** Takes one off what a client may ask for: of a gateway that carries it to a home. */
  mayAsk(client: Uint8Array): 'yes' | 'slow-down' | 'full'
  /**
   * Answers one request of the mailbox protocol.
   *
   * @param client 32 bytes: a connection's throw-away identity, or the binding of a channel (channels.ts)
   * @throws LinkError BAD_MESSAGE
   */
  answer(client: Uint8Array, request: Uint8Array): Promise<Uint8Array>
  /** A client's last connection has closed: nothing of it is kept. */
  gone(client: Uint8Array): void
  /** Says whether this client has a mailbox open, whose key it has proved. */
  isOwner(client: Uint8Array): boolean
  /** Has those go that are more than it can carry: who has proved nothing, the newest first, and nobody else. */
  shed(): void
  /** Counts the clients that are known now. */
  readonly clients: number
  /** Counts those of them whose entry this is: they have a connection here, and no channel through another gateway. */
  readonly entered: number
  /** Counts requests that were answered, and clients that were turned away or had to go because of the load. */
  readonly counters: Readonly<GatewayCounters>
}

export interface GatewayCounters {
  answered: number
  turnedAway: number
  shed: number
}

/** So much is known of one connected client. */
interface Client {
  readonly cells: Bucket
  readonly requests: Bucket
  /** 32 bytes that the next `open` must have signed. */
  nonce?: Uint8Array | undefined
  /** 32 bytes: the mailbox whose key it proved. */
  owner?: Uint8Array | undefined
}

/**
 * Begins without clients.
 *
 * @param options.id 32 bytes: this gateway's node id
 * @param options.parameters the consensus's now
 * @param options.clients clients known at most; further ones are told `full`, and their cells do not come in
 */
export function gateway(options: {
  id: Uint8Array
  mailboxes: Mailboxes
  parameters: () => Parameters
  /** Gives what a page shows of the bulletin, from a cursor on and an offset in its entry. */
  board: (cursor: number, offset: number, bytes: number) => Uint8Array
  /** Takes a service of the owner of a mailbox; false when it does not stand. */
  announce: Announcements['announce']
  payloadBytes: number
  clients: number
  /** Clients that can be carried now (load.ts). Default: as many as may be known. */
  capacity?: (() => number) | undefined
  /** Says whether a client has been answered by its home through here: it is no stranger then. */
  isProven?: ((client: Uint8Array) => boolean) | undefined
  /** Says whether a client has a connection or a channel: what is known of it begins and ends with that. */
  isConnected: (client: Uint8Array) => boolean
  /** Says whether it has a connection. Default: everyone has. */
  isHere?: ((client: Uint8Array) => boolean) | undefined
  clock: Pick<Clock, 'elapsed'>
  random: Random
}): Gateway {
  const { id, mailboxes, parameters, board, announce, payloadBytes, clock, random } = options
  const { capacity = () => options.clients, isProven = () => false } = options
  const clients = new Map<string, Client>()
  /** Those that had to go, until they have gone. */
  const away = new Set<string>()
  const counters: GatewayCounters = { answered: 0, turnedAway: 0, shed: 0 }
  /** The client that has a mailbox open: one at a time. */
  const openAt = new Map<string, Client>()

  /** @param mayOwn it may be about to prove a mailbox: owners come in beyond what strangers may fill */
  const known = (id: Uint8Array, mayOwn = false): Client | undefined => {
    const name = hex(id)
    const client = clients.get(name)
    if (client !== undefined) return client
    // what waited for room is handed over when its client may have gone: nothing would take it out again
    if (!options.isConnected(id) || clients.size >= options.clients) return undefined
    if (away.has(name) || !hasRoom(mayOwn)) {
      counters.turnedAway++
      return undefined
    }
    const fresh = {
      cells: fullBucket(cellRate(parameters()), clock.elapsed()),
      requests: fullBucket(requestRate(parameters()), clock.elapsed()),
    }
    clients.set(name, fresh)
    return fresh
  }

  /** Tells whether one more can be carried. For who may own a mailbox a stranger makes room, the oldest. */
  const hasRoom = (mayOwn: boolean): boolean => {
    const most = capacity()
    if (clients.size < most) return true
    if (!mayOwn) return false
    if (clients.size < most + Math.ceil(most / reserve)) return true
    for (const name of clients.keys()) if (letGo(name)) return true
    return false
  }

  /** Has a client go that has proved nothing. */
  const letGo = (name: string): boolean => {
    if (clients.get(name)?.owner !== undefined || isProven(fromHex(name))) return false
    clients.delete(name)
    away.add(name)
    counters.shed++
    return true
  }

  /** The newest connection that proves the key has the mailbox: the older one may be dead and not know it yet. */
  const hand = (client: Client, owner: Uint8Array): void => {
    if (client.owner !== undefined && !same(client.owner, owner)) release(client)
    const before = openAt.get(hex(owner))
    if (before !== undefined) before.owner = undefined
    client.owner = owner
    openAt.set(hex(owner), client)
  }

  const release = (client: Client): void => {
    if (client.owner !== undefined) {
      openAt.delete(hex(client.owner))
      mailboxes.release(client.owner)
    }
    client.owner = undefined
  }

  const open = (
    from: Uint8Array,
    client: Client,
    { key, proof }: Extract<MailboxRequest, { t: 'open' }>,
  ): MailboxStatus => {
    const { nonce } = client
    client.nonce = undefined
    if (nonce === undefined) return 'not-open'
    if (!crypto.ed25519Verify(key, proofMessage(id, from, nonce), proof)) return 'bad-proof'
    // Beyond what it can carry only those come in whose mail is here
    if (clients.size > capacity() && !mailboxes.isOpened(key)) {
      letGo(hex(from))
      return 'full'
    }
    if (!mailboxes.claim(key)) return 'full'
    hand(client, key.slice())
    return 'ok'
  }

  const greet = (from: Uint8Array, request: Extract<MailboxRequest, { t: 'hello' | 'open' }>): Greeting => {
    const client = known(from, true)
    if (client === undefined) return { status: 'full', nonce: noNonce }
    if (takeTokens(client.requests, requestRate(parameters()), 1, clock.elapsed()) === 0)
      return { status: 'slow-down', nonce: noNonce }
    if (request.t === 'open') return { status: open(from, client, request), nonce: noNonce }
    client.nonce = random(32)
    return { status: 'ok', nonce: client.nonce }
  }

  /** Announcements are answered like reads, by a page. */
  const page = async (
    from: Uint8Array,
    request: Extract<MailboxRequest, { t: 'read' | 'announce' }>,
  ): Promise<Uint8Array> => {
    const { pageEntries: places, bulletinPageBytes: boardBytes } = parameters()
    const size = { places, payloadBytes, boardBytes }
    const empty = (status: MailboxStatus): Uint8Array =>
      writePage({ status, waiting: 0, entries: [], board: new Uint8Array(boardBytes) }, size)
    const client = known(from)
    if (client === undefined) return empty('full')
    if (takeTokens(client.requests, requestRate(parameters()), 1, clock.elapsed()) === 0)
      return empty('slow-down')
    if (client.owner === undefined) return empty('not-open')
    if (request.t === 'announce') {
      const { name, sealingKey } = request
      const service = { name, sealingKey: sealingKey.slice(), mailboxKey: client.owner }
      return empty(isServiceName(name) && announce(service) ? 'ok' : 'full')
    }
    const { after, done, ...wanted } = request
    const found = await mailboxes.page(client.owner, { after, done, places })
    const shown = board(wanted.board, wanted.boardOffset, boardBytes)
    return writePage({ status: 'ok', ...found, board: shown }, size)
  }

  return {
    admit(from, cells) {
      const client = known(from)
      return client === undefined
        ? 0
        : takeTokens(client.cells, cellRate(parameters()), cells, clock.elapsed())
    },
    mayAsk(from) {
      const client = known(from)
      if (client === undefined) return 'full'
      const taken = takeTokens(client.requests, requestRate(parameters()), 1, clock.elapsed())
      return taken === 0 ? 'slow-down' : 'yes'
    },
    async answer(from, bytes) {
      const request = readRequest(bytes)
      counters.answered++
      return request.t === 'read' || request.t === 'announce'
        ? page(from, request)
        : writeGreeting(greet(from, request))
    },
    gone(from) {
      const client = clients.get(hex(from))
      if (client !== undefined) release(client)
      clients.delete(hex(from))
      away.delete(hex(from))
    },
    isOwner: client => clients.get(hex(client))?.owner !== undefined,
    shed() {
      const most = capacity()
      const newest = [...clients.keys()].reverse()
      for (const name of newest) {
        if (clients.size <= most) return
        letGo(name)
      }
    },
    get clients() {
      return clients.size
    },
    get entered() {
      const { isHere = () => true } = options
      return [...clients.keys()].filter(name => isHere(fromHex(name))).length
    },
    counters,
  }
}

/** Limits one client's cells: its three clocks (docs/spec/gateway.md 4). */
export function cellRate(parameters: Parameters): Rate {
  const { payloadPerMinute, loopPerMinute, dropPerMinute } = parameters
  return generous(payloadPerMinute + loopPerMinute + dropPerMinute, leastCells)
}

/** Limits one client's requests: its reads (docs/spec/gateway.md 4). */
export function requestRate(parameters: Parameters): Rate {
  return generous(parameters.readPerMinute, leastRequests)
}

/** Gives half a minute's worth at once. */
function generous(perMinute: number, least: number): Rate {
  const rate = generosity * perMinute
  return { perMinute: rate, burst: Math.max(least, rate / 2) }
}

const noNonce: Uint8Array = new Uint8Array(32)
