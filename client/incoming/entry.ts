// By which gateway a client enters (docs/spec/client-clocks.md 9.1): one that sees its address, and so must not be one
// that keeps its mailbox. It is chosen once and kept, as each new one is one more that knows the address. No I/O.

import * as v from 'valibot'
import { areApart } from '../../directory/documents/groups.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import type { NodeId } from '../../encoding/ids.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, minute, second } from '../../world/units.ts'
import { bytesOf } from '../folder/schema.ts'
import { canDial, pickGateway } from './choice.ts'

/** Entries that a client ever has: whoever can make entries fail makes it know no more of them. */
export const mostEntries = 3
/** An entry that answers nothing for this long is left. */
const patienceMs: Ms = 20 * second
/** One that was left is tried again after this, when another fails. */
const retryMs: Ms = 10 * minute
/** So many answers that do not open, and it is left at once: it changes them, or the way to the home. */
const mostSpoilt = 3
/** Counts so many loops, one a second: ... */
const window = 64
const fateMs: Ms = second
/** ... so many may be missing; and one is left for that at most once in this time, since it may not be its fault. */
const mostMissing = 62
const leaveForLossMs: Ms = 10 * minute

/** The record in the store: the entries, the one in use in front. */
export const entriesSchema: v.GenericSchema<unknown, { readonly entries: Uint8Array[] }> = v.strictObject({
  entries: v.pipe(v.array(bytesOf(32)), v.maxLength(mostEntries)),
})

/**
 * Tells how far an entry is from the homes: of other families and networks; another gateway of one of theirs; or none
 * is left and the client enters at its home, which then knows both its address and its mailbox.
 */
export type Separation = 'apart' | 'related' | 'none'

export interface EntryInit {
  readonly clock: Pick<Clock, 'elapsed'>
  readonly random: Random
  readonly log: Log
  readonly view: () => View | undefined
  /** Finds a gateway by the lowercase hex of its id, also one that just this consensus lacks. */
  readonly gateway: (id: NodeId) => NodeEntry | undefined
  /** The epoch of now. */
  readonly epoch: () => number
  /** Lists the gateways that keep this client's mail, or have kept it, 32 bytes each. */
  readonly homes: () => readonly Uint8Array[]
  /** Takes those of the last time, 32 bytes each. */
  readonly entries: readonly Uint8Array[]
  readonly save: (entries: readonly Uint8Array[]) => void
  /** Another one is in use. */
  readonly onChange: () => void
}

/** Counts what entries did that they should not do, and how often one was left. */
export type EntryCounters = Record<'spoilt' | 'unanswered' | 'left', number>

export class EntryChoice {
  readonly #init: EntryInit
  #entries: Uint8Array[]
  readonly #leftAt = new Map<NodeId, Ms>()
  /** The only one there is has failed of late: better to enter at a home, and say so, than not at all. */
  #without = false
  /** Since when nothing was answered. */
  #silentSince: Ms | undefined
  /** The one in use has answered last, whatever it said. */
  #isReached = false
  #spoilt = 0
  #fates: boolean[] = []
  #fateAt = Number.NEGATIVE_INFINITY
  #leftForLossAt = Number.NEGATIVE_INFINITY
  #told = ''
  readonly counters: EntryCounters = { spoilt: 0, unanswered: 0, left: 0 }

  constructor(init: EntryInit) {
    this.#init = init
    this.#entries = [...init.entries]
  }

  /** Lists those that it has had, 32 bytes each, the one in use in front. */
  get all(): readonly Uint8Array[] {
    return this.#entries
  }

  /** The entry in use; undefined where none is left but the homes, or there is no consensus. */
  current(): NodeEntry | undefined {
    const [id] = this.#entries
    if (id === undefined || this.#isHome(id) || this.#without) return undefined
    return this.#usable(id)
  }

  /** An entry stays one while any document that is near has it, and a key for packets of now. */
  #usable(id: Uint8Array): NodeEntry | undefined {
    const entry = this.#init.gateway(hex(id))
    return entry?.packetKeys.has(this.#init.epoch()) === true ? entry : undefined
  }

  /** Tells whether the entry in use is there, as far as is known: it has answered, and its link stands. */
  get isReached(): boolean {
    return this.#isReached && this.current() !== undefined
  }

  get separation(): Separation {
    const entry = this.current()
    if (entry === undefined) return 'none'
    return this.#isApart(entry) ? 'apart' : 'related'
  }

  /** There is another consensus, or other homes: takes an entry where there is none, and keeps the one there is. */
  look(): void {
    if (this.#init.view() === undefined) return
    const usable = this.#entries.filter(id => !this.#isHome(id))
    if (usable.length < this.#entries.length) this.#set(usable)
    if (this.current() === undefined) this.#take()
    this.#tell()
  }

  /** The entry has answered. */
  answered(): void {
    this.#isReached = true
    this.#silentSince = undefined
  }

  /** It did not. */
  unanswered(): void {
    this.counters.unanswered++
    this.#isReached = false
    const now = this.#init.clock.elapsed()
    this.#silentSince ??= now
    if (now - this.#silentSince >= patienceMs) this.#leave('it does not answer')
  }

  /** Its last connection has closed. */
  gone(): void {
    this.#isReached = false
  }

  /** Counts that what it brought was not what the home had sealed. */
  spoilt(): void {
    this.counters.spoilt++
    if (++this.#spoilt >= mostSpoilt) this.#leave('what it brings does not open')
  }

  /** A loop that had left through it came back, or did not. */
  loop(returned: boolean): void {
    const now = this.#init.clock.elapsed()
    // An outage of seconds, of whatever lies behind it, says nothing of an entry
    if (now - this.#fateAt < fateMs || this.current() === undefined) return
    this.#fateAt = now
    this.#fates.push(returned)
    if (this.#fates.length < window) return
    const missing = this.#fates.filter(came => !came).length
    this.#fates.shift()
    if (missing < mostMissing || now - this.#leftForLossAt < leaveForLossMs) return
    this.#leftForLossAt = now
    this.#leave('hardly a loop comes back')
  }

  #leave(why: string): void {
    const entry = this.#entries[0]
    this.#silentSince = undefined
    this.#spoilt = 0
    this.#fates = []
    if (entry === undefined) return
    this.#leftAt.set(hex(entry), this.#init.clock.elapsed())
    this.counters.left++
    this.#init.log.info({ why }, 'left an entry gateway')
    this.#take()
    this.#tell()
  }

  /**
   * Takes one that it has had and that did not fail of late, else a new one, else the one that it left longest ago.
   */
  #take(): void {
    const { view, random, clock } = this.#init
    const now = clock.elapsed()
    const leftAt = (id: Uint8Array): Ms => this.#leftAt.get(hex(id)) ?? Number.NEGATIVE_INFINITY
    const known = this.#entries.filter(id => this.#usable(id) !== undefined)
    const fit = known.find(id => now - leftAt(id) >= retryMs)
    const fresh = fit === undefined ? this.#candidates(view()) : []
    this.#without = fit === undefined && fresh.length === 0 && known.length < 2
    if (fit !== undefined) this.#set([fit, ...this.#entries.filter(id => id !== fit)])
    else if (fresh.length > 0) {
      const chosen = pickGateway(random, fresh, view()?.gateways.filter(({ running }) => running) ?? fresh).id
      // For one more than it may have the one goes that was left longest ago
      const kept = this.#entries.toSorted((a, b) => leftAt(b) - leftAt(a)).slice(0, mostEntries - 1)
      this.#set([chosen, ...kept])
    } else this.#set(known.toSorted((a, b) => leftAt(a) - leftAt(b)))
  }

  /** Gateways that it has not had, apart from the homes where there are such; none once it has had all it may. */
  #candidates(view: View | undefined): NodeEntry[] {
    const had = new Set(this.#entries.map(hex))
    const listed = this.#entries.filter(id => this.#usable(id) !== undefined)
    if (view === undefined || listed.length >= mostEntries) return []
    const others = view.gateways.filter(
      gateway => canDial(gateway) && !this.#isHome(gateway.id) && !had.has(hex(gateway.id)),
    )
    const apart = others.filter(other => this.#isApart(other))
    return apart.length > 0 ? apart : others
  }

  #isApart(entry: NodeEntry): boolean {
    const view = this.#init.view()
    if (view === undefined) return false
    return this.#init.homes().every(id => {
      const home = this.#init.gateway(hex(id))
      return home === undefined || areApart(home, [entry], home, view.parameters)
    })
  }

  #isHome(id: Uint8Array): boolean {
    return this.#init.homes().some(home => hex(home) === hex(id))
  }

  #set(entries: readonly Uint8Array[]): void {
    if (entries.map(hex).join() === this.#entries.map(hex).join()) return
    this.#entries = [...entries]
    this.#init.save(this.#entries)
  }

  #tell(): void {
    const entry = this.current()
    const name = `${entry === undefined ? 'none' : hex(entry.id)}`
    if (name === this.#told) return
    this.#told = name
    this.#isReached = false
    const { separation } = this
    if (separation === 'none')
      this.#init.log.warn(
        {},
        'no gateway but the own: it learns the address of this client and its mailbox too',
      )
    else if (separation === 'related')
      this.#init.log.warn(
        {},
        'the entry gateway and the own are of one family or network: together they know address and mailbox',
      )
    this.#init.onChange()
  }
}
