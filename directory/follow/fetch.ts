// The questions of a follower (docs/spec/directory-travel.md 9, 10): a document, the log of those before it, the pointer
// to one, and who has one.

import { hex, same } from '../../encoding/bytes.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import type { Log } from '../../world/log.ts'
import { second } from '../../world/units.ts'
import { wholeDocument } from '../documents/difference.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  maxPointerBytes,
  readAnswer,
  writeRequest,
} from '../documents/exchange.ts'
import { maxLogBytes } from '../documents/log.ts'
import type { Network } from '../documents/network.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { HeldDocuments } from './held-documents.ts'
import { consensusKey, openPointer, readPointer, writePointer } from './table.ts'

/** A place that does not answer must not cost the window of a short epoch: 1/16 of an epoch within these. */
const requestMs = { least: second, most: 10 * second } as const
const tableMs = 5 * second

export interface FetchInit {
  readonly network: Network
  readonly link: Link
  readonly log: Log
  readonly documents: HeldDocuments
  readonly signal: AbortSignal
}

/** A document, and what somebody says is the log of those before it. */
export interface Told {
  readonly bytes: Uint8Array
  readonly log: Uint8Array | undefined
}

export class Fetch {
  readonly #init: FetchInit

  readonly #networkFor: NetworkFor = epoch => this.#init.documents.succession.networkFor(epoch)

  constructor(init: FetchInit) {
    this.#init = init
  }

  /**
   * Fetches the document of an epoch (null: the newest): the whole and the log of those before it, whatever older one is
   * held, since a name in a question tells how long its asker was away. None of it is checked yet.
   *
   * @throws LinkError; DirectoryError as the other side refuses, or as the reader
   */
  async whole(peer: Peer, epoch: number | null): Promise<Told> {
    const [bytes, log] = await Promise.all([this.document(peer, epoch), this.#log(peer)])
    return { bytes, log }
  }

  /**
   * Fetches the document of the next epoch: what is new since the one of now, which all hold, where that is held. Its
   * signatures are not yet checked.
   *
   * @throws LinkError; DirectoryError as the other side refuses, or as the reader
   */
  async next(peer: Peer, epoch: number): Promise<Told> {
    const { documents } = this.#init
    const before = documents.get(epoch - 1)?.document
    if (before === undefined || documents.log.isMissing) return this.whole(peer, epoch)
    try {
      const answer = await this.#request(peer, { ask: 'difference', from: before.hash, epoch })
      const bytes = wholeDocument(before.bodyBytes, answer)
      await documents.prepared.prepare(bytes)
      const isNext = same(documents.prepared.read(bytes).body.previous, before.hash)
      return { bytes, log: isNext ? undefined : await this.#log(peer) }
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code === 'UNAVAILABLE') throw error
      this.#init.log.debug({ code: error.code, why: error.message }, 'directory: no use of a difference')
      return this.whole(peer, epoch)
    }
  }

  /** Fetches a document. @throws LinkError; DirectoryError as the other side refuses */
  document(peer: Peer, epoch: number | null): Promise<Uint8Array> {
    return this.#request(peer, { ask: 'document', epoch })
  }

  /** Who has no log, or does not give it, costs nothing but that. */
  async #log(peer: Peer): Promise<Uint8Array | undefined> {
    try {
      return await this.#request(peer, { ask: 'log', page: null }, maxLogBytes + 64)
    } catch (error) {
      if (error instanceof LinkError || error instanceof DirectoryError) return undefined
      throw error
    }
  }

  /**
   * Asks what somebody holds for the document of an epoch, and shows what is held here, so that either learns of two.
   * Signatures are checked where it is another than the own one.
   *
   * @throws LinkError; DirectoryError as the other side refuses, as `openPointer`; OLD_EPOCH for another epoch
   */
  async pointer(peer: Peer, epoch: number): Promise<Pointer> {
    const own = this.#init.documents.get(epoch)?.document
    const request: DirectoryRequest =
      own === undefined
        ? { ask: 'pointer', epoch }
        : { ask: 'head', pointer: writePointer({ epoch, hash: own.hash, signatures: own.signatures }) }
    const bytes = await this.#request(peer, request, maxPointerBytes + 64)
    const pointer = readPointer(bytes)
    if (own === undefined || !same(own.hash, pointer.hash)) openPointer(this.#networkFor, bytes)
    if (pointer.epoch !== epoch) {
      throw new DirectoryError('OLD_EPOCH', `pointer: want epoch ${epoch}, have ${pointer.epoch}`)
    }
    return pointer
  }

  /**
   * The first document after an epoch in which the authorities changed. Nothing of it is checked yet.
   *
   * @throws LinkError; DirectoryError as the other side refuses
   */
  change(peer: Peer, after: number | null): Promise<Uint8Array> {
    return this.#request(peer, { ask: 'change', after })
  }

  /** Asks the table who has the document of an epoch; authorities are asked anyway. */
  async holders(epoch: number): Promise<readonly Peer[]> {
    const { network, link, documents, signal } = this.#init
    const within = { timeoutMs: tableMs, signal }
    const record = await link.dht.get(consensusKey(network.name, epoch), within)
    if (record === undefined) return []
    const { everybody } = documents.succession
    const authorities = new Set(everybody.authorities.map(({ id }) => hex(id)))
    const found = await link.dht.providers(openPointer(this.#networkFor, record).hash, within)
    return found.filter(({ id }) => !authorities.has(hex(id)))
  }

  async #request(peer: Peer, request: DirectoryRequest, maxBytes = maxAnswerBytes): Promise<Uint8Array> {
    const { link, network, signal } = this.#init
    const timeoutMs = Math.min(requestMs.most, Math.max(requestMs.least, network.epochMs / 16))
    const options = { timeoutMs, maxBytes, signal }
    return readAnswer(await link.request(peer, directoryProtocol, writeRequest(request), options))
  }
}
