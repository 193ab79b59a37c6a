// Things that wait for one resource, by whom they came from. Whoever has much waiting waits by itself: each gets its
// share in turn (J. Nagle, "On Packet Switches with Infinite Storage", RFC 970, section 4).

export interface FairQueue<T> {
  /** All that wait. */
  readonly size: number
  push(from: string, items: readonly T[]): void
  /** Takes up to `count`: up to `share` from one, then from the next, in the order in which their turns come. */
  take(count: number): { readonly from: string; readonly items: readonly T[] }[]
}

/** @param share how many of one may be taken before the next has its turn, 1 or more */
export function fairQueue<T>(share: number): FairQueue<T> {
  // in the order of their next turns
  const waiting = new Map<string, T[]>()
  let size = 0

  return {
    get size() {
      return size
    },
    push(from, items) {
      if (items.length === 0) return
      const before = waiting.get(from)
      if (before === undefined) waiting.set(from, [...items])
      else before.push(...items)
      size += items.length
    },
    take(count) {
      const taken: { from: string; items: readonly T[] }[] = []
      for (let left = count; left > 0 && size > 0; ) {
        const [from, items] = waiting.entries().next().value as [string, T[]]
        const portion = items.splice(0, Math.min(share, left))
        waiting.delete(from)
        if (items.length > 0) waiting.set(from, items)
        taken.push({ from, items: portion })
        left -= portion.length
        size -= portion.length
      }
      return taken
    },
  }
}
