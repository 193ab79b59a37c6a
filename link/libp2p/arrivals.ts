// The choice of who may connect, by where from and before the first byte is read (docs/spec/link.md 2): a handshake
// costs what a hundred packets cost, and whoever has one address has its whole network at little more.

import { type Ip, isLoopback, networkOfIp, plainIp, readIp, writeIp } from '../../encoding/ip.ts'
import type { Clock } from '../../world/clock.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import type { Ms } from '../../world/units.ts'
import type { LinkLimits } from '../limits.ts'

type ArrivalLimits = Pick<
  LinkLimits,
  'connectionsPerAddress' | 'connectionsPerNetwork' | 'handshakesPerNetwork'
>

/** Networks remembered at most; those without a connection give way. */
const mostNetworks = 16_384
/** A network without a connection is remembered for as long: until its bucket is full, and a bit. */
const forgottenMs = 3000

/**
 * The host of a multiaddr and the network it is in: /24 of IPv4, /48 of IPv6.
 *
 * @returns nothing for an address that names neither
 */
export function originOf(address: string): { readonly host: string; readonly network: string } | undefined {
  const ip = ipOf(address)
  return ip === undefined ? undefined : { host: writeIp(plainIp(ip)), network: networkOfIp(ip, 'site') }
}

/** The address of a multiaddr as sockets have it: it may have a zone before or behind it. */
function ipOf(address: string): Ip | undefined {
  const parts = address.split('/')
  const at = parts.findIndex(part => part === 'ip4' || part === 'ip6')
  return at < 0 ? undefined : readIp(parts[at + 1] ?? '')
}

export class Arrivals {
  readonly #limits: ArrivalLimits
  readonly #clock: Clock
  readonly #countLoopback: boolean
  readonly #rate: Rate
  readonly #hosts = new Map<string, number>()
  readonly #networks = new Map<string, { open: number; readonly handshakes: Bucket }>()
  #forgetting = false
  /** Connections that were turned away. */
  readonly refused: { address: number; network: number; rate: number } = { address: 0, network: 0, rate: 0 }

  /** @param countLoopback whether connections from this machine itself count, too: a test has no others */
  constructor(limits: ArrivalLimits, clock: Clock, countLoopback = false) {
    this.#countLoopback = countLoopback
    this.#limits = limits
    this.#clock = clock
    // Twice a second's worth at once.
    const perSecond = limits.handshakesPerNetwork
    this.#rate = { perMinute: 60 * perSecond, burst: 2 * perSecond }
  }

  /**
   * A connection from this multiaddr.
   *
   * @returns what to call when it has ended; nothing when it is turned away
   */
  enter(address: string): (() => void) | undefined {
    const origin = this.#counted(address)
    if (origin === undefined) return () => {}
    const { connectionsPerAddress, connectionsPerNetwork } = this.#limits
    const now = this.#clock.elapsed()
    const network = this.#networks.get(origin.network) ?? this.#open(origin.network, now)
    const here = this.#hosts.get(origin.host) ?? 0
    if (network === undefined || network.open >= connectionsPerNetwork) return this.#refuse('network')
    if (here >= connectionsPerAddress) return this.#refuse('address')
    if (takeTokens(network.handshakes, this.#rate, 1, now) === 0) return this.#refuse('rate')
    network.open++
    this.#hosts.set(origin.host, here + 1)
    let gone = false
    return () => {
      if (gone) return
      gone = true
      network.open--
      const left = (this.#hosts.get(origin.host) ?? 1) - 1
      if (left === 0) this.#hosts.delete(origin.host)
      else this.#hosts.set(origin.host, left)
      this.#forgetLater()
    }
  }

  #refuse(reason: keyof Arrivals['refused']): undefined {
    this.refused[reason]++
    return undefined
  }

  /** The network whose limits hold for a connection from this multiaddr; none for this machine's own. */
  networkOf(address: string): string | undefined {
    return this.#counted(address)?.network
  }

  #counted(address: string): ReturnType<typeof originOf> {
    const ip = ipOf(address)
    return ip !== undefined && (this.#countLoopback || !isLoopback(ip)) ? originOf(address) : undefined
  }

  /** It is not kept where a client came from for longer than it counts. */
  #forgetLater(): void {
    if (this.#forgetting) return
    this.#forgetting = true
    this.#clock.after(forgottenMs, () => {
      this.#forgetting = false
      const empty = [...this.#networks].filter(([, { open }]) => open === 0)
      const due = this.#clock.elapsed() - forgottenMs + 1
      for (const [name, { handshakes }] of empty) if (handshakes.at < due) this.#networks.delete(name)
      if (empty.some(([name]) => this.#networks.has(name))) this.#forgetLater()
    })
  }

  #open(name: string, now: Ms): { open: number; readonly handshakes: Bucket } | undefined {
    if (this.#networks.size >= mostNetworks) {
      for (const [other, { open }] of this.#networks) if (open === 0) this.#networks.delete(other)
      if (this.#networks.size >= mostNetworks) return undefined
    }
    const network = { open: 0, handshakes: fullBucket(this.#rate, now) }
    this.#networks.set(name, network)
    return network
  }
}
