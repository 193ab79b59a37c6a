// How a client's requests reach its home (docs/spec/gateway.md 7): sealed, through its entry; or on a connection of its
// own, where the network has no other gateway.

import type { NodeEntry } from '../../directory/documents/view.ts'
import { type Link, LinkError } from '../../link/link.ts'
import { largestBoard, largestPage, mailboxProtocol, pageBytes } from '../../link/protocol/mailbox.ts'
import {
  answerBytes,
  type CellStatus,
  channelNameBytes,
  channelPrologue,
  entryProtocol,
  readErrandAnswer,
  sealedBytes,
  writeCell,
  writeErrand,
} from '../../link/protocol/relaying.ts'
import { beginChannel, type Channel, handshakeBytes } from '../../sphinx/channel.ts'
import type { Random } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import type { EntryChoice } from './entry.ts'

/** A request is given this long, the entry's and the home's part together. */
const timeoutMs: Ms = 6_000

/** A way to one home. */
export interface Way {
  /**
   * Begins anew.
   *
   * @returns 32 bytes that stand for this client in the proof that opens its mailbox
   * @throws WayError, LinkError
   */
  begin(home: NodeEntry): Promise<Uint8Array>
  /**
   * Asks, and gives what the home said; zeros may follow it.
   *
   * @throws WayError, LinkError
   */
  ask(home: NodeEntry, request: Uint8Array): Promise<Uint8Array>
  close(): void
}

/** Why a request came to nothing on the way. `SPOILT`: somebody has changed what was sealed. */
export type WayErrorCode = Exclude<CellStatus, 'ok'> | 'SPOILT' | 'NO_KEY' | 'CLOSED'

export class WayError extends Error {
  readonly code: WayErrorCode
  constructor(code: WayErrorCode) {
    super(`way to the home: ${code}`)
    this.name = 'WayError'
    this.code = code
  }
}

export interface WayInit {
  readonly link: Link
  readonly random: Random
  /** The epoch of now. */
  readonly epoch: () => number
  readonly payloadBytes: number
  readonly entry: Pick<EntryChoice, 'answered' | 'unanswered' | 'spoilt'>
}

/** Goes to the home on a connection, as the gateway's own client. */
export function directWay({ link, payloadBytes }: WayInit): Way {
  return {
    begin: async () => link.id,
    ask: (home, request) =>
      link.request(home, mailboxProtocol, request, { timeoutMs, maxBytes: pageBytes(largest(payloadBytes)) }),
    close: () => {},
  }
}

/** Goes through an entry, in a channel that only the home can open. */
export function sealedWay(init: WayInit, through: () => NodeEntry | undefined): Way {
  const { link, random, payloadBytes, entry } = init
  const name = random(channelNameBytes)
  let open: { readonly channel: Channel; next: number } | undefined
  let closed = false

  const carried = async (home: NodeEntry, cell: Uint8Array): Promise<Uint8Array> => {
    const at = through()
    if (at === undefined) throw new WayError('no-home')
    const maxBytes = 1 + answerBytes(largest(payloadBytes))
    const errand = writeErrand(home.id, { channel: name, cell })
    let bytes: Uint8Array
    try {
      bytes = await link.request(at, entryProtocol, errand, { timeoutMs, maxBytes })
    } catch (error) {
      if (!(error instanceof LinkError && (error.code === 'CLOSED' || error.code === 'ABORTED')))
        entry.unanswered()
      throw error
    }
    const { status, answer } = readErrandAnswer(bytes)
    // One that is full carries nothing either, and is left for another one when it stays so
    if (status === 'full') entry.unanswered()
    else entry.answered()
    if (status !== 'ok') throw new WayError(status)
    return answer
  }

  const spoilt = (): WayError => {
    entry.spoilt()
    return new WayError('SPOILT')
  }

  return {
    async begin(home) {
      open?.channel.close()
      open = undefined
      const epoch = init.epoch()
      const key = home.packetKeys.get(epoch)
      if (key === undefined) throw new WayError('NO_KEY')
      const filling = new Uint8Array(sealedBytes - handshakeBytes)
      const opening = beginChannel(key, channelPrologue(home.id, name, epoch), random, filling)
      const cell = writeCell({ kind: 'begin', number: epoch, sealed: opening.message })
      const opened = opening.finish(await carried(home, cell))
      if (closed) throw new WayError('CLOSED')
      if (opened === undefined) throw spoilt()
      open = { channel: opened.channel, next: 0 }
      return opened.channel.binding
    },
    async ask(home, request) {
      const on = open
      if (on === undefined) throw new WayError('CLOSED')
      const number = on.next++
      const cell = writeCell({ kind: 'sealed', number, sealed: on.channel.seal(number, request) })
      const answer = await carried(home, cell)
      // Begun anew meanwhile: the keys are gone
      if (on !== open) throw new WayError('CLOSED')
      // An answer is sealed under the number of its request: no other will do, and none twice
      const plain = on.channel.open(number, answer)
      if (plain === undefined) throw spoilt()
      return plain
    },
    close() {
      closed = true
      open?.channel.close()
      open = undefined
    },
  }
}

function largest(payloadBytes: number): Parameters<typeof pageBytes>[0] {
  return { places: largestPage, payloadBytes, boardBytes: largestBoard }
}
