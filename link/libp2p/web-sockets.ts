// libp2p's WebSocket transport, with what it leaves out (docs/spec/link.md 8): sockets whose errors somebody hears, at
// both ends; frames, fragments and answers to pings that are bounded; and a door at accept, where sockets that never
// ask for an upgrade are counted and end.

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { LookupFunction, Server, Socket } from 'node:net'
import { rootCertificates } from 'node:tls'
import type { Listener, MultiaddrConnection, Transport } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { WebSocket, type WebSocketServer } from 'ws'
import { uriOf } from '../../encoding/multiaddr.ts'
import { wait } from '../../world/wait.ts'
import type { Certificate, Certificates } from '../certificates.ts'
import { appearAs, type Proxied, socketPlace } from './proxied.ts'
import type { SocketDoor } from './transport-init.ts'

/** Larger than any Noise message with its length, bytes. */
const maxPayload = 256 * 1024
/** A host sends whole messages, one in a frame. */
const maxFragments = 64

/** Gives the WebSockets of one host what they stand on. */
export interface WebSocketParts {
  /** The door of a host that listens. */
  readonly door: SocketDoor
  /** Shown where a listen address ends in `/tls/ws` or `/wss`. */
  readonly certificates?: Certificates | undefined
  /** PEM: roots that a dialled server's certificate may lead to, besides those that Node knows. */
  readonly trust?: string | undefined
  /** Source address of outgoing connections. */
  readonly localAddress?: string | undefined
  /** Puts itself before a listener that only proxies reach; undefined for any other one. */
  readonly proxied?: (address: string, server: Server) => Proxied | undefined
}

type Factory = ReturnType<typeof webSockets>
type DialOptions = Parameters<Transport['dial']>[1]

/** libp2p's listener, by what it listens with. */
interface Listening extends Listener {
  readonly server: Server
  readonly wsServer: WebSocketServer
  /** Once it listens: one of them, the second where its address asks for TLS. */
  readonly http?: HttpServer
  readonly https?: HttpsServer
  onWsServerConnection(socket: WebSocket, request: { readonly socket: Socket }): void
}

function isListening(listener: Listener): listener is Listening {
  return 'server' in listener && 'wsServer' in listener && 'onWsServerConnection' in listener
}

/** libp2p's transport, by how it dials. */
interface Dialling extends Transport {
  _connect(to: Multiaddr, options: ConnectOptions): Promise<WebSocket>
}

interface ConnectOptions {
  readonly signal?: AbortSignal
  /** The name that the address was looked up by. */
  readonly name?: string
}

function isDialling(transport: Transport): transport is Dialling {
  return '_connect' in transport
}

export function guardedWebSockets(parts: WebSocketParts): Factory {
  const { certificates } = parts
  return components => {
    const transport = webSockets(certificates === undefined ? {} : { https: secured(certificates.now) })(
      components,
    )
    if (!isDialling(transport)) throw new Error('libp2p WebSockets are not what they were')
    transport._connect = (to, options) => openSocket(to.toString(), options, parts)
    const dial = transport.dial.bind(transport)
    transport.dial = (to, options) => dial(to, { ...options, upgrader: endingUpgrader(options.upgrader) })
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options =>
      guardListener(createListener({ ...options, upgrader: endingUpgrader(options.upgrader) }), parts)
    return transport
  }
}

/** Without TLS 1.2 there is no renegotiation, which a stranger could ask for without end. */
function secured({ chain, key }: Certificate): { cert: string; key: string; minVersion: 'TLSv1.3' } {
  return { cert: chain, key, minVersion: 'TLSv1.3' }
}

function guardListener(listener: Listener, { door, certificates, proxied }: WebSocketParts): Listener {
  if (!isListening(listener)) throw new Error('libp2p WebSockets are not what they were')
  listener.server.prependListener('connection', (socket: Socket) => {
    unheard(socket)
    const leave = door.enter(addressOf(socket), () => socket.destroy())
    if (leave === undefined) socket.destroy()
    else socket.once('close', leave)
  })
  Object.assign(listener.wsServer.options, { maxPayload, maxFragments, autoPong: false })
  unheard(listener.wsServer)
  // what fails when a connection is taken, as where no descriptor is left, is an error of the server that takes it
  unheard(listener.server)
  let behind: Proxied | undefined
  const onConnection = listener.onWsServerConnection.bind(listener)
  listener.onWsServerConnection = (socket, request) => {
    // ws closes a socket whose frames are broken by itself, after it has told whoever listens
    unheard(socket)
    // over TLS the socket is wrapped in another one, which shows the proxy
    const source = behind?.sources.get(socketPlace(request.socket))
    if (source !== undefined) appearAs(request.socket, source)
    onConnection(socket, request)
  }
  const listen = listener.listen.bind(listener)
  listener.listen = address => {
    behind = proxied?.(address.toString(), listener.server)
    const listening = listen(address)
    const { http, https } = listener
    for (const server of [http, https]) if (server !== undefined) unheard(server)
    if (https !== undefined && certificates !== undefined) {
      https.on('secureConnection', unheard)
      https.setSecureContext(secured(certificates.now))
      const forget = certificates.onUse(certificate => https.setSecureContext(secured(certificate)))
      listener.server.once('close', forget)
    }
    return listening
  }
  const close = listener.close.bind(listener)
  listener.close = () => {
    behind?.close()
    return close()
  }
  return listener
}

/**
 * Opens a WebSocket. Calling it off ends the socket at once, whatever it is waiting for.
 *
 * @throws Error when the other side does not take part in the upgrade; the signal's reason
 */
function openSocket(
  address: string,
  { signal, name }: ConnectOptions,
  { trust, localAddress }: Pick<WebSocketParts, 'trust' | 'localAddress'>,
): Promise<WebSocket> {
  const uri = uriOf(address, name)
  return wait<WebSocket>({ signal }, ({ resolve, reject }) => {
    const socket = new WebSocket(uri, {
      ...(trust === undefined ? {} : { ca: [...rootCertificates, trust] }),
      ...(name === undefined ? {} : { lookup: knownAs(address) }),
      ...(localAddress === undefined ? {} : { localAddress }),
      perMessageDeflate: false,
      maxPayload,
      maxFragments,
      autoPong: false,
    })
    socket.binaryType = 'arraybuffer'
    unheard(socket)
    let isOpen = false
    socket.once('open', () => {
      isOpen = true
      resolve(socket)
    })
    socket.once('close', () => reject(new Error(`${uri}: no WebSocket`)))
    return () => {
      if (!isOpen) socket.terminate()
    }
  })
}

type Upgrader = DialOptions['upgrader']

/** Makes connections as libp2p does, and ends the socket of each that could not be made. */
function endingUpgrader(upgrader: Upgrader): Upgrader {
  const ending =
    <O, T>(upgrade: (connection: MultiaddrConnection, options: O) => Promise<T>) =>
    async (connection: MultiaddrConnection, options: O): Promise<T> => {
      try {
        return await upgrade.call(upgrader, connection, options)
      } catch (error) {
        connection.abort(error as Error)
        const { websocket } = connection as { websocket?: WebSocket }
        websocket?.terminate()
        throw error
      }
    }
  return Object.create(upgrader, {
    upgradeInbound: { value: ending(upgrader.upgradeInbound) },
    upgradeOutbound: { value: ending(upgrader.upgradeOutbound) },
  }) as Upgrader
}

/** Hears an emitter's errors, of which each ends what it is about; without a listener one would end the process. */
function unheard(emitter: { on(event: 'error', listener: () => void): unknown }): void {
  emitter.on('error', () => {})
}

function addressOf({ remoteAddress = '', remotePort = 0, remoteFamily }: Socket): string {
  return `/${remoteFamily === 'IPv6' ? 'ip6' : 'ip4'}/${remoteAddress}/tcp/${remotePort}`
}

/** The look-up of a name that has been looked up. */
function knownAs(address: string): LookupFunction {
  const [, kind, host = ''] = address.split('/')
  const family = kind === 'ip6' ? 6 : 4
  return (_name, { all }, told) => {
    if (all === true) told(null, [{ address: host, family }])
    else told(null, host, family)
  }
}
