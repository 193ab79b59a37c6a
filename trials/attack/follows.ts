// How often something follows something else: what attacks that look for pairs count.

/** Counts pairs of a time and a later one within so long; both lists rise. */
export function follows(first: readonly number[], then: readonly number[], withinMs: number): number {
  let [from, to, count] = [0, 0, 0]
  for (const at of first) {
    while (from < then.length && (then[from] as number) <= at) from++
    if (to < from) to = from
    while (to < then.length && (then[to] as number) <= at + withinMs) to++
    count += to - from
  }
  return count
}
