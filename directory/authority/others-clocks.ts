// By how much an authority's clock is away from those of the others, as their votes tell (docs/spec/directory-voting.md
// 8.8). An authority has nobody whose documents it could believe a clock by: it makes them. It goes by its own clock
// whatever the others say, and only says what they do.

import { hex } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { type Ms, second } from '../../world/units.ts'

/** A vote may wait so long before it is heard; a clock that is away by less is right. */
const toleranceMs = 10 * second
/** Votes of an author that are known again when they are sent again. */
const mostKnown = 8

export class OthersClocks {
  readonly #clock: Clock
  /** By author, lowercase hex: what the votes say that were heard of it, the newest first, and when that one was. */
  readonly #heard = new Map<string, { readonly clocks: readonly Ms[]; readonly elapsed: Ms }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An authority has sent its own vote; one that is sent again says nothing new. */
  heard(author: Uint8Array, clock: Ms): void {
    const id = hex(author)
    const clocks = this.#heard.get(id)?.clocks ?? []
    if (clocks.includes(clock)) return
    const elapsed = this.#clock.elapsed()
    this.#heard.set(id, { clocks: [clock, ...clocks.slice(0, mostKnown - 1)], elapsed })
  }

  /**
   * Tells by how much the own clock is ahead of the median of these authorities', milliseconds; 0 within ten seconds, and
   * where no more than half of them were heard.
   */
  aheadMs(others: readonly { readonly id: Uint8Array }[]): Ms {
    const [now, elapsed] = [this.#clock.now(), this.#clock.elapsed()]
    const ahead = others
      .flatMap(({ id }) => this.#heard.get(hex(id)) ?? [])
      .map(of => now - ((of.clocks[0] as Ms) + elapsed - of.elapsed))
      .sort((a, b) => a - b)
    if (2 * ahead.length <= others.length) return 0
    // The middle one is honest where no more than half of them lie; of two the one that is nearer
    const middle = [ahead[(ahead.length - 1) >> 1] as Ms, ahead[ahead.length >> 1] as Ms]
    const [nearest = 0] = middle.sort((a, b) => Math.abs(a) - Math.abs(b))
    return Math.abs(nearest) <= toleranceMs ? 0 : nearest
  }
}
