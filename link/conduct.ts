// The conduct of peers, and when one is shut out (docs/spec/link.md 9): who makes a load of what it could have seen
// itself to be of no use is disconnected, and for some time not let in.

import { hex } from '../encoding/bytes.ts'
import type { Clock } from '../world/clock.ts'
import type { Ms } from '../world/units.ts'

export interface ConductLimits {
  /**
   * A peer may owe as much at once, in cells that nobody could use: twice a whole queue, which an honest client may
   * send too late for its gateway's packet keys after a link was cut.
   */
  readonly mostOwed: number
  /** As much is forgiven each second: to find out that 250 cells are of no use takes a hundredth of a core. */
  readonly forgivenPerSecond: number
  /** A stream costs as much that was opened for nothing, and a frame that no honest host sends, in cells. */
  readonly streamCost: number
  readonly frameCost: number
  /** Milliseconds a peer is shut out the first time, and at most: each time is twice the last. */
  readonly firstOutMs: number
  readonly longestOutMs: number
  /** Milliseconds after its last time out when a peer counts as one that never was. */
  readonly rememberedMs: number
}

/** A thing that a peer did. */
export type Deed =
  /**
   * A client sent cells, which it has built: `fitting` of them opened for the first time, `misfits` did not, or had
   * been seen.
   */
  | { readonly type: 'cells'; readonly fitting: number; readonly misfits: number }
  /** It opened a stream for something that is not served here, or not to it, or asked for too much on one. */
  | { readonly type: 'stream' }
  /** It sent what no host of this network sends. */
  | { readonly type: 'frame' }

/** The state of one peer; its times are of `elapsed()`. */
export type Conduct =
  /** `owed` was as much when it was `counted`; `times` it has been shut out, the last of which ended at `since`. */
  | {
      readonly at: 'in'
      readonly owed: number
      readonly counted: Ms
      readonly times: number
      readonly since: Ms
    }
  | { readonly at: 'out'; readonly until: Ms; readonly times: number }

/** The state of a peer that has done nothing yet. */
export function stranger(now: Ms): Conduct {
  return { at: 'in', owed: 0, counted: now, times: 0, since: now }
}

/** Brings a state up to now: debts are forgiven, and times out end. */
export function later(conduct: Conduct, now: Ms, limits: ConductLimits): Conduct {
  if (conduct.at === 'out') {
    const { until, times } = conduct
    return now < until
      ? conduct
      : later({ at: 'in', owed: 0, counted: until, times, since: until }, now, limits)
  }
  const forgiven = ((now - conduct.counted) * limits.forgivenPerSecond) / 1000
  const times = now - conduct.since >= limits.rememberedMs ? 0 : conduct.times
  return { ...conduct, owed: Math.max(0, conduct.owed - forgiven), counted: now, times }
}

/** One that is out stays so, whatever still comes of what it had sent. */
export function step(conduct: Conduct, deed: Deed, now: Ms, limits: ConductLimits): Conduct {
  const before = later(conduct, now, limits)
  if (before.at === 'out') return before
  const owed = Math.max(0, before.owed + costOf(deed, limits))
  if (owed <= limits.mostOwed) return { ...before, owed }
  const times = before.times + 1
  const outMs = Math.min(limits.longestOutMs, limits.firstOutMs * 2 ** (times - 1))
  return { at: 'out', until: now + outMs, times }
}

/** A cell that fits pays for one that does not. */
function costOf(deed: Deed, limits: ConductLimits): number {
  if (deed.type === 'cells') return deed.misfits - deed.fitting
  return deed.type === 'stream' ? limits.streamCost : limits.frameCost
}

/** Nothing that a stranger has not. */
function isClean(conduct: Conduct): boolean {
  return conduct.at === 'in' && conduct.owed === 0 && conduct.times === 0
}

/** Peers remembered at most; for one more the one that came first is forgotten. */
const mostPeers = 4096
/** Between two times at which those go of whom there is nothing more to remember. */
const sweepMs = 60_000

export interface Conducts {
  /** Once a peer is over its bound, `onOut` is told, and `isOut` holds until its time is over. */
  did(peer: Uint8Array, deed: Deed): void
  isOut(peer: Uint8Array): boolean
  /** Those that are out now, and until when, milliseconds since 1970-01-01 UTC. */
  out(): readonly { readonly id: string; readonly until: number }[]
  /** Counts how often peers were shut out since the start. */
  readonly times: number
  /** Peers of which something is remembered. */
  readonly size: number
}

/** The conduct of all peers of a host. */
export function conducts(clock: Clock, limits: ConductLimits, onOut: (peer: Uint8Array) => void): Conducts {
  const known = new Map<string, Conduct>()
  let times = 0

  let sweeping = false

  /** Those of whom there is nothing more to remember go. */
  const sweep = (): void => {
    for (const [name, conduct] of known)
      if (isClean(later(conduct, clock.elapsed(), limits))) known.delete(name)
    sweeping = false
    sweepLater()
  }

  const sweepLater = (): void => {
    if (sweeping || known.size === 0) return
    sweeping = true
    clock.after(sweepMs, sweep)
  }

  return {
    did(peer, deed) {
      const name = hex(peer)
      const now = clock.elapsed()
      const before = known.get(name)
      if (before === undefined && deed.type === 'cells' && deed.misfits <= deed.fitting) return
      const after = step(before ?? stranger(now), deed, now, limits)
      const [oldest] = known.keys()
      if (before === undefined && known.size >= mostPeers && oldest !== undefined) known.delete(oldest)
      if (isClean(after)) known.delete(name)
      else known.set(name, after)
      sweepLater()
      if (after.at !== 'out' || (before?.at === 'out' && before.until === after.until)) return
      times++
      onOut(peer)
    },
    isOut(peer) {
      const conduct = known.get(hex(peer))
      return conduct?.at === 'out' && clock.elapsed() < conduct.until
    },
    out() {
      const [now, wall] = [clock.elapsed(), clock.now()]
      return [...known].flatMap(([id, conduct]) => {
        const left = conduct.at === 'out' ? conduct.until - now : 0
        return left > 0 ? [{ id, until: Math.round(wall + left) }] : []
      })
    },
    get times() {
      return times
    },
    get size() {
      return known.size
    },
  }
}
