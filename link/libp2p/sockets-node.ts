// What a host stands on in Node: TCP and WebSockets, the DNS, and gossip for who is a node. The same names in browsers:
// sockets-browser.ts.

import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import type { Gossiping } from './gossiping.ts'
import { onlyProxied, type Proxied } from './proxied.ts'
import type { TransportInit } from './transport-init.ts'
import { guardedWebSockets, type WebSocketParts } from './web-sockets.ts'

export { lookUpAddresses, lookUpName } from './names.ts'

export function transports(init: TransportInit): NonNullable<Libp2pOptions['transports']> {
  const { entrance, certificates, trust, proxies, localAddress, connections, limits, clock } = init
  // The transport hands these to net.connect, which knows localAddress too.
  const dialOpts = { noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) }
  const proxied = (address: string, server: Server): Proxied | undefined =>
    proxies?.at.some(at => multiaddr(at).toString() === address) === true
      ? onlyProxied(server, { proxies: proxies.from, withinMs: limits.handshakeMs, clock })
      : undefined
  return [
    proxiedTcp(tcp({ backlog: 64, maxConnections: connections + 100, dialOpts }), proxied),
    guardedWebSockets({ door: entrance, certificates, trust, localAddress, proxied }),
  ]
}

/** Loads what a node takes part in gossip with. */
export async function gossiping(): Promise<Gossiping> {
  return (await import('./gossip-libp2p.ts')).libp2pGossip()
}

type Tcp = ReturnType<typeof tcp>

/** TCP whose listeners may be behind proxies. */
function proxiedTcp(factory: Tcp, proxied: NonNullable<WebSocketParts['proxied']>): Tcp {
  return components => {
    const transport = factory(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options => {
      const listener = createListener(options)
      const [listen, close] = [listener.listen.bind(listener), listener.close.bind(listener)]
      let behind: Proxied | undefined
      listener.listen = address => {
        if (!('server' in listener)) throw new Error('libp2p TCP is not what it was')
        behind = proxied(address.toString(), listener.server as Server)
        return listen(address)
      }
      listener.close = () => {
        behind?.close()
        return close()
      }
      return listener
    }
    return transport
  }
}

/**
 * Reads how many file descriptors this process may have open.
 *
 * @returns undefined where the system does not say, or sets no limit
 */
export function descriptorLimit(): number | undefined {
  return fromProc() ?? fromReport()
}

/** Linux says it in a file, without the cost of a report. */
function fromProc(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line?.[1] === undefined ? undefined : Number(line[1])
  } catch {
    return undefined
  }
}

/** Windows has no such limit, and says nothing. */
function fromReport(): number | undefined {
  const report = process.report?.getReport() as { userLimits?: Limits } | undefined
  const soft = report?.userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

interface Limits {
  readonly open_files?: { readonly soft: number | string }
}
