// Whoever signs requests (docs/spec/cascade.md 8): writes each down before it is sent, and sends the same one again
// until there is an answer, also after a restart. So nothing is lost, and nothing is said twice.

import { base64, fromBase64 } from '../encoding/base64.ts'
import type { Group } from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import type { Source } from './audit.ts'
import type { Reply } from './controller.ts'
import type { Rules } from './rules.ts'
import { type Fields, type Payload, request, type SignedRequest, type Signer } from './signed.ts'

/** Keeps one text under each name. What `put` has returned from is there after a crash. */
export interface Shelf {
  get(name: string): string | undefined
  put(name: string, text: string): void
}

/** Carries a request to a Controller. `undefined` stands for no answer: it may have come or not. */
export type Post = (request: SignedRequest, blobs: readonly Uint8Array[]) => Promise<Reply | undefined>

/** Holds what everybody who signs requests by what stands in the log is handed. */
export interface SignerParts {
  readonly mixnet: string
  readonly signer: Signer
  readonly controllerKey: Uint8Array
  readonly group: Group
  readonly random: Random
  readonly shelf: Shelf
  readonly source: Source
  readonly post: Post
  /** Holds the checks that are made; default `strict`, others are for trials. */
  readonly rules?: Rules | undefined
}

interface Waiting {
  readonly request: SignedRequest
  readonly blobs: readonly string[]
}

/** Signs requests, and sends each until there is an answer, also after a restart. */
export class Caller {
  readonly signer: Signer
  readonly #mixnet: string
  readonly #shelf: Shelf
  readonly #post: Post

  constructor(mixnet: string, signer: Signer, shelf: Shelf, post: Post) {
    this.#mixnet = mixnet
    this.signer = signer
    this.#shelf = shelf
    this.#post = post
  }

  /** The request that has no answer yet. */
  waiting(): SignedRequest | undefined {
    return this.#read()?.request
  }

  /** Writes a request down. It is sent by `send`; one at a time. */
  prepare(
    fields: Fields & Pick<Payload, 'resource' | 'operation'>,
    blobs: readonly Uint8Array[] = [],
  ): SignedRequest {
    if (this.#read() !== undefined) throw new Error('cascade: a request still waits for its answer')
    const sequence = Number(this.#shelf.get('sequence') ?? '0') + 1
    const made = request(this.signer, this.#mixnet, sequence, fields)
    const waiting: Waiting = { request: made, blobs: blobs.map(base64) }
    this.#shelf.put('waiting', JSON.stringify(waiting))
    this.#shelf.put('sequence', String(sequence))
    return made
  }

  /** Sends what waits. Undefined while there is no answer, or nothing waits. */
  async send(): Promise<{ readonly request: SignedRequest; readonly reply: Reply } | undefined> {
    const waiting = this.#read()
    if (waiting === undefined) return undefined
    const reply = await this.#post(waiting.request, waiting.blobs.map(fromBase64))
    return reply === undefined ? undefined : { request: waiting.request, reply }
  }

  /** Says that an answer has been kept: the next request may be prepared. */
  done(): void {
    this.#shelf.put('waiting', '')
  }

  #read(): Waiting | undefined {
    const text = this.#shelf.get('waiting') ?? ''
    if (text === '') return undefined
    const waiting = JSON.parse(text) as Waiting
    // A crash between the two writes leaves the number behind: it is of this request.
    if (Number(this.#shelf.get('sequence') ?? '0') < waiting.request.payload.sequence)
      this.#shelf.put('sequence', String(waiting.request.payload.sequence))
    return waiting
  }
}
