// All that this process holds of its machine, for whoever watches that it does not hold more and more
// (docs/guide/running.md 4).

import { upMs, use } from '#machine'
import { second } from './units.ts'

/** Counts what a process uses of its machine. None of it should grow for hours. */
export interface Resources {
  /** Memory that the system has given to the process, and what its JavaScript objects take of it. */
  readonly rssBytes: number
  readonly heapBytes: number
  /** Timers, sockets, files and requests under way: what keeps an event loop busy. */
  readonly handles: number
  /** Listeners of the process, its hosts, their connections and streams. */
  readonly listeners: number
  /** Connections that are being made or wait for their turn. */
  readonly pendingDials: number
}

/** Counts by what was wanted, then by why it was not had. */
type Reasons<N> = Readonly<Record<string, Readonly<Record<string, N>>>>

/** Counts what this process's hosts moved since its start, and whom they turned away. */
export interface Carried {
  /** Bytes that connections carried, without those of TCP and IP. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** Those who were turned away, by what they wanted a place of, then by reason. */
  readonly refusals: Reasons<number>
  /** The same by what they were known as: strangers, clients that have proved something, nodes, authorities. */
  readonly crowded: Reasons<number>
}

/** The counts that one host of this process adds. */
export interface HostResources extends Pick<Resources, 'listeners' | 'pendingDials'> {
  readonly bytesIn: number
  readonly bytesOut: number
  readonly refusals: Reasons<number | undefined>
  readonly crowded: Reasons<number | undefined>
}

/** Tells which version a process runs, and for how long, for its status. */
export function ofProcess(version: string): { readonly version: string; readonly upSeconds: number } {
  return { version, upSeconds: Math.floor(upMs() / second) }
}

const hosts = new Set<() => HostResources>()
/** Sums what was counted by hosts that are there no more: a count since the start never falls. */
let past: Carried = { bytesIn: 0, bytesOut: 0, refusals: {}, crowded: {} }

/** Counts a host among this process's, until the function it returns is called. */
export function countHost(read: () => HostResources): () => void {
  hosts.add(read)
  return () => {
    if (hosts.delete(read)) past = sum(past, read())
  }
}

function sum(a: Carried, b: Omit<HostResources, keyof Resources>): Carried {
  return {
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    refusals: sumReasons(a.refusals, b.refusals),
    crowded: sumReasons(a.crowded, b.crowded),
  }
}

function sumReasons(a: Reasons<number>, b: Reasons<number | undefined>): Reasons<number> {
  const all: Record<string, Record<string, number>> = structuredClone(a)
  for (const [share, reasons] of Object.entries(b)) {
    const sums = all[share] ?? {}
    for (const [reason, count = 0] of Object.entries(reasons)) sums[reason] = (sums[reason] ?? 0) + count
    all[share] = sums
  }
  return all
}

/** Counts since the start, all hosts together. */
export function carried(): Carried {
  return [...hosts].map(read => read()).reduce(sum, past)
}

/** As of now, all hosts together. */
export function resources(): Resources {
  const { listeners: own, ...used } = use()
  const all = [...hosts].map(read => read())
  return {
    ...used,
    listeners: all.reduce((sum, { listeners }) => sum + listeners, own),
    pendingDials: all.reduce((sum, { pendingDials }) => sum + pendingDials, 0),
  }
}
