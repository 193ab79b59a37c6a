// Where a Controller keeps what it has accepted (docs/spec/cascade.md 8).

import { type SignedRequest, sha256Hex } from './signed.ts'

/** Holds an accepted request with the blobs that came along and that nobody had handed in before. */
export interface Written {
  readonly request: SignedRequest
  readonly blobs: readonly Uint8Array[]
}

/** Keeps requests in order, and blobs under their hashes. What `append` has resolved for is there after a crash. */
export interface Journal {
  /**
   * Writes requests with their blobs, all of them or nothing.
   *
   * @param from the number of requests before them: where somebody else has written in between, it rejects
   */
  append(from: number, written: readonly Written[]): Promise<void>
  /** Gives requests from a place on, at most so many. */
  entries(from: number, most: number): Promise<readonly SignedRequest[]>
  blob(hash: string): Promise<Uint8Array | undefined>
  /** Gives the bytes of a stretch of a blob. */
  stretch(hash: string, from: number, to: number): Promise<Uint8Array | undefined>
  /** Gives the length of every blob, by its hash. */
  lengths(): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}

/** Keeps a journal in memory: for tests, and for whoever wants to see a mix-net that leaves nothing behind. */
export class MemoryJournal implements Journal {
  readonly #entries: SignedRequest[] = []
  readonly #blobs = new Map<string, Uint8Array>()

  /** Writes requests with their blobs. */
  async append(from: number, written: readonly Written[]): Promise<void> {
    if (from !== this.#entries.length)
      throw new Error(`journal: has ${this.#entries.length} requests, not ${from}`)
    for (const { request, blobs } of written) {
      this.#entries.push(request)
      for (const blob of blobs) this.#blobs.set(sha256Hex(blob), blob)
    }
  }

  /** Gives requests from a place on, at most so many. */
  async entries(from: number, most: number): Promise<readonly SignedRequest[]> {
    return this.#entries.slice(from, from + most)
  }

  /** Gives a blob. */
  async blob(hash: string): Promise<Uint8Array | undefined> {
    return this.#blobs.get(hash)
  }

  /** Gives the bytes of a stretch of a blob. */
  async stretch(hash: string, from: number, to: number): Promise<Uint8Array | undefined> {
    return this.#blobs.get(hash)?.subarray(from, to)
  }

  /** Gives the length of every blob. */
  async lengths(): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.#blobs].map(([hash, { length }]) => [hash, length]))
  }

  /** Keeps everything: there is nothing to end. */
  async close(): Promise<void> {}
}
