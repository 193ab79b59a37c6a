// What a host stands on in a browser: WebSockets that it opens, and nothing that it listens on; the browser looks names
// up. The same names in Node: sockets-node.ts.

import type { Transport } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { uriOf } from '../../encoding/multiaddr.ts'
import { wait } from '../../world/wait.ts'
import type { Gossiping } from './gossiping.ts'
import type { LookUp, LookUpAddresses } from './look-up.ts'
import type { TransportInit } from './transport-init.ts'

/** libp2p's transport, by how it dials. */
interface Dialling extends Transport {
  _connect(to: Multiaddr, options: { readonly signal?: AbortSignal }): Promise<WebSocket>
}

function isDialling(transport: Transport): transport is Dialling {
  return '_connect' in transport
}

export function transports(_init: TransportInit): NonNullable<Libp2pOptions['transports']> {
  return [
    components => {
      const transport = webSockets()(components)
      if (!isDialling(transport)) throw new Error('libp2p WebSockets are not what they were')
      transport._connect = (to, { signal }) => openSocket(uriOf(to.toString()), signal)
      return transport
    },
  ]
}

/** Opens a WebSocket; calling it off ends it. @throws Error when nothing answers; the signal's reason */
function openSocket(uri: string, signal: AbortSignal | undefined): Promise<WebSocket> {
  return wait<WebSocket>({ signal }, ({ resolve, reject }) => {
    const socket = new WebSocket(uri)
    socket.binaryType = 'arraybuffer'
    let isOpen = false
    const onOpen = (): void => {
      isOpen = true
      resolve(socket)
    }
    const onClose = (): void => reject(new Error(`${uri}: no WebSocket`))
    socket.addEventListener('open', onOpen)
    socket.addEventListener('close', onClose)
    return () => {
      socket.removeEventListener('open', onOpen)
      socket.removeEventListener('close', onClose)
      if (!isOpen) socket.close()
    }
  })
}

/** Addresses are dialled by their names. */
export const lookUpName: LookUp | undefined = undefined

/** Browsers ask the DNS for addresses alone. */
export const lookUpAddresses: LookUpAddresses = () =>
  Promise.reject(new Error('a browser does not look up /dnsaddr'))

/** Sockets are the browser's to bound. */
export function descriptorLimit(): number | undefined {
  return undefined
}

/** @throws Error: only nodes take part in gossip, and a node listens */
export function gossiping(): Promise<Gossiping> {
  return Promise.reject(new Error('a browser runs no node'))
}
