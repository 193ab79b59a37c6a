// Where the time of a new message goes, from `send` to the receiver's app, in a quiet network: the sender's clock, the
// way, the mailbox until a tick of the receiver's clock asks for what lies there, and reading. Both ends live in this
// process, so that one clock times both; the receiver's link notes when pages were asked for and came.

import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, connect, type LedgerEntry } from '../../client/index.ts'
import type { Network } from '../../directory/documents/network.ts'
import { type Link, startHost } from '../../link/index.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { fraction, systemRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'

/** A message that has not come by then is lost. */
const patienceMs = 60 * second
/** Between two messages at most: nothing of one shows in the next. */
const mostGapMs = second

/** A request of the receiver for a page: when it left, and when its answer was there, milliseconds since 1970. */
export interface Asked {
  readonly at: number
  readonly answeredAt: number
}

/** Milliseconds of one message; together they are all the time from `send` to the app. */
export interface MessageParts {
  /** From `send` until the fragment first leaves: the sender's own clock. */
  readonly clock: number
  /** The delays drawn for its path. */
  readonly drawn: number
  /** Retransmissions. What else the path took longer cannot be told from the wait in the mailbox. */
  readonly path: number
  /** From then until the request that brought it left: the wait for the receiver's clock, and what nodes took. */
  readonly mailbox: number
  /** From that request until the app has it: the page's way, the disk, the hand-over. */
  readonly reading: number
}

/** Gives the median of each part, and of what is added beyond clock and delays drawn the 90th percentile too. */
export interface Parts extends Readonly<Record<keyof MessageParts, number>> {
  readonly messages: number
  readonly total: number
  readonly added: number
  readonly addedP90: number
}

/**
 * Takes the time of one message of one fragment apart.
 *
 * @param of the entries of both ends' ledgers about it
 * @param asked all requests for pages of the receiver, in order
 * @returns undefined where it has not come
 */
export function partsOf(of: readonly LedgerEntry[], asked: readonly Asked[]): MessageParts | undefined {
  const accepted = of.find(entry => entry.event === 'accepted')
  const sent = of.filter(entry => entry.event === 'sent')
  const received = of.find(entry => entry.event === 'received')
  const delivered = of.find(entry => entry.event === 'delivered')
  const [first] = sent
  const arrived = sent.find(entry => received?.event === 'received' && entry.attempt === received.attempt)
  if (accepted === undefined || first === undefined || arrived?.drawnMs === undefined) return undefined
  if (received === undefined || delivered === undefined) return undefined
  const brought = asked.findLast(({ answeredAt }) => answeredAt <= received.at)
  if (brought === undefined) return undefined
  return {
    clock: first.at - accepted.at,
    drawn: arrived.drawnMs,
    path: arrived.at - first.at,
    mailbox: brought.at - arrived.at - arrived.drawnMs,
    reading: delivered.at - brought.at,
  }
}

/** Puts the parts of all messages together. */
export function summary(messages: readonly MessageParts[]): Parts {
  const of = (value: (parts: MessageParts) => number, share = 0.5): number => {
    const sorted = messages.map(value).toSorted((a, b) => a - b)
    return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)
  }
  const added = ({ path, mailbox, reading }: MessageParts): number => path + mailbox + reading
  return {
    messages: messages.length,
    clock: of(({ clock }) => clock),
    drawn: of(({ drawn }) => drawn),
    path: of(({ path }) => path),
    mailbox: of(({ mailbox }) => mailbox),
    reading: of(({ reading }) => reading),
    total: of(parts => parts.clock + parts.drawn + added(parts)),
    added: of(added),
    addedP90: of(added, 0.9),
  }
}

/** Sends messages, one after the other at random times. @throws Error when one does not come */
export async function messageParts(network: Network, folder: string, messages: number): Promise<Parts> {
  const asked: Asked[] = []
  const host = await startLink(network)
  const receiver = await connect({ network, folder: join(folder, 'receiver'), link: noting(host, asked) })
  const sender = await connect({ network, folder: join(folder, 'sender') })
  try {
    // Whoever has just begun has documents and connections to make
    await pause(3 * second)
    for (let i = 0; i < messages; i++) {
      await pause(fraction(systemRandom) * mostGapMs)
      await oneMessage(sender, receiver)
    }
    const entries = [...sender.ledger(), ...receiver.ledger()]
    const ids = new Set(entries.flatMap(entry => (entry.event === 'delivered' ? [entry.id] : [])))
    const all = [...ids].map(id =>
      partsOf(
        entries.filter(entry => entry.id === id),
        asked,
      ),
    )
    return summary(all.filter(parts => parts !== undefined))
  } finally {
    await sender.close()
    await receiver.close()
    await host.close()
  }
}

async function oneMessage(sender: Client, receiver: Client): Promise<void> {
  const { id } = await sender.send(receiver.address, 'a new message')
  const signal = AbortSignal.timeout(patienceMs)
  for await (const message of receiver.messages({ signal })) if (message.id === id) return
  throw new Error('a message did not come within a minute')
}

function startLink({ suite, hops, userBytes }: Network): Promise<Link> {
  return startHost({
    clock: systemClock,
    random: systemRandom,
    log: silent,
    seed: undefined,
    listen: [],
    cellBytes: geometry({ suite, hops, userBytes }).packetBytes,
    admits: () => false,
    role: 'client',
  })
}

/** The same link, of which it is noted when requests to gateways were made and answered. */
function noting(link: Link, asked: Asked[]): Link {
  const request: Link['request'] = async (to, protocol, body, options) => {
    const at = Date.now()
    const answer = await link.request(to, protocol, body, options)
    if (/\/(entry|mailbox)\//.test(protocol)) asked.push({ at, answeredAt: Date.now() })
    return answer
  }
  return new Proxy(link, {
    get(of, name) {
      if (name === 'request') return request
      const value = Reflect.get(of, name, of) as unknown
      return typeof value === 'function' ? (value.bind(of) as unknown) : value
    },
  })
}
