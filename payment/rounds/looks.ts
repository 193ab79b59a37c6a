// Looks for the notes of others in the ledger, again and again until it shows what there is: an answer that was lost,
// or a ledger that is busy, keeps nobody out. docs/spec/payments-rounds.md 4.5.

import { hex, same } from '../../encoding/bytes.ts'
import type { Log } from '../../world/log.ts'
import type { Timers } from '../../world/timers.ts'
import { type Ms, second } from '../../world/units.ts'
import { codeOf, PaymentError } from '../error.ts'
import { isSpending, type Ledger, type NoteState, unknownSpender } from '../ledger/ledger.ts'

/** A note that a request names, and what the request shows of it. */
export interface Named {
  readonly id: Uint8Array
  readonly evidence: Uint8Array
}

export interface LooksInit {
  readonly ledger: Ledger
  readonly timers: Timers
  readonly log: Log
  /** Says whether the answer about a note still matters. */
  readonly isWanted: (named: Named) => boolean
  /** null: the ledger says in so many words that there is no such note, or the evidence is none. */
  readonly tell: (named: Named, note: NoteState | null) => void
}

/** A question without an answer is put again after so long, and then after twice as long each time. */
const firstAgainMs: Ms = 15 * second
const longestAgainMs: Ms = 60 * second
/** Questions at once. */
const mostOpen = 32

interface Unanswered {
  readonly named: Named
  /** Waits so long before the next question. */
  waits: Ms
  /** Not until it is put again. */
  isOpen: boolean
}

/** Asks a ledger about notes until it has answered. */
export class Looks {
  readonly #init: LooksInit
  readonly #unanswered = new Map<string, Unanswered>()
  #next: Unanswered[] = []
  #open = 0
  #stop: (() => void) | undefined

  constructor(init: LooksInit) {
    this.#init = init
  }

  /** Asks about a note; `tell` is called once for it. */
  ask(named: Named): void {
    const key = keyOf(named)
    if (this.#unanswered.has(key)) return
    const unanswered = { named, waits: firstAgainMs, isOpen: false }
    this.#unanswered.set(key, unanswered)
    this.#next.push(unanswered)
    this.#go()
  }

  /** Stops to listen for more of the ledger. */
  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #go(): void {
    while (this.#open < mostOpen) {
      const one = this.#next.shift()
      if (one === undefined) return
      if (this.#init.isWanted(one.named)) this.#question(one)
      else this.#unanswered.delete(keyOf(one.named))
    }
  }

  #question(one: Unanswered): void {
    const { timers } = this.#init
    const { waits } = one
    one.waits = Math.min(2 * waits, longestAgainMs)
    one.isOpen = true
    this.#open++
    // A ledger may keep silent: the question counts as open until it is put again
    const isOver = once(() => {
      one.isOpen = false
      this.#open--
      this.#go()
    })
    const again = timers.after(waits, () => {
      isOver()
      this.#again(one)
    })
    this.#shown(one.named).then(
      note => {
        again.cancel()
        isOver()
        if (this.#unanswered.delete(keyOf(one.named))) this.#init.tell(one.named, note)
      },
      (error: unknown) => {
        isOver()
        this.#failed(error)
      },
    )
  }

  /** As soon as there is more of the ledger, it may be told. */
  #failed(error: unknown): void {
    const { ledger, log } = this.#init
    const message = 'payment round: the ledger does not say anything of a note; it is asked again'
    log.debug({ code: codeOf(error) }, message)
    this.#stop ??= ledger.onGrowth?.(() => {
      for (const one of this.#unanswered.values()) if (!one.isOpen) this.#again(one)
    })
  }

  #again(one: Unanswered): void {
    if (!this.#unanswered.has(keyOf(one.named)) || this.#next.includes(one)) return
    this.#next.push(one)
    this.#go()
  }

  async #shown({ id, evidence }: Named): Promise<NoteState | null> {
    const { ledger } = this.#init
    try {
      const note = await (ledger.noteAt === undefined ? ledger.note(id) : ledger.noteAt(id, evidence))
      return note === null ? null : await shownBy(ledger, note)
    } catch (error) {
      if (error instanceof PaymentError && noEvidence.has(error.code)) return null
      throw error
    }
  }
}

/** With these codes the evidence of a request is none, and never will be. */
const noEvidence: ReadonlySet<string> = new Set([
  'BAD_DOCUMENT',
  'BAD_SIGNATURE',
  'TOO_LARGE',
  'WRONG_LEDGER',
])

function keyOf({ id, evidence }: Named): string {
  return `${hex(id)} ${hex(evidence)}`
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
