// A binary heap: the earliest first.

export interface Heap<T> {
  readonly size: number
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
  /** Takes out the item at a place of the underlying array, 0 to size - 1: with a drawn place, a random item. */
  removeAt(place: number): T
}

/** @param before whether a comes out ahead of b */
export function heap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []

  const rise = (from: number): void => {
    const item = items[from] as T
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(item, items[parent] as T)) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  const sink = (from: number): void => {
    const item = items[from] as T
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1] as T, items[child] as T)) child++
      if (!before(items[child] as T, item)) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = item
  }

  const removeAt = (place: number): T => {
    const taken = items[place] as T
    const last = items.pop() as T
    if (place < items.length) {
      items[place] = last
      rise(place)
      sink(place)
    }
    return taken
  }

  return {
    get size() {
      return items.length
    },
    push(item) {
      items.push(item)
      rise(items.length - 1)
    },
    peek: () => items[0],
    pop: () => (items.length === 0 ? undefined : removeAt(0)),
    removeAt,
  }
}
