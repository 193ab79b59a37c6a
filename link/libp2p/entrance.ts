// How sockets come in, whatever transport they come by (docs/spec/link.md 2): counted by where from at their first
// moment, and waiting at the door until their other side has proved who it is.

import type { Connection, MultiaddrConnection } from '@libp2p/interface'
import { readIp, unmappedIp, writeIp } from '../../encoding/ip.ts'
import type { Clock } from '../../world/clock.ts'
import type { LinkLimits } from '../limits.ts'
import type { Refused } from '../traffic.ts'
import type { Arrivals } from './arrivals.ts'
import { Door } from './door.ts'
import { because } from './streams.ts'
import type { SocketDoor } from './transport-init.ts'

/** One that waits at the door. */
interface Coming {
  /** It is in: its place at the door is another's. */
  readonly isIn: () => void
  /** Its upgrade is over: libp2p watches its handshake from here on. */
  readonly isUpgraded: () => void
}

export class Entrance implements SocketDoor {
  readonly #arrivals: Arrivals
  readonly #clock: Clock
  readonly #limits: Pick<LinkLimits, 'handshakeMs'>
  readonly #door: Door
  /** By where they come from, host and port. */
  readonly #coming = new Map<string, Coming>()

  constructor(
    arrivals: Arrivals,
    clock: Clock,
    limits: Pick<LinkLimits, 'handshakeMs' | 'pendingConnections'>,
  ) {
    this.#arrivals = arrivals
    this.#clock = clock
    this.#limits = limits
    this.#door = new Door(limits.pendingConnections)
  }

  /** Sockets that wait, and how many had to go for others. */
  get door(): Pick<Door, 'waiting' | 'evicted'> {
    return this.#door
  }

  /** Sockets that were turned away, or had to go for others. */
  get refused(): Refused {
    return { ...this.#arrivals.refused, gave_way: this.#door.evicted }
  }

  /** A WebSocket's socket, which asks for its upgrade first. */
  enter(address: string, turnAway: () => void): (() => void) | undefined {
    const leave = this.#arrivals.enter(address)
    if (leave === undefined) return undefined
    const late = this.#clock.after(this.#limits.handshakeMs, turnAway)
    const gone = this.#wait(address, turnAway, () => late.cancel())
    return () => {
      gone()
      leave()
    }
  }

  /** Says whether a connection may go on to its handshake. */
  admits(connection: MultiaddrConnection): boolean {
    const address = connection.remoteAddr.toString()
    const known = this.#coming.get(placeOf(address))
    if (known !== undefined && isWebSocket(address)) {
      known.isUpgraded()
      return true
    }
    const leave = this.#arrivals.enter(address)
    if (leave === undefined) return false
    const gone = this.#wait(
      address,
      () => connection.abort(because('too many handshakes')),
      () => {},
    )
    connection.addEventListener('close', () => {
      gone()
      leave()
    })
    return true
  }

  /** Its other side has proved who it is. */
  opened(connection: Connection): void {
    this.#coming.get(placeOf(connection.remoteAddr.toString()))?.isIn()
  }

  /** @returns what to call when it has gone */
  #wait(address: string, turnAway: () => void, isUpgraded: () => void): () => void {
    const place = placeOf(address)
    const isIn = this.#door.enter(this.#arrivals.networkOf(address), turnAway)
    const coming = { isIn, isUpgraded }
    this.#coming.set(place, coming)
    return () => {
      isUpgraded()
      isIn()
      if (this.#coming.get(place) === coming) this.#coming.delete(place)
    }
  }
}

function isWebSocket(address: string): boolean {
  return address.split('/').includes('ws')
}

/** Host and port, the same for a socket and for the multiaddr that libp2p makes of it. */
function placeOf(address: string): string {
  const [, , host = '', , port = ''] = address.split('/')
  const ip = readIp(host)
  return `${ip === undefined ? host : writeIp(unmappedIp(ip))} ${port}`
}
