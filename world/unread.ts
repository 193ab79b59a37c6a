// Connections whose other end does not read what was written to it: they hold memory and a place for as long as they
// like, unless somebody looks.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from './clock.ts'
import { KiB, type Ms, second } from './units.ts'

/** Until then the other end has to have taken what was written, and has longer for much at slow speed. */
const unreadMs = 30 * second
const slowestBytesPerMs = (256 * KiB) / second
const lookEveryMs = 5 * second

/** Counts what went through a connection: what a socket of Node tells. */
export type Written = Pick<Socket, 'bytesWritten' | 'writableLength'>

/** Remembers that bytes wait, since when, and how many have to be gone. */
interface Mark {
  readonly until: Ms
  readonly bytes: number
}

/** Tells of connections whether something that was written to them has waited for too long. */
export class Unread<Connection extends Written> {
  readonly #marks = new WeakMap<Connection, Mark>()

  /** Looks at one; to be asked again and again. */
  isStuck(connection: Connection, now: Ms): boolean {
    const { bytesWritten, writableLength } = connection
    const mark = this.#marks.get(connection)
    // Whoever reads, however slowly, has the bytes of the mark sooner or later, and gets a new one
    if (mark !== undefined && bytesWritten - writableLength < mark.bytes) return now >= mark.until
    if (writableLength === 0) this.#marks.delete(connection)
    else
      this.#marks.set(connection, {
        until: now + unreadMs + writableLength / slowestBytesPerMs,
        bytes: bytesWritten,
      })
    return false
  }
}

/**
 * Cuts off each connection of a server that does not read, WebSockets too. It is reset: what waits in the system's
 * buffers goes with it.
 *
 * @returns how to stop
 */
export function dropUnread(server: Server, clock: Clock): () => void {
  const connections = new Set<Socket>()
  const unread = new Unread<Socket>()
  server.on('connection', socket => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  let timer = clock.after(lookEveryMs, look)
  function look(): void {
    for (const socket of connections) if (unread.isStuck(socket, clock.elapsed())) socket.resetAndDestroy()
    timer = clock.after(lookEveryMs, look)
  }
  return () => timer.cancel()
}
