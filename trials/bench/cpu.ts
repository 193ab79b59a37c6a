// What a call costs: CPU time of the whole process, and one native X25519 of the same run to compare with. One loop
// over all tasks, round by round, so that a slow moment of the machine strikes all alike.

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { median } from 'simple-statistics'
import sodium from 'sodium-native'
import { x25519PublicKey } from '#crypto'
import { seededRandom } from '../../world/random.ts'

/** One thing to measure: `run` is called `times` times a round. */
export interface Task {
  readonly times: number
  readonly run: () => void
  /** Called before each round; what it costs is not counted. */
  readonly prepare?: () => void
}

/** One native X25519 (libsodium). */
export function sodiumX25519(): () => void {
  const random = seededRandom(2)
  const [out, secret] = [Buffer.alloc(32), Buffer.from(random(32))]
  const point = Buffer.from(x25519PublicKey(random(32)))
  return () => sodium.crypto_scalarmult(out, secret, point)
}

/** One native X25519 (OpenSSL). */
export function opensslX25519(): () => void {
  const random = seededRandom(3)
  const [mine, theirs] = [random(32), random(32)]
  const privateKey = createPrivateKey({ key: jwk(mine, true), format: 'jwk' })
  const publicKey: KeyObject = createPublicKey({ key: jwk(theirs, false), format: 'jwk' })
  return () => diffieHellman({ privateKey, publicKey })
}

function jwk(secret: Uint8Array, isPrivate: boolean): Record<string, string> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const open = { kty: 'OKP', crv: 'X25519', x: text(x25519PublicKey(secret)) }
  return isPrivate ? { ...open, d: text(secret) } : open
}

/** Measures all tasks round by round: the median over the rounds of what one call of each costs, CPU microseconds. */
export function measure<Name extends string>(
  rounds: number,
  all: Readonly<Record<Name, Task>>,
): Record<Name, number> {
  const entries = Object.entries<Task>(all) as [Name, Task][]
  const samples = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
  // the first rounds warm the compiler up and do not count
  for (let round = -3; round < rounds; round++)
    for (const [name, { times, run, prepare }] of entries) {
      prepare?.()
      const before = process.cpuUsage()
      for (let i = 0; i < times; i++) run()
      const spent = process.cpuUsage(before)
      if (round >= 0) samples.get(name)?.push((spent.user + spent.system) / times)
    }
  return Object.fromEntries(
    [...samples].map(([name, values]) => [name, hundredths(median(values))]),
  ) as Record<Name, number>
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
