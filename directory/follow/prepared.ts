// Documents that are read and checked in slices before they are taken in: a large one takes a second, and in that time
// a node passes packets on and a client keeps its clocks. Taking in is done in one go, with what is ready by then.

import { inSlices, nextTurn } from '../../world/slices.ts'
import {
  type CheckedNodes,
  type ConsensusDocument,
  checkPinned,
  checkSigners,
  documentSteps,
  nodeChecks,
  readDocument,
} from '../documents/document.ts'
import type { NetworkFor } from '../documents/succession.ts'
import { DirectoryError } from '../error.ts'

/**
 * Nodes of a document that one slice reads or checks: an Ed25519 signature each, so some 3 ms, and not 20 on a machine
 * that is several times as slow.
 */
export const nodesPerSlice = 32

/** What is known of some bytes: the document, or why there is none; its nodes, once they are checked. */
type Ready =
  | { readonly document: ConsensusDocument; readonly nodes: CheckedNodes | undefined }
  | { readonly refused: DirectoryError }

export class Prepared {
  readonly #networkFor: NetworkFor
  readonly #pause: () => Promise<void>
  /** By the very bytes, as long as somebody holds them. */
  readonly #ready = new WeakMap<Uint8Array, Ready>()

  /** @param pause waited for between two slices */
  constructor(networkFor: NetworkFor, pause: () => Promise<void> = nextTurn) {
    this.#networkFor = networkFor
    this.#pause = pause
  }

  /**
   * Reads and checks in slices. What is wrong with the bytes is thrown by whoever takes them in, here nothing is. Nodes
   * are looked at only once enough authorities have signed.
   *
   * @param bytes not to be changed any more
   */
  async prepare(bytes: Uint8Array): Promise<void> {
    if (this.#ready.has(bytes)) return
    try {
      const document = await inSlices(documentSteps(bytes), nodesPerSlice, this.#pause)
      this.#ready.set(bytes, { document, nodes: undefined })
      const network = this.#networkFor(document.body.epoch)
      checkPinned(network, document.body)
      checkSigners(network, document)
      const nodes = await inSlices(nodeChecks(network.name, document.body), nodesPerSlice, this.#pause)
      this.#ready.set(bytes, { document, nodes })
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      if (!this.#ready.has(bytes)) this.#ready.set(bytes, { refused: error })
    }
  }

  /** Gives the document of some bytes, read before or now. @throws DirectoryError as `readDocument` */
  read(bytes: Uint8Array): ConsensusDocument {
    const ready = this.#ready.get(bytes)
    if (ready === undefined) return readDocument(bytes)
    if ('refused' in ready) throw ready.refused
    return ready.document
  }

  /** Gives the nodes of some bytes where they were checked before. */
  nodesOf(bytes: Uint8Array): CheckedNodes | undefined {
    const ready = this.#ready.get(bytes)
    return ready === undefined || 'refused' in ready ? undefined : ready.nodes
  }
}
