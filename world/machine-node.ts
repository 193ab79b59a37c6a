// What a machine has ready for programs, in Node. The same names in browsers: machine-browser.ts.

import { setMaxListeners } from 'node:events'
import { crc32 as crc } from 'node:zlib'

/** Calls `run` once what the loop has at hand is done, before any timer. */
export function soon(run: () => void): void {
  setImmediate(run)
}

/**
 * CRC-32 (ISO 3309, as in zlib and PNG).
 *
 * @param before the CRC of the bytes in front of these
 */
export function crc32(bytes: Uint8Array | string, before = 0): number {
  return crc(bytes, before)
}

/** Has a timer keep no process alive by itself. */
export function letProcessEnd(timer: NodeJS.Timeout): void {
  timer.unref()
}

/** Tells whether this machine can open sockets to a multiaddr of this form. */
export function isWithinReach(_address: string): boolean {
  return true
}

/** Tells how long this process runs, milliseconds. */
export function upMs(): number {
  return process.uptime() * 1000
}

/** Tells what this process takes of its machine. */
export function use(): { rssBytes: number; heapBytes: number; handles: number; listeners: number } {
  const { rss, heapUsed } = process.memoryUsage()
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    handles: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

/** Lets a signal have as many listeners as come, without a warning. */
export function manyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}
