// The notes that somebody holds (docs/spec/directory-voting.md 8.11): authorities, nodes and clients alike.

import { same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import { epochAt, epochStart, type Network } from '../documents/network.ts'
import {
  noteEffect,
  notePhases,
  obey,
  readSignedNote,
  type SignedNote,
  verifyNote,
} from '../documents/status-note.ts'
import type { Succession } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'

interface HeldNote {
  readonly bytes: Uint8Array
  readonly signed: SignedNote
}

export class HeldNotes {
  readonly #network: Network
  readonly #succession: Succession
  readonly #viewOf: (name: string) => View | undefined
  readonly #clock: Pick<Clock, 'elapsed'>
  /** Elapsed time: who was there before a note's effect takes it before that or not at all. */
  readonly #since: Ms
  readonly #held = new Map<number, HeldNote>()
  /** The view of a document while a note is in force, made once. */
  readonly #obeyed = new Map<View, { readonly note: HeldNote; readonly view: View }>()

  /**
   * @param succession who makes documents and notes, and since when
   * @param viewOf a verified view by the hex of its name
   * @param clock tells for how long they have been kept here
   */
  constructor(
    succession: Succession,
    viewOf: (name: string) => View | undefined,
    clock: Pick<Clock, 'elapsed'>,
  ) {
    this.#network = succession.newest
    this.#succession = succession
    this.#viewOf = viewOf
    this.#clock = clock
    this.#since = clock.elapsed()
  }

  /**
   * Verifies and keeps; what is held is never replaced.
   *
   * @throws DirectoryError as `readSignedNote` and `verifyNote`; OLD_EPOCH when its time is over, FUTURE_EPOCH when it
   * cannot exist yet, LATE when it comes after its effect to one who was there before, CONFLICT when another one of
   * its epoch is held
   */
  add(bytes: Uint8Array, now: number): { readonly note: SignedNote; readonly isNew: boolean } {
    const signed = readSignedNote(bytes)
    const { epoch } = signed.note
    const network = this.#network
    if (epoch < epochAt(network, now) - 1) throw new DirectoryError('OLD_EPOCH', `note of epoch ${epoch}`)
    if (now < epochStart(network, epoch + notePhases.opinions)) {
      throw new DirectoryError('FUTURE_EPOCH', `note of epoch ${epoch}: not yet made`)
    }
    const have = this.#held.get(epoch)
    if (have !== undefined && same(have.signed.hash, signed.hash)) return { note: signed, isNew: false }
    verifyNote(this.#succession.networkFor(epoch + 1), signed, this.#viewOf)
    if (have !== undefined) throw new DirectoryError('CONFLICT', `note: two signed notes of epoch ${epoch}`)
    const effect = noteEffect(network, epoch)
    const hereFor = this.#clock.elapsed() - this.#since
    if (now >= effect && hereFor > now - effect) {
      throw new DirectoryError('LATE', `note of epoch ${epoch}: others have obeyed it, or never will`)
    }
    this.#held.set(epoch, { bytes, signed })
    for (const old of this.#held.keys()) if (old < epochAt(network, now) - 1) this.#held.delete(old)
    this.#obeyed.clear()
    return { note: signed, isNew: true }
  }

  get(epoch: number): SignedNote | undefined {
    return this.#held.get(epoch)?.signed
  }

  /** The epoch of the newest note that may be in force. */
  epochInForce(now: number): number {
    const epoch = epochAt(this.#network, now)
    return now >= noteEffect(this.#network, epoch) ? epoch : epoch - 1
  }

  /** The view as one uses it now. The same object for the same document and note. */
  obeyed(view: View, now: number): View {
    const note = this.#held.get(this.epochInForce(now))
    if (note === undefined) return view
    const have = this.#obeyed.get(view)
    if (have?.note === note) return have.view
    const made = obey(view, note.signed.note)
    this.#obeyed.set(view, { note, view: made })
    return made
  }

  /** @throws DirectoryError UNAVAILABLE */
  serve(epoch: number): Uint8Array {
    const held = this.#held.get(epoch)
    if (held === undefined) throw new DirectoryError('UNAVAILABLE', `no note of epoch ${epoch} here`)
    return held.bytes
  }
}
