// A Messaging Client (docs/spec/cascade.md 11): keeps messages until each is in a cycle that was closed with it, and
// can say how far each has come. A cycle that closes without it, or is given up, costs the message nothing: it goes
// into the next.

import { fromHex, hex } from '../encoding/bytes.ts'
import { type Ballot, makeBallot } from '../shuffle/index.ts'
import { Audit } from './audit.ts'
import { Caller, type SignerParts } from './caller.ts'
import type { Receipt } from './log.ts'
import { type Cycle, type CycleStatus, contextOf } from './records.ts'
import { strict } from './rules.ts'
import type { SignedRequest } from './signed.ts'

/** Says how far a message has come. */
export type Progress = 'queued' | 'accepted' | 'included' | 'mixed' | 'delivered'

/** Holds what a client keeps of a message. */
interface Kept {
  readonly text: string
  readonly request?: SignedRequest
  readonly receipt?: Receipt
  /** Its user was told that it is delivered: it may make room. */
  readonly told?: boolean
  /** Has made room: its text, request and receipt are no more. */
  readonly gone?: boolean
}

/** A message that waits: as it is, or encrypted already; in hexadecimal. */
type Queued = { readonly peer_id: string } & (
  | { readonly message: string }
  | { readonly row: string; readonly proof: string }
)

/** States of a cycle that was not closed with what is in it. */
const notIncluded: ReadonlySet<CycleStatus> = new Set(['OPEN', 'ABORTED', 'ENDED'])

/** Says whether a message has not been taken. */
function waits({ request, gone }: Kept): boolean {
  return request === undefined && gone !== true
}

function written({ row, proof }: Ballot): { readonly data: string; readonly proof: string } {
  return { data: hex(row), proof: hex(proof) }
}

/** Holds what a client is handed. */
export interface ClientParts extends SignerParts {
  /** Follows the log for several clients of one program, that act one after the other; default one of its own. */
  readonly audit?: Audit | undefined
}

/** Sends messages into a mix-net, each until it is in a cycle, and says how far each has come. */
export class MessagingClient {
  readonly audit: Audit
  readonly #parts: ClientParts
  readonly #caller: Caller

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.audit =
      parts.audit ?? new Audit(parts.mixnet, parts.controllerKey, parts.group, parts.random, parts.rules)
    this.#caller = new Caller(parts.mixnet, parts.signer, parts.shelf, parts.post)
  }

  /** Queues a message for a peer. @returns its number, from 0 on */
  send(peer_id: string, message: Uint8Array): number {
    const all = this.#kept()
    this.#keep([...all, { text: JSON.stringify({ peer_id, message: hex(message) }) }])
    return all.length
  }

  /** Queues a message that is encrypted already, for this client's own id. @returns its number, from 0 on */
  sendBallot(peer_id: string, { row, proof }: Ballot): number {
    const all = this.#kept()
    this.#keep([...all, { text: JSON.stringify({ peer_id, row: hex(row), proof: hex(proof) }) }])
    return all.length
  }

  /** Does one thing, if there is one to do, and says whether there was. Is called again and again. */
  async tick(): Promise<boolean> {
    await this.audit.follow(this.#parts.source)
    if (this.audit.isForked) return false
    if (this.#caller.waiting() === undefined) this.#prepare()
    const answered = await this.#caller.send()
    if (answered === undefined) return false
    const { request, reply } = answered
    if (reply.is === 'accepted') {
      if (
        !(this.#parts.rules ?? strict).isReceipt(
          this.#parts.mixnet,
          this.#parts.controllerKey,
          request,
          reply.receipt,
        )
      )
        return false
      if (request.payload.resource === 'message') this.#accepted(request, reply.receipt)
    }
    this.#caller.done()
    return reply.is === 'accepted'
  }

  /** Counts the messages that were queued, since the beginning. */
  get count(): number {
    return this.#kept().length
  }

  /** Counts those of them that are kept whole. */
  get kept(): number {
    return this.#kept().filter(({ gone }) => gone !== true).length
  }

  /** Says whether a message has made room: nothing is known of it but that it was delivered. */
  isGone(number: number): boolean {
    return this.#kept()[number]?.gone === true
  }

  /** Writes down that the user was told how far these messages are: one known to be delivered may make room. */
  told(numbers: readonly number[]): void {
    const all = this.#kept()
    const news = new Set(
      numbers.filter(i => all[i] !== undefined && all[i].told !== true && this.progress(i) === 'delivered'),
    )
    if (news.size > 0) this.#keep(all.map((each, i) => (news.has(i) ? { ...each, told: true } : each)))
  }

  /** Forgets the oldest message that was delivered to its user's knowledge. @returns whether there was one */
  makeRoom(): boolean {
    const all = this.#kept()
    const at = all.findIndex(
      ({ told, gone }, i) => told === true && gone !== true && this.progress(i) === 'delivered',
    )
    if (at === -1) return false
    this.#keep(all.map((each, i) => (i === at ? { text: '', gone: true } : each)))
    return true
  }

  /** Gives what shows that a message was accepted, once it was. */
  receipt(number: number): { readonly request: SignedRequest; readonly receipt: Receipt } | undefined {
    const { request, receipt } = this.#kept()[number] ?? {}
    return request && receipt && { request, receipt }
  }

  /** Says how far a message has come. */
  progress(number: number): Progress {
    const kept = this.#kept()[number]
    if (kept?.gone === true) return 'delivered'
    if (kept?.receipt === undefined || kept.request === undefined) return 'queued'
    const cycle = this.#cycleOf(kept.request)
    if (cycle === undefined || notIncluded.has(cycle.status)) return 'accepted'
    const last = this.#last(cycle)
    if (this.audit.result(last) !== undefined) return 'delivered'
    return this.audit.mixesBefore(last) > 0 ? 'mixed' : 'included'
  }

  /** Gives what shows that messages were accepted. */
  receipts(): readonly { readonly request: SignedRequest; readonly receipt: Receipt }[] {
    return this.#kept().flatMap(({ request, receipt }) => (request && receipt ? [{ request, receipt }] : []))
  }

  /** Finds the cycle that a message is in now: where one was given up, the one that took over its messages. */
  #cycleOf({ payload }: SignedRequest): Cycle | undefined {
    const all = this.audit.board.cycles.get(payload['peer_id'] as string) ?? []
    return all.findLast(({ messages }) => messages.some(({ row }) => hex(row) === payload['data']))
  }

  #last(cycle: Cycle): Cycle {
    const next = [...this.audit.board.cycles.values()]
      .flat()
      .find(
        ({ from, status }) => from?.peer_id === cycle.peer_id && from.id === cycle.id && status !== 'VOID',
      )
    return next === undefined ? cycle : this.#last(next)
  }

  #prepare(): void {
    const { signer, mixnet, group, random } = this.#parts
    const { board } = this.audit
    if (!board.persons.has(signer.id)) {
      const fields = { name: signer.id.slice(0, 16), peer_type: 'CLIENT', key_data: hex(signer.keyData) }
      this.#caller.prepare({ resource: 'peer', operation: 'create', ...fields })
      return
    }
    const all = this.#kept()
    const at = all.findIndex(waits)
    const next = all[at]
    if (next === undefined) return
    const queued = JSON.parse(next.text) as Queued
    const { peer_id } = queued
    const cycle = board.cycles.get(peer_id)?.find(({ status }) => status === 'OPEN')
    const peer = board.peers.get(peer_id)
    if (cycle === undefined || peer === undefined) return
    const about = {
      context: contextOf(mixnet, 'message', peer_id),
      voter: fromHex(signer.id),
      key: fromHex(peer.key_data),
    }
    const made =
      'row' in queued
        ? { data: queued.row, proof: queued.proof }
        : written(makeBallot(group, about, fromHex(queued.message), peer.width, random))
    const fields = { peer_id, cycle_id: cycle.id, box: 0, ...made }
    this.#caller.prepare({ resource: 'message', operation: 'create', ...fields })
  }

  /** Keeps a receipt with the first message that has none: that is the one which was sent. */
  #accepted(request: SignedRequest, receipt: Receipt): void {
    const all = this.#kept()
    if (all.some(each => each.request?.signature === request.signature)) return
    const at = all.findIndex(waits)
    this.#keep(all.map((each, i) => (i === at ? { ...each, request, receipt } : each)))
  }

  #kept(): readonly Kept[] {
    return JSON.parse(this.#parts.shelf.get('messages') ?? '[]') as Kept[]
  }

  #keep(all: readonly Kept[]): void {
    this.#parts.shelf.put('messages', JSON.stringify(all))
  }
}
