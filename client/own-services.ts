// Services that a client can run by itself (docs/spec/client-sdk.md 14.2).

import type { ServiceHandler, ServiceOptions } from './service.ts'

interface OwnService {
  readonly handler: ServiceHandler
  readonly options: ServiceOptions
}

/** The names that `serve` in client.toml may list. */
export const ownServiceNames = ['echo', 'ping'] as const

/** The name of one of them. */
export type OwnServiceName = (typeof ownServiceNames)[number]

/** The most that a ping may carry, bytes: it fits one packet each way. */
const longestPing = 64

/** The handler of each, and its limits. */
export const ownServices: Readonly<Record<OwnServiceName, OwnService>> = {
  /** Sends back what it gets. */
  echo: { handler: ({ bytes }) => bytes, options: {} },
  /** The same for what is short, and for many at once: to measure the way. */
  ping: {
    handler: ({ bytes }) => bytes,
    options: { longest: longestPing, atOnce: 64, perMinute: 6000 },
  },
}
