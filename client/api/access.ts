// Who may ask the HTTP API for what (docs/client.md 15.1): the owner for everything, an app for what is its own.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../world/clock.ts'
import { minute } from '../../world/units.ts'

/** Undefined: the owner. */
export type Asker = { readonly app: string } | undefined

export interface AccessInit {
  readonly clock: Clock
  /** Of the owner. */
  readonly token: string
  /** Of apps, by name. */
  readonly apps: ReadonlyMap<string, string>
  /** Requests a minute of each; half of them at once. */
  readonly perMinute: number
}

export interface Access {
  /** Whose token this `Authorization` header bears; false for nobody's. */
  asker(header: string | undefined): Asker | false
  /** Takes one of the asker's requests; otherwise seconds until there is one again. */
  take(asker: Asker): number | undefined
}

export function access({ clock, token, apps, perMinute }: AccessInit): Access {
  const known: readonly (readonly [digest: Buffer, asker: Asker])[] = [
    [digestOf(`Bearer ${token}`), undefined],
    ...[...apps].map(([app, own]) => [digestOf(`Bearer ${own}`), { app }] as const),
  ]
  const buckets = new Map<string, { left: number; at: number }>()
  const burst = Math.max(1, perMinute / 2)
  return {
    asker(header) {
      const given = digestOf(header ?? '')
      // All of them, so that the time says nothing of which
      const found = known.filter(([digest]) => timingSafeEqual(digest, given))
      return found.length === 0 ? false : found[0]?.[1]
    },
    take(asker) {
      const name = asker?.app ?? ''
      const now = clock.now()
      const bucket = buckets.get(name) ?? { left: burst, at: now }
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) * perMinute) / minute)
      bucket.at = now
      buckets.set(name, bucket)
      if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 60) / perMinute)
      bucket.left--
      return undefined
    },
  }
}

/** Digests, so that neither the length nor the place of a difference shows in the time. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
