// A gateway as an entry (docs/spec/gateway.md 7.2): it carries the cells of its clients to the homes that they name,
// several to a request, and their answers back. It can open none of them.

import { hex } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import { largestBoard, largestPage, type PageSize } from '../../link/protocol/mailbox.ts'
import {
  answerBytes,
  type CellAnswer,
  type CellStatus,
  homeProtocol,
  mostCells,
  readBatchAnswer,
  readCell,
  readErrand,
  writeBatch,
  writeErrandAnswer,
} from '../../link/protocol/relaying.ts'
import type { Clock } from '../../world/clock.ts'
import { type Ms, minute, second } from '../../world/units.ts'

/** Channels of one client: three homes, and as many that it has left and reads to their end. */
export const mostChannels = 8
/** A channel that was not used for so long makes room for another of its client. */
const unusedMs: Ms = minute
/** Requests to one home under way. While there are so many, cells wait and share the next. */
const mostRequests = 8
/** Cells that wait for one home; for one more the client is told that it does not answer. */
const mostWaiting = 512
/** A home has so long; a client waits a little longer. */
const homeTimeoutMs: Ms = 5 * second

/** Counts cells of clients by what became of them. */
export interface EntryCounters {
  carried: number
  /** Over the rate, or by a client of which nothing more can be known. */
  refused: number
  /** Over the channels that a client may have. */
  crowded: number
  /** For a home that is no gateway of the consensus, or did not answer. */
  homeless: number
  /** While too many waited for their home. */
  dropped: number
}

export interface Entry {
  /**
   * Carries a client's cell to its home, and gives the answer.
   *
   * @param client 32 bytes
   * @throws LinkError BAD_MESSAGE
   */
  carry(client: Uint8Array, errand: Uint8Array): Promise<Uint8Array>
  /** A client's last connection has closed. */
  gone(client: Uint8Array): void
  /** Tells whether a home has answered this client: to the shares of this host it is a client then, no stranger. */
  isClient(client: Uint8Array): boolean
  /** Counts the channels that clients have through here. */
  readonly channels: number
  readonly counters: Readonly<EntryCounters>
}

interface Waiting {
  readonly errand: ReturnType<typeof readErrand>
  readonly answer: (answer: CellAnswer | undefined) => void
}

/** Holds what is known of a client. */
interface Carried {
  /** Its channels by name: when each was used last; the one used longest ago in front. */
  readonly channels: Map<string, Ms>
  answered: boolean
}

/** Holds what waits for one home. */
interface Queue {
  underWay: number
  waiting: Waiting[]
}

/**
 * Begins without clients.
 *
 * @param options.home finds a home among the gateways of the consensus
 * @param options.here answers cells for this gateway itself, as for its own entry
 * @param options.mayAsk takes one off what a client may ask for
 */
export function entry(options: {
  readonly id: Uint8Array
  readonly link: Pick<Link, 'request'>
  readonly home: (id: Uint8Array) => Peer | undefined
  readonly here: (batch: Uint8Array) => Promise<Uint8Array>
  readonly mayAsk: (client: Uint8Array) => 'yes' | 'slow-down' | 'full'
  readonly pageSize: () => PageSize
  readonly payloadBytes: number
  readonly clock: Pick<Clock, 'elapsed'>
}): Entry {
  const { id, link, home, here, mayAsk, pageSize, clock } = options
  const longest = { places: largestPage, payloadBytes: options.payloadBytes, boardBytes: largestBoard }
  const queues = new Map<string, Queue>()
  const clients = new Map<string, Carried>()
  const counters: EntryCounters = { carried: 0, refused: 0, crowded: 0, homeless: 0, dropped: 0 }

  const ask = async (to: Peer, batch: readonly Waiting[]): Promise<CellAnswer[]> => {
    const body = writeBatch(batch.map(({ errand }) => errand))
    const answer =
      hex(to.id) === hex(id)
        ? await here(body)
        : await link.request(to, homeProtocol, body, {
            timeoutMs: homeTimeoutMs,
            maxBytes: 4 + mostCells * (1 + answerBytes(longest)),
          })
    return readBatchAnswer(answer, batch.length)
  }

  const pump = (name: string, queue: Queue): void => {
    while (queue.waiting.length > 0 && queue.underWay < mostRequests) {
      const batch = queue.waiting.splice(0, mostCells)
      // The newest word of where it is
      const to = home((batch[0] as Waiting).errand.home)
      void send(name, queue, to, batch)
    }
    if (queue.underWay === 0) queues.delete(name)
  }

  const send = async (
    name: string,
    queue: Queue,
    to: Peer | undefined,
    batch: readonly Waiting[],
  ): Promise<void> => {
    queue.underWay++
    const answers = to === undefined ? [] : await ask(to, batch).catch(() => [])
    queue.underWay--
    for (const [i, { answer }] of batch.entries()) answer(answers[i])
    pump(name, queue)
  }

  const carried = (errand: Waiting['errand']): Promise<CellAnswer | undefined> =>
    new Promise(answer => {
      const name = hex(errand.home)
      const queue = queues.get(name) ?? { underWay: 0, waiting: [] }
      queues.set(name, queue)
      if (queue.waiting.length >= mostWaiting) {
        counters.dropped++
        return answer(undefined)
      }
      queue.waiting.push({ errand, answer })
      pump(name, queue)
    })

  /** Counts a channel of a client; undefined when it has as many as one may have. */
  const enter = (client: Uint8Array, channel: string): Carried | undefined => {
    const known = clients.get(hex(client)) ?? { channels: new Map(), answered: false }
    const { channels } = known
    const now = clock.elapsed()
    const [oldest] = channels
    if (!channels.has(channel) && channels.size >= mostChannels && oldest !== undefined) {
      if (oldest[1] > now - unusedMs) return undefined
      channels.delete(oldest[0])
    }
    channels.delete(channel)
    channels.set(channel, now)
    clients.set(hex(client), known)
    return known
  }

  return {
    async carry(client, bytes) {
      const errand = readErrand(bytes)
      // A home takes a batch as a whole: what no client could have meant goes no further
      readCell(errand.cell)
      const refuse = (status: CellStatus): Uint8Array =>
        writeErrandAnswer(status, new Uint8Array(answerBytes(pageSize())))
      const may = mayAsk(client)
      if (may !== 'yes') {
        counters.refused++
        return refuse(may)
      }
      if (home(errand.home) === undefined) {
        counters.homeless++
        return refuse('no-home')
      }
      const known = enter(client, hex(errand.channel))
      if (known === undefined) {
        counters.crowded++
        return refuse('full')
      }
      const answered = await carried(errand)
      if (answered === undefined) {
        counters.homeless++
        return refuse('no-home')
      }
      counters.carried++
      if (answered.status === 'ok') known.answered = true
      return writeErrandAnswer(answered.status, answered.answer)
    },
    gone(client) {
      clients.delete(hex(client))
    },
    isClient: client => clients.get(hex(client))?.answered === true,
    get channels() {
      let sum = 0
      for (const { channels } of clients.values()) sum += channels.size
      return sum
    },
    counters,
  }
}
