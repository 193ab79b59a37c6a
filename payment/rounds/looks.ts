// Asks the ledger about the notes of others, again and again until it says something: an answer that was lost, or a
// ledger that is busy, keeps nobody out. Many notes go into one question where the ledger takes that, so that made-up
// requests cost few. docs/spec/payments-rounds.md 4.5.

import { hex, same } from '../../encoding/bytes.ts'
import type { Log } from '../../world/log.ts'
import type { Timers } from '../../world/timers.ts'
import { type Ms, second } from '../../world/units.ts'
import { codeOf } from '../error.ts'
import { isSpending, type Ledger, mostOnPage, type NoteState, unknownSpender } from '../ledger/ledger.ts'

export interface LooksInit {
  readonly ledger: Ledger
  readonly timers: Timers
  readonly log: Log
  /** Says whether the answer about a note still matters. */
  readonly isWanted: (note: Uint8Array) => boolean
  /** null: the ledger says in so many words that there is no such note. */
  readonly tell: (id: Uint8Array, note: NoteState | null) => void
}

/** Notes gather for so long, to go into one question. */
const gatherMs: Ms = second
/** A question without an answer is put again after so long, and then after twice as long each time. */
const firstAgainMs: Ms = 15 * second
const longestAgainMs: Ms = 60 * second
/** Questions at once. */
const mostOpen = 32

/** Asks a ledger about notes until it has answered. */
export class Looks {
  readonly #init: LooksInit
  /** Notes without an answer, by their ids in hex, with what is waited before the next question. */
  readonly #unanswered = new Map<string, Ms>()
  /** Notes of the next questions. */
  #next: Uint8Array[] = []
  #isGathering = false
  #open = 0

  constructor(init: LooksInit) {
    this.#init = init
  }

  /** Asks about a note; `tell` is called once for it. */
  ask(note: Uint8Array): void {
    if (this.#unanswered.has(hex(note))) return
    this.#unanswered.set(hex(note), firstAgainMs)
    this.#gather(note)
  }

  #gather(note: Uint8Array): void {
    this.#next.push(note)
    if (this.#init.ledger.notes === undefined) {
      this.#go()
      return
    }
    if (this.#isGathering) return
    this.#isGathering = true
    this.#init.timers.after(gatherMs, () => {
      this.#isGathering = false
      this.#go()
    })
  }

  #go(): void {
    const { ledger, isWanted } = this.#init
    while (this.#open < mostOpen && this.#next.length > 0) {
      const notes = this.#next.splice(0, ledger.notes === undefined ? 1 : mostOnPage).filter(note => {
        if (isWanted(note) && this.#unanswered.has(hex(note))) return true
        this.#unanswered.delete(hex(note))
        return false
      })
      if (notes.length > 0) this.#question(notes)
    }
  }

  #question(notes: readonly Uint8Array[]): void {
    const { log, timers } = this.#init
    this.#open++
    // A ledger may keep silent: the question counts as open until it is put again
    const isOver = once(() => {
      this.#open--
      this.#go()
    })
    const waits = Math.max(...notes.map(note => this.#unanswered.get(hex(note)) ?? 0))
    timers.after(waits, () => {
      isOver()
      this.#again(notes, waits)
    })
    this.#answers(notes).then(isOver, error => {
      isOver()
      log.warn(
        { code: codeOf(error) },
        'payment round: the ledger does not say anything of a note; it is asked again',
      )
    })
  }

  #again(notes: readonly Uint8Array[], waited: Ms): void {
    for (const note of notes.filter(one => this.#unanswered.has(hex(one)))) {
      this.#unanswered.set(hex(note), Math.min(2 * waited, longestAgainMs))
      this.#gather(note)
    }
  }

  async #answers(ids: readonly Uint8Array[]): Promise<void> {
    const { ledger } = this.#init
    const first = ids[0] as Uint8Array
    const found = ledger.notes === undefined ? [await ledger.note(first)] : await ledger.notes(ids)
    await Promise.all(
      ids.map(async id => {
        const note = found.find(one => one !== null && same(one.id, id)) ?? null
        const shown = note === null ? null : await shownBy(ledger, note)
        if (this.#unanswered.delete(hex(id))) this.#init.tell(id, shown)
      }),
    )
  }
}

/**
 * A note as far as its ledger can show it: where it names a transaction that spent the note, that must stand in the
 * ledger and spend it, or else nobody has.
 */
async function shownBy(ledger: Ledger, note: NoteState): Promise<NoteState> {
  if (note.spentBy === null || same(note.spentBy, unknownSpender)) return note
  return isSpending(await ledger.positionOf(note.spentBy), note.id) ? note : { ...note, spentBy: null }
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) run()
    isDone = true
  }
}
