// The questions of a follower (docs/spec/directory-travel.md 9, 10): a document, the pointer to one, and who has one.

import { hex, same } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Log } from '../../world/log.ts'
import { second } from '../../world/units.ts'
import { wholeDocument } from '../documents/difference.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  writeRequest,
} from '../documents/exchange.ts'
import type { Network } from '../documents/network.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { HeldDocuments } from './held-documents.ts'
import { consensusKey, maxPointerBytes, openPointer, readPointer } from './table.ts'

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

export class Fetch {
  readonly #init: FetchInit

  readonly #networkFor: NetworkFor = epoch => this.#init.documents.succession.networkFor(epoch)

  constructor(init: FetchInit) {
    this.#init = init
  }

  /**
   * The document of an epoch (null: the newest): what is new since the one before, where that is held, otherwise the
   * whole. Its signatures are not yet checked.
   *
   * @throws LinkError; DirectoryError as the other side refuses, or as the reader
   */
  async document(peer: Peer, epoch: number | null): Promise<Uint8Array> {
    const before = epoch === null ? undefined : this.#init.documents.newest(epoch)?.document
    if (epoch === null || before === undefined) return this.#request(peer, { ask: 'document', epoch })
    try {
      const answer = await this.#request(peer, { ask: 'difference', from: before.hash, epoch })
      return wholeDocument(before.bodyBytes, answer)
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code === 'UNAVAILABLE') throw error
      this.#init.log.debug({ code: error.code, why: error.message }, 'directory: no use of a difference')
      return this.#request(peer, { ask: 'document', epoch })
    }
  }

  /**
   * Asks what somebody holds for the document of an epoch. Signatures are checked where it is another than the own one.
   *
   * @throws LinkError; DirectoryError as the other side refuses, as `openPointer`; OLD_EPOCH for another epoch
   */
  async pointer(peer: Peer, epoch: number): Promise<Pointer> {
    const bytes = await this.#request(peer, { ask: 'pointer', epoch }, maxPointerBytes + 64)
    const pointer = readPointer(bytes)
    const own = this.#init.documents.get(epoch)?.document.hash
    if (own === undefined || !same(own, pointer.hash)) openPointer(this.#networkFor, bytes)
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
