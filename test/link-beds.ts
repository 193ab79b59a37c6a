// Where the contract of a link (link/link.ts) is tried: the same checks on links in memory, on a virtual clock, and on
// libp2p over TCP.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { publicKeyOf } from '../link/identity.ts'
import { startHost } from '../link/libp2p/host.ts'
import type { LinkLimits } from '../link/limits.ts'
import type { Host, Peer } from '../link/link.ts'
import { LinkError } from '../link/link.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom, systemRandom } from '../world/random.ts'

export const cellBytes = 1000

export interface HostOptions {
  seed?: number
  role?: 'node' | 'client'
  admits?: (from: Uint8Array) => boolean
  limits?: Partial<LinkLimits>
  addresses?: readonly string[]
}

/** A place where links run, and how time passes there. */
export interface Bed {
  host(options?: HostOptions): Promise<Host>
  /** Lets time pass until the promise settles. */
  of<T>(promise: Promise<T>): Promise<T>
  wait(ms: number): Promise<void>
  end(): Promise<void>
}

function memoryBed(): Bed {
  const clock = virtualClock(1_000_000)
  const network = memoryNetwork({ clock, random: seededRandom(7), latencyMs: { min: 1, max: 3 } })
  return {
    host: async ({ seed, role = 'node', admits = () => true, limits = {}, addresses } = {}) =>
      network.host({
        seed: seed === undefined ? undefined : seedOf(seed),
        cellBytes,
        role,
        admits,
        limits,
        ...(addresses === undefined ? {} : { addresses }),
      }),
    of: async promise => {
      let settled = false
      const done = (): void => {
        settled = true
      }
      promise.then(done, done)
      for (let step = 0; step < 10_000 && !settled; step++) await clock.advance(5)
      assert.ok(settled, 'not settled after 50 s')
      return promise
    },
    wait: ms => clock.advance(ms),
    end: async () => {},
  }
}

function libp2pBed(): Bed {
  const hosts: Host[] = []
  return {
    host: async ({ seed, role = 'node', admits = () => true, limits = {}, addresses } = {}) => {
      const host = await startHost({
        seed: seed === undefined ? undefined : seedOf(seed),
        listen: addresses ?? ['/ip4/127.0.0.1/tcp/0'],
        cellBytes,
        clock: systemClock,
        log: silent,
        random: systemRandom,
        limits,
        admits,
        role,
      })
      hosts.push(host)
      return host
    },
    of: promise => promise,
    wait: ms => new Promise(resolve => setTimeout(resolve, ms)),
    end: async () => {
      for (const host of hosts) await host.close()
    },
  }
}

export const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
export const peerOf = (host: Host): Peer => ({ id: host.id, addresses: host.addresses })
export const nobody: Peer = { id: publicKeyOf(seedOf(250)), addresses: ['/ip4/127.0.0.1/tcp/1'] }
export const cell = (number: number): Uint8Array => {
  const bytes = new Uint8Array(cellBytes).fill(number % 251)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
export const numberOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
export const options = { timeoutMs: 3000, maxBytes: 100_000 }

export async function code(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof LinkError) return error.code
    throw error
  }
  return 'no error'
}

export type Until = (condition: () => boolean) => Promise<void>
export type Check = (what: string, run: (bed: Bed, until: Until) => Promise<void>) => void

/** A suite for each kind of link, run at once. */
export function onEveryLink(about: string, declare: (check: Check) => void): void {
  for (const [name, makeBed] of [
    ['in memory', memoryBed],
    ['over libp2p', libp2pBed],
  ] as const) {
    const test = suite(`${about} ${name}`)
    declare((what, run) => {
      test(what, async () => {
        const bed = makeBed()
        const until: Until = async condition => {
          for (let waited = 0; !condition(); waited += 10) {
            assert.ok(waited < 8000, 'did not come about within 8 s')
            await bed.wait(10)
          }
        }
        try {
          await run(bed, until)
        } finally {
          await bed.end()
        }
      })
    })
    test.run()
  }
}
