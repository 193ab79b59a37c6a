// The Controller (docs/spec/cascade.md 8): takes signed requests, writes each into its journal before it says so, and
// shows everything to everybody. It processes nothing, and its log key is its only secret. Nobody trusts it.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { same } from '../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../encoding/merkle.ts'
import type { Group } from '../shuffle/index.ts'
import { Board } from './board.ts'
import { CascadeError, type CascadeErrorCode } from './error.ts'
import type { Journal, Written } from './journal.ts'
import { checkpointOf, entryOf, type Head, pathOf, type Receipt } from './log.ts'
import type { Rules } from './rules.ts'
import { digestOf, type SignedRequest, sha256Hex, wantRequest } from './signed.ts'

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
export const entriesAtMost = 1000
/** Bytes of them as JSON, and of one at the least: whoever follows the log reads an answer of four times as many. */
export const stretchBytesAtMost: number = 16 * 1024 * 1024
/** Requests that are written at once, and that wait to be written. */
const batchAtMost = 256
const waitingAtMost = 10_000

/** Holds what a Controller is handed. */
export interface ControllerParts {
  readonly mixnet: string
  readonly group: Group
  readonly journal: Journal
  /** 32 bytes, secret: the log's key. */
  readonly seed: Uint8Array
  /** Holds the checks that are made; default `strict`, others are for trials. */
  readonly rules?: Rules | undefined
  /** A head that it has signed before: a journal that does not go on from there would have it show two logs. */
  readonly signed?: Head | undefined
}

/** Holds what the board has taken and the journal has not written yet. */
interface Pending {
  readonly written: Written
  readonly id: string
  readonly digest: string
  readonly answer: (reply: Reply) => void
  readonly fail: (error: unknown) => void
}

/** Takes signed requests, keeps them in its journal, and shows everything to everybody. */
export class Controller {
  readonly keyData: Uint8Array
  /** Holds what all requests have made, of those too that are being written. */
  readonly board: Board
  readonly #tree = new MerkleTree()
  /** Where the last request of each signer stands in the log. */
  readonly #places = new Map<string, number>()
  readonly #lengths: Map<string, number>
  /** Counts the bytes of all entries up to each, itself included. */
  readonly #bytes: number[] = []
  readonly #parts: ControllerParts
  readonly #pending: Pending[] = []
  readonly #answers = new Map<string, Promise<Reply>>()
  #writing: Promise<void> | undefined
  #broken: unknown
  #breaks: (error: unknown) => void = () => {}
  /** Resolves with what the journal threw, when it could not be written: then nothing more is taken. */
  readonly broken: Promise<unknown> = new Promise(resolve => {
    this.#breaks = resolve
  })

  /**
   * Opens a mix-net from its journal.
   *
   * @throws CascadeError where the journal holds what a board refuses, a blob that is not what was handed in, or less
   *   than was signed: it is not of this mix-net, or was changed or lost
   */
  static async open(parts: ControllerParts): Promise<Controller> {
    const { journal, signed } = parts
    const controller = new Controller(parts, new Map(await journal.lengths()))
    for (;;) {
      const entries = await journal.entries(controller.size, entriesAtMost)
      if (entries.length === 0) break
      for (const entry of entries) {
        controller.board.apply(entry)
        controller.#add(entry)
      }
    }
    controller.#demandSigned(signed)
    await controller.#demandBlobs()
    return controller
  }

  #demandSigned(signed: Head | undefined): void {
    if (signed === undefined) return
    if (signed.size > this.size)
      throw new CascadeError('WRONG_STATE', `has ${this.size} of ${signed.size} requests that were signed`)
    if (!same(this.#tree.root(signed.size), signed.root))
      throw new CascadeError('WRONG_STATE', `has other requests than the ${signed.size} that were signed`)
  }

  /** Whoever is handed another blob than was handed in names the Controller for it, and believes it no more. */
  async #demandBlobs(): Promise<void> {
    for (const hash of this.#lengths.keys())
      if (sha256Hex((await this.#parts.journal.blob(hash)) ?? new Uint8Array(0)) !== hash)
        throw new CascadeError('WRONG_STATE', `blob ${hash}: is not what was handed in`)
  }

  private constructor(parts: ControllerParts, lengths: Map<string, number>) {
    this.#parts = parts
    this.#lengths = lengths
    this.keyData = ed25519PublicKey(parts.seed)
    this.board = new Board(parts.mixnet, parts.group, hash => this.#lengths.get(hash), parts.rules)
  }

  /** Says whether it could not write: then it takes nothing more, and is to be opened again. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** Counts the requests in the log. */
  get size(): number {
    return this.#tree.size
  }

  /**
   * Takes a request, with what it names by hash. Whoever asks again has the same answer. Resolves when it is written.
   *
   * @throws what the journal throws; then nothing more is taken, and the mix-net is to be opened again
   */
  async post(said: SignedRequest, blobs: readonly Uint8Array[] = []): Promise<Reply> {
    if (this.#broken !== undefined) throw this.#broken
    try {
      const request = wantRequest(said)
      const digest = digestOf(request.payload)
      const waits = this.#answers.get(digest)
      if (waits !== undefined) return await waits
      const again = this.board.repeated(request)
      if (again !== undefined) return this.#accepted(request, again)
      return await this.#take(request, digest, blobs)
    } catch (error) {
      if (error instanceof CascadeError) return { is: 'refused', code: error.code, why: error.message }
      if (error instanceof RangeError) return { is: 'refused', code: 'BAD_REQUEST', why: error.message }
      throw error
    }
  }

  #take(request: SignedRequest, digest: string, blobs: readonly Uint8Array[]): Promise<Reply> {
    if (this.#pending.length >= waitingAtMost)
      throw new CascadeError('FULL', `${waitingAtMost} requests wait to be written`)
    if (blobs.reduce((sum, { length }) => sum + length, 0) > blobBytesAtMost)
      throw new CascadeError('FULL', `blobs: are more than ${blobBytesAtMost} bytes`)
    const named = blobs
      .map(blob => ({ blob, hash: sha256Hex(blob) }))
      .filter(({ hash }) => Object.values(request.payload).includes(hash))
    const fresh = named.filter(({ hash }) => !this.#lengths.has(hash))
    for (const { hash, blob } of fresh) this.#lengths.set(hash, blob.length)
    let id: string
    try {
      id = this.board.apply(request)
    } catch (error) {
      for (const { hash } of fresh) this.#lengths.delete(hash)
      throw error
    }
    const written: Written = { request, blobs: fresh.map(({ blob }) => blob) }
    const reply = new Promise<Reply>((answer, fail) => {
      this.#pending.push({ written, id, digest, answer, fail })
    })
    this.#answers.set(digest, reply)
    this.#writing ??= this.#write()
    return reply
  }

  /** Writes what waits, many at once: a disk is waited for once. Never rejects. */
  async #write(): Promise<void> {
    while (this.#pending.length > 0 && this.#broken === undefined) {
      const batch = this.#pending.splice(0, batchAtMost)
      try {
        await this.#parts.journal.append(
          this.size,
          batch.map(({ written }) => written),
        )
        for (const { written } of batch) this.#add(written.request)
        for (const { written, id, digest, answer } of batch) {
          this.#answers.delete(digest)
          answer(this.#accepted(written.request, id))
        }
      } catch (error) {
        // The board is ahead of the disk now: only what is on disk may be told, so that everything ends here.
        this.#broken = error
        this.#breaks(error)
        for (const { fail } of [...batch, ...this.#pending.splice(0)]) fail(error)
      }
    }
    this.#writing = undefined
  }

  /** Resolves when all that was taken is written. */
  async written(): Promise<void> {
    await this.#writing
  }

  #add(request: SignedRequest): void {
    this.#places.set(request.payload.signer, this.size)
    const bytes = entryOf(request)
    this.#bytes.push((this.#bytes.at(-1) ?? 0) + bytes.length)
    this.#tree.append(leafHash(bytes))
  }

  #accepted({ payload }: SignedRequest, id: string): Reply {
    const index = this.#places.get(payload.signer) as number
    const path = pathOf(this.#tree.inclusion(index))
    return { is: 'accepted', id, receipt: { index, path, checkpoint: this.checkpoint() } }
  }

  /** Gives the signed head of the log. */
  checkpoint(): string {
    const head = { size: this.size, root: this.#tree.root() }
    const { mixnet, seed } = this.#parts
    return checkpointOf(mixnet, head, this.keyData, message => ed25519Sign(seed, message))
  }

  /** Shows the log from an entry on, under its head now: at most 1,000 entries, and 16 MiB unless one is longer. */
  async log(from: number): Promise<Stretch> {
    const checkpoint = this.checkpoint()
    return { entries: await this.#parts.journal.entries(from, this.#mostFrom(from)), checkpoint }
  }

  /** Counts the entries that are shown at once from one on. */
  #mostFrom(from: number): number {
    const last = Math.min(from + entriesAtMost, this.size)
    const before = this.#bytes[from - 1] ?? 0
    let to = Math.min(from + 1, last)
    while (to < last && (this.#bytes[to] as number) - before <= stretchBytesAtMost) to++
    return Math.max(0, to - from)
  }

  /** Gives hashes of complete subtrees of 2^level entries, 32 bytes each, as c2sp.org/tlog-tiles has them. */
  subtrees(level: number, from: number, most: number): readonly Uint8Array[] {
    return this.#tree.subtrees(level, from, most)
  }

  /** Gives what was handed in under this SHA-256. */
  async blob(hash: string): Promise<Uint8Array | undefined> {
    return await this.#parts.journal.blob(hash)
  }

  /** Gives the bytes of a blob, undefined for one that is not there. */
  lengthOf(hash: string): number | undefined {
    return this.#lengths.get(hash)
  }

  /** Gives the bytes of a blob from one place up to and without another. */
  async stretch(hash: string, from: number, to: number): Promise<Uint8Array | undefined> {
    return await this.#parts.journal.stretch(hash, from, to)
  }
}
