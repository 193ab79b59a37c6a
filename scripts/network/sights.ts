// What an observer of every link sees, as it happens: bytes by second for the last minute, one row for each way of each
// link. What is older is forgotten, so that a network may run for days.

import type { Sighting } from '../../simulator/processes/index.ts'
import { second } from '../../world/units.ts'
import type { SeenNow } from './page-state.ts'

const stretchMs = second
const stretches = 60

export class Sights {
  /** Bytes by second, by link. */
  readonly #links = new Map<string, Map<number, number>>()

  saw({ at, from, to, bytes }: Sighting): void {
    const link = `${from} → ${to}`
    const of = this.#links.get(link) ?? new Map<number, number>()
    this.#links.set(link, of)
    const stretch = Math.floor(at / stretchMs)
    of.set(stretch, (of.get(stretch) ?? 0) + bytes)
    const [oldest] = of.keys()
    if (oldest !== undefined && oldest <= stretch - 2 * stretches) of.delete(oldest)
  }

  /** The last minute, up to the last whole second. @param of a name at either end; default: the links of clients */
  seen(now: number, of = 'client'): SeenNow {
    const end = Math.floor(now / stretchMs)
    const from = end - stretches
    const links = [...this.#links]
      .filter(([link]) =>
        link.split(' → ').some(name => (of === 'client' ? name.startsWith(of) : name === of)),
      )
      .map(([link, bytes]) => ({
        link,
        bytes: Array.from({ length: stretches }, (_, i) => bytes.get(from + i) ?? 0),
      }))
      .filter(({ bytes }) => bytes.some(count => count > 0))
      .sort((a, b) => (a.link < b.link ? -1 : 1))
    return { from: from * stretchMs, stretchMs, links }
  }
}
