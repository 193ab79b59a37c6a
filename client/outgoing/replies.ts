// Anonymous replies, both sides (docs/spec/client-replies.md 7). The asker makes reply blocks and sends more when
// asked; the replier spends one block for every fragment it sends or sends again, and asks for more before they run
// out.

import { epochAt, epochStart, type Network } from '../../directory/documents/network.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { ANSWER_RECIPIENT } from '../../sphinx/commands.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Clock } from '../../world/clock.ts'
import { type Ms, second } from '../../world/units.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import type { Operation } from '../folder/schema.ts'
import { usualReplyBlocks } from '../limits.ts'
import type { Address } from '../packets/address.ts'
import { answerFragmentBytes, writeAnswer } from '../packets/answers.ts'
import { blocksBytes, maxBlocks, type TaggedBlock, writeBlocks, writeRefill } from '../packets/content.ts'
import { messageIdBytes, writeFragment } from '../packets/fragments.ts'
import { type Ending, replyBlocks, type Surroundings, spreadOverEpochs } from '../packets/packets.ts'
import type { Asked, OwnBlocks } from './own-blocks.ts'
import { acceptable, type BlockUse, blockWindow, firstHop, type TheirBlocks, turnMs } from './their-blocks.ts'
import type { Whereabouts } from './whereabouts.ts'

/** A reply that waits for blocks looks for them this often. */
const pollMs = second / 2
/** A reply for which no block works now waits no longer at a time: others may come unasked. */
const mostDryMs = 5 * second
/** A request for blocks is given this long before the next, doubled every time. */
const refillMs = 3 * second
/** Requests in a row that may stay without an answer. */
const mostRefills = 4
/** The asker answers at most one request of a conversation in this time. */
const refillPauseMs = second
/** After a message has come whose blocks are over: how long fresh ones may take to follow (7.5). */
const followMs = 60 * second
/** The blocks of a request are kept so long once its answer has come: a receipt of it may be lost. */
const answeredMs = 300 * second
/** Blocks to have beyond those for the fragments: for what is lost, and for the next request. */
const spareBlocks = 4
/** A packet's way through all hops may take this many times the mean. */
const slowWays = 3

export interface RepliesInit {
  /** Epochs and what is on disk go by the wall clock; asking for blocks, waiting and limits by elapsed time. */
  readonly clock: Clock
  readonly network: Network
  readonly g: Geometry
  readonly own: OwnBlocks
  readonly theirs: TheirBlocks
  /** Tells whether a reply to it is under way: its blocks may all be spent, and it known from disk alone. */
  readonly answers: (conversation: string) => boolean
  /** When a message came that wants replies, and is kept here, milliseconds since 1970-01-01 UTC. */
  readonly cameAt: (conversation: string) => number | undefined
  readonly whereabouts: Pick<Whereabouts, 'maker'>
  readonly write: (operations: readonly Operation[]) => Promise<void>
  /**
   * Takes what a content of so many bytes to an address costs off the budget of its owner; false when that is spent.
   */
  readonly mayPost: (kind: 'blocks', to: string, bytes: number) => boolean
  /** Sends a content of the client's own to an address, for which `mayPost` was asked. */
  readonly post: (kind: 'blocks', to: string, content: Uint8Array) => void
}

/** Holds what is to be brought to the gateway where a reply block begins. */
export interface Answer {
  readonly to: Ending
  /** g.userBytes */
  readonly user: Uint8Array
}

/** Decides what to do with a fragment of a reply. */
export type ReplyStep =
  | ({ readonly do: 'send' } & Answer)
  /** A request for more blocks goes first; the fragment's turn comes again at once. */
  | ({ readonly do: 'refill' } & Answer)
  /** Nothing can leave for so long; `isDry`: no block works now, and none is on its way. */
  | { readonly do: 'wait'; readonly ms: Ms; readonly isDry?: boolean }
  | { readonly do: 'fail'; readonly reason: ClientErrorCode }

/** A block is on its way off the disk: soon. */
const notInHand: ReplyStep = { do: 'wait', ms: second / 50 }

interface Refill {
  readonly tries: number
  /** By elapsed time: no other request before. */
  readonly nextAt: Ms
}

export class Replies {
  readonly #init: RepliesInit
  readonly #refills = new Map<string, Refill>()
  /** By conversation: when a request was answered last, by elapsed time. */
  readonly #answered = new Map<string, Ms>()

  constructor(init: RepliesInit) {
    this.#init = init
  }

  /**
   * Reply blocks for a message of ours, some for each epoch whose keys are known.
   *
   * @param id lowercase hex of the message's id
   * @throws ClientError NO_CONSENSUS, NO_GATEWAY, NO_PATH, TOO_LARGE, QUEUE_FULL
   */
  make(
    id: string,
    to: string,
    wanted: number,
  ): { blocks: TaggedBlock[]; operations: Operation[]; commit(): void } {
    const { network, clock } = this.#init
    const around = this.#around()
    const epochs = spreadOverEpochs(epochsAhead(network, around.view, clock.now()), wanted)
    return this.#make(around, id, to, epochs)
  }

  #make(
    around: Surroundings,
    id: string,
    to: string,
    epochs: readonly number[],
  ): { blocks: TaggedBlock[]; operations: Operation[]; commit(): void } {
    const { network, own } = this.#init
    const blocks = replyBlocks(around, epochs)
    const last = Math.max(...epochs)
    const until = blockWindow(network, last, 0).until + around.view.parameters.mailboxMinutes * 60 * second
    const { operations, commit } = own.add({ id, to, until }, blocks)
    return { blocks, operations, commit }
  }

  /** Tells whether a reply can be handed in: a block is left, or fresh ones may yet follow. */
  canAnswer(conversation: string): boolean {
    return this.#init.theirs.left(conversation) > 0 || this.#mayFollow(conversation)
  }

  /** A reply goes on after a restart: with no block left, its last may have asked for more, which are waited for. */
  resume(conversation: string): void {
    const { theirs, clock } = this.#init
    if (theirs.left(conversation) > 0) return
    const nextAt = clock.elapsed() + refillMs * 2 ** (mostRefills - 1)
    remember(this.#refills, conversation, { tries: 0, nextAt })
  }

  /**
   * The next packet of a reply. It is made at once, of a block that is in hand, or not at all: a tick does not wait
   * for the disk.
   *
   * @param conversation lowercase hex of the id of the message that is answered
   * @param fragment as `writeFragment` wrote it
   * @param waiting fragments, this one included, that have not left or must leave again
   */
  next(around: Surroundings, conversation: string, fragment: Uint8Array, waiting: number): ReplyStep {
    const { theirs, clock } = this.#init
    const now = clock.now()
    const use = this.#use(around)
    // What is over is out of memory when this returns, and off the disk soon
    theirs.expire(now, use.windowOf).catch(() => {})
    const refill = this.#refills.get(conversation)
    const tries = refill?.tries ?? 0
    const asking = refill !== undefined && refill.nextAt > clock.elapsed()
    const usable = theirs.usable(conversation, now, use)

    if (usable === 0) {
      const later = theirs.nextWindow(conversation, use)
      const coming = asking || this.#mayFollow(conversation)
      if (later === undefined && !coming) return this.#over(conversation)
      if (coming) return { do: 'wait', ms: pollMs }
      return { do: 'wait', ms: Math.min(Math.max(pollMs, (later ?? now) - now), mostDryMs), isDry: true }
    }
    // Of two left, one asks: a reply that took the last one would leave none to ask with
    if (usable < waiting || (usable > 1 && usable <= waiting + 1)) {
      // The last block is for the next request
      if (asking && usable === 1) return { do: 'wait', ms: pollMs }
      if (!asking && tries < mostRefills) {
        const block = this.#draw(around, conversation, true)
        if (block === undefined) return notInHand
        this.#ask(conversation, tries)
        const answer = overBlock(around, block, refillFragment(around, waiting - usable))
        return answer === undefined ? notInHand : { do: 'refill', ...answer }
      }
    }
    const block = this.#draw(around, conversation, waiting > 1)
    if (block === undefined) return notInHand
    return sent(overBlock(around, block, fragment))
  }

  /**
   * Tells how long a receipt is waited for at most: every block has its turn before its epoch is over (7.3).
   *
   * @param left fragments of the reply that are not receipted
   */
  mostWaitMs(around: Surroundings, conversation: string, left: number): Ms {
    const { theirs, clock, network } = this.#init
    const now = clock.now()
    const use = this.#use(around)
    const none = { until: use.windowOf(epochAt(network, now)).until, blocks: 0 }
    return turnMs(theirs.soonest(conversation, now, use) ?? none, now, left)
  }

  /** Counts the blocks of a conversation that work now. */
  usable(around: Surroundings, conversation: string): number {
    return this.#init.theirs.usable(conversation, this.#init.clock.now(), this.#use(around))
  }

  /** A packet over one block of a conversation, or none: for what is not sent again. */
  once(around: Surroundings, conversation: string, fragment: Uint8Array): ReplyStep {
    const { theirs, clock } = this.#init
    const now = clock.now()
    const use = this.#use(around)
    if (theirs.usable(conversation, now, use) === 0) {
      const later = theirs.nextWindow(conversation, use)
      if (later === undefined || later <= now) return { do: 'fail', reason: 'REPLY_EXPIRED' }
      return { do: 'wait', ms: Math.max(pollMs, later - now) }
    }
    const block = this.#draw(around, conversation, false)
    return block === undefined ? notInHand : sent(overBlock(around, block, fragment))
  }

  /** The block in hand; the next one is taken in hand where more are wanted, or none was. */
  #draw(around: Surroundings, conversation: string, more: boolean): TaggedBlock | undefined {
    const { theirs, clock } = this.#init
    const now = clock.now()
    const use = this.#use(around)
    const block = theirs.draw(conversation, now, use)
    // A disk that cannot write now is asked again when the fragment's turn comes again
    if (more || block === undefined) theirs.reach(conversation, now, use).catch(() => {})
    return block
  }

  /** Blocks that came with a message. Those that this client would not use are dropped. */
  received(
    conversation: string,
    blocks: readonly TaggedBlock[],
  ): { operations: Operation[]; commit(): void } {
    const { g, network, theirs, clock } = this.#init
    const usable = acceptable(g, blocks, network, clock.now())
    return usable.length === 0 ? { operations: [], commit: () => {} } : theirs.add(conversation, usable)
  }

  /** Tells whether more blocks for it were asked for, and have not come. */
  asksFor(conversation: string): boolean {
    return this.#refills.has(conversation)
  }

  /** Blocks that follow a message, asked for or not. */
  more(conversation: string, blocks: readonly TaggedBlock[]): { operations: Operation[]; commit(): void } {
    const { cameAt, answers } = this.#init
    if (cameAt(conversation) === undefined && !answers(conversation))
      return { operations: [], commit: () => {} }
    const { operations, commit } = this.received(conversation, blocks)
    return {
      operations,
      commit: () => {
        commit()
        this.#refills.delete(conversation)
      },
    }
  }

  /**
   * The replier asks for more blocks: they go to the address that the message went to.
   *
   * @throws ClientError like `make`
   */
  async answerRefill(asked: Asked, wanted: number): Promise<void> {
    const { network, clock } = this.#init
    const now = clock.elapsed()
    if (now - (this.#answered.get(asked.id) ?? Number.NEGATIVE_INFINITY) < refillPauseMs) return
    remember(this.#answered, asked.id, now)
    await this.#follow(asked, around => soon(network, around.view, wanted, clock.now()))
  }

  /**
   * Most blocks of a message of ours are over or broken: a few more follow it, for more can be asked for over them.
   *
   * @throws ClientError like `make`
   */
  async freshen(asked: Asked): Promise<void> {
    const { network, clock } = this.#init
    const wanted = Math.min(asked.made, usualReplyBlocks)
    await this.#follow(asked, ({ view }) => spreadOverEpochs(epochsAhead(network, view, clock.now()), wanted))
  }

  async #follow(asked: Asked, epochsOf: (around: Surroundings) => readonly number[]): Promise<void> {
    const { g, mayPost, post, write } = this.#init
    const around = this.#around()
    const epochs = epochsOf(around)
    // Before anything is made: what is refused costs nothing
    if (!this.#init.own.mayFollow(asked.to, epochs.length)) return
    if (!mayPost('blocks', asked.to, messageIdBytes + 1 + blocksBytes(g, epochs.length))) return
    const made = this.#make(around, asked.id, asked.to, epochs)
    await write(made.operations)
    made.commit()
    post('blocks', asked.to, writeBlocks(g, { conversation: fromHex(asked.id), blocks: made.blocks }))
  }

  /**
   * A message of ours has the one answer that it asked for. Its blocks are kept for as long as what is sent again
   * may take. Never rejects.
   */
  async answered(conversation: string): Promise<void> {
    const { own, clock } = this.#init
    await own.over(conversation, clock.now() + answeredMs).catch(() => {})
  }

  #ask(conversation: string, tries: number): void {
    const nextAt = this.#init.clock.elapsed() + refillMs * 2 ** tries
    remember(this.#refills, conversation, { tries: tries + 1, nextAt })
  }

  /** Forgets the blocks of epochs that are over. */
  async tidy(): Promise<void> {
    const { theirs, network, clock } = this.#init
    await theirs.expire(clock.now(), epoch => blockWindow(network, epoch, 0))
  }

  #use(around: Surroundings): BlockUse {
    const { network } = this.#init
    const { g, view, gateway } = around
    // To where the block begins, and on from there
    const transitMs = 2 * slowWays * g.hops * view.parameters.hopDelayMs
    return {
      windowOf: epoch => blockWindow(network, epoch, transitMs),
      isReachable: block => gateway(hex(firstHop(g, block))) !== undefined,
    }
  }

  #over(conversation: string): ReplyStep {
    return { do: 'fail', reason: this.#haveExpired(conversation) ? 'REPLY_EXPIRED' : 'REPLY_EXHAUSTED' }
  }

  #haveExpired(conversation: string): boolean {
    const { theirs } = this.#init
    return theirs.expiredSome(conversation) || !theirs.knows(conversation)
  }

  /**
   * The message was so long under way that its blocks are over: its sender has more follow. When it came is a date:
   * it has to be known after a restart.
   */
  #mayFollow(conversation: string): boolean {
    const { cameAt: when, clock } = this.#init
    const cameAt = when(conversation)
    return cameAt !== undefined && clock.now() < cameAt + followMs && this.#haveExpired(conversation)
  }

  #around(): Surroundings {
    const around = this.#init.whereabouts.maker()
    if (around === undefined)
      throw new ClientError(
        'NO_CONSENSUS',
        'reply blocks: no consensus with a gateway yet; wait until it is ready',
      )
    return around
  }
}

/** Sets the newest entry of a map of at most 1,024; the oldest makes room. */
function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id)
  map.set(id, value)
  const [oldest] = map.keys()
  if (map.size > 1024) map.delete(oldest as string)
}

/** Makes the request for more blocks that a replier sends, as a fragment of its own. */
function refillFragment({ g, random }: Surroundings, missing: number): Uint8Array {
  const data = writeRefill(Math.min(maxBlocks, missing + spareBlocks))
  return writeFragment(
    { kind: 'refill', id: random(16), index: 0, count: 1, attempt: 1, data },
    answerFragmentBytes(g),
  )
}

/** Makes of a block and a fragment what goes to the gateway where the block begins; undefined where that is no more. */
function overBlock(around: Surroundings, { block }: TaggedBlock, fragment: Uint8Array): Answer | undefined {
  const gateway = around.gateway(hex(firstHop(around.g, block)))
  if (gateway === undefined) return undefined
  const to = { gateway, recipient: ANSWER_RECIPIENT }
  return { to, user: writeAnswer(around.g, block, fragment) }
}

function sent(answer: Answer | undefined): ReplyStep {
  return answer === undefined ? notInHand : { do: 'send', ...answer }
}

/**
 * The epochs whose keys a view holds, from now on: one at least.
 *
 * @throws ClientError NO_CONSENSUS for a document of no nodes, as the first of a network may be
 */
function epochsAhead(network: Network, view: View, now: number): [number, ...number[]] {
  const first = Math.max(0, epochAt(network, now))
  const epochs = [first, first + 1, first + 2].filter(epoch =>
    [...view.nodes.values()].some(node => node.packetKeys.has(epoch)),
  )
  // What is nearly over is of no use to somebody who answers later
  const nearlyOver = epochStart(network, first + 1) - now < network.epochMs / 8
  const [one, ...others] = nearlyOver && epochs.length > 1 ? epochs.slice(1) : epochs
  if (one === undefined)
    throw new ClientError(
      'NO_CONSENSUS',
      'reply blocks: no node of the consensus has keys for this epoch or the next ones',
    )
  return [one, ...others]
}

/** Epochs for blocks that are waited for: this one by the share of it that is left, then the next. */
function soon(network: Network, view: View, wanted: number, now: number): number[] {
  const [first, second = first] = epochsAhead(network, view, now)
  const left = Math.min(1, (epochStart(network, first + 1) - now) / network.epochMs)
  return Array.from({ length: wanted }, (_, i) => (i < Math.ceil(wanted * left) ? first : second))
}

/**
 * The gateways of an address that are in the network now, those that run before the others.
 *
 * @throws ClientError NO_GATEWAY
 */
export function entryGateways({ gateway }: Surroundings, address: Address): NodeEntry[] {
  const found = address.gateways.map(id => gateway(hex(id))).filter(entry => entry !== undefined)
  const running = found.filter(entry => entry.running)
  const gateways = running.length > 0 ? running : found
  if (gateways.length === 0)
    throw new ClientError(
      'NO_GATEWAY',
      'address: none of its gateways is in the network now; try again later',
    )
  return gateways
}
