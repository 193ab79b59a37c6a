// What a client says about itself to its owner (docs/spec/client-http.md 15.4).

import {
  type ConsensusStatus,
  consensusStatus,
  type DirectoryHealth,
  type View,
} from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import type { Bulletin } from './bulletin/bulletin.ts'
import type { GatewayRecord } from './bulletin/watch.ts'
import type { AnnouncementState } from './incoming/announcing.ts'
import type { Separation } from './incoming/entry.ts'
import type { Gateways } from './incoming/gateways.ts'
import type { Inbox } from './incoming/inbox.ts'
import type { Receiver } from './incoming/receiver.ts'
import { type CoverCost, type CoverLevel, coverCosts } from './outgoing/cover.ts'
import type { Dispatch } from './outgoing/dispatch.ts'
import type { Outgoing } from './outgoing/outbox.ts'
import type { OwnTraffic } from './outgoing/own-traffic.ts'
import type { MessageState } from './outgoing/queue-state.ts'
import type { Returns } from './outgoing/returns.ts'

/** Messages by their state; those in the state `received` are `acknowledged`, for `received` counts what came. */
type Counts = Readonly<Record<Exclude<MessageState, 'received'> | 'acknowledged', number>>

/** Describes to its owner how a client is: plain values only, as `GET /status` gives them too. */
export interface ClientStatus {
  readonly role: 'client'
  /** True while packets leave: there is a consensus, and the gateway answers. */
  readonly ready: boolean
  /** Empty until the first consensus let it choose a gateway. */
  readonly address: string
  readonly epoch: number
  /**
   * By how much this computer's clock is thought to be ahead, milliseconds; 0 while it is believed. After a jump it is
   * believed again when a document comes that is fresh by it. Of a clock that was wrong from the start what documents
   * of another time show, to within an epoch.
   */
  readonly clockErrorMs: number
  readonly consensus: ConsensusStatus | null
  /** Says whether documents come as they should: docs/spec/directory-travel.md 10. */
  readonly directory: DirectoryHealth
  /** The level it is at, and what each costs at the consensus's rates; no costs before the first consensus. */
  readonly cover: { readonly level: CoverLevel; readonly costs: readonly CoverCost[] }
  /** Lowercase hex: the gateway to whose mailbox everything comes back. */
  readonly gateway: string | null
  /**
   * By which gateway its packets enter and its mail is read (docs/spec/client-clocks.md 9.1): lowercase hex; null where
   * that is the home itself, which then knows this client's address and its mailbox (`separation` is none). Answers
   * that it spoilt, requests that it did not answer, entries that were left.
   */
  readonly entry: {
    readonly id: string | null
    readonly separation: Separation
    readonly spoilt: number
    readonly unanswered: number
    readonly left: number
  }
  readonly gateways: readonly { readonly id: string; readonly state: string; readonly pages: number }[]
  /** Messages by the state they are in now; `received` counts the messages and replies that came. */
  readonly messages: Counts & { readonly received: number }
  /** The same for the replies that it sent; `received` counts the replies among those that came. */
  readonly replies: Counts & { readonly received: number }
  /** Messages and replies that are not over. */
  readonly queue: number
  /** Fragments that wait for an acknowledgement. */
  readonly inFlight: number
  /**
   * Packets that left, by what they carried; `faults` could not be made; `refused` were asked of the client by
   * somebody whose budget was spent.
   */
  readonly packets: Readonly<Record<'payload' | 'loop' | 'drop' | 'faults' | 'refused', number>>
  readonly loops: { readonly sent: number; readonly returned: number }
  /** Entries of mailboxes by what became of them. */
  readonly entries: Readonly<Record<string, number>>
  /**
   * Names the parts of the inbox that have no room for another message (docs/spec/client-store.md 10.1): `to APP`,
   * `re APP` for replies, `*` for names that nobody here has asked for. What comes for them is not kept, and
   * counted as `refused` in `entries`.
   */
  readonly full: readonly string[]
  /** The state of the service that it announces; null when it announces none. */
  readonly announcement: AnnouncementState | null
  /**
   * The bulletin: entries that this client published, or could not; and of each gateway what it showed, kept back,
   * made up.
   */
  readonly bulletin: {
    readonly published: number
    readonly unpublished: number
    readonly gateways: readonly ({ readonly id: string } & GatewayRecord)[]
  }
  /** The time that a round trip is given beyond the delays drawn, milliseconds. */
  readonly slackMs: number
}

/** Parts of a client that its status is read from. */
export interface Innards {
  readonly g: Geometry
  readonly cover: CoverLevel
  readonly address: string
  readonly epoch: number
  readonly clockErrorMs: number
  readonly view: View | undefined
  readonly health: DirectoryHealth
  readonly gateways: Gateways | undefined
  readonly messages: Iterable<Outgoing>
  readonly received: { readonly messages: number; readonly replies: number }
  readonly dispatch: Dispatch
  readonly ownTraffic: OwnTraffic
  readonly receiver: Receiver
  readonly inbox: Inbox
  readonly returns: Returns
  readonly bulletin: Bulletin
  readonly announcement: AnnouncementState | undefined
}

export function statusOf(from: Innards): ClientStatus {
  const { address, epoch, view, gateways, received, dispatch, receiver, returns } = from
  const messages = noCounts()
  const replies = noCounts()
  for (const { kind, state } of from.messages) {
    const name = state === 'received' ? 'acknowledged' : state
    if (kind === 'message') messages[name]++
    else if (kind === 'reply') replies[name]++
  }
  return {
    role: 'client',
    ready: view !== undefined && gateways?.open === true,
    address,
    epoch,
    clockErrorMs: from.clockErrorMs,
    consensus: consensusStatus(view),
    directory: from.health,
    cover: {
      level: from.cover,
      costs: view === undefined ? [] : coverCosts(view.parameters, from.g, view.mixing),
    },
    gateway: gateways === undefined ? null : hex(gateways.home),
    entry: entryOf(gateways),
    gateways: (gateways?.sessions ?? []).map(({ id, state, pages }) => ({ id: hex(id), state, pages })),
    messages: { ...messages, received: received.messages },
    replies: { ...replies, received: received.replies },
    queue: messages.queued + messages.sent + replies.queued + replies.sent,
    inFlight: dispatch.inFlight,
    packets: { ...dispatch.counters, refused: from.ownTraffic.refused },
    loops: { ...returns.loops },
    entries: { ...receiver.counters },
    full: from.inbox.full,
    announcement: from.announcement ?? null,
    bulletin: {
      ...from.bulletin.counters,
      gateways: (gateways?.ids ?? []).map(id => ({ id: hex(id), ...from.bulletin.record(hex(id)) })),
    },
    slackMs: Math.round(returns.slackMs),
  }
}

function entryOf(gateways: Gateways | undefined): ClientStatus['entry'] {
  const entry = gateways?.entry
  const id = entry?.current()?.id
  return {
    id: id === undefined ? null : hex(id),
    separation: entry?.separation ?? 'none',
    ...(entry?.counters ?? { spoilt: 0, unanswered: 0, left: 0 }),
  }
}

function noCounts(): Record<keyof Counts, number> {
  return { queued: 0, sent: 0, stored: 0, acknowledged: 0, read: 0, failed: 0 }
}
