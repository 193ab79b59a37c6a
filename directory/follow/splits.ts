// The splits that somebody knows of (docs/spec/directory-travel.md 10.3, docs/spec/directory-log.md 14.4): by the
// pointers that others give or show, and by the logs of later documents.

import { hex, same } from '../../encoding/bytes.ts'
import type { Epoch } from '../../world/units.ts'
import { validSigners } from '../documents/document.ts'
import type { Evidence } from '../documents/evidence.ts'
import type { Succession } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { namedOnly, type ShownBy, type Split, splitOf } from './split.ts'
import { checkEach, readPointer } from './table.ts'

/** Splits stay known for so many epochs, so many at most. */
const splitEpochs = 72
const mostSplits = 16

export class Splits {
  readonly #succession: Succession
  readonly #known: (epoch: Epoch) => Pointer | undefined
  readonly #byEpoch = new Map<Epoch, Split>()

  /** @param known what is held of an epoch, or what the log has, which has no signatures */
  constructor(succession: Succession, known: (epoch: Epoch) => Pointer | undefined) {
    this.#succession = succession
    this.#known = known
  }

  /**
   * Takes a pointer that somebody else gave. What is held of its epoch is used no more when it names another document
   * that enough authorities signed.
   *
   * @returns the contradiction, when it is one and is new, or proven better than before
   */
  contradict(theirs: Pointer): Split | undefined {
    const { epoch } = theirs
    const found = this.#byEpoch.get(epoch)
    if (found !== undefined) return this.#improve(found, theirs)
    const ours = this.#known(epoch)
    if (ours === undefined || same(ours.hash, theirs.hash)) return undefined
    const network = this.#succession.networkFor(epoch)
    const isLogged = ours.signatures.length === 0
    const split = isLogged ? { epoch, ours, theirs, proofs: [] } : splitOf(network, ours, theirs)
    const signed = validSigners(network, { body: { epoch }, ...theirs }).length
    return split === undefined || signed < network.threshold ? undefined : this.#note(split)
  }

  /** The log of a later document has another name than a document that is, or was, followed. */
  shown(ours: Pointer, instead: Uint8Array, shownBy: ShownBy): void {
    const { epoch } = ours
    if (this.#byEpoch.has(epoch)) return
    this.#note({ epoch, ours, theirs: namedOnly(epoch, instead), proofs: [], shownBy })
  }

  /**
   * Hears what somebody else holds of an epoch.
   *
   * @returns the contradiction, when it is one and is new
   * @throws DirectoryError as `readPointer`; UNKNOWN_AUTHORITY, BAD_SIGNATURE at the first signature that does not
   * hold, where the name is another one than is known here
   */
  hear(bytes: Uint8Array): Split | undefined {
    const pointer = readPointer(bytes)
    const known = this.#known(pointer.epoch)
    if (known === undefined || same(known.hash, pointer.hash) || this.isProven(pointer.epoch))
      return undefined
    checkEach(this.#succession.everybody, pointer)
    return this.contradict(pointer)
  }

  /** Knows again of a split that was found before. */
  restore(split: Split): void {
    if (!this.#byEpoch.has(split.epoch)) this.#note(split)
  }

  has(epoch: Epoch): boolean {
    return this.#byEpoch.has(epoch)
  }

  get all(): readonly Split[] {
    return [...this.#byEpoch.values()]
  }

  /** Says whether it is proven who signed two documents of an epoch. */
  isProven(epoch: Epoch): boolean {
    return (this.#byEpoch.get(epoch)?.proofs.length ?? 0) > 0
  }

  /** Lists a proof against each authority that signed two documents of one epoch. */
  get proofs(): readonly Evidence[] {
    const proofs = this.all.flatMap(split => split.proofs)
    return [...new Map(proofs.map(proof => [hex(proof.signer), proof])).values()]
  }

  /** Forgets those that are old by the epoch of now. */
  prune(now: Epoch): void {
    for (const epoch of this.#byEpoch.keys()) if (epoch + splitEpochs <= now) this.#byEpoch.delete(epoch)
  }

  /** Of a split that a log showed, the signatures under the other name have come. */
  #improve(found: Split, pointer: Pointer): Split | undefined {
    if (found.proofs.length > 0) return undefined
    const [ours, theirs] = [found.ours, found.theirs].map(of =>
      same(of.hash, pointer.hash) && of.signatures.length === 0 ? pointer : of,
    ) as [Pointer, Pointer]
    const split = splitOf(this.#succession.networkFor(found.epoch), ours, theirs)
    return split === undefined ? undefined : this.#note({ ...split, shownBy: found.shownBy })
  }

  #note(split: Split): Split {
    this.#byEpoch.set(split.epoch, split)
    if (this.#byEpoch.size > mostSplits) this.#byEpoch.delete(Math.min(...this.#byEpoch.keys()))
    return split
  }
}
