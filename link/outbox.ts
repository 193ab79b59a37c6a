// The sending half of a link: one queue and one stream per neighbour. Both versions of the link share it; they
// differ in how a stream is opened and in what a turn of the event loop is.

import { hex } from '../encoding/bytes.ts'
import type { Clock, Timer } from '../world/clock.ts'
import { wait } from '../world/wait.ts'
import type { LinkLimits } from './limits.ts'
import { type CellDrop, LinkError, type Neighbour, type Peer } from './link.ts'
import { type Sending, type SendingEvent, step } from './neighbour.ts'
import { CellQueue } from './queue.ts'

/** A stream on which cells leave. */
export interface CellStream {
  /**
   * Takes some cells; those it was given are its own from here on.
   *
   * @returns false when it wants no more until `drained`
   * @throws when it has ended; the cells then stay queued
   */
  write(cells: readonly Uint8Array[]): boolean
  close(): void
}

/** Hears what becomes of an attempt to open one. After `broken` nothing more comes. */
export interface CellStreamEvents {
  opened(stream: CellStream): void
  drained(): void
  broken(): void
}

/** Starts to open a stream; the function it returns gives the attempt up without an event. */
export type OpenCells = (to: Peer, events: CellStreamEvents) => () => void

/** A host's stream to itself: each write comes back on a turn of its own, never inside the write. */
export function openLoop(clock: Clock, deliver: (cells: readonly Uint8Array[]) => void): OpenCells {
  return (_to, events) => {
    let open = true
    const opening = clock.after(0, () =>
      events.opened({
        write: cells => {
          clock.after(0, () => {
            if (open) deliver(cells)
          })
          return true
        },
        close: () => {
          open = false
        },
      }),
    )
    return () => opening.cancel()
  }
}

export interface OutboxInit {
  readonly cellBytes: number
  /** Cells handed to a stream in one write. */
  readonly cellsPerWrite: number
  readonly limits: LinkLimits
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  readonly open: OpenCells
  /** Runs later in this turn, or at its end: what is sent until then leaves together. */
  readonly soon: (run: () => void) => void
}

interface Entry {
  to: Peer
  readonly queue: CellQueue
  state: Sending
  sent: number
  /** A write is coming up. */
  soon: boolean
  stream: CellStream | undefined
  giveUp: (() => void) | undefined
  timer: Timer | undefined
  /** Counts the attempts: an event of an earlier one is stale. */
  attempt: number
}

export class Outbox {
  readonly #init: OutboxInit
  readonly #entries = new Map<string, Entry>()
  readonly #flushes = new Set<() => void>()
  readonly #dropped: Record<CellDrop, number> = { 'queue-full': 0, 'too-old': 0, closed: 0 }
  #sent = 0
  #queued = 0
  #closed = false

  constructor(init: OutboxInit) {
    this.#init = init
  }

  /** Link.send. */
  send(to: Peer, cell: Uint8Array): boolean {
    const { cellBytes, limits, clock } = this.#init
    if (cell.length !== cellBytes) {
      throw new LinkError('BAD_CELL', `cell: want ${cellBytes} bytes, have ${cell.length}`)
    }
    if (this.#closed) return this.#refuse('closed')
    const key = hex(to.id)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= limits.neighbours) return this.#refuse('queue-full')
      entry = this.#enter(key, to)
    }
    entry.to = to
    const kept = this.#counting(entry, queue =>
      queue.push(cell, clock.elapsed(), this.#queued >= limits.totalCells),
    )
    if (kept) this.#apply(entry, { type: 'queued' })
    return kept
  }

  /** Says whether cells are, or lately were, sent to this peer. */
  has(id: Uint8Array): boolean {
    return this.#entries.has(hex(id))
  }

  /** Link.keepNeighbours. */
  keep(ids: readonly Uint8Array[]): void {
    const named = new Set(ids.map(hex))
    for (const [key, entry] of this.#entries) if (!named.has(key)) this.#leave(key, entry)
    this.#settle()
  }

  neighbours(): Neighbour[] {
    return [...this.#entries.values()].map(entry => {
      this.#expire(entry)
      return {
        id: entry.to.id,
        state: entry.state.at,
        queued: entry.queue.length,
        sent: entry.sent,
        dropped: { ...entry.queue.dropped },
      }
    })
  }

  /** Cells sent and dropped since the start, those of former neighbours included. */
  totals(): { sent: number; dropped: Record<CellDrop, number> } {
    const totals = { sent: this.#sent, dropped: { ...this.#dropped } }
    for (const { sent, queue } of this.#entries.values()) {
      totals.sent += sent
      for (const reason of drops) totals.dropped[reason] += queue.dropped[reason]
    }
    return totals
  }

  /** Link.flush. */
  flush(timeoutMs: number): Promise<void> {
    return wait<void>({}, ({ resolve }) => {
      const done = (): void => resolve()
      const timer = this.#init.clock.after(timeoutMs, done)
      this.#flushes.add(done)
      this.#settle()
      return () => {
        timer.cancel()
        this.#flushes.delete(done)
      }
    })
  }

  /** Ends every stream; what is still queued counts as dropped. */
  close(): void {
    this.#closed = true
    for (const [key, entry] of this.#entries) this.#leave(key, entry)
    this.#settle()
  }

  #enter(key: string, to: Peer): Entry {
    const { limits, random } = this.#init
    const entry: Entry = {
      to,
      queue: new CellQueue({ cells: limits.queueCells, ageMs: limits.cellAgeMs }, random),
      state: { at: 'idle', failures: 0 },
      sent: 0,
      soon: false,
      stream: undefined,
      giveUp: undefined,
      timer: undefined,
      attempt: 0,
    }
    this.#entries.set(key, entry)
    return entry
  }

  #leave(key: string, entry: Entry): void {
    this.#entries.delete(key)
    entry.attempt++
    entry.timer?.cancel()
    entry.giveUp?.()
    entry.stream?.close()
    entry.state = { at: 'idle', failures: 0 }
    this.#counting(entry, queue => queue.close())
    this.#sent += entry.sent
    for (const reason of drops) this.#dropped[reason] += entry.queue.dropped[reason]
  }

  #refuse(reason: CellDrop): false {
    this.#dropped[reason]++
    return false
  }

  #apply(entry: Entry, event: SendingEvent): void {
    const { clock, limits } = this.#init
    const [state, actions] = step(limits.backOff, entry.state, event, clock.elapsed())
    entry.state = state
    for (const action of actions) {
      if (action.do === 'dial') this.#dial(entry)
      else if (action.do === 'write') this.#writeSoon(entry)
      else entry.timer = clock.after(action.ms, () => this.#due(entry))
    }
  }

  #dial(entry: Entry): void {
    const attempt = ++entry.attempt
    const current = (): boolean => entry.attempt === attempt
    entry.giveUp = this.#init.open(entry.to, {
      opened: stream => {
        if (!current()) return stream.close()
        entry.giveUp = undefined
        entry.stream = stream
        this.#apply(entry, { type: 'opened' })
      },
      drained: () => {
        if (current() && entry.state.at === 'open' && entry.state.full)
          this.#apply(entry, { type: 'drained' })
      },
      broken: () => {
        if (current()) this.#broken(entry)
      },
    })
  }

  #broken(entry: Entry): void {
    entry.attempt++
    entry.giveUp = undefined
    entry.stream = undefined
    this.#expire(entry)
    const jitter = (this.#init.random(1)[0] as number) / 256
    this.#apply(entry, { type: 'broken', queued: entry.queue.length, jitter })
    this.#settle()
  }

  #due(entry: Entry): void {
    this.#expire(entry)
    this.#apply(entry, { type: 'due', queued: entry.queue.length })
    this.#settle()
  }

  #writeSoon(entry: Entry): void {
    if (entry.soon) return
    entry.soon = true
    this.#init.soon(() => {
      entry.soon = false
      this.#write(entry)
    })
  }

  #write(entry: Entry): void {
    this.#expire(entry)
    while (entry.queue.length > 0 && entry.state.at === 'open' && !entry.state.full) {
      const stream = entry.stream as CellStream
      const cells = entry.queue.first(this.#init.cellsPerWrite)
      const attempt = entry.attempt
      let more: boolean
      try {
        more = stream.write(cells)
      } catch {
        if (entry.attempt === attempt) this.#broken(entry)
        return
      }
      // The stream may have ended inside write: its cells then stay, and go once more on the next one.
      if (entry.attempt !== attempt) return
      this.#counting(entry, queue => queue.shift(cells.length))
      entry.sent += cells.length
      if (!more) this.#apply(entry, { type: 'full' })
    }
    this.#settle()
  }

  #expire(entry: Entry): void {
    this.#counting(entry, queue => queue.expire(this.#init.clock.elapsed()))
  }

  /** Does something to a queue and keeps the count of all queues. */
  #counting<T>(entry: Entry, change: (queue: CellQueue) => T): T {
    const before = entry.queue.length
    const result = change(entry.queue)
    this.#queued += entry.queue.length - before
    return result
  }

  /** Wakes who waits in `flush` when nothing is left to write, but for neighbours that are not there. */
  #settle(): void {
    if (this.#flushes.size === 0) return
    for (const { queue, state } of this.#entries.values()) {
      if (state.failures >= goneAfter) continue
      if (queue.length > 0 || (state.at === 'open' && state.full)) return
    }
    for (const done of [...this.#flushes]) done()
  }
}

/** Attempts in a row without a stream, after which `flush` waits for a neighbour no more: it is ending too, or dead. */
const goneAfter = 3

const drops: readonly CellDrop[] = ['queue-full', 'too-old', 'closed']
