// A listener that only declared proxies reach (docs/spec/link.md 2.1): each socket begins with a PROXY header, and is
// from then on one of the address that it names: bounds by address and network hold for whoever is behind the proxy.

import type { Server, Socket } from 'node:net'
import { concat } from '../../encoding/bytes.ts'
import { isLoopback, readIp, unmappedIp, writeIp } from '../../encoding/ip.ts'
import type { Clock } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import { familyOf, readProxyHeader, type Source } from '../proxy-header.ts'

/** Sockets of proxies that have not said yet whose they are. */
const mostSilent = 512

export interface ProxiedInit {
  /** The proxies' own addresses, as text. */
  readonly proxies: readonly string[]
  /** Milliseconds for a header. */
  readonly withinMs: Ms
  readonly clock: Clock
}

/** Asks a listener's sockets before whoever listened takes them. */
export interface Proxied {
  /** By the proxy's address and port: whose socket it is. What wraps a socket shows the proxy's. */
  readonly sources: ReadonlyMap<string, Source>
  /** Ends the sockets that have said nothing. */
  close(): void
}

/** Puts itself before those that listen for a server's connections. */
export function onlyProxied(server: Server, { proxies, withinMs, clock }: ProxiedInit): Proxied {
  const known = new Set(proxies.map(plain))
  const silent = new Set<Socket>()
  const sources = new Map<string, Source>()
  const takers = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    if (!known.has(plain(socket.remoteAddress ?? '')) || silent.size >= mostSilent) {
      socket.destroy()
      return
    }
    silent.add(socket)
    const late = clock.after(withinMs, () => socket.destroy())
    readHeader(socket, source => {
      late.cancel()
      silent.delete(socket)
      if (source !== undefined) {
        const at = socketPlace(socket)
        sources.set(at, source)
        socket.once('close', () => sources.delete(at))
        appearAs(socket, source)
      }
      for (const take of takers) take.call(server, socket)
    })
    socket.once('close', () => {
      late.cancel()
      silent.delete(socket)
    })
  })
  return {
    sources,
    close: () => {
      for (const socket of silent) socket.destroy()
    },
  }
}

/** Address and port of a socket's other end. */
export function socketPlace({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${plain(remoteAddress)} ${remotePort}`
}

/** Has a socket show another address. */
export function appearAs(socket: Socket, source: Source): void {
  for (const [key, value] of Object.entries({ ...familyOf(source), remotePort: source.port }))
    Object.defineProperty(socket, key, { value, configurable: true })
}

function plain(address: string): string {
  const ip = readIp(address)
  return ip === undefined ? address : writeIp(unmappedIp(ip))
}

/** Reads a socket's header and leaves what follows it; ends the socket when it is none. */
function readHeader(socket: Socket, done: (source: Source | undefined) => void): void {
  let held: Uint8Array = new Uint8Array(0)
  const take = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    held = concat([held, chunk])
    const header = readProxyHeader(held)
    if (header.at === 'more') return
    socket.off('readable', take)
    if (header.at === 'bad') {
      socket.destroy()
      return
    }
    const rest = held.subarray(header.length)
    if (rest.length > 0) socket.unshift(rest)
    // a proxy's word that somebody is on this machine is about its own machine
    const source = header.source !== undefined && isLoopback(header.source.ip) ? undefined : header.source
    // once the stream has seen that nobody waits for it to be readable
    setImmediate(() => {
      if (!socket.destroyed) done(source)
    })
  }
  socket.on('readable', take)
  take()
}
