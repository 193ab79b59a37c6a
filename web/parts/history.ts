// Counters over time: a page looks at them once in a while and shows how fast they grow.

import { signal } from '@preact/signals'

/** Looks that are kept. */
const mostPoints = 300

export interface Rates {
  /** Seconds since 1970, as the chart wants them. */
  readonly times: readonly number[]
  /** By name: growth a second at each time. */
  readonly series: Readonly<Record<string, readonly number[]>>
}

/** Keeps how fast counters grow. A counter that became smaller began again. */
export class History {
  readonly rates = signal<Rates>({ times: [], series: {} })
  #last: { readonly at: number; readonly counters: Readonly<Record<string, number>> } | undefined

  /** @param at milliseconds */
  add(at: number, counters: Readonly<Record<string, number>>): void {
    const last = this.#last
    this.#last = { at, counters }
    if (last === undefined || at <= last.at) return
    const { times, series } = this.rates.value
    const seconds = (at - last.at) / 1000
    const grown = Object.entries(counters).map(([name, value]) => {
      const before = last.counters[name] ?? 0
      const rate = (value < before ? value : value - before) / seconds
      return [name, [...(series[name] ?? times.map(() => 0)), rate].slice(-mostPoints)] as const
    })
    this.rates.value = {
      times: [...times, at / 1000].slice(-mostPoints),
      series: Object.fromEntries(grown),
    }
  }
}
