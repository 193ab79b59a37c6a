// The gateways of a client's address: a session at each, one of them the home to which everything comes back; and the
// entry by which everything leaves (docs/spec/client-clocks.md 9).

import type { NodeEntry } from '../../directory/documents/view.ts'
import { hex, same } from '../../encoding/bytes.ts'
import type { Ms } from '../../world/units.ts'
import type { Bulletin } from '../bulletin/bulletin.ts'
import type { Announcing } from './announcing.ts'
import { EntryChoice, type EntryInit } from './entry.ts'
import { GatewaySession, type SessionInit } from './session.ts'
import { directWay, sealedWay, type Way, type WayInit } from './ways.ts'

/** A home that does not answer for this long stands back for the next gateway that does, milliseconds. */
const patienceMs = 2_000
/** One that is still away after this has failed: other reply blocks follow those that end there. */
const failedMs = 20_000
/** So many reads have one among them at another gateway than the home: they take turns in it. */
const readsPerAside = 8

export interface GatewaysInit
  extends Omit<
      SessionInit,
      | 'peer'
      | 'way'
      | 'cursor'
      | 'take'
      | 'announcement'
      | 'announced'
      | 'board'
      | 'takeBoard'
      | 'onOpen'
      | 'onFull'
      | 'onChange'
    >,
    Pick<WayInit, 'link' | 'epoch'>,
    Pick<EntryInit, 'view' | 'entries' | 'save'> {
  readonly announcing: Announcing
  readonly bulletin: Bulletin
  /** A gateway by the lowercase hex of its id. */
  readonly gateway: (id: string) => NodeEntry | undefined
  readonly cursor: (gateway: string) => number
  readonly take: (gateway: string, ...page: Parameters<SessionInit['take']>) => Promise<void>
  /** A gateway of the address, 32 bytes, has no room for one whose mailbox it never had. */
  readonly onFull: (id: Uint8Array) => void
  /** A home has failed, and another gateway of the address stands in for it. */
  readonly onFailed: () => void
  /** The home has changed, or whether it is open. */
  readonly onChange: () => void
}

export class Gateways {
  readonly #init: GatewaysInit
  readonly #ids: readonly Uint8Array[]
  readonly #current: number
  readonly #sessions: readonly GatewaySession[]
  readonly entry: EntryChoice
  /** By home: how it is reached now, and through which entry, if any. */
  readonly #ways = new Map<string, { readonly through: string | undefined; readonly way: Way }>()
  #home = 0
  /** The home that another one stands in for, until it has failed or is back. */
  #away: number | undefined
  #reads = 0
  #asideReads = 0
  #asides: readonly Uint8Array[] = []
  #ended = false
  /** The news that was told last. */
  #told = ''

  /**
   * @param current 32 bytes each, 1 to 3, in the order of the address
   * @param former 32 bytes each: homes of before, which are read only
   */
  constructor(init: GatewaysInit, current: readonly Uint8Array[], former: readonly Uint8Array[]) {
    this.#init = init
    this.#current = current.length
    this.#ids = [...current, ...former]
    this.entry = new EntryChoice({ ...init, homes: () => this.#ids, onChange: () => this.#entered() })
    this.#sessions = this.#ids.map((id, i) => {
      const name = hex(id)
      return new GatewaySession({
        ...init,
        peer: () => init.gateway(name),
        way: () => this.#way(name),
        cursor: () => init.cursor(name),
        take: (entries, behind) => init.take(name, entries, behind),
        // A service is announced at one of its gateways, the home
        announcement: () => (i === this.#home ? init.announcing.due() : undefined),
        announced: status => init.announcing.told(status),
        board: () => init.bulletin.wanted(name),
        takeBoard: board => init.bulletin.take(name, board),
        onOpen: () => {
          init.bulletin.opened(name)
          if (i === this.#home) init.announcing.forgotten()
        },
        onFull: () => {
          if (i < this.#current) init.onFull(id)
        },
        onChange: () => this.#changed(),
      })
    })
    init.link.onGone(id => {
      if (!this.#ended) this.#gone(id)
    })
  }

  start(): void {
    this.entry.look()
    this.#keepNeighbour()
    for (const session of this.#sessions) session.start()
  }

  /** There is another consensus. */
  look(): void {
    this.entry.look()
  }

  /**
   * Sealed through the entry; where there is none but the homes, each on a connection of its own. One for each home and
   * connection: an entry grants a client so many channels, and each attempt at a home that refuses would take another.
   */
  #way(name: string): Way {
    const entry = this.entry.current()
    const through = entry && hex(entry.id)
    const known = this.#ways.get(name)
    if (known !== undefined && known.through === through) return known.way
    const init = { ...this.#init, entry: this.entry }
    const way = entry === undefined ? directWay(init) : sealedWay(init, () => this.entry.current())
    this.#ways.set(name, { through, way })
    return way
  }

  /** Everything goes through another entry from now on. */
  #entered(): void {
    this.#keepNeighbour()
    this.#ways.clear()
    for (const session of this.#sessions) session.gone()
    this.#changed()
  }

  #keepNeighbour(): void {
    this.#init.link.keepNeighbours([this.entry.current()?.id ?? this.home])
  }

  #gone(id: Uint8Array): void {
    const entry = this.entry.current()
    if (entry === undefined) this.#sessions[this.#ids.findIndex(other => hex(other) === hex(id))]?.gone()
    else if (hex(entry.id) === hex(id)) {
      this.entry.gone()
      this.#ways.clear()
      for (const session of this.#sessions) session.gone()
    }
  }

  /** 32 bytes */
  get home(): Uint8Array {
    return this.#ids[this.#home] as Uint8Array
  }

  /** Lists all that are read, 32 bytes each: those of the address in front. */
  get ids(): readonly Uint8Array[] {
    return this.#ids
  }

  /** Lists the gateways of the address that are not the home now, and answer. */
  get standby(): readonly Uint8Array[] {
    return this.#ids.filter(
      (id, i) => i < this.#current && i !== this.#home && this.#asides.some(aside => same(aside, id)),
    )
  }

  /** Lists all but the home that answer. */
  get asides(): readonly Uint8Array[] {
    return this.#asides
  }

  /** Tells whether a gateway is the home. @param name lowercase hex of its id */
  isHome(name: string): boolean {
    return hex(this.home) === name
  }

  /** True while packets can leave, and what comes back for them is read. */
  get open(): boolean {
    return this.openSince !== undefined
  }

  /**
   * True while packets leave: also while the home is away, though nothing comes back. A link that fell silent whenever
   * one gateway does would name the home of whoever is behind it.
   */
  get sends(): boolean {
    return this.open || (this.entry.isReached && this.#sessions.some(({ wasOpen }) => wasOpen))
  }

  /** Tells since when all that comes back is read, by elapsed time; undefined while it is not. */
  get openSince(): Ms | undefined {
    return this.#sessions[this.#home]?.openSince
  }

  get sessions(): readonly { readonly id: Uint8Array; readonly state: string; readonly pages: number }[] {
    return this.#sessions.map((session, i) => ({
      id: this.#ids[i] as Uint8Array,
      state: session.state.at,
      pages: session.counters.pages,
    }))
  }

  /** The read clock: mostly at the home, and each eighth time at one of the others, whatever lies there. */
  async read(): Promise<void> {
    this.#stand()
    const others = this.#sessions.filter((session, i) => i !== this.#home && session.state.at !== 'closed')
    const isAside = others.length > 0 && this.#reads++ % readsPerAside === readsPerAside - 1
    const session = isAside ? others[this.#asideReads++ % others.length] : this.#sessions[this.#home]
    await session?.read()
  }

  /** Reads no longer at former homes but these. */
  keepOnly(former: readonly Uint8Array[]): void {
    for (const [i, id] of this.#ids.entries())
      if (i >= this.#current && !former.some(other => same(other, id))) this.#sessions[i]?.end()
  }

  end(): void {
    this.#ended = true
    for (const session of this.#sessions) session.end()
  }

  /** The home is the first of the address that answers: correspondents send there first. */
  #stand(): void {
    this.#lookAfterHome()
    const next = this.#sessions.findIndex((session, i) => i < this.#current && session.state.at === 'open')
    if (next < 0 || next === this.#home) return
    const home = this.#sessions[this.#home] as GatewaySession
    if (next > this.#home && home.downForMs < patienceMs) return
    if (next > this.#home) this.#away ??= this.#home
    this.#home = next
    this.#init.announcing.forgotten()
    this.#init.log.info({}, 'moved to another gateway')
    this.#keepNeighbour()
    this.#changed()
  }

  #lookAfterHome(): void {
    if (this.#away === undefined) return
    const { downForMs } = this.#sessions[this.#away] as GatewaySession
    if (downForMs > 0 && downForMs < failedMs) return
    this.#away = undefined
    if (downForMs > 0) this.#init.onFailed()
  }

  #changed(): void {
    const asides = this.#ids.filter((_, i) => i !== this.#home && this.#sessions[i]?.state.at === 'open')
    const isSame =
      asides.length === this.#asides.length &&
      asides.every((id, i) => same(id, this.#asides[i] as Uint8Array))
    if (!isSame) this.#asides = asides
    const entry = this.entry.current()
    const now = `${hex(this.home)} ${entry === undefined ? '' : hex(entry.id)} ${this.open}`
    if (now === this.#told) return
    this.#told = now
    this.#init.onChange()
  }
}
