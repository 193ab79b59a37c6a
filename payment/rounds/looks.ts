// Looks for the notes of others in the ledger, again and again until it shows what there is: an answer that was lost,
// or a ledger that is busy, keeps nobody out. docs/spec/payments-rounds.md 4.5.

import { hex, same } from '../../encoding/bytes.ts'
import type { Log } from '../../world/log.ts'
import { below, pick, type Random } from '../../world/random.ts'
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
  readonly random: Random
  readonly log: Log
  /** Says whether the answer about a note still matters. */
  readonly isWanted: (named: Named) => boolean
  /** Counts the members that run with what is asked about, by keyOf; those of nothing are left out. */
  readonly votes: () => ReadonlyMap<string, number>
  /** null: the ledger says in so many words that there is no such note, or the evidence is none. */
  readonly tell: (named: Named, note: NoteState | null) => void
}

/** A question without an answer is put again after so long, and then after twice as long each time. */
const firstAgainMs: Ms = 15 * second
const longestAgainMs: Ms = 60 * second
/** Questions at once: half as many each time that one is late, and more by and by while answers come in time. */
const mostOpen = 32
const leastOpen = 4

interface Unanswered {
  readonly named: Named
  readonly key: string
  /** Waits so long before the next question. */
  waits: Ms
  /** Counts its questions that may still be answered. */
  open: number
}

/** Asks a ledger about notes until it has answered. */
export class Looks {
  readonly #init: LooksInit
  readonly #unanswered = new Map<string, Unanswered>()
  /** Those to be asked about, in the order in which they came. */
  readonly #waiting = new Set<Unanswered>()
  #open = 0
  #window = mostOpen
  #stop: (() => void) | undefined

  constructor(init: LooksInit) {
    this.#init = init
  }

  /** Asks about a note; `tell` is called once for it. */
  ask(named: Named): void {
    const key = keyOf(named)
    if (this.#unanswered.has(key)) return
    const unanswered = { named, key, waits: firstAgainMs, open: 0 }
    this.#unanswered.set(key, unanswered)
    this.#waiting.add(unanswered)
    this.#go()
  }

  /** Stops to listen for more of the ledger. */
  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #go(): void {
    while (this.#open < Math.floor(this.#window)) {
      const one = this.#pick()
      if (one === undefined) return
      this.#waiting.delete(one)
      if (this.#init.isWanted(one.named)) this.#question(one)
      else this.#unanswered.delete(one.key)
    }
  }

  /**
   * Picks what to ask about next. A ledger that is asked more than it can answer is asked first about what others have
   * seen there; then one time about the newest and one time about any, so that nobody buries a request under others.
   */
  #pick(): Unanswered | undefined {
    const waiting = [...this.#waiting]
    if (this.#open + waiting.length <= this.#window) return waiting[0]
    const votes = this.#init.votes()
    const voted = waiting.filter(({ key }) => votes.has(key))
    const among = voted.length > 0 ? voted : waiting
    const fresh = among.filter(({ open }) => open === 0)
    const all = fresh.length > 0 ? fresh : among
    if (voted.length > 0) {
      const most = Math.max(...all.map(({ key }) => votes.get(key) ?? 0))
      return all.find(({ key }) => votes.get(key) === most)
    }
    const { random } = this.#init
    return below(random, 2) === 0 ? all.at(-1) : pick(random, all)
  }

  #question(one: Unanswered): void {
    const { timers } = this.#init
    const { waits } = one
    one.waits = Math.min(2 * waits, longestAgainMs)
    one.open++
    this.#open++
    let isOpen = true
    const over = (): void => {
      if (!isOpen) return
      isOpen = false
      lost.cancel()
      one.open--
      this.#open--
      this.#go()
    }
    const late = timers.after(waits, () => {
      if (isOpen) this.#window = Math.max(leastOpen, this.#window / 2)
      this.#again(one)
    })
    // A ledger may keep silent. Until then it may be at work on the question, and to ask it more makes it later still
    const lost = timers.after(longestAgainMs, over)
    this.#shown(one.named).then(
      note => {
        late.cancel()
        this.#window = Math.min(mostOpen, this.#window + 1 / this.#window)
        this.#waiting.delete(one)
        over()
        if (this.#unanswered.delete(one.key)) this.#init.tell(one.named, note)
      },
      (error: unknown) => {
        over()
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
      for (const one of this.#unanswered.values()) if (one.open === 0) this.#again(one)
    })
  }

  #again(one: Unanswered): void {
    if (this.#unanswered.get(one.key) !== one) return
    this.#waiting.add(one)
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

/** Names what is asked about: a note, and what shows it. */
export function keyOf({ id, evidence }: Named): string {
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
