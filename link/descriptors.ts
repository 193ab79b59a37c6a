// How many sockets this machine lets a process have (docs/spec/link.md 6.1): a host whose bounds are wider runs out of
// file descriptors before it runs out of places, and then nobody comes in, and no file can be opened.

import type { LinkLimits } from './limits.ts'

/** Descriptors for everything but sockets: the store's tables, journals, keys, the log, the status. */
const ownAtMost = 256
/** Fewer of each would be no host. */
const least = { connections: 8, pendingConnections: 4, dials: 4, dialsAnew: 4 } as const

type Bounded = keyof typeof least

/** Counts the descriptors that a host may take with these bounds. */
export function descriptorsFor(limits: Pick<LinkLimits, Bounded>): number {
  return ownAtMost + socketsOf(limits)
}

function socketsOf(limits: Pick<LinkLimits, Bounded>): number {
  return names.reduce((sum, name) => sum + limits[name], 0)
}

const names = Object.keys(least) as Bounded[]

/**
 * Lowers the bounds of sockets, all by one part, to what the machine lets a process have. A third of few descriptors,
 * and 256 of many, are left for everything else.
 *
 * @param descriptors as `descriptorLimit` gives it
 * @returns the same bounds where they fit
 */
export function withinDescriptors(limits: LinkLimits, descriptors: number | undefined): LinkLimits {
  if (descriptors === undefined || descriptorsFor(limits) <= descriptors) return limits
  const room = descriptors - Math.min(ownAtMost, Math.ceil(descriptors / 3))
  const part = room / socketsOf(limits)
  const lowered = names.map(name => [name, Math.max(least[name], Math.floor(limits[name] * part))])
  return { ...limits, ...Object.fromEntries(lowered) }
}
