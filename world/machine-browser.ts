// What a machine has ready for programs, in browsers. The same names in Node: machine-node.ts.

const due: (() => void)[] = []
const channel = new MessageChannel()
channel.port1.onmessage = () => {
  due.shift()?.()
}

/** Calls `run` once what the loop has at hand is done. Not by a timer: nested ones wait for 4 ms at least. */
export function soon(run: () => void): void {
  due.push(run)
  channel.port2.postMessage(undefined)
}

const table = new Uint32Array(256).map((_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320
  return crc
})

/**
 * CRC-32 (ISO 3309, as in zlib and PNG).
 *
 * @param before the CRC of the bytes in front of these
 */
export function crc32(bytes: Uint8Array | string, before = 0): number {
  let crc = ~before
  for (const byte of typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
    crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number)
  return ~crc >>> 0
}

/** Has a timer keep no process alive by itself: in browsers none does. */
export function letProcessEnd(_timer: number): void {}

const ownMachine = /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/**
 * Tells whether this page can open sockets to a multiaddr of this form: WebSockets, and from a page that came over
 * https those over TLS alone, but for this machine's own.
 */
export function isWithinReach(address: string): boolean {
  if (/\/(wss|tls\/ws)$/.test(address)) return true
  if (!address.endsWith('/ws')) return false
  return globalThis.location.protocol !== 'https:' || ownMachine.test(address)
}

/** Tells how long this page or worker runs, milliseconds. */
export function upMs(): number {
  return performance.now()
}

/** Tells what this page or worker takes of its machine, as far as the browser says: nothing, or the heap alone. */
export function use(): { rssBytes: number; heapBytes: number; handles: number; listeners: number } {
  const { memory } = performance as { memory?: { readonly usedJSHeapSize: number } }
  const heapBytes = memory?.usedJSHeapSize ?? 0
  return { rssBytes: heapBytes, heapBytes, handles: 0, listeners: 0 }
}

/** Lets a signal have as many listeners as come: browsers do not count them. */
export function manyListeners(_signal: AbortSignal): void {}
