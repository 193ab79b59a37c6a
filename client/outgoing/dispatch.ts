// What leaves a client: at each tick of a clock one packet, whatever it is (docs/spec/client-clocks.md 8). The
// decisions are delivery.ts's; here are the packets, and what comes back for them.

import type { NodeEntry } from '../../directory/documents/view.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Link } from '../../link/link.ts'
import { BULLETIN_RECIPIENT } from '../../sphinx/commands.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { exponential } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import type { Diary } from '../diary.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import { type Address, readAddress } from '../packets/address.ts'
import { fragmentBytes, type Kind, laneOf, partOf, writeFragment } from '../packets/fragments.ts'
import { forwardPacket, type Surroundings } from '../packets/packets.ts'
import { readPattern, type Way } from '../packets/pattern.ts'
import type { Sealing } from '../packets/sealing.ts'
import type { CoverPackets } from './cover-packets.ts'
import { step } from './delivery.ts'
import { type Accepted, type Delivery, type Event, type MessageState, noDelivery } from './queue-state.ts'
import { type Answer, entryGateways, type Replies } from './replies.ts'
import type { Returns, Sent } from './returns.ts'
import { spacingOf } from './spacing.ts'
import type { Whereabouts } from './whereabouts.ts'

/** A content on its way. */
export interface Parcel {
  /** Lowercase hex of the message id. */
  readonly id: string
  readonly kind: Kind
  /** An address, or for what travels over reply blocks the id of the message that is answered. */
  readonly to: string
  readonly content: Uint8Array
  readonly count: number
  /** Lowercase hex of the id under which it travels; default: its own. */
  readonly under?: string | undefined
  /** Rules that a person asked for, for its packets' paths. */
  readonly way?: Way | undefined
}

/** An entry on its way to a gateway that publishes it. */
export interface Posting {
  /** Lowercase hex of 16 random bytes: for this client only. */
  readonly id: string
  readonly kind: 'bulletin'
  /** Lowercase hex of the gateway's id. */
  readonly gateway: string
  readonly count: number
  /** Gives what packet `index` carries: g.userBytes. */
  readonly piece: (index: number) => Uint8Array
}

export interface DispatchInit {
  readonly clock: Clock
  readonly log: Log
  readonly networkName: string
  readonly sealing: Sealing
  readonly diary: Diary
  readonly returns: Returns
  readonly replies: Replies
  readonly cover: Pick<CoverPackets, 'make'>
  readonly link: Pick<Link, 'send'>
  readonly whereabouts: Pick<Whereabouts, 'surroundings'>
  /** Tells whether a tick without a message sends a loop or drop. */
  readonly covers: () => boolean
  /** Tells whether the clock is confirmed: before, nothing is past its deadline. */
  readonly timeIsSure: () => boolean
  /** Picks the key that a fragment to an address is sealed to now. */
  readonly keyFor: (sealingKey: Uint8Array) => Uint8Array
  /** Gives the address of somebody who has moved in the place of an older one. */
  readonly current: (address: Address) => Address
  /** Has a reply for which no block is left go to an address soon; false where none is known. */
  readonly redirect: (id: string) => boolean
  readonly onState: (id: string, state: MessageState, reason: ClientErrorCode | undefined) => void
  /** Hears of a message of which more has arrived. */
  readonly onProgress: (id: string) => void
}

type Transmit = { readonly id: string; readonly index: number; readonly attempt: number }

interface Loaded extends Parcel {
  readonly idBytes: Uint8Array
  readonly address: Address | undefined
}

/** A packet for this tick. */
interface Leaving {
  readonly what: 'payload' | 'loop' | 'drop'
  readonly packet: Uint8Array
  /** Notes that it has left. */
  readonly left: () => void
}

/** Where a forward packet ends. */
type To = Parameters<typeof forwardPacket>[1]

/** A receipt needs twice the slack of an acknowledgement, for it waits on two clients' clocks; and at least this. */
const leastReceiptSlackMs = 2 * second
/** While some of what leaves is lost, a fragment of a reply leaves a second time after this, over another block. */
const anotherMs = second / 2
/** However little is left of an epoch for however many blocks, none goes sooner after another. */
const leastTurnMs = second
/** Messages whose turn a tick passes on at most, since nothing of them can leave now: the time that takes shows. */
const mostTries = 8

export class Dispatch {
  readonly #init: DispatchInit
  readonly #parcels = new Map<string, Loaded | Posting>()
  /** Messages whose acknowledged fragments have changed since `takeProgress`. */
  readonly #touched = new Set<string>()
  /** Messages under way of which something had to leave again. */
  readonly #again = new Set<string>()
  #state: Delivery = noDelivery
  readonly counters: Record<'payload' | 'loop' | 'drop' | 'faults', number> = {
    payload: 0,
    loop: 0,
    drop: 0,
    faults: 0,
  }

  constructor(init: DispatchInit) {
    this.#init = init
  }

  /** Fragments in flight. */
  get inFlight(): number {
    return this.#state.inFlight
  }

  /**
   * Takes a message over. Its content stays in memory until it is over.
   *
   * @throws ClientError BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION
   */
  accept(parcel: Parcel | Posting, how: Omit<Accepted, 'id' | 'count'>): void {
    this.#parcels.set(parcel.id, parcel.kind === 'bulletin' ? parcel : this.#loaded(parcel))
    this.apply({ type: 'accepted', id: parcel.id, count: parcel.count, ...how })
  }

  #loaded(parcel: Parcel): Loaded {
    const forward = laneOf(parcel.kind) === 'forward'
    const address = forward ? readAddress(parcel.to, this.#init.networkName) : undefined
    return { ...parcel, idBytes: fromHex(parcel.under ?? parcel.id), address }
  }

  /**
   * Has a message that is under way go another way: all of it leaves again.
   *
   * @throws ClientError BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION
   */
  reroute(parcel: Parcel, by: Accepted['by']): void {
    if (!this.carries(parcel.id)) return
    this.#parcels.set(parcel.id, this.#loaded(parcel))
    this.apply({ type: 'rerouted', id: parcel.id, by, count: parcel.count })
  }
  /** Lets an event change the queue, and carries out what follows from it. */
  apply(event: Event): Transmit | undefined {
    const [next, actions] = step(this.#state, event, this.#init.clock.elapsed())
    this.#state = next
    let transmit: Transmit | undefined
    for (const action of actions) {
      if (action.type === 'transmit') transmit = action
      else this.#init.onState(action.id, action.state, action.reason)
    }
    for (const action of actions) {
      if (action.type !== 'state' || next.jobs.has(action.id)) continue
      this.#parcels.delete(action.id)
      this.#again.delete(action.id)
    }
    return transmit
  }

  /**
   * A clock ticks: one packet leaves, at once, whatever came in before, whatever the disk does and whatever fails
   * meanwhile. This is the one place where a packet is handed to the link.
   */
  tick(name: 'payload' | 'loop' | 'drop'): void {
    const { clock, returns, link } = this.#init
    const around = this.#init.whereabouts.surroundings()
    if (around !== undefined) returns.sweep(clock.elapsed())
    const leaving = (name === 'payload' ? this.#payload(around) : undefined) ?? this.#cover(around, name)
    if (around === undefined || leaving === undefined) return
    link.send(around.entry, leaving.packet)
    this.counters[leaving.what]++
    try {
      leaving.left()
    } catch (error) {
      this.#fault(error)
    }
  }

  /** A packet of what people or the client itself have to say, if one can be made now. */
  #payload(around: Surroundings | undefined): Leaving | undefined {
    try {
      if (this.#init.timeIsSure()) this.apply({ type: 'overdue', wall: this.#init.clock.now() })
      if (around === undefined) return undefined
      // Of something that cannot leave now the turn passes to the next
      for (let tries = 0; tries < mostTries; tries++) {
        const transmit = this.apply({ type: 'tick' })
        if (transmit === undefined) return undefined
        const leaving = this.#make(around, transmit)
        if (leaving !== undefined) return leaving
      }
    } catch (error) {
      this.#fault(error)
    }
    return undefined
  }

  #make(around: Surroundings, transmit: Transmit): Leaving | undefined {
    const parcel = this.#parcels.get(transmit.id)
    try {
      if (parcel === undefined) this.#hold(transmit, second)
      else if (parcel.kind === 'bulletin') return this.#post(around, transmit, parcel)
      else if (parcel.address !== undefined) return this.#forward(around, transmit, parcel, parcel.address)
      else return this.#reply(around, transmit, parcel)
    } catch (error) {
      this.#hold(transmit, second)
      this.#fault(error)
    }
    return undefined
  }

  /** Something came back under a reply id (lowercase hex). */
  returned(replyId: string): Sent | undefined {
    const { clock } = this.#init
    const returned = this.#init.returns.returned(replyId, clock.elapsed())
    if (returned === undefined) return undefined
    const { sent, far, sentAt } = returned
    this.apply({ type: 'alive', far, sentAt })
    if (sent.what !== 'fragment') return sent
    const { id, index, attempt } = sent
    if (!this.#state.jobs.has(id)) return sent
    this.#init.diary.add({ at: clock.now(), event: 'acknowledged', id, fragment: index, attempt })
    this.#arrived(id, { type: 'acknowledged', id, index })
    return sent
  }

  /** The other side's client tells which fragments of a reply it has; what does not fit a reply of ours is false. */
  receipt(id: string, count: number, have: Uint8Array): boolean {
    const job = this.#state.jobs.get(id)
    if (job === undefined || job.by !== 'peer' || job.count !== count) return false
    this.#arrived(id, { type: 'receipt', id, have })
    return true
  }

  /**
   * Blocks have come that answer no request of this client: whoever made them knows that earlier ones are broken. What
   * is under way over those leaves again, where there are enough for all of it.
   */
  supplied(conversation: string): void {
    const { replies, whereabouts } = this.#init
    const around = whereabouts.surroundings()
    if (around === undefined) return
    for (const { id, ...parcel } of [...this.#parcels.values()]) {
      if (parcel.kind !== 'reply' || parcel.to !== conversation) continue
      if (replies.usable(around, conversation) > (this.left(id) ?? 0))
        this.apply({ type: 'supplied', id, slackMs: anotherMs })
    }
  }

  /** More of a message has arrived than was known; or not, when it is said again. */
  #arrived(id: string, happened: Parameters<Dispatch['apply']>[0]): void {
    this.#touched.add(id)
    const before = this.left(id)
    this.apply(happened)
    if (this.left(id) !== before) this.#init.onProgress(id)
  }

  /** Tells whether a message is still under way. */
  carries(id: string): boolean {
    return this.#state.jobs.has(id)
  }

  /** Tells of a message under way, or just over, whether something of it was lost, there or on its way back. */
  lostSome(id: string): boolean {
    return this.#again.has(id)
  }

  /** Fragments of a message under way that are not acknowledged; undefined when none of this id is. */
  left(id: string): number | undefined {
    return this.#state.jobs.get(id)?.left
  }

  /** Acknowledged fragments of the messages that have moved since the last call. */
  takeProgress(): Map<string, Uint8Array> {
    const progress = new Map<string, Uint8Array>()
    for (const id of this.#touched) {
      const job = this.#state.jobs.get(id)
      if (job !== undefined) progress.set(id, job.acknowledged)
    }
    this.#touched.clear()
    return progress
  }

  #forward(around: Surroundings, transmit: Transmit, parcel: Loaded, address: Address): Leaving {
    // Twice to the first gateway, then twice to the next: an outage of seconds needs no other
    const gateways = exitsOf(around, this.#init.current(address), parcel.way)
    const turn = Math.floor((transmit.attempt - 1) / 2) % gateways.length
    const gateway = gateways[turn] as (typeof gateways)[0]
    const fragment = this.#fragment(around, transmit, parcel)
    const { sealing, keyFor } = this.#init
    const user = sealing.seal(keyFor(address.sealingKey), fragment, around.random)
    return this.#towards(around, transmit, { gateway, recipient: address.mailboxKey }, user, parcel.way)
  }

  /** docs/spec/bulletin.md 4.1: all pieces of an entry go to one gateway, which puts them together. */
  #post(around: Surroundings, transmit: Transmit, posting: Posting): Leaving {
    const gateway = around.gateway(posting.gateway)
    if (gateway === undefined)
      throw new ClientError('NO_GATEWAY', 'bulletin: the gateway is not in the network any more')
    const to = { gateway, recipient: BULLETIN_RECIPIENT }
    return this.#towards(around, transmit, to, posting.piece(transmit.index))
  }

  #towards(around: Surroundings, transmit: Transmit, to: To, user: Uint8Array, way?: Way): Leaving {
    const { clock, returns, diary } = this.#init
    const { id, index, attempt } = transmit
    const now = clock.now()
    const made = forwardPacket(around, to, user, now, way)
    const left = (): void => {
      returns.expect({ what: 'fragment', id, index, attempt }, made, clock.elapsed())
      if (attempt > 1) this.#again.add(id)
      const path = made.nodes.slice(0, around.g.hops)
      diary.add({ at: now, event: 'sent', id, fragment: index, attempt, path, drawnMs: made.drawnMs })
      const { slackMs } = returns
      const pauseMs = pauseAfter(around, this.#state.jobs.get(id)?.count ?? 0)
      const { far, roundTripMs: drawnMs } = made
      this.apply({ type: 'departed', id, index, attempt, drawnMs, slackMs, pauseMs, far })
    }
    return { what: 'payload', packet: made.packet, left }
  }

  /** A reply block is spent on disk before its packet is made: while none is in hand, nothing is. */
  #reply(around: Surroundings, transmit: Transmit, parcel: Loaded): Leaving | undefined {
    const { replies } = this.#init
    const { id } = transmit
    const job = this.#state.jobs.get(id)
    if (parcel.kind === 'reply' && this.#keepsBlocks(around, transmit, parcel.to, job?.left ?? 1)) {
      this.#hold(transmit, second)
      return undefined
    }
    const fragment = this.#fragment(around, transmit, parcel)
    const waiting = job === undefined ? 1 : job.left - job.flights.size + 1
    const next =
      parcel.kind === 'reply'
        ? replies.next(around, parcel.to, fragment, waiting)
        : replies.once(around, parcel.to, fragment)
    switch (next.do) {
      case 'send':
        return this.#answer(around, next, () => this.#replied(around, transmit, parcel.to, job?.left ?? 1))
      case 'refill':
        return this.#answer(around, next, () => this.#hold(transmit, 0))
      case 'wait':
        if (next.isDry === true) this.#init.redirect(id)
        this.#hold(transmit, next.ms)
        return undefined
      case 'fail':
        if (this.#init.redirect(id)) this.#hold(transmit, second / 2)
        else this.apply({ type: 'failed', id, reason: next.reason })
        return undefined
    }
  }

  /**
   * While nothing comes back no second block is spent on a fragment, for it would be lost too; but for when the blocks
   * of this epoch are over anyway.
   */
  #keepsBlocks(around: Surroundings, { attempt }: Transmit, conversation: string, left: number): boolean {
    const { replies, returns } = this.#init
    return attempt > 1 && returns.isSilent && replies.mostWaitMs(around, conversation, left) > leastTurnMs
  }

  /** The gateway that sends an answer on acknowledges it, as one that stores a message does. */
  #answer(around: Surroundings, { to, user }: Answer, left: () => void): Leaving {
    const { clock, returns } = this.#init
    const made = forwardPacket(around, to, user, clock.now())
    return {
      what: 'payload',
      packet: made.packet,
      left: () => {
        returns.expect({ what: 'answer' }, made, clock.elapsed())
        left()
      },
    }
  }

  #replied(around: Surroundings, transmit: Transmit, conversation: string, left: number): void {
    const { id, index, attempt } = transmit
    const { clock, replies, diary, returns } = this.#init
    const at = clock.now()
    diary.add({ at, event: 'sent', id, fragment: index, attempt, path: [], drawnMs: undefined })
    // Where a node has just died it is on half of the asker's blocks, and which is not ours to know
    if (attempt === 1 && returns.losesSome(clock.elapsed()) && replies.usable(around, conversation) > left) {
      this.apply({ type: 'departed', id, index, attempt, drawnMs: 0, slackMs: anotherMs })
      return
    }
    // There over a path of ours and the asker's, back over one of its own; its delays are not ours to know
    const drawnMs = 3 * around.g.hops * around.view.parameters.hopDelayMs
    const slackMs = Math.max(leastReceiptSlackMs, 2 * returns.slackMs)
    const mostSlackMs = Math.max(leastTurnMs, replies.mostWaitMs(around, conversation, left) - drawnMs)
    this.apply({ type: 'departed', id, index, attempt, drawnMs, slackMs, mostSlackMs })
  }

  #fragment(around: Surroundings, { index, attempt }: Transmit, parcel: Loaded): Uint8Array {
    const size = fragmentBytes(around.g, laneOf(parcel.kind), this.#init.sealing.overhead)
    const { kind, idBytes: id, count } = parcel
    return writeFragment({ kind, id, index, count, attempt, data: partOf(parcel.content, index, size) }, size)
  }

  /** Makes what leaves when nothing else does. */
  #cover(around: Surroundings | undefined, name: 'payload' | 'loop' | 'drop'): Leaving | undefined {
    if (around === undefined || !this.#init.covers()) return undefined
    const { clock, returns } = this.#init
    const what = name === 'drop' ? 'drop' : 'loop'
    try {
      const { made, comesBack } = this.#init.cover.make(around, name, clock.now())
      const left = (): void => {
        if (comesBack) returns.expect({ what }, made, clock.elapsed())
      }
      return { what, packet: made.packet, left }
    } catch (error) {
      // No path in this document, or no keys for the time that the clock shows: a tick does not show that either
      this.#fault(error)
      return { what, packet: around.random(around.g.packetBytes), left: () => {} }
    }
  }

  #hold(transmit: Transmit, ms: Ms): void {
    this.apply({ ...transmit, type: 'held', retryAt: this.#init.clock.elapsed() + ms })
  }

  /** A packet that could not be made: keys of the epoch are missing, a layer is empty, the disk is full. */
  #fault(error: unknown): void {
    this.counters.faults++
    const reason = error instanceof ClientError ? error.code : error instanceof Error ? error.name : 'unknown'
    this.#init.log.warn({ reason }, 'a packet could not be made')
  }
}

/** Draws how long nothing more of a message leaves. */
function pauseAfter({ view, random }: Surroundings, fragments: number): Ms {
  const spacing = spacingOf(view.parameters, fragments)
  return spacing === undefined ? 0 : spacing.leastMs + exponential(random, spacing.meanMs)
}

/** The gateways of an address in turn, or the one that a path expression names. @throws ClientError NO_GATEWAY */
function exitsOf(around: Surroundings, address: Address, way: Way | undefined): NodeEntry[] {
  const gateways = entryGateways(around, address)
  if (way?.path === undefined) return gateways
  const { exit } = readPattern(way.path, around.g.hops - 2)
  const named = gateways.filter(({ id }) => exit === undefined || hex(id).startsWith(exit))
  if (named.length > 0) return named
  throw new ClientError('NO_GATEWAY', `path: ${exit} is none of the receiver's gateways, or does not run`)
}
