// What leaves a client: at each tick of a clock one packet, whatever it is (docs/spec/client-clocks.md 8). The
// decisions are delivery.ts's; here are the packets, and what comes back for them.

import type { NodeEntry } from '../../directory/documents/view.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Link } from '../../link/link.ts'
import { BULLETIN_RECIPIENT } from '../../sphinx/commands.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { type Ms, second } from '../../world/units.ts'
import type { Diary } from '../diary.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import { type Address, readAddress } from '../packets/address.ts'
import { fragmentBytes, type Kind, laneOf, partOf, writeFragment } from '../packets/fragments.ts'
import { dropPacket, forwardPacket, loopPacket, type Surroundings } from '../packets/packets.ts'
import { readPattern, type Way } from '../packets/pattern.ts'
import type { Sealing } from '../packets/sealing.ts'
import { type Accepted, type Delivery, type Event, type MessageState, noDelivery, step } from './delivery.ts'
import { entryGateways, type Replies } from './replies.ts'
import type { Returns, Sent } from './returns.ts'
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
  /** What a person asks of its packets' paths. */
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
  /** What packet `index` carries: g.userBytes. */
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
  readonly link: Pick<Link, 'send'>
  readonly whereabouts: Pick<Whereabouts, 'surroundings'>
  /** Whether a tick without a message sends a loop or drop. */
  readonly covers: () => boolean
  readonly onState: (id: string, state: MessageState, reason: ClientErrorCode | undefined) => void
}

type Transmit = { readonly id: string; readonly index: number; readonly attempt: number }

interface Loaded extends Parcel {
  readonly idBytes: Uint8Array
  readonly address: Address | undefined
}

/** Where a forward packet ends. */
type To = Parameters<typeof forwardPacket>[1]

/** A receipt needs twice the slack of an acknowledgement, for it waits on two clients' clocks; and at least this. */
const leastReceiptSlackMs = 2 * second
/** A message brings three or four blocks for an epoch, and each must have its turn in it. */
const triesPerEpoch = 6

export class Dispatch {
  readonly #init: DispatchInit
  readonly #parcels = new Map<string, Loaded | Posting>()
  /** Messages whose acknowledged fragments have changed since `takeProgress`. */
  readonly #touched = new Set<string>()
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
    return { ...parcel, idBytes: fromHex(parcel.id), address }
  }

  /** What an event makes of the queue; actions are carried out. */
  apply(event: Event): Transmit | undefined {
    const [next, actions] = step(this.#state, event, this.#init.clock.elapsed())
    this.#state = next
    let transmit: Transmit | undefined
    for (const action of actions) {
      if (action.type === 'transmit') transmit = action
      else this.#init.onState(action.id, action.state, action.reason)
    }
    for (const action of actions) {
      if (action.type === 'state' && !next.jobs.has(action.id)) this.#parcels.delete(action.id)
    }
    return transmit
  }

  /** A clock ticks: one packet leaves. */
  tick(name: 'payload' | 'loop' | 'drop'): void {
    const { clock, returns } = this.#init
    const around = this.#init.whereabouts.surroundings()
    if (around !== undefined) returns.sweep(clock.elapsed())
    if (name === 'payload') this.apply({ type: 'overdue', wall: clock.now() })
    const transmit = name === 'payload' ? this.apply({ type: 'tick' }) : undefined
    if (around === undefined) {
      // Deadlines pass all the same; what was handed out waits for better times.
      if (transmit !== undefined) this.#hold(transmit, second)
      return
    }
    const parcel = transmit && this.#parcels.get(transmit.id)
    if (transmit === undefined || parcel === undefined) this.#cover(around, name === 'drop' ? 'drop' : 'loop')
    else if (parcel.kind === 'bulletin') this.#post(around, transmit, parcel)
    else if (parcel.address !== undefined) this.#forward(around, transmit, parcel, parcel.address)
    else void this.#reply(around, transmit, parcel)
  }

  /** Something came back under a reply id (lowercase hex). */
  returned(replyId: string): Sent | undefined {
    const { clock } = this.#init
    const sent = this.#init.returns.returned(replyId, clock.elapsed())
    if (sent?.what !== 'fragment') return sent
    const { id, index, attempt } = sent
    if (!this.#state.jobs.has(id)) return sent
    this.#init.diary.add({ at: clock.now(), event: 'acknowledged', id, fragment: index, attempt })
    this.#touched.add(id)
    this.apply({ type: 'acknowledged', id, index })
    return sent
  }

  /** The other side's client tells which fragments of a reply it has; what does not fit a reply of ours is false. */
  receipt(id: string, count: number, have: Uint8Array): boolean {
    const job = this.#state.jobs.get(id)
    if (job === undefined || job.by !== 'peer' || job.count !== count) return false
    this.#touched.add(id)
    this.apply({ type: 'receipt', id, have })
    return true
  }

  /** Whether a message is still under way. */
  carries(id: string): boolean {
    return this.#state.jobs.has(id)
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

  #forward(around: Surroundings, transmit: Transmit, parcel: Loaded, address: Address): void {
    this.#leave(around, transmit, () => {
      // Twice to the first gateway, then twice to the next: an outage of seconds needs no other
      const gateways = exitsOf(around, address, parcel.way)
      const turn = Math.floor((transmit.attempt - 1) / 2) % gateways.length
      const gateway = gateways[turn] as (typeof gateways)[0]
      const fragment = this.#fragment(around, transmit, parcel)
      const user = this.#init.sealing.seal(address.sealingKey, fragment, around.random)
      return { to: { gateway, recipient: address.mailboxKey }, user, way: parcel.way }
    })
  }

  /** docs/spec/bulletin.md 4.1: all pieces of an entry go to one gateway, which puts them together. */
  #post(around: Surroundings, transmit: Transmit, posting: Posting): void {
    this.#leave(around, transmit, () => {
      const gateway = around.gateway(posting.gateway)
      if (gateway === undefined)
        throw new ClientError('NO_GATEWAY', 'bulletin: the gateway is not in the network any more')
      return { to: { gateway, recipient: BULLETIN_RECIPIENT }, user: posting.piece(transmit.index) }
    })
  }

  #leave(
    around: Surroundings,
    transmit: Transmit,
    make: () => { to: To; user: Uint8Array; way?: Way | undefined },
  ): void {
    const { clock, returns, diary } = this.#init
    const { id, index, attempt } = transmit
    const now = clock.now()
    try {
      const { to, user, way } = make()
      const packet = forwardPacket(around, to, user, now, way)
      this.#init.link.send(around.home, packet.packet)
      returns.expect({ what: 'fragment', id, index, attempt }, packet, clock.elapsed())
      const path = packet.nodes.slice(0, around.g.hops)
      diary.add({ at: now, event: 'sent', id, fragment: index, attempt, path, drawnMs: packet.drawnMs })
      this.counters.payload++
      this.apply({
        type: 'departed',
        id,
        index,
        attempt,
        drawnMs: packet.roundTripMs,
        slackMs: returns.slackMs,
      })
    } catch (error) {
      this.#hold(transmit, second)
      this.#fault(error)
      this.#cover(around, 'loop')
    }
  }

  /** A reply block is spent on disk before the packet leaves, so this one waits for the disk. Never rejects. */
  async #reply(around: Surroundings, transmit: Transmit, parcel: Loaded): Promise<void> {
    const { clock, replies, diary } = this.#init
    const { id, index, attempt } = transmit
    const now = clock.now()
    try {
      const fragment = this.#fragment(around, transmit, parcel)
      const job = this.#state.jobs.get(id)
      const waiting = job === undefined ? 1 : job.left - job.flights.size + 1
      const next =
        parcel.kind === 'reply'
          ? await replies.next(parcel.to, fragment, waiting)
          : await replies.once(parcel.to, fragment)
      if (next.do === 'send' || next.do === 'refill') this.#init.link.send(around.home, next.packet)
      else this.#cover(around, 'loop')
      if (next.do === 'fail') this.apply({ type: 'failed', id, reason: next.reason })
      else if (next.do === 'wait') this.#hold(transmit, next.ms)
      else if (next.do === 'refill') this.#hold(transmit, 0)
      else {
        this.counters.payload++
        diary.add({ at: now, event: 'sent', id, fragment: index, attempt, path: [], drawnMs: undefined })
        // There over the asker's path, back over one of its own to us; its delays are not ours to know
        const drawnMs = 2 * around.g.hops * around.view.parameters.hopDelayMs
        const slackMs = Math.max(leastReceiptSlackMs, 2 * this.#init.returns.slackMs)
        // Blocks that wait for a long back-off are over before they are tried
        const mostSlackMs = Math.max(slackMs, replies.epochMs / triesPerEpoch)
        this.apply({ type: 'departed', id, index, attempt, drawnMs, slackMs, mostSlackMs })
      }
    } catch (error) {
      this.#hold(transmit, second)
      this.#fault(error)
    }
  }

  #fragment(around: Surroundings, { index, attempt }: Transmit, parcel: Loaded): Uint8Array {
    const size = fragmentBytes(around.g, laneOf(parcel.kind), this.#init.sealing.overhead)
    const { kind, idBytes: id, count } = parcel
    return writeFragment({ kind, id, index, count, attempt, data: partOf(parcel.content, index, size) }, size)
  }

  #cover(around: Surroundings, what: 'loop' | 'drop'): void {
    if (!this.#init.covers()) return
    const { clock, returns, link } = this.#init
    try {
      const packet = what === 'loop' ? loopPacket(around, clock.now()) : dropPacket(around, clock.now())
      link.send(around.home, packet.packet)
      returns.expect({ what }, packet, clock.elapsed())
      this.counters[what]++
    } catch (error) {
      this.#fault(error)
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

/** The gateways of an address in turn, or the one that a path expression names. @throws ClientError NO_GATEWAY */
function exitsOf(around: Surroundings, address: Address, way: Way | undefined): NodeEntry[] {
  const gateways = entryGateways(around, address)
  if (way?.path === undefined) return gateways
  const { exit } = readPattern(way.path, around.g.hops - 2)
  const named = gateways.filter(({ id }) => exit === undefined || hex(id).startsWith(exit))
  if (named.length > 0) return named
  throw new ClientError('NO_GATEWAY', `path: ${exit} is none of the receiver's gateways, or does not run`)
}
