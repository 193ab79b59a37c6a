// All that this process holds of its machine, for whoever watches that it does not hold more and more
// (docs/guide/running.md 4).

/** Counts what a process uses of its machine. */
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

/** The counts that one host of this process adds. */
export type HostResources = Pick<Resources, 'listeners' | 'pendingDials'>

/** Tells which version a process runs, and for how long, for its status. */
export function ofProcess(version: string): { readonly version: string; readonly upSeconds: number } {
  return { version, upSeconds: Math.floor(process.uptime()) }
}

const hosts = new Set<() => HostResources>()

/** Counts a host among this process's, until the function it returns is called. */
export function countHost(read: () => HostResources): () => void {
  hosts.add(read)
  return () => void hosts.delete(read)
}

/** As of now, all hosts together. */
export function resources(): Resources {
  const { rss, heapUsed } = process.memoryUsage()
  const own = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  const all = [...hosts].map(read => read())
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    handles: process.getActiveResourcesInfo().length,
    listeners: all.reduce((sum, { listeners }) => sum + listeners, own),
    pendingDials: all.reduce((sum, { pendingDials }) => sum + pendingDials, 0),
  }
}
