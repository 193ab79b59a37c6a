// Who sends messages of any size through a chain of mixers of packets (docs/spec/packets.md 9): keeps each until its
// recipient has said that it is there, looks for its own packets behind every mixer, sends what was lost again, and
// shows who lost it.

import { concat, fromHex, hex } from '../../encoding/bytes.ts'
import { pick, shuffle } from '../../world/random.ts'
import type { Audit } from '../audit.ts'
import { Caller, type SignerParts } from '../caller.ts'
import { CascadeError } from '../error.ts'
import type { Receipt } from '../log.ts'
import { type Cycle, contextOf, type Peer } from '../records.ts'
import { strict } from '../rules.ts'
import type { SignedRequest } from '../signed.ts'
import type { Chains } from './chains.ts'
import { type Content, messageIdBytes, pieceBytes, piecesOf, sealContent } from './contents.ts'
import { courseOf, hasRow, makePacket, openingOf, provePacket } from './packet.ts'
import { isRecipient, markOf, type Recipient, recipientsOf } from './recipients.ts'
import { packetBytes } from './suite.ts'

/** Says how far a message has come. */
export type PacketProgress = 'queued' | 'accepted' | 'included' | 'mixed' | 'delivered' | 'replaced' // by a later one of the same person
const steps: readonly PacketProgress[] = ['queued', 'accepted', 'included', 'mixed', 'delivered']

interface KeptMessage {
  readonly key: string
  readonly recipient: Recipient
  /** 16 bytes in hexadecimal: the same however often it is sent. */
  readonly id: string
  readonly bytes: string
  /** Its user was told that it is delivered: it may make room. */
  readonly seen?: boolean
}

/** Stays of a message that has made room, so that the same one said again is not sent again. */
interface GoneMessage {
  readonly key: string
  /** SHA-256 of whom it was for and what it said. */
  readonly gone: string
}

const isGone = (message: KeptMessage | GoneMessage | undefined): message is GoneMessage =>
  message !== undefined && 'gone' in message

interface KeptPacket {
  /** 32 bytes in hexadecimal, secret. */
  readonly seed: string
  /** Which piece of which message; undefined for a trap. */
  readonly of?: { readonly message: number; readonly part: number } | undefined
  /** Was not behind a mixer where it had to be. */
  readonly lost?: boolean
  /** Its sender has shown that. */
  readonly shown?: boolean
}

/** One message of the board: as many packets as the chain wants of each sender. */
interface Batch {
  readonly peer_id: string
  readonly packets: readonly KeptPacket[]
  readonly request?: SignedRequest
  readonly receipt?: Receipt
  /** Another message of the same person has taken its place: nothing of it is sent again. */
  readonly replaced?: boolean
  /** Came to nothing: its packets are never sent again. */
  readonly dead?: boolean
}

/** Holds what a sender is handed. */
export interface PacketSenderParts extends SignerParts {
  readonly audit: Audit
  readonly chains: Chains
  /**
   * Says whether a message's packet that was lost is shown too, and not traps alone: that tells whom it was for, and
   * nothing of what is in it.
   */
  readonly showsLost: boolean
  /** Says whether traps go into every cycle, so that who has something to say is not told by who sends; default no. */
  readonly covers?: boolean | undefined
  /** Says whether what is queued takes the place of what this person has sent into the same cycle; default no. */
  readonly replaces?: boolean | undefined
  /** Counts the messages that are kept at a time; default 10,000. */
  readonly keeps?: number | undefined
}

/** Messages that are kept at a time, and bytes of one. */
export const sentAtMost = 10_000
/** Messages that have made room, of which it is still known that they were sent. */
const goneAtMost = 1_000_000
export const sentBytesAtMost: number = 16 * 1024 * 1024

/** Sends messages of any size, each until its recipient has it, and says how far each has come. */
export class PacketSender {
  readonly audit: Audit
  readonly #parts: PacketSenderParts
  readonly #caller: Caller
  readonly #messages: (KeptMessage | GoneMessage)[] = []
  /** Counts those of them that are kept whole. */
  #whole = 0
  readonly #batches: Batch[] = []
  /** Keeps what each packet must be behind each hop. */
  readonly #courses = new Map<string, readonly Uint8Array[]>()

  constructor(parts: PacketSenderParts) {
    this.#parts = parts
    this.audit = parts.audit
    this.#caller = new Caller(parts.mixnet, parts.signer, parts.shelf, parts.post)
    for (;;) {
      const kept = parts.shelf.get(`sent ${this.#messages.length}`)
      if (kept === undefined) break
      const message = JSON.parse(kept) as KeptMessage | GoneMessage
      this.#messages.push(message)
      if (!isGone(message)) this.#whole++
    }
    for (;;) {
      const kept = parts.shelf.get(`batch ${this.#batches.length}`)
      if (kept === undefined) break
      this.#batches.push(JSON.parse(kept) as Batch)
    }
    const last = this.#batches.at(-1)
    const waiting = this.#caller.waiting()
    // Written down, and its request was not: nobody has seen these packets, and nobody will
    if (last !== undefined && last.receipt === undefined && waiting?.payload.resource !== 'message')
      this.#keep(this.#batches.length - 1, { ...last, dead: true })
  }

  /** Counts the messages that were handed in. */
  get count(): number {
    return this.#messages.length
  }

  /**
   * Queues a message. The same key is the same message, however often it is said.
   *
   * @param key what its app names it by, 1 to 200 characters
   * @returns its number, from 0 on
   * @throws CascadeError FULL; BAD_REQUEST for another message with a key that is known, and for a recipient to whom
   *   nothing can be sealed
   */
  send(recipient: Recipient, message: Uint8Array, key: string = hex(this.#parts.random(16))): number {
    const there = this.#messages.findIndex(each => each.key === key)
    if (there !== -1) {
      const known = this.#messages[there] as KeptMessage | GoneMessage
      const said = isGone(known) ? known.gone : markOf(known.recipient, known.bytes)
      if (said === markOf(recipient, hex(message))) return there
      throw new CascadeError('BAD_REQUEST', 'id: is that of another message')
    }
    if (!isRecipient(this.#parts.group, recipient))
      throw new CascadeError('BAD_REQUEST', 'recipient: want an id, and a point that is sealed to')
    if (message.length > sentBytesAtMost)
      throw new CascadeError('FULL', `message: want at most ${sentBytesAtMost} bytes`)
    this.#makeRoom()
    const id = hex(this.#parts.random(messageIdBytes))
    const kept: KeptMessage = { key, recipient, id, bytes: hex(message) }
    this.#parts.shelf.put(`sent ${this.#messages.length}`, JSON.stringify(kept))
    this.#messages.push(kept)
    this.#whole++
    return this.#messages.length - 1
  }

  /** Does one thing, if there is one to do, and says whether there was. Is called again and again. */
  async tick(): Promise<boolean> {
    await this.audit.follow(this.#parts.source)
    if (this.audit.isForked) return false
    this.#look()
    if (this.#caller.waiting() === undefined) this.#prepare()
    const answered = await this.#caller.send()
    if (answered === undefined) return false
    const { request, reply } = answered
    const isMessage = request.payload.resource === 'message'
    const at = this.#batches.length - 1
    if (reply.is === 'accepted') {
      const { mixnet, controllerKey, rules = strict } = this.#parts
      if (!rules.isReceipt(mixnet, controllerKey, request, reply.receipt)) return false
      if (isMessage) this.#keep(at, { ...(this.#batches[at] as Batch), request, receipt: reply.receipt })
    } else if (isMessage) this.#keep(at, { ...(this.#batches[at] as Batch), dead: true })
    this.#caller.done()
    return reply.is === 'accepted'
  }

  /**
   * Writes down that a message's user was told how far it is. One that was delivered, and whose user knows it, may make
   * room for another (docs/spec/packets.md 9).
   */
  told(number: number): void {
    const message = this.#messages[number]
    if (message === undefined || isGone(message) || message.seen === true) return
    if (this.progress(number) === 'delivered') this.#put(number, { ...message, seen: true })
  }

  /** Says whether a message has made room: nothing is known of it but that it was delivered. */
  isGone(number: number): boolean {
    return isGone(this.#messages[number])
  }

  #put(number: number, message: KeptMessage | GoneMessage): void {
    this.#parts.shelf.put(`sent ${number}`, JSON.stringify(message))
    this.#messages[number] = message
  }

  /** Forgets the oldest message that was delivered to its user's knowledge, where no more can be kept. */
  #makeRoom(): void {
    const { keeps = sentAtMost } = this.#parts
    if (this.#whole < keeps) return
    const at = this.#messages.findIndex(
      (message, i) => !isGone(message) && message.seen === true && this.progress(i) === 'delivered',
    )
    const oldest = this.#messages[at]
    if (oldest === undefined || isGone(oldest) || this.#messages.length >= goneAtMost)
      throw new CascadeError('FULL', `${keeps} messages are kept, and none was delivered to your knowledge`)
    this.#put(at, { key: oldest.key, gone: markOf(oldest.recipient, oldest.bytes) })
    this.#whole--
    for (const [i, batch] of this.#batches.entries()) {
      const of = batch.packets.flatMap(packet => packet.of ?? [])
      if (of.length > 0 && of.every(({ message }) => this.isGone(message)) && this.#isSettled(batch))
        this.#keep(i, { peer_id: batch.peer_id, packets: [], dead: true })
    }
  }

  /** Says whether nothing is left to be looked for of a batch: its packets came out, and were taken. */
  #isSettled(batch: Batch): boolean {
    return batch.packets.every(packet =>
      packet.lost === true
        ? packet.shown === true || !this.#shows(packet)
        : packet.of === undefined || this.#stepOfPacket(batch, packet) >= 3,
    )
  }

  /** Says how far a message has come. */
  progress(number: number): PacketProgress {
    if (this.isGone(number)) return 'delivered'
    const isReplaced = this.#batches.some(
      ({ replaced, packets }) => replaced === true && packets.some(({ of }) => of?.message === number),
    )
    if (isReplaced) return 'replaced'
    const pieces = this.#pieces(this.#messages[number] as KeptMessage)
    const least = pieces.map((_, part) => this.#stepOf(number, part))
    return steps[Math.min(...least)] as PacketProgress
  }

  /** Gives what shows that pieces of a message were accepted. */
  receipts(number: number): readonly { readonly request: SignedRequest; readonly receipt: Receipt }[] {
    return this.#batches.flatMap(({ request, receipt, packets }) =>
      request && receipt && packets.some(({ of }) => of?.message === number) ? [{ request, receipt }] : [],
    )
  }

  /** Finds a message by what its app named it by. */
  numberOf(key: string): number | undefined {
    const at = this.#messages.findIndex(each => each.key === key)
    return at === -1 ? undefined : at
  }

  /** Gives what an app named a message by. */
  keyOf(number: number): string {
    return (this.#messages[number] as KeptMessage | GoneMessage).key
  }

  #keep(at: number, batch: Batch): void {
    this.#parts.shelf.put(`batch ${at}`, JSON.stringify(batch))
    this.#batches[at] = batch
  }

  #pieces({ id, bytes }: KeptMessage): Content[] {
    return piecesOf(id, fromHex(bytes), pieceBytes(this.#parts.chains.form))
  }

  /** Says how far a piece has come, as a number from 0 on. */
  #stepOf(message: number, part: number): number {
    const all = this.#batches.flatMap(batch =>
      batch.dead === true
        ? []
        : batch.packets
            .filter(({ of, lost }) => lost !== true && of?.message === message && of.part === part)
            .map(packet => this.#stepOfPacket(batch, packet)),
    )
    return Math.max(0, ...all)
  }

  #stepOfPacket(batch: Batch, packet: KeptPacket): number {
    const cycles = this.#cyclesOf(batch)
    const [first] = cycles
    if (first === undefined) return 0
    if (first.status === 'OPEN' || first.status === 'ABORTED') return 1
    const last = cycles.at(-1) as Cycle
    const isThrough = this.audit.board.peer(last.peer_id).next === '' && last.status === 'PROCESSED'
    if (!isThrough) return 2
    const message = this.#messages[packet.of?.message ?? -1]
    const whom = message === undefined || isGone(message) ? undefined : message.recipient.id
    return last.consumed.some(({ who }) => who === whom) ? 4 : 3
  }

  /** Lists the cycles that a batch has come through, the first one as it is now; none where it is in none. */
  #cyclesOf({ peer_id, request, receipt }: Batch): Cycle[] {
    if (request === undefined || receipt === undefined) return []
    const { board } = this.audit
    const { signer, data } = request.payload
    const first = board.cycles
      .get(peer_id)
      ?.findLast(({ messages }) => messages.some(({ sender, row }) => sender === signer && hex(row) === data))
    const all: Cycle[] = []
    for (let at = first; at !== undefined; at = this.audit.cycleAfter(at)) all.push(at)
    return all
  }

  /** Looks behind every mixer for what this sender has sent. */
  #look(): void {
    for (const [at, batch] of this.#batches.entries()) {
      if (batch.dead === true || batch.replaced === true || batch.receipt === undefined) continue
      const cycles = this.#cyclesOf(batch)
      if (cycles.length === 0 && this.audit.size > batch.receipt.index) {
        this.#keep(at, { ...batch, replaced: true })
        continue
      }
      // A mixer was left out: all that went through its cycle is sent anew
      if (cycles.some(({ status }) => status === 'SKIPPED' || status === 'VOID')) {
        if (
          batch.packets.every(packet => packet.lost !== true || packet.shown === true || !this.#shows(packet))
        )
          this.#keep(at, { ...batch, dead: true })
        continue
      }
      // Nobody closes a chain's cycle once it has been left
      const isWaiting = cycles[0]?.status === 'OPEN' || cycles[0]?.status === 'ABORTED'
      if (isWaiting && this.#parts.chains.isOver(this.audit.board, batch.peer_id)) {
        this.#keep(at, { ...batch, dead: true })
        continue
      }
      const packets = batch.packets.map((packet, k) =>
        packet.lost !== true && this.#isLost(batch, k, cycles) ? { ...packet, lost: true } : packet,
      )
      if (packets.some((packet, k) => packet !== batch.packets[k])) this.#keep(at, { ...batch, packets })
    }
  }

  #isLost(batch: Batch, k: number, cycles: readonly Cycle[]): boolean {
    // Nothing is known of a chain before the log has been followed so far
    const course = cycles.length === 0 ? [] : this.#courseOf(batch, k)
    return cycles.some((cycle, hop) => {
      const output = cycle.status === 'PROCESSED' ? this.audit.output(cycle) : undefined
      return output !== undefined && !hasRow(output, course[hop] as Uint8Array)
    })
  }

  #courseOf({ peer_id, packets, request }: Batch, k: number): readonly Uint8Array[] {
    const { seed } = packets[k] as KeptPacket
    const known = this.#courses.get(seed)
    if (known !== undefined) return known
    const { group, chains } = this.#parts
    const chain = this.#chainFrom(peer_id)
    const size = packetBytes(chains.form)
    const packet = fromHex(request?.payload['data'] as string).subarray(size * k, size * (k + 1))
    const opening = openingOf(group, fromHex(seed), chain.length)
    const course = courseOf(group, chains.form, chain, packet, opening)
    this.#courses.set(seed, course)
    return course
  }

  #chainFrom(peer_id: string): readonly Peer[] {
    return this.#parts.chains.all(this.audit.board).find(([entry]) => entry?.peer_id === peer_id) ?? []
  }

  #shows({ of }: KeptPacket): boolean {
    return of === undefined || this.#parts.showsLost
  }

  #prepare(): void {
    const { signer, chains } = this.#parts
    const { board } = this.audit
    if (!board.persons.has(signer.id)) {
      const fields = { name: signer.id.slice(0, 16), peer_type: 'CLIENT', key_data: hex(signer.keyData) }
      this.#caller.prepare({ resource: 'peer', operation: 'create', ...fields })
      return
    }
    if (this.#complain()) return
    // What was handed in may not be seen yet, and of one person's messages the last one of a cycle is in it
    const handed = this.#batches.at(-1)?.receipt
    if (handed !== undefined && this.audit.size <= handed.index) return
    const chain = chains.now(board)
    const [entry] = chain ?? []
    const cycle = entry && board.cycles.get(entry.peer_id)?.find(({ status }) => status === 'OPEN')
    if (chain === undefined || entry === undefined || cycle === undefined) return
    const isThere = cycle.messages.some(({ sender }) => sender === signer.id)
    const waiting = this.#waiting()
    const isCovered = this.#parts.covers === true && recipientsOf(board).length > 0
    const isReplacing = this.#parts.replaces === true && waiting.length > 0
    if (isReplacing || (!isThere && (waiting.length > 0 || isCovered)))
      this.#sendBatch(chain, cycle, waiting.slice(0, entry.each))
  }

  /** Shows the first packet that was lost, where that has not been shown. */
  #complain(): boolean {
    for (const [at, batch] of this.#batches.entries()) {
      const k = batch.packets.findIndex(
        packet => packet.lost === true && packet.shown !== true && this.#shows(packet),
      )
      const [cycle] = k === -1 ? [] : this.#cyclesOf(batch)
      if (cycle === undefined || batch.dead === true) continue
      const { peer_id, id: cycle_id } = cycle
      const { seed } = batch.packets[k] as KeptPacket
      const opening = hex(openingOf(this.#parts.group, fromHex(seed), this.#chainFrom(peer_id).length))
      const isSaid = cycle.complaints.some(
        ({ who, packet }) => who === this.#parts.signer.id && packet === k + 1,
      )
      const packets = batch.packets.map((packet, i) => (i === k ? { ...packet, shown: true } : packet))
      if (!isSaid) {
        const about = { peer_id, cycle_id, packet: k + 1, opening }
        this.#caller.prepare({ resource: 'cycle', operation: 'action', action: 'complain', ...about })
      }
      this.#keep(at, { ...batch, packets })
      if (!isSaid) return true
    }
    return false
  }

  /** Lists pieces that are in no packet on its way, the oldest first. */
  #waiting(): { readonly message: number; readonly part: number }[] {
    const under = new Set<string>()
    for (const { dead, packets } of this.#batches)
      for (const { of, lost } of packets)
        if (dead !== true && lost !== true && of !== undefined) under.add(`${of.message} ${of.part}`)
    return this.#messages.flatMap((kept, message) =>
      (isGone(kept) ? [] : this.#pieces(kept))
        .map((_, part) => ({ message, part }))
        .filter(each => !under.has(`${each.message} ${each.part}`)),
    )
  }

  /** Fills a message of the board with pieces, and with traps what is left, in an order that tells nothing. */
  #sendBatch(
    chain: readonly Peer[],
    cycle: Cycle,
    pieces: readonly { readonly message: number; readonly part: number }[],
  ): void {
    const { group, mixnet, random, signer, chains } = this.#parts
    const [entry] = chain as readonly [Peer]
    const { form } = chains
    const filled: (KeptPacket['of'] | undefined)[] = Array.from({ length: entry.each }, (_, i) => pieces[i])
    // Everybody sees the order in which they are handed in: it must not say which of them are traps
    const of = shuffle(random, filled)
    const packets: KeptPacket[] = of.map(each => ({ seed: hex(random(32)), ...(each && { of: each }) }))
    const context = { context: contextOf(mixnet, 'message', entry.peer_id), sender: fromHex(signer.id) }
    const made = packets.map(packet => {
      const { recipient, content } = this.#contentOf(packet)
      const body = sealContent(
        group,
        mixnet,
        fromHex(recipient.sealing_key),
        content,
        form.body_bytes,
        random,
      )
      const bytes = makePacket(group, form, chain, fromHex(recipient.id), body, fromHex(packet.seed))
      return { bytes, proof: provePacket(group, context, bytes, fromHex(packet.seed), random) }
    })
    const at = this.#batches.length
    this.#keep(at, { peer_id: entry.peer_id, packets })
    this.#saysBatch(at, {
      resource: 'message',
      operation: 'create',
      peer_id: entry.peer_id,
      cycle_id: cycle.id,
      box: 0,
      data: hex(concat(made.map(({ bytes }) => bytes))),
      proof: hex(concat(made.map(({ proof }) => proof))),
    })
  }

  /** Says a batch; where that cannot be written down nobody will see its packets, and they are made anew. */
  #saysBatch(at: number, request: Parameters<Caller['prepare']>[0]): void {
    try {
      this.#caller.prepare(request)
    } catch (error) {
      this.#batches[at] = { ...(this.#batches[at] as Batch), dead: true }
      throw error
    }
  }

  /** A trap goes to anybody who takes messages, so that nobody can tell it from one. */
  #contentOf({ of }: KeptPacket): { readonly recipient: Recipient; readonly content: Content } {
    const kept = of && (this.#messages[of.message] as KeptMessage)
    if (kept !== undefined && of !== undefined)
      return { recipient: kept.recipient, content: this.#pieces(kept)[of.part] as Content }
    const last = this.#messages.at(-1)
    const own = last === undefined || isGone(last) ? undefined : last.recipient
    const known = recipientsOf(this.audit.board)
    const recipients = own === undefined || known.some(({ id }) => id === own.id) ? known : [...known, own]
    return { recipient: pick(this.#parts.random, recipients), content: { is: 'trap' } }
  }
}
