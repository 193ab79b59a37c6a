// A node's word of itself on its loopback port: numbers, and nothing about one packet or one client.

import type { PublishedCount } from '../directory/documents/count.ts'
import { epochAt, type Network } from '../directory/documents/network.ts'
import {
  type ConsensusStatus,
  consensusStatus,
  type Directory,
  type DirectoryHealth,
  type NodeEntry,
  type Parameters,
  type RelayRole,
} from '../directory/documents/view.ts'
import type { JoinedDirectory } from '../directory/join/join.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import type { CellDrop, Neighbour, NodeLink } from '../link/link.ts'
import type { Bulletin, BulletinStatus } from './bulletin/bulletin.ts'
import type { Counts } from './counts/counts.ts'
import type { Disk, Written } from './disk.ts'
import type { ChannelCounters } from './gateway/channels.ts'
import type { EntryCounters } from './gateway/entry.ts'
import { usualLoss } from './loops/alarm.ts'
import type { LoopCounts, Loops } from './loops/loops.ts'
import type { LoopWatch } from './loops/watch.ts'
import type { Mail } from './parts.ts'
import type { KeyRing } from './relay/keys.ts'
import type { Peeler } from './relay/peeler.ts'
import { type DropReason, held, type Relay } from './relay/relay.ts'
import type { ReplayStore } from './relay/replay.ts'
import type { Admission } from './routes.ts'
import type { Worth } from './worth.ts'

/** Packets since the start: received = forwarded + stored + served + dropped + held. */
export interface PacketCounts {
  readonly received: number
  readonly forwarded: number
  readonly stored: number
  readonly served: number
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
  readonly held: number
}

/** Tells an operator how a node is: plain values only, and nothing of a single packet or client. */
export interface NodeStatus {
  readonly role: RelayRole
  /** Hex, as every id here. */
  readonly id: string
  readonly state: 'running' | 'draining' | 'closed'
  /** Follows from the time that this node goes by. */
  readonly epoch: number
  /** By how much this machine's clock is thought to be ahead, as a client's status has it; 0 while it is believed. */
  readonly clockErrorMs: number
  readonly consensus: ConsensusStatus | null
  /** Says whether documents come as they should: docs/spec/directory-travel.md 10. */
  readonly directory: DirectoryHealth
  /** Says whether that consensus has this node. */
  readonly listed: boolean
  /** Gives what that consensus, and the status note that is in force, say of this node; null when it is not listed. */
  readonly standing: { readonly running: boolean; readonly reliable: boolean } | null
  /** Authorities that keep it out, and why. */
  readonly refusals: readonly { readonly authority: string; readonly code: string; readonly why: string }[]
  /** 0 to layers - 1 for a mix, -1 for a gateway and for a node that is not listed. */
  readonly layer: number
  /** received = forwarded + stored + served + dropped + held */
  readonly packets: PacketCounts
  readonly loops: LoopCounts & {
    /** Those that were sent as nothing but cover, while others were missing (docs/spec/node.md 4.3). */
    readonly cover: number
  }
  /** The n-1 alarm (alarm.ts): raised now, and since when (milliseconds since 1970-01-01 UTC); how often it was. */
  readonly alarm: {
    readonly raised: boolean
    /** Holds while loops are missing in a way that is hardly chance: the node holds longer, and sends cover. */
    readonly wary: boolean
    readonly since: number | null
    readonly count: number
    /** The share of loops that is usually missing. */
    readonly usualLoss: number
  }
  readonly neighbours: readonly {
    readonly id: string
    readonly state: Neighbour['state']
    readonly queued: number
    readonly sent: number
    readonly dropped: Readonly<Record<CellDrop, number>>
    /** Loops whose first hop it was. */
    readonly loops: LoopCounts
  }[]
  /** Nodes from which packets came: how many opened for the first time, and how many never could or had been seen. */
  readonly upstream: readonly { readonly id: string; readonly fitting: number; readonly misfits: number }[]
  /**
   * Packets that wait to be peeled, how often reading from a neighbour was put off, and the threads that peel now
   * besides the node's own (docs/spec/node.md 1.3).
   */
  readonly peeling: { readonly waiting: number; readonly heldBack: number; readonly threads: number }
  /** Peers that were shut out for what they sent, since the start; and the nodes that are out now, until when. */
  readonly shut: {
    readonly times: number
    readonly nodes: readonly { readonly id: string; readonly until: number }[]
  }
  /** The epochs whose packet keys are there: of those that opens packets now and of those to come. */
  readonly keys: { readonly epochs: readonly number[] }
  readonly replay: { readonly tags: number }
  /** Writes that the disk refused since the start, and what it refused when it was last tried. */
  readonly disk: { readonly refusals: number; readonly failing: readonly Written[] }
  readonly bulletin: BulletinStatus
  /** The count that it publishes now (docs/spec/counts.md), with its noise; null for none. */
  readonly count: PublishedCount | null
  /** Describes a gateway's mailboxes; null at a mix. */
  readonly mail: {
    readonly mailboxes: number
    readonly entries: number
    readonly bytes: number
    /** Entries that gave way before their time since the start (docs/spec/gateway.md 3.2). */
    readonly drivenOut: number
    readonly clients: number
    /** Says what it can carry (docs/spec/gateway.md 8); null where that is not measured. */
    readonly load: {
      /** Clients that it can carry now. */
      readonly capacity: number
      /** Give what the process takes, in cores, and what one packet or request takes of a core, milliseconds. */
      readonly cores: number
      readonly costMs: number
    } | null
    /** Clients that were turned away since the start for want of room, and strangers that had to go. */
    readonly turnedAway: number
    readonly shed: number
    /** Channels over which clients of other entries read here, and their cells by what became of them. */
    readonly channels: { readonly open: number } & Readonly<ChannelCounters>
    /** Channels that this gateway carries to other homes, and their cells by what became of them. */
    readonly carries: { readonly channels: number } & Readonly<EntryCounters>
  } | null
}

export function statusOf(node: {
  role: RelayRole
  network: Network
  state: NodeStatus['state']
  now: number
  clockErrorMs: number
  link: NodeLink
  admission: Admission
  directory: Directory
  joined: JoinedDirectory | undefined
  relay: Relay
  peeler: Pick<Peeler, 'shares' | 'threads'>
  worth: Worth
  loops: Loops
  alarm: LoopWatch
  keys: KeyRing
  replay: ReplayStore
  disk: Disk
  mail: Mail | undefined
  parameters: () => Parameters
  bulletin: Bulletin
  counts: Counts
}): NodeStatus {
  const { link, relay, loops, mail } = node
  const id = hex(link.id)
  const view = node.directory.current()
  return {
    role: node.role,
    id,
    state: node.state,
    epoch: epochAt(node.network, node.now),
    clockErrorMs: node.clockErrorMs,
    consensus: consensusStatus(view),
    directory: node.directory.health(),
    listed: view?.nodes.has(id) ?? false,
    standing: standingOf(view?.nodes.get(id)),
    refusals: [...(node.joined?.refusals() ?? [])].map(([authority, refusal]) => ({ authority, ...refusal })),
    layer: view?.nodes.get(id)?.layer ?? -1,
    packets: packetCounts(relay),
    loops: { ...loops.counts },
    alarm: {
      raised: node.alarm.state.at === 'raised',
      wary: node.alarm.isWary,
      since: node.alarm.raisedSince ?? null,
      count: node.alarm.state.raised,
      usualLoss: usualLoss(node.alarm.state),
    },
    neighbours: link.neighbours().map(neighbour => {
      const { state, queued, sent } = neighbour
      const name = hex(neighbour.id)
      return {
        id: name,
        state,
        queued,
        sent,
        dropped: neighbour.dropped,
        loops: { ...loops.neighbour(name) },
      }
    }),
    upstream: node.worth.list(),
    peeling: peelingOf(node.peeler),
    shut: shutOf(link, node.admission),
    keys: { epochs: [...node.keys.epochs()].sort((a, b) => a - b) },
    replay: { tags: node.replay.size },
    disk: { refusals: node.disk.refusals, failing: node.disk.failing },
    bulletin: node.bulletin.status(),
    count: node.counts.current ?? null,
    mail: mail
      ? {
          mailboxes: mail.boxes.boxes,
          entries: mail.boxes.entries,
          bytes: mail.boxes.bytes,
          drivenOut: mail.boxes.drivenOut,
          clients: mail.gateway.clients,
          load: mail.load
            ? {
                capacity: mail.load.capacity(node.parameters()),
                cores: mail.load.used,
                costMs: mail.load.costMs,
              }
            : null,
          turnedAway: mail.gateway.counters.turnedAway,
          shed: mail.gateway.counters.shed,
          channels: { open: mail.channels.open, ...mail.channels.counters },
          carries: { channels: mail.entry.channels, ...mail.entry.counters },
        }
      : null,
  }
}

/** Clients are counted and not named. */
function shutOf(link: NodeLink, admission: Admission): NodeStatus['shut'] {
  const { times, out } = link.shut()
  return { times, nodes: out.filter(({ id }) => admission.isNode(fromHex(id))) }
}

function standingOf(entry: NodeEntry | undefined): NodeStatus['standing'] {
  return entry === undefined ? null : { running: entry.running, reliable: entry.reliable }
}

export function packetCounts(relay: Relay): PacketCounts {
  const { received, forwarded, stored, served, dropped } = relay.counters
  return {
    received,
    forwarded,
    stored,
    served,
    dropped: Object.fromEntries([...dropped].sort()),
    held: held(relay),
  }
}

function peelingOf({ shares, threads }: Pick<Peeler, 'shares' | 'threads'>): NodeStatus['peeling'] {
  return { waiting: shares.waiting, heldBack: shares.heldBack, threads }
}
