// Streams of cells over libp2p, both ends (docs/spec/link.md 3). One byte comes back when the other side admits
// the stream, and another now and then while cells arrive: without it a dead connection would look like a quiet
// one until the operating system gives up, many minutes later.

import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { soon } from '#machine'
import type { Clock, Timer } from '../../world/clock.ts'
import { CellReader } from '../frame.ts'
import type { LinkLimits } from '../limits.ts'
import type { Peer } from '../link.ts'
import type { CellStream, CellStreamEvents } from '../outbox.ts'
import type { Connections } from './connections.ts'
import { because, chunksOf, finish, onDrained } from './streams.ts'

export const cellProtocol = '/chaffinch/cell/1'

/** The byte that says: admitted, and alive. */
const alive: Uint8Array = Uint8Array.of(1)

/** Signs of life that may come at once, after the reader has been held up. */
const mostSigns = 64

/** Streams of cells on one connection: the one in use, and some that are just ending. */
export const cellStreams = 4

export interface CellSender {
  readonly connections: Connections
  readonly clock: Clock
  readonly limits: LinkLimits
}

/** Opens a stream of cells to a peer; see OpenCells. */
export function openCells(sender: CellSender, to: Peer, events: CellStreamEvents): () => void {
  const { clock, limits } = sender
  const calledOff = new AbortController()
  let over = false
  let opened = false
  let silent: Timer | undefined
  const opening = clock.after(limits.dialMs, () => broken())
  const end = (): void => {
    over = true
    opening.cancel()
    silent?.cancel()
    calledOff.abort()
  }
  const broken = (): void => {
    if (over) return
    end()
    events.broken()
  }

  const start = async (): Promise<void> => {
    const { stream, on } = await sender.connections.stream(to, cellProtocol, calledOff.signal)
    if (over) return stream.abort(because('called off'))
    const fail = (reason: string): void => {
      stream.abort(because(reason))
      broken()
    }
    const cells: CellStream = {
      write: batch => {
        const more = stream.send(joined(batch))
        // The first cell that nothing has answered starts the wait.
        silent ??= clock.after(limits.deadMs, () => {
          on.abort(because('no sign of life'))
          broken()
        })
        return more
      },
      close: () => {
        end()
        finish(stream, clock, limits.writeMs)
      },
    }
    stream.addEventListener('close', broken)
    stream.addEventListener('remoteCloseWrite', () => fail('the other side has ended'))
    onDrained(stream, () => {
      if (!over) events.drained()
    })
    stream.addEventListener('message', ({ data }) => {
      if (over) return
      if (data.byteLength > mostSigns) return fail('more than signs of life')
      silent?.cancel()
      silent = undefined
      if (opened) return
      opened = true
      opening.cancel()
      events.opened(cells)
    })
    if (stream.status !== 'open') broken()
  }
  start().catch(broken)
  return end
}

function joined(cells: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(cells.length * (cells[0]?.length ?? 0))
  let at = 0
  for (const cell of cells) {
    bytes.set(cell, at)
    at += cell.length
  }
  return bytes
}

export interface CellReceiver {
  readonly cellBytes: number
  readonly clock: Clock
  readonly limits: LinkLimits
  readonly admits: (from: Uint8Array) => boolean
  /** A promise: nothing more of this stream until it has settled. */
  readonly receive: (from: Uint8Array, cells: readonly Uint8Array[]) => Promise<void> | void
  readonly count: (what: 'refused' | 'remainder') => void
}

/** Reads a stream that a peer has opened: cells of one size, a burst a turn, until it ends between two cells. */
export function receiveCells(receiver: CellReceiver, from: Uint8Array, stream: Stream): void {
  const { clock, limits } = receiver
  const reader = new CellReader(receiver.cellBytes)
  let ready: Uint8Array[] = []
  let holding = false
  let sign: Timer | undefined
  let stall: Timer | undefined
  let moved = false

  const refuse = (): void => {
    ready = []
    receiver.count('refused')
    stream.abort(because('not admitted'))
  }

  /** One burst; what is left waits for the next turn or for room, and so does the peer when its window is full. */
  const hand = (): void => {
    holding = false
    const burst = ready.slice(0, limits.burstCells)
    ready = ready.slice(burst.length)
    if (burst.length > 0 && !receiver.admits(from)) {
      refuse()
      return
    }
    const room = burst.length > 0 ? receiver.receive(from, burst) : undefined
    if (room instanceof Promise) hold(next => void room.then(next, next))
    else if (ready.length > 0) hold(soon)
    else if (stream.readStatus === 'paused') stream.resume()
  }

  const hold = (until: (next: () => void) => void): void => {
    holding = true
    until(hand)
    // Inside a message that resume() gives out, a pause would be lost: its caller goes on to resume.
    queueMicrotask(() => {
      if (holding && stream.readStatus === 'readable') stream.pause()
    })
  }

  /** A cell that was begun has to be ended: half a cell and silence would hold a stream for nothing. */
  const watch = (): Timer => {
    moved = false
    return clock.after(limits.readMs, () => {
      stall = undefined
      if (reader.remainder === 0) return
      if (moved) stall = watch()
      else stream.abort(because('half a cell'))
    })
  }

  const show = (): void => {
    sign = undefined
    if (stream.writeStatus === 'writable' && !stream.writableNeedsDrain) stream.send(alive)
  }

  if (!receiver.admits(from)) {
    refuse()
    return
  }
  stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
    for (const chunk of chunksOf(data)) {
      const cells = reader.push(chunk)
      moved ||= cells.length > 0
      ready.push(...cells)
    }
    sign ??= clock.after(limits.alivePeriodMs, show)
    if (reader.remainder > 0) stall ??= watch()
    if (!holding) hand()
  })
  stream.addEventListener('end', () => {
    if (reader.remainder > 0) {
      receiver.count('remainder')
      stream.abort(because('ended inside a cell'))
    } else {
      finish(stream, clock, limits.writeMs)
    }
  })
  stream.addEventListener('close', () => {
    sign?.cancel()
    stall?.cancel()
  })
  stream.send(alive)
}
