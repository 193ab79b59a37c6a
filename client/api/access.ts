// Who may ask the HTTP API for what (docs/spec/client-http.md 15.1): the owner for everything, an app for what is its
// own.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../world/clock.ts'
import { bearerOf } from '../../world/http-fields.ts'
import { type Bucket, fullBucket, msUntilToken, takeTokens } from '../../world/rates.ts'
import { second } from '../../world/units.ts'

/** Undefined: the owner. */
export type Asker = { readonly app: string } | undefined

/** Names what the routes know of a request. */
export interface Env {
  readonly Variables: { readonly asker: Asker }
}

export interface AccessInit {
  readonly clock: Clock
  /** The owner's. */
  readonly token: string
  /** Those of apps, by name. */
  readonly apps: ReadonlyMap<string, string>
  /** Tells whether an `Authorization` header is that of a page which the owner opened. */
  readonly isPage?: ((header: string | undefined) => boolean) | undefined
  /** Requests a minute of each; half of them at once. */
  readonly perMinute: number
}

/** Tells who asks, and whether so often. */
export interface Access {
  /** Whose token this `Authorization` header bears; false for nobody's. */
  asker(header: string | undefined): Asker | false
  /** Takes one of the asker's requests; otherwise seconds until there is one again. */
  take(asker: Asker): number | undefined
}

export function access({ clock, token, apps, perMinute, isPage }: AccessInit): Access {
  const known: readonly (readonly [digest: Buffer, asker: Asker])[] = [
    [digestOf(token), undefined],
    ...[...apps].map(([app, own]) => [digestOf(own), { app }] as const),
  ]
  const buckets = new Map<string, Bucket>()
  const rate = { perMinute, burst: Math.max(1, perMinute / 2) }
  return {
    asker(header) {
      const given = digestOf(bearerOf(header) ?? '')
      // All of them, so that the time says nothing of which
      const found = known.filter(([digest]) => timingSafeEqual(digest, given))
      if (found.length === 0) return isPage?.(header) === true ? undefined : false
      return found[0]?.[1]
    },
    take(asker) {
      const name = asker?.app ?? ''
      const now = clock.elapsed()
      const bucket = buckets.get(name) ?? fullBucket(rate, now)
      buckets.set(name, bucket)
      if (takeTokens(bucket, rate, 1, now) === 1) return undefined
      return Math.ceil(msUntilToken(bucket, rate) / second)
    },
  }
}

/** Digests, so that neither the length nor the place of a difference shows in the time. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
