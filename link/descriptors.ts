// How many sockets this machine lets a process have (docs/spec/link.md 6.1): a host whose bounds are wider runs out of
// file descriptors before it runs out of places, and then nobody comes in, and no file can be opened.

import { readFileSync } from 'node:fs'
import type { LinkLimits } from './limits.ts'

/** Descriptors for everything but sockets: the store's tables, journals, keys, the log, the status. */
const ownAtMost = 256
/** Fewer of each would be no host. */
const least = { connections: 8, pendingConnections: 4, dials: 4, dialsAnew: 4 } as const

type Bounded = keyof typeof least

/**
 * Reads how many file descriptors this process may have open.
 *
 * @returns undefined where the system does not say, or sets no limit
 */
export function descriptorLimit(): number | undefined {
  return fromProc() ?? fromReport()
}

/** Linux says it in a file, without the cost of a report. */
function fromProc(): number | undefined {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line?.[1] === undefined ? undefined : Number(line[1])
  } catch {
    return undefined
  }
}

/** Windows has no such limit, and says nothing. */
function fromReport(): number | undefined {
  const report = process.report?.getReport() as { userLimits?: Limits } | undefined
  const soft = report?.userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

interface Limits {
  readonly open_files?: { readonly soft: number | string }
}

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
