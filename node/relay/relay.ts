// The fate of a packet at a node, as a state and its steps (docs/spec/node.md 1):
//
//     arrived -> peeling -> recording -> held (mixing) -> ending: forwarded
//                                    \-> ending: stored | served, then its acknowledgement -> held
//
// and from everywhere: dropped, by reason. At any instant
//
//     received = forwarded + stored + served + dropped + held
//
// where held is what the stages hold, counted there and not by subtraction. What the node itself originates (its
// loops, its acknowledgements) is received too.

import { same } from '../../encoding/bytes.ts'
import { body, readBody } from '../../sphinx/body.ts'
import { ANSWER_RECIPIENT, BULLETIN_RECIPIENT, DROP_RECIPIENT } from '../../sphinx/commands.ts'
import { SphinxError, type SphinxErrorCode } from '../../sphinx/error.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Peeled } from '../../sphinx/peel.ts'
import { useReplyBlock } from '../../sphinx/reply.ts'
import type { Ms } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Strategy } from '../mixing/strategy.ts'

/**
 * Says why a packet ended here (docs/spec/node.md 1.1). From the door: NOT_ADMITTED (a stranger, or no consensus yet),
 * CLIENT_RATE, BUSY (too many inside), DRAINING. From peeling: sphinx's codes, NO_KEY (no packet key for this time),
 * REPLAY_FULL (no room to remember it), THREAD_ENDED (with the thread that peeled it). JOURNAL_FAILED (the disk would
 * not remember it). DELAY_TOO_LONG (over the consensus's maximum), HOLD_FULL (drawn when the hold was full). NO_ROUTE
 * (the next hop is not one the topology allows, or a client's packet ends at its first), LINK_REFUSED (its queue is
 * full). NO_MAILBOX (a mix keeps no mail), MAILBOX_FULL, STORE_FAILED, NOT_PUBLISHED (the bulletin would not have it),
 * UNKNOWN_LOOP (not one of our loops, or one that came too late or damaged). FAULT: a mistake of ours, which the log
 * has.
 */
export type DropReason =
  | SphinxErrorCode
  | 'NOT_ADMITTED'
  | 'CLIENT_RATE'
  | 'BUSY'
  | 'DRAINING'
  | 'NO_KEY'
  | 'REPLAY_FULL'
  | 'THREAD_ENDED'
  | 'JOURNAL_FAILED'
  | 'DELAY_TOO_LONG'
  | 'HOLD_FULL'
  | 'NO_ROUTE'
  | 'LINK_REFUSED'
  | 'NO_MAILBOX'
  | 'MAILBOX_FULL'
  | 'STORE_FAILED'
  | 'NOT_PUBLISHED'
  | 'UNKNOWN_LOOP'
  | 'FAULT'

/**
 * Mixing holds these: a packet for the next hop, or an acknowledgement that is yet to be made. `heldOn`: its delay was
 * over while the node held longer, and it got another.
 */
export type Mixed =
  | {
      readonly at: 'forward'
      readonly delayMs: Ms
      readonly next: Uint8Array
      readonly packet: Uint8Array
      readonly heldOn?: true
    }
  | { readonly at: 'acknowledge'; readonly delayMs: Ms; readonly block: Uint8Array; readonly heldOn?: true }

/** A mailbox gets this. */
export interface Mail {
  /** 32 bytes: the mailbox's public key. */
  readonly recipient: Uint8Array
  readonly kind: 'forward' | 'reply'
  /** 16 bytes; zeros for a forward. */
  readonly replyId: Uint8Array
  /** A forward's user data, or a reply's payload. */
  readonly data: Uint8Array
}

/** Peeling made this of one packet. */
export type PeelResult = { readonly peeled: Peeled } | { readonly drop: DropReason }

export type RelayEvent =
  /** Packets at the door may come in; `from` is the hex of whose they are. */
  | { readonly type: 'arrived'; readonly from: string; readonly packets: readonly Uint8Array[] }
  /** Packets at the door may not come in. */
  | { readonly type: 'refused'; readonly count: number; readonly reason: DropReason }
  /** A loop of this node's own is to be sent at once. */
  | { readonly type: 'originated'; readonly next: Uint8Array; readonly packet: Uint8Array }
  /** The peeler has done with some packets; the tags of the good ones are admitted. */
  | { readonly type: 'peeled'; readonly results: readonly PeelResult[] }
  /** The tags of a `record` action are in the journal, or the disk refused. */
  | { readonly type: 'recorded'; readonly batch: number; readonly ok: boolean }
  /** A `forward`, `store`, `serve`, `publish` or `loop` action is done. */
  | { readonly type: 'ended'; readonly end: End; readonly thanks?: Thanks | undefined }
  /** Time has passed. */
  | { readonly type: 'due' }

export type End = 'forwarded' | 'stored' | 'served' | DropReason

/** A sender puts this acknowledgement into its packet, for when the packet is stored or served. */
export interface Thanks {
  readonly block: Uint8Array
  readonly delayMs: Ms
}

export type Action =
  /** Take the layer off; `from` is empty for a packet that this node makes itself. */
  | { readonly do: 'peel'; readonly from: string; readonly packets: readonly Uint8Array[] }
  | { readonly do: 'record'; readonly batch: number }
  | { readonly do: 'forward'; readonly next: Uint8Array; readonly way: Way; readonly packet: Uint8Array }
  | { readonly do: 'store'; readonly mail: Mail; readonly thanks?: Thanks }
  /** A packet for the drop recipient needs nothing but the word that it is done. */
  | { readonly do: 'serve'; readonly thanks: Thanks }
  /** A packet is for the bulletin. */
  | { readonly do: 'publish'; readonly user: Uint8Array; readonly thanks: Thanks }
  /** A loop of this node's own came back. */
  | { readonly do: 'loop'; readonly replyId: Uint8Array; readonly payload: Uint8Array }

/** A packet may go `onward`, to the next layer, or to a `gateway`, where an acknowledgement's path begins. */
export type Way = 'onward' | 'gateway'

export interface Counters {
  received: number
  forwarded: number
  stored: number
  served: number
  readonly dropped: Map<DropReason, number>
}

/** Packets whose tags are on their way to the disk; `at` is when they were peeled. */
interface Recording {
  readonly at: Ms
  readonly peeled: readonly Peeled[]
}

/** `step` changes it in place: thousands of packets a second pass, and nobody looks at an old state. */
export interface Relay {
  readonly geometry: Geometry
  /** 32 bytes: this node's id, the recipient of its own loops. */
  readonly self: Uint8Array
  readonly keepsMail: boolean
  /** Packets between the door and the hold, and between the hold and their end, at most. */
  readonly passingLimit: number
  /** The consensus's maximum. */
  maxDelayMs: Ms
  readonly hold: Strategy<Mixed>
  /** Draws what a packet is held on when its delay is over (docs/spec/node.md 4.3); undefined in usual times. */
  holdOn: (() => Ms) | undefined
  readonly counters: Counters
  peeling: number
  readonly recording: Map<number, Recording>
  nextBatch: number
  ending: number
}

/** Makes the relay of a node through which nothing has passed yet. */
export function newRelay(
  options: Pick<Relay, 'geometry' | 'self' | 'keepsMail' | 'passingLimit' | 'maxDelayMs' | 'hold'>,
): Relay {
  return {
    ...options,
    holdOn: undefined,
    counters: { received: 0, forwarded: 0, stored: 0, served: 0, dropped: new Map() },
    peeling: 0,
    recording: new Map(),
    nextBatch: 0,
    ending: 0,
  }
}

/** Counts the packets inside: in every stage, where they are. */
export function held(relay: Relay): number {
  return passing(relay) + relay.hold.size
}

/**
 * Does the event and says what is to be done (docs/spec/node.md 1); every action but `peel` and `record` is answered by
 * `ended`.
 *
 * @param now the time that has gone by (`Clock.elapsed`), in whole milliseconds
 * @throws NodeError WRONG_STATE for a batch that is not being recorded
 */
export function step(relay: Relay, event: RelayEvent, now: Ms): Action[] {
  switch (event.type) {
    case 'arrived':
      return arrived(relay, event.from, event.packets)
    case 'refused':
      relay.counters.received += event.count
      drop(relay, event.reason, event.count)
      return []
    case 'originated':
      relay.counters.received++
      relay.ending++
      return [{ do: 'forward', next: event.next, way: 'onward', packet: event.packet }]
    case 'peeled':
      return peeled(relay, event.results, now)
    case 'recorded':
      return recorded(relay, event.batch, event.ok, now)
    case 'ended':
      return ended(relay, event.end, event.thanks, now)
    case 'due':
      return relay.hold
        .take(now)
        .map(mixed => leaveOrStay(relay, mixed, now))
        .filter(action => action !== undefined)
  }
}

function passing(relay: Relay): number {
  let recording = 0
  for (const batch of relay.recording.values()) recording += batch.peeled.length
  return relay.peeling + recording + relay.ending
}

function drop(relay: Relay, reason: DropReason, count = 1): void {
  const { dropped } = relay.counters
  dropped.set(reason, (dropped.get(reason) ?? 0) + count)
}

function arrived(relay: Relay, from: string, packets: readonly Uint8Array[]): Action[] {
  relay.counters.received += packets.length
  const room = Math.max(0, relay.passingLimit - passing(relay))
  const taken = packets.length > room ? packets.slice(0, room) : packets
  if (taken.length < packets.length) drop(relay, 'BUSY', packets.length - taken.length)
  relay.peeling += taken.length
  return taken.length === 0 ? [] : [{ do: 'peel', from, packets: taken }]
}

function peeled(relay: Relay, results: readonly PeelResult[], now: Ms): Action[] {
  relay.peeling -= results.length
  const good: Peeled[] = []
  for (const result of results) {
    if ('drop' in result) drop(relay, result.drop)
    else if (result.peeled.delayMs > relay.maxDelayMs) drop(relay, 'DELAY_TOO_LONG')
    else good.push(result.peeled)
  }
  if (good.length === 0) return []
  const batch = relay.nextBatch++
  relay.recording.set(batch, { at: now, peeled: good })
  return [{ do: 'record', batch }]
}

/** A packet goes on only once its tag outlives this process. */
function recorded(relay: Relay, number: number, ok: boolean, now: Ms): Action[] {
  const batch = relay.recording.get(number)
  if (batch === undefined)
    throw new NodeError('WRONG_STATE', `recorded: batch ${number} is not being recorded`)
  relay.recording.delete(number)
  if (!ok) {
    drop(relay, 'JOURNAL_FAILED', batch.peeled.length)
    return []
  }
  const actions: Action[] = []
  for (const packet of batch.peeled) {
    if (packet.at === 'forward') mix(relay, packet, batch.at)
    else actions.push(...finish(relay, packet))
  }
  // a delay that ended while the disk wrote
  return actions.concat(step(relay, { type: 'due' }, now))
}

function mix(relay: Relay, packet: Mixed, now: Ms): void {
  if (relay.hold.put(packet, now) !== undefined) drop(relay, 'HOLD_FULL')
}

/** This is the last hop: of a packet for a mailbox, for nobody, or of a loop of this node's own. */
function finish(relay: Relay, packet: Exclude<Peeled, { at: 'forward' }>): Action[] {
  if (packet.at === 'reply' && same(packet.recipient, relay.self)) {
    relay.ending++
    return [{ do: 'loop', replyId: packet.replyId, payload: packet.payload }]
  }
  if (!relay.keepsMail) {
    drop(relay, 'NO_MAILBOX')
    return []
  }
  relay.ending++
  const { recipient } = packet
  // What comes back to nobody: a client's cover whose return a real one takes the place of
  if (packet.at === 'reply' && same(recipient, DROP_RECIPIENT)) {
    relay.ending--
    relay.counters.served++
    return []
  }
  if (packet.at === 'reply')
    return [
      { do: 'store', mail: { recipient, kind: 'reply', replyId: packet.replyId, data: packet.payload } },
    ]
  const { ack, user } = readBody(relay.geometry, packet.body)
  const thanks = { block: ack, delayMs: packet.delayMs }
  if (same(recipient, DROP_RECIPIENT)) return [{ do: 'serve', thanks }]
  if (same(recipient, ANSWER_RECIPIENT)) return [{ do: 'serve', thanks }, ...answer(relay, user)]
  if (same(recipient, BULLETIN_RECIPIENT)) return [{ do: 'publish', user, thanks }]
  return [{ do: 'store', mail: { recipient, kind: 'forward', replyId: noReplyId, data: user }, thanks }]
}

/** Sends what a packet carries on by the reply block in front of it, which must begin here. */
function answer(relay: Relay, user: Uint8Array): Action[] {
  const { geometry } = relay
  relay.counters.received++
  try {
    const block = user.subarray(0, geometry.replyBlockBytes)
    const said = new Uint8Array(geometry.userBytes)
    said.set(user.subarray(geometry.replyBlockBytes))
    const noAck = new Uint8Array(geometry.replyBlockBytes)
    const { first, packet } = useReplyBlock(
      geometry,
      block,
      body(geometry, { flags: 0, ack: noAck, user: said }),
    )
    if (!same(first, relay.self))
      throw new SphinxError('BAD_REPLY_BLOCK', 'answer: the block begins at another node')
    relay.peeling++
    return [{ do: 'peel', from: '', packets: [packet] }]
  } catch (error) {
    drop(relay, error instanceof SphinxError ? error.code : 'BAD_REPLY_BLOCK')
    return []
  }
}

function ended(relay: Relay, end: End, thanks: Thanks | undefined, now: Ms): Action[] {
  relay.ending--
  if (end === 'forwarded' || end === 'stored' || end === 'served') relay.counters[end]++
  else drop(relay, end)
  if (thanks === undefined || (end !== 'stored' && end !== 'served')) return []
  relay.counters.received++
  mix(relay, { at: 'acknowledge', ...thanks }, now)
  return step(relay, { type: 'due' }, now)
}

/** While the node holds longer, each packet gets one delay more. */
function leaveOrStay(relay: Relay, mixed: Mixed, now: Ms): Action | undefined {
  if (relay.holdOn === undefined || mixed.heldOn) return leave(relay, mixed)
  const delayMs = Math.min(relay.maxDelayMs, Math.round(relay.holdOn()))
  mix(relay, { ...mixed, delayMs, heldOn: true }, now)
  return undefined
}

/** Leaves the hold. An acknowledgement becomes a packet now, and may begin at this very node. */
function leave(relay: Relay, mixed: Mixed): Action | undefined {
  if (mixed.at === 'forward') {
    relay.ending++
    return { do: 'forward', next: mixed.next, way: 'onward', packet: mixed.packet }
  }
  try {
    const { first, packet } = useReplyBlock(relay.geometry, mixed.block, nothing(relay.geometry))
    if (same(first, relay.self)) {
      relay.peeling++
      return { do: 'peel', from: '', packets: [packet] }
    }
    relay.ending++
    return { do: 'forward', next: first, way: 'gateway', packet }
  } catch (error) {
    drop(relay, error instanceof SphinxError ? error.code : 'BAD_REPLY_BLOCK')
    return undefined
  }
}

const noReplyId: Uint8Array = new Uint8Array(16)

/** The body of an acknowledgement says nothing: that it came, under its reply id, is the message. */
function nothing(geometry: Geometry): Uint8Array {
  return new Uint8Array(geometry.bodyBytes)
}
