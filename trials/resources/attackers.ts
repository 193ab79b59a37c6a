// Hosts without manners, one in each of 64 networks of this machine's loopback, and honest ones in others. They are
// started once and attack one host after the other.

import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { startHost } from '../../link/libp2p/host.ts'
import { createHost, listenOn } from '../../link/libp2p/libp2p.ts'
import { defaultLimits } from '../../link/limits.ts'
import type { Host } from '../../link/link.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { sleep } from '../../world/wait.ts'

export const cellBytes = 100

export interface Cast {
  readonly attackers: readonly Libp2p[]
  readonly honest: readonly Host[]
  close(): Promise<void>
}

export async function startCast(networks: number, honestHosts: number): Promise<Cast> {
  const surroundings = { clock: systemClock, log: silent, random: systemRandom }
  const attackers: Libp2p[] = []
  for (let n = 0; n < networks; n++) {
    const init = { listen: [], announce: [], clock: systemClock, limits: defaultLimits, lets: () => true }
    const host = await createHost({ ...init, seed: systemRandom(32), localAddress: `127.9.${n}.1` })
    await listenOn(host, [])
    attackers.push(host)
  }
  const honest: Host[] = []
  for (let i = 0; i < honestHosts; i++) {
    const init = { ...surroundings, cellBytes, seed: undefined, listen: [], admits: () => false }
    honest.push(await startHost({ ...init, role: 'client', localAddress: `127.200.${i}.1` }))
  }
  return {
    attackers,
    honest,
    async close() {
      for (const host of honest) await host.close()
      for (const host of attackers) await host.stop()
    },
  }
}

/** Holds what one network of attackers has open with a host. */
export class Hold {
  readonly #host: Libp2p
  readonly #address: string
  readonly #connections: Connection[] = []
  readonly #streams: Stream[] = []

  /** @param address the multiaddr of the host under attack that it dials */
  constructor(host: Libp2p, address: string) {
    this.#host = host
    this.#address = address
  }

  /** Opens connections until there are so many; what was taken from it, it takes again. */
  async connections(count: number): Promise<void> {
    for (let missing = count - this.#connections.filter(isOpen).length; missing > 0; missing--)
      await this.#dial().catch(() => {})
  }

  /** Opens streams until there are so many, and writes this on each new one. */
  async streams(count: number, protocol: string, bytes: Uint8Array): Promise<void> {
    for (let missing = count - this.#streams.filter(isOpen).length; missing > 0; missing--) {
      try {
        const on =
          this.#connections.find(connection => isOpen(connection) && hasRoom(connection)) ??
          (await this.#dial())
        const stream = await on.newStream(protocol, { signal: AbortSignal.timeout(1000) })
        stream.send(bytes)
        // it does not read
        stream.pause()
        this.#streams.push(stream)
      } catch {
        // it was turned away: it comes again
      }
    }
  }

  end(): void {
    for (const connection of this.#connections) connection.abort(new Error('over'))
  }

  async #dial(): Promise<Connection> {
    const address = multiaddr(this.#address)
    const connection = await this.#host.dial(address, { force: true, signal: AbortSignal.timeout(3000) })
    this.#connections.push(connection)
    return connection
  }
}

function isOpen({ status }: { readonly status: string }): boolean {
  return status === 'open'
}

/** A host takes 32 streams of one protocol on a connection. */
function hasRoom({ streams }: Connection): boolean {
  return streams.length < 30
}

export const settle = (): Promise<void> => sleep(systemClock, 50)
