// Where a local network lives: loopback TCP and real time, or memory and a virtual clock. Everything a role writes
// stays in the memory of this process, so that a network leaves no trace.

import { createHash } from 'node:crypto'
import { hex } from '../encoding/bytes.ts'
import { publicKeyOf } from '../link/identity.ts'
import type { LinkLimits } from '../link/limits.ts'
import type { Host, Link } from '../link/link.ts'
import { memoryNetwork, type Sight } from '../link/memory/memory.ts'
import { type Clock, systemClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { type Random, seededRandom, systemRandom } from '../world/random.ts'
import { sleep } from '../world/wait.ts'

export interface HostWish {
  /** 32 bytes; undefined for a throw-away identity. */
  readonly seed?: Uint8Array
  readonly role: 'node' | 'authority' | 'client'
  readonly cellBytes: number
  readonly admits: (from: Uint8Array) => boolean
}

export interface World {
  readonly clock: Clock
  now(): number
  /** Dice of its own for each role that asks, so that none depends on how the others are interleaved. */
  dice(): Random
  /** The addresses of a host before it runs, and each time it does. */
  addressesFor(seed: Uint8Array): Promise<readonly string[]>
  host(wish: HostWish): Promise<Host>
  /** Ends a host without a word. */
  kill(link: Link): Promise<void>
  advance(ms: number): Promise<void>
  /** Waits for something that needs time to pass. */
  during<T>(happening: Promise<T>): Promise<T>
  traffic(): { readonly sights: number; readonly digest: string }
  close(): Promise<void>
}

/** 2023-11-14T22:13:20Z: as good a beginning as any, and the same each time. */
const virtualStart = 1_700_000_000_000
const stepMs = 20

export function memoryWorld(init: {
  readonly random: Random
  readonly latencyMs: { readonly min: number; readonly max: number }
}): World {
  const clock = virtualClock(virtualStart)
  const dice = (): Random => seededRandom(init.random(32))
  const links = memoryNetwork({ clock, random: dice(), latencyMs: init.latencyMs })
  const digest = createHash('sha256')
  const line = Buffer.alloc(8 + 32 + 32 + 4)
  let sights = 0
  const untap = links.tap(({ time, from, to, bytes }: Sight) => {
    sights++
    line.writeDoubleBE(time)
    line.set(from, 8)
    line.set(to, 40)
    line.writeUInt32BE(bytes, 72)
    digest.update(line)
  })
  return {
    clock,
    now: clock.now,
    dice,
    addressesFor: async seed => {
      const host = links.host({ seed, role: 'authority', cellBytes: 1, admits: () => false })
      await host.close()
      return host.addresses
    },
    host: async ({ seed, role, cellBytes, admits }) => links.host({ seed, role, cellBytes, admits }),
    kill: async link => links.kill(link.id),
    advance: ms => clock.advance(ms),
    async during(happening) {
      let over = false
      const end = (): void => {
        over = true
      }
      happening.then(end, end)
      while (!over) await clock.advance(stepMs)
      return await happening
    },
    traffic: () => ({ sights, digest: digest.copy().digest('hex') }),
    async close() {
      untap()
    },
  }
}

export interface TcpWorldInit {
  /** Multiaddrs of every host that listens. Default: TCP on a free port. */
  readonly listen?: readonly string[]
  readonly limits?: Partial<LinkLimits>
}

export function tcpWorld({ listen = ['/ip4/127.0.0.1/tcp/0'], limits = {} }: TcpWorldInit = {}): World {
  const addresses = new Map<string, readonly string[]>()
  const nameOf = (seed: Uint8Array): string => hex(publicKeyOf(seed))
  const start = async ({ seed, role, cellBytes, admits }: HostWish): Promise<Host> => {
    const { startHost } = await import('../link/libp2p/host.ts')
    const known = seed === undefined ? undefined : addresses.get(nameOf(seed))
    const host = await startHost({
      seed,
      role,
      cellBytes,
      admits,
      listen: role === 'client' ? [] : (known ?? listen),
      limits,
      clock: systemClock,
      random: systemRandom,
      log: silent,
    })
    if (seed !== undefined) addresses.set(nameOf(seed), host.addresses)
    return host
  }
  return {
    clock: systemClock,
    now: systemClock.now,
    dice: () => systemRandom,
    async addressesFor(seed) {
      const host = await start({ seed, role: 'authority', cellBytes: 1, admits: () => false })
      await host.close()
      return host.addresses
    },
    host: start,
    kill: link => link.close(),
    advance: ms => sleep(systemClock, ms),
    during: happening => happening,
    traffic: () => ({ sights: 0, digest: '' }),
    async close() {},
  }
}
