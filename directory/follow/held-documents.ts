// The signed documents that somebody holds, verified when they came in: authorities, nodes and clients alike.
// Neither of two of one epoch is used (docs/spec/directory-travel.md 10.3).

import { hex, same } from '../../encoding/bytes.ts'
import { difference, writeTold } from '../documents/difference.ts'
import { type ConsensusDocument, readDocument } from '../documents/document.ts'
import type { Evidence } from '../documents/evidence.ts'
import { epochAt, epochsValid, type Network } from '../documents/network.ts'
import { Succession } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { type Split, splitOf } from './split.ts'
import { writePointer } from './table.ts'

export interface HeldDocument {
  readonly bytes: Uint8Array
  readonly document: ConsensusDocument
  readonly view: View
}

export class HeldDocuments {
  /** Tells who makes documents, and since when. */
  readonly succession: Succession
  readonly #network: Network
  readonly #held = new Map<number, HeldDocument>()
  /** Differences between two that are held, made once: by the names of both. */
  readonly #told = new Map<string, Uint8Array>()
  /** By epoch: another document was signed, too. */
  readonly #splits = new Map<number, Split>()
  /** Epochs whose document nobody outside of it has confirmed, though it has few nodes of the one before. */
  readonly #suspects = new Set<number>()

  constructor(network: Network) {
    this.#network = network
    this.succession = new Succession(network)
  }

  /**
   * Verifies and keeps. What is held is never replaced.
   *
   * @param epoch the one that was asked for, if it was one
   * @returns the document, and whether it was new
   * @throws DirectoryError as `verifyConsensus`; OLD_EPOCH when its time is over or another epoch was asked for,
   * FUTURE_EPOCH when it cannot exist yet, CONFLICT when another one of its epoch is held
   */
  add(bytes: Uint8Array, now: number, epoch?: number): { held: HeldDocument; isNew: boolean } {
    const document = readDocument(bytes)
    const { epoch: have } = document.body
    if (have > epochAt(this.#network, now) + 2) {
      throw new DirectoryError('FUTURE_EPOCH', `document: epoch ${have} is not yet made`)
    }
    // The epoch says when the time is over; verifyDocument holds the times in the document to it.
    if (have + epochsValid <= epochAt(this.#network, now) || (epoch !== undefined && have !== epoch)) {
      throw new DirectoryError('OLD_EPOCH', `document: want epoch ${epoch ?? 'of now'}, have ${have}`)
    }
    const before = this.#held.get(have)
    if (before !== undefined && same(before.document.hash, document.hash)) {
      return { held: before, isNew: false }
    }
    if (this.#splits.has(have)) {
      throw new DirectoryError('CONFLICT', `document: two signed documents of epoch ${have} are known`)
    }
    const held = { bytes, document, view: this.succession.verify(document) }
    if (before !== undefined) {
      this.contradict({ epoch: have, hash: document.hash, signatures: document.signatures })
      throw new DirectoryError('CONFLICT', `document: two signed documents of epoch ${have}`)
    }
    this.succession.note(document, bytes)
    this.#held.set(have, held)
    return { held, isNew: true }
  }

  get(epoch: number): HeldDocument | undefined {
    return this.#held.get(epoch)
  }

  /**
   * A pointer that somebody else gave. What is held of its epoch is used no more when it names another document that
   * enough authorities signed.
   *
   * @returns the contradiction, when it is one and is new
   */
  contradict(theirs: Pointer): Split | undefined {
    const held = this.#held.get(theirs.epoch)?.document
    if (held === undefined || this.#splits.has(theirs.epoch)) return undefined
    const ours = { epoch: theirs.epoch, hash: held.hash, signatures: held.signatures }
    const split = splitOf(this.succession.networkFor(theirs.epoch), ours, theirs)
    if (split !== undefined) this.#splits.set(split.epoch, split)
    return split
  }

  get splits(): readonly Split[] {
    return [...this.#splits.values()]
  }

  /** Against authorities that signed two documents of one epoch. */
  get proofs(): readonly Evidence[] {
    const bySigner = new Map(
      this.splits.flatMap(({ proofs }) => proofs.map(proof => [hex(proof.signer), proof])),
    )
    return [...bySigner.values()]
  }

  /** The newest whose time has come and is not over, of epochs without contradiction. */
  current(now: number): HeldDocument | undefined {
    const epoch = epochAt(this.#network, now)
    for (let at = epoch; at > epoch - epochsValid; at--) {
      const held = this.usable(at)
      if (held !== undefined) return held
    }
    return undefined
  }

  /** The one of an epoch, unless two are known, or it is suspect and an older one without suspicion is still valid. */
  usable(epoch: number): HeldDocument | undefined {
    const waits = this.#suspects.has(epoch) && this.trusted(epoch) !== undefined
    return this.#splits.has(epoch) || waits ? undefined : this.#held.get(epoch)
  }

  /** The newest before an epoch of which nothing speaks against. */
  trusted(before: number): HeldDocument | undefined {
    const good = [...this.#held.keys()].filter(
      epoch => epoch < before && !this.#splits.has(epoch) && !this.#suspects.has(epoch),
    )
    return this.#held.get(Math.max(...good))
  }

  /**
   * Suspects a document that shares too few nodes with the one before: fewer than half of those of either.
   *
   * @returns whether it is suspect
   */
  suspect({ view }: HeldDocument): boolean {
    const before = this.trusted(view.epoch)?.view.nodes
    if (before === undefined) return false
    const shared = [...before.keys()].filter(id => view.nodes.has(id)).length
    if (2 * shared >= Math.max(before.size, view.nodes.size)) return false
    this.#suspects.add(view.epoch)
    return true
  }

  isSuspect(epoch: number): boolean {
    return this.#suspects.has(epoch)
  }

  /** Others hold the same document: it is suspect no more. */
  confirm(epoch: number): void {
    this.#suspects.delete(epoch)
  }

  /** The newest, its time come or not. */
  newest(before: number = Number.POSITIVE_INFINITY): HeldDocument | undefined {
    const epochs = [...this.#held.keys()].filter(epoch => epoch < before)
    return this.#held.get(Math.max(...epochs))
  }

  /** The view of the document of this name (hex), where it is held. */
  named(name: string): View | undefined {
    return [...this.#held.values()].find(({ view }) => hex(view.hash) === name)?.view
  }

  /** Drops those whose time is over; returns their epochs. */
  prune(now: number): number[] {
    const over = [...this.#held.keys()].filter(epoch => epoch + epochsValid <= epochAt(this.#network, now))
    for (const epoch of over) {
      this.#held.delete(epoch)
      this.#splits.delete(epoch)
      this.#suspects.delete(epoch)
    }
    if (over.length > 0) this.#told.clear()
    return over
  }

  /**
   * The signed bytes to serve: an epoch's, or the newest whose time has come.
   *
   * @throws DirectoryError UNAVAILABLE
   */
  serve(epoch: number | null, now: number): Uint8Array {
    const held = epoch === null ? this.current(now) : this.get(epoch)
    if (held === undefined) {
      throw new DirectoryError('UNAVAILABLE', `no document of epoch ${epoch ?? 'now'} here`)
    }
    return held.bytes
  }

  /** Serves what stands for the document of an epoch. @throws DirectoryError UNAVAILABLE */
  servePointer(epoch: number): Uint8Array {
    const held = this.get(epoch)?.document
    if (held === undefined) throw new DirectoryError('UNAVAILABLE', `no document of epoch ${epoch} here`)
    return writePointer({ epoch, hash: held.hash, signatures: held.signatures })
  }

  /**
   * The first document after an epoch in which the authorities changed, however old.
   *
   * @throws DirectoryError UNAVAILABLE
   */
  serveChange(after: number | null): Uint8Array {
    const change = this.succession.changeAfter(after ?? -1)
    if (change === undefined) {
      throw new DirectoryError(
        'UNAVAILABLE',
        `no change of the authorities after epoch ${after ?? 'none'} here`,
      )
    }
    return change.bytes
  }

  /**
   * The document of an epoch, told from the one of this name.
   *
   * @param from 32 bytes
   * @returns nothing unless both are held
   */
  serveDifference(from: Uint8Array, epoch: number): Uint8Array | undefined {
    const after = this.get(epoch)?.document
    const before = [...this.#held.values()].find(({ document }) => same(document.hash, from))?.document
    if (after === undefined || before === undefined || before.body.epoch >= epoch) return undefined
    const names = `${hex(from)} ${hex(after.hash)}`
    const made = this.#told.get(names) ?? difference(before.bodyBytes, after.bodyBytes)
    this.#told.set(names, made)
    return writeTold(made, after.signatures)
  }
}
