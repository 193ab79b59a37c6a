// The signed documents that somebody holds, verified when they came in: authorities, nodes and clients alike.
// Neither of two of one epoch is used (docs/spec/directory-travel.md 10.3).

import { hex, same } from '../../encoding/bytes.ts'
import { sameEdge } from '../../encoding/merkle.ts'
import { difference, writeTold } from '../documents/difference.ts'
import type { ConsensusDocument } from '../documents/document.ts'
import type { Evidence } from '../documents/evidence.ts'
import { continues, type LogStretch, logAfter } from '../documents/log.ts'
import { epochAt, epochsValid, type Network } from '../documents/network.ts'
import { Succession } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { HeldLog } from './held-log.ts'
import { Prepared } from './prepared.ts'
import { namedOnly, type Split } from './split.ts'
import { Splits } from './splits.ts'
import { writePointer } from './table.ts'

export interface HeldDocument {
  readonly bytes: Uint8Array
  readonly document: ConsensusDocument
  readonly view: View
}

export class HeldDocuments {
  /** Knows the authorities of each epoch, along the documents that handed over. */
  readonly succession: Succession
  /** Reads and checks large documents in slices, before `add`. */
  readonly prepared: Prepared
  /** The names of all documents up to the newest. */
  readonly log: HeldLog
  readonly #network: Network
  readonly #held = new Map<number, HeldDocument>()
  /** Differences between two that are held, made once: by the names of both. */
  readonly #told = new Map<string, Uint8Array>()
  readonly #splits: Splits
  /** Epochs whose document nobody outside of it has confirmed, though something speaks against it. */
  readonly #suspects = new Set<number>()
  /** Epochs whose document could not be held against the log of the one before. */
  readonly #unshown = new Set<number>()
  /** The newest whose time is over. */
  #last: HeldDocument | undefined

  /**
   * @param onPage told of each page of the log that is let go of
   * @param pause waited for between two slices of a large document
   */
  constructor(network: Network, onPage?: (page: LogStretch) => void, pause?: () => Promise<void>) {
    this.#network = network
    this.succession = new Succession(network)
    this.prepared = new Prepared(epoch => this.succession.networkFor(epoch), pause)
    this.log = new HeldLog(onPage)
    this.#splits = new Splits(this.succession, epoch => {
      const held = this.#held.get(epoch)?.document
      if (held !== undefined) return { epoch, hash: held.hash, signatures: held.signatures }
      const hash = this.log.nameOf(epoch)
      return hash && namedOnly(epoch, hash)
    })
  }

  /**
   * Verifies and keeps: what `prepared` has at hand is not done again. What is held is never replaced.
   *
   * @param epoch the one that was asked for, if it was one
   * @param log what somebody told to be the log of the documents before it, if anybody did
   * @returns the document, and whether it was new
   * @throws DirectoryError as `verifyConsensus`; OLD_EPOCH when its time is over or another epoch was asked for,
   * FUTURE_EPOCH when it cannot exist yet, CONFLICT when another one of its epoch is held, or its log has another
   * document in the place of one that is held
   */
  add(
    bytes: Uint8Array,
    now: number,
    epoch?: number,
    log?: Uint8Array,
  ): { held: HeldDocument; isNew: boolean } {
    const document = this.prepared.read(bytes)
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
      if (this.log.isMissing && log !== undefined) this.log.learn(log)
      return { held: before, isNew: false }
    }
    if (this.#splits.has(have)) {
      throw new DirectoryError('CONFLICT', `document: two signed documents of epoch ${have} are known`)
    }
    const view = this.succession.verify(document, this.prepared.nodesOf(bytes))
    const held = { bytes, document, view }
    if (before !== undefined) {
      this.contradict({ epoch: have, hash: document.hash, signatures: document.signatures })
      throw new DirectoryError('CONFLICT', `document: two signed documents of epoch ${have}`)
    }
    this.#checkLog(held, log)
    this.succession.note(document, bytes)
    this.#held.set(have, held)
    return { held, isNew: true }
  }

  /** docs/spec/directory-log.md 14.4: what is held must stand in the log of what comes later. */
  #checkLog(held: HeldDocument, told: Uint8Array | undefined): void {
    const { document } = held
    const { epoch } = document.body
    const others = [...this.#held.values(), ...(this.#last === undefined ? [] : [this.#last])]
    const previous = others.find(other => same(other.document.hash, document.body.previous))
    if (previous !== undefined && !sameEdge(document.body.log, logAfter(previous.document))) {
      throw new DirectoryError(
        'BAD_DOCUMENT',
        `document of epoch ${epoch}: its log does not go on from the one before`,
      )
    }
    const log = this.log.before(document, told)
    const unshown = others.filter(other => {
      const [earlier, later] = other.view.epoch < epoch ? [other, held] : [held, other]
      return !this.#compare(earlier, later, later === held ? log : this.log.before(later.document), held)
    })
    // What is followed now must be in it; what is over, or suspect itself, says nothing
    const followed = this.trusted(epoch)
    if (followed !== undefined && unshown.includes(followed)) this.#unshown.add(epoch)
    this.log.follow(document, log)
  }

  /**
   * Compares two documents by the log of the later one.
   *
   * @returns whether the earlier one is in it
   * @throws DirectoryError CONFLICT when the log has another document, unless the earlier one is over
   */
  #compare(
    earlier: HeldDocument,
    later: HeldDocument,
    log: LogStretch | undefined,
    coming: HeldDocument,
  ): boolean {
    const { epoch } = earlier.view
    const found = continues(earlier.document, later.document, log)
    if (found.holds !== 'no' || log === undefined) return found.holds === 'yes'
    const { hash, signatures } = earlier.document
    this.#splits.shown({ epoch, hash, signatures }, found.instead, {
      document: later.bytes,
      log: log.write(),
    })
    if (earlier === this.#last) return false
    throw new DirectoryError(
      'CONFLICT',
      `document: epoch ${coming.view.epoch}: two signed documents of epoch ${epoch}, by the log of epoch ${later.view.epoch}`,
    )
  }

  /** Remembers a verified document whose time is over, to compare later ones with it. */
  remember(bytes: Uint8Array, log?: Uint8Array): void {
    const document = this.prepared.read(bytes)
    if (document.body.epoch <= (this.#last?.view.epoch ?? -1)) return
    const view = this.succession.verify(document, this.prepared.nodesOf(bytes))
    this.#last = { bytes, document, view }
    this.log.follow(document, this.log.before(document, log))
  }

  /** The newest whose time is over, of those that were held. */
  get last(): HeldDocument | undefined {
    return this.#last
  }

  get(epoch: number): HeldDocument | undefined {
    return this.#held.get(epoch)
  }

  /** Takes a pointer that somebody gave, as `Splits.contradict`. */
  contradict(theirs: Pointer): Split | undefined {
    return this.#splits.contradict(theirs)
  }

  /** Takes a pointer that somebody shows unasked, as `Splits.hear`. @throws DirectoryError as `Splits.hear` */
  hear(bytes: Uint8Array): Split | undefined {
    return this.#splits.hear(bytes)
  }

  /** Knows again of a split that was found before. */
  restore(split: Split): void {
    this.#splits.restore(split)
  }

  get splits(): readonly Split[] {
    return this.#splits.all
  }

  /** Says whether it is proven who signed two documents of an epoch. */
  isProven(epoch: number): boolean {
    return this.#splits.isProven(epoch)
  }

  /** Against authorities that signed two documents of one epoch. */
  get proofs(): readonly Evidence[] {
    return this.#splits.proofs
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
   * Suspects a document that shares too few nodes with the one before, fewer than half of those of either, or whose log
   * nobody has shown.
   *
   * @returns why it is suspect, if it is
   */
  suspect({ view }: HeldDocument): 'few nodes' | 'no log' | undefined {
    const before = this.trusted(view.epoch)?.view.nodes
    if (before === undefined) return undefined
    const shared = [...before.keys()].filter(id => view.nodes.has(id)).length
    const isFew = 2 * shared < Math.max(before.size, view.nodes.size)
    if (!isFew && !this.#unshown.has(view.epoch)) return undefined
    this.#suspects.add(view.epoch)
    return isFew ? 'few nodes' : 'no log'
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
      const held = this.#held.get(epoch)
      if (held !== undefined && !this.#splits.has(epoch) && epoch > (this.#last?.view.epoch ?? -1))
        this.#last = held
      this.#held.delete(epoch)
      this.#suspects.delete(epoch)
      this.#unshown.delete(epoch)
    }
    this.#splits.prune(epochAt(this.#network, now))
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
