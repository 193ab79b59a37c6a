// A gateway as a home (docs/spec/gateway.md 7.3): the ends of the channels over which clients read their mail here,
// through entries that see neither. Each is to the mailbox protocol what a client's connection is.

import type { Parameters } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { type PageSize, pageBytes, requestBytes } from '../../link/protocol/mailbox.ts'
import {
  answerBytes,
  type CellAnswer,
  type CellStatus,
  channelPrologue,
  type Errand,
  readBatch,
  readCell,
  writeBatchAnswer,
} from '../../link/protocol/relaying.ts'
import { type Place, Shares } from '../../link/shares.ts'
import { answerChannel, type Channel, handshakeBytes, Numbers } from '../../sphinx/channel.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, minute } from '../../world/units.ts'
import type { PacketKey } from '../relay/keys.ts'
import type { Gateway } from './gateway.ts'

/** Counts cells by what became of them. */
export interface ChannelCounters {
  answered: number
  begun: number
  /** Counts those of no channel that is open here. */
  unknown: number
  /** Cells that did not open, handshakes that were for another key. */
  unreadable: number
  /** Numbers that were taken before: an entry has sent a cell again. */
  repeated: number
  /** Handshakes for which there was no room. */
  full: number
}

interface Open {
  readonly channel: Channel
  readonly numbers: Numbers
  readonly place: Place
  usedAt: Ms
}

export interface Channels {
  /**
   * Answers a batch of cells that an entry brings.
   *
   * @param entry 32 bytes
   * @throws LinkError BAD_MESSAGE
   */
  answer(entry: Uint8Array, batch: Uint8Array): Promise<Uint8Array>
  /** Tells whether a channel of this binding (32 bytes) is open. */
  isOpen(binding: Uint8Array): boolean
  /** Closes what nobody has used for long. */
  sweep(): void
  close(): void
  readonly open: number
  readonly counters: Readonly<ChannelCounters>
}

/**
 * Begins without channels.
 *
 * @param options.id 32 bytes: this gateway's
 * @param options.keys gives the packet keys that open now
 * @param options.most channels that are open at a time: for one more, one of the entry that has most is closed
 * @param options.idleMs how long one is kept that nobody uses
 */
export function channels(options: {
  readonly id: Uint8Array
  readonly keys: () => readonly PacketKey[]
  readonly gateway: () => Pick<Gateway, 'answer' | 'gone' | 'isOwner'>
  readonly pageSize: () => PageSize
  readonly most: number
  readonly idleMs: () => Ms
  readonly clock: Pick<Clock, 'elapsed'>
  readonly random: Random
}): Channels {
  const { id, keys, gateway, pageSize, most, idleMs, clock, random } = options
  /** By the entry and the name that the client gave. */
  const byName = new Map<string, Open>()
  const byBinding = new Map<string, string>()
  const shares = new Shares({ perPeer: most, perNetwork: most, total: most })
  const counters: ChannelCounters = { answered: 0, begun: 0, unknown: 0, unreadable: 0, repeated: 0, full: 0 }

  const end = (name: string): void => {
    const open = byName.get(name)
    if (open === undefined) return
    byName.delete(name)
    byBinding.delete(hex(open.channel.binding))
    open.place.leave()
    gateway().gone(open.channel.binding)
    open.channel.close()
  }

  const refuse = (status: CellStatus, size: PageSize): CellAnswer => ({
    status,
    answer: new Uint8Array(answerBytes(size)),
  })

  const begin = (
    entry: Uint8Array,
    channel: Uint8Array,
    epoch: number,
    message: Uint8Array,
    size: PageSize,
  ): CellAnswer => {
    const key = keys().find(each => each.epoch === epoch)
    const filling = new Uint8Array(answerBytes(size) - handshakeBytes)
    const answered = key && answerChannel(key, channelPrologue(id, channel, epoch), message, random, filling)
    if (answered === undefined) {
      counters.unreadable++
      return refuse('no-channel', size)
    }
    const name = nameOf(entry, channel)
    end(name)
    const place = shares.enter({ peer: hex(entry), rank: 'node' }, 1, () => end(name))
    if (place === undefined) {
      counters.full++
      answered.channel.close()
      return refuse('full', size)
    }
    counters.begun++
    byName.set(name, { channel: answered.channel, numbers: new Numbers(), place, usedAt: clock.elapsed() })
    byBinding.set(hex(answered.channel.binding), name)
    return { status: 'ok', answer: answered.message }
  }

  const answerOne = async (
    entry: Uint8Array,
    { channel: channelName, cell }: Errand,
    size: PageSize,
  ): Promise<CellAnswer> => {
    const { kind, number, sealed } = readCell(cell)
    if (kind === 'begin') return begin(entry, channelName, number, sealed, size)
    const name = nameOf(entry, channelName)
    const open = byName.get(name)
    if (open === undefined) {
      counters.unknown++
      return refuse('no-channel', size)
    }
    const { channel, numbers, place } = open
    if (!numbers.isFresh(number)) {
      counters.repeated++
      return refuse('no-channel', size)
    }
    const request = channel.open(number, sealed)
    if (request === undefined || request.length !== requestBytes) {
      counters.unreadable++
      return refuse('no-channel', size)
    }
    // Taken before it is answered: whatever fails, nothing is sealed twice under one number
    numbers.take(number)
    open.usedAt = clock.elapsed()
    const said = await answered(channel.binding, request)
    const plain = new Uint8Array(pageBytes(size))
    if (said === undefined || said.length > plain.length || byName.get(name) !== open) {
      end(name)
      return refuse('no-channel', size)
    }
    place.whole(gateway().isOwner(channel.binding))
    plain.set(said)
    counters.answered++
    return { status: 'ok', answer: channel.seal(number, plain) }
  }

  /** Answers, whatever a client has sealed: it must not spoil the batch for the others. */
  const answered = async (binding: Uint8Array, request: Uint8Array): Promise<Uint8Array | undefined> => {
    try {
      return await gateway().answer(binding, request)
    } catch {
      counters.unreadable++
      return undefined
    }
  }

  return {
    async answer(entry, batch) {
      const errands = readBatch(batch)
      const size = pageSize()
      const answers = await Promise.all(errands.map(errand => answerOne(entry, errand, size)))
      return writeBatchAnswer(answers, answerBytes(size))
    },
    isOpen: binding => byBinding.has(hex(binding)),
    sweep() {
      const before = clock.elapsed() - idleMs()
      for (const [name, { usedAt }] of byName) if (usedAt < before) end(name)
    },
    close() {
      for (const { channel } of byName.values()) channel.close()
      byName.clear()
      byBinding.clear()
    },
    get open() {
      return byName.size
    },
    counters,
  }
}

/** A client reads a home that it hardly uses so many times more slowly than the consensus's clock ticks, on average. */
const slowestPart = 64
const leastIdleMs: Ms = 2 * minute

/** Tells how long a channel that nobody uses is kept: no client of any level pauses so long by chance. */
export function channelIdleMs({ readPerMinute }: Pick<Parameters, 'readPerMinute'>): Ms {
  return Math.max(leastIdleMs, (slowestPart * minute) / readPerMinute)
}

function nameOf(entry: Uint8Array, channel: Uint8Array): string {
  return `${hex(entry)} ${hex(channel)}`
}
