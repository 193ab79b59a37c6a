// The Controller (docs/spec/cascade.md 8): takes signed requests, writes each into its journal before it says so, and
// shows everything to everybody. It processes nothing, and its log key is its only secret. Nobody trusts it.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { base64, fromBase64 } from '../encoding/base64.ts'
import { leafHash, MerkleTree } from '../encoding/merkle.ts'
import type { Group } from '../shuffle/index.ts'
import { Board } from './board.ts'
import { CascadeError, type CascadeErrorCode } from './error.ts'
import { checkpointOf, entryOf, pathOf, type Receipt } from './log.ts'
import { type SignedRequest, sha256Hex, wantRequest } from './signed.ts'

/** Keeps records in order. What `append` has returned from is there after a crash. */
export interface Journal {
  append(record: string): void
  records(): readonly string[]
}

/** Says what the Controller made of a request. */
export type Reply =
  | { readonly is: 'accepted'; readonly id: string; readonly receipt: Receipt }
  | { readonly is: 'refused'; readonly code: CascadeErrorCode; readonly why: string }

/** A stretch of the log, and the head that it was read under. */
export interface Stretch {
  readonly entries: readonly SignedRequest[]
  readonly checkpoint: string
}

/** Blobs of one request have so many bytes at most, all together. */
export const blobBytesAtMost: number = 512 * 1024 * 1024
/** Entries that are read at once. */
const entriesAtMost = 1000

interface Written {
  readonly request: SignedRequest
  /** Holds what came along, in base64: only what the request names by its hash is kept. */
  readonly blobs: readonly string[]
}

export class Controller {
  readonly keyData: Uint8Array
  readonly #board: Board
  readonly #tree = new MerkleTree()
  readonly #entries: SignedRequest[] = []
  readonly #places = new Map<string, number>()
  readonly #blobs = new Map<string, Uint8Array>()
  readonly #journal: Journal
  readonly #seed: Uint8Array

  /**
   * Opens a mix-net from its journal.
   *
   * @param seed 32 bytes, secret: the log's key
   */
  constructor(mixnet: string, group: Group, journal: Journal, seed: Uint8Array) {
    this.#seed = seed
    this.keyData = ed25519PublicKey(seed)
    this.#journal = journal
    this.#board = new Board(mixnet, group, hash => this.#blobs.get(hash))
    for (const record of journal.records()) {
      const { request, blobs } = JSON.parse(record) as Written
      for (const blob of blobs.map(fromBase64)) this.#blobs.set(sha256Hex(blob), blob)
      this.#board.apply(request)
      this.#add(request)
    }
  }

  /** Takes a request, with what it names by hash. Whoever asks again has the same answer. */
  post(said: SignedRequest, blobs: readonly Uint8Array[] = []): Reply {
    try {
      const request = wantRequest(said)
      const again = this.#board.repeated(request)
      if (again !== undefined) return this.#accepted(request, again)
      return this.#accepted(request, this.#take(request, blobs))
    } catch (error) {
      if (error instanceof CascadeError) return { is: 'refused', code: error.code, why: error.message }
      if (error instanceof RangeError) return { is: 'refused', code: 'BAD_REQUEST', why: error.message }
      throw error
    }
  }

  #take(request: SignedRequest, blobs: readonly Uint8Array[]): string {
    if (blobs.reduce((sum, { length }) => sum + length, 0) > blobBytesAtMost)
      throw new CascadeError('FULL', `blobs: are more than ${blobBytesAtMost} bytes`)
    const named = blobs.filter(blob => Object.values(request.payload).includes(sha256Hex(blob)))
    const fresh = named.filter(blob => !this.#blobs.has(sha256Hex(blob)))
    for (const blob of fresh) this.#blobs.set(sha256Hex(blob), blob)
    let id: string
    try {
      id = this.#board.apply(request)
    } catch (error) {
      for (const blob of fresh) this.#blobs.delete(sha256Hex(blob))
      throw error
    }
    const written: Written = { request, blobs: fresh.map(base64) }
    this.#journal.append(JSON.stringify(written))
    this.#add(request)
    return id
  }

  #add(request: SignedRequest): void {
    this.#places.set(`${request.payload.signer} ${request.payload.sequence}`, this.#entries.length)
    this.#entries.push(request)
    this.#tree.append(leafHash(entryOf(request)))
  }

  #accepted({ payload }: SignedRequest, id: string): Reply {
    const index = this.#places.get(`${payload.signer} ${payload.sequence}`) as number
    const path = pathOf(this.#tree.inclusion(index))
    return { is: 'accepted', id, receipt: { index, path, checkpoint: this.checkpoint() } }
  }

  checkpoint(): string {
    const head = { size: this.#tree.size, root: this.#tree.root() }
    return checkpointOf(this.#board.mixnet, head, this.keyData, message => ed25519Sign(this.#seed, message))
  }

  /** Shows the log from an entry on, at most 1,000 entries, under its head now. */
  log(from: number): Stretch {
    return { entries: this.#entries.slice(from, from + entriesAtMost), checkpoint: this.checkpoint() }
  }

  blob(hash: string): Uint8Array | undefined {
    return this.#blobs.get(hash)
  }
}
