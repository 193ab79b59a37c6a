// Numbers of a status for Prometheus, read when they are asked for: nothing is counted twice.

import { Counter, Gauge, type Registry } from 'prom-client'

/** Lists what has been counted for some values of the labels, in their order. */
export type Counted = readonly (readonly [labels: readonly string[], count: number])[]

/** Adds metrics to a registry that read a status. */
export interface Metrics<S> {
  /** Only grows; its name ends in `_total`. */
  counter(name: string, help: string, read: (status: S) => number): void
  /** `NaN` where there is nothing to tell. */
  gauge(name: string, help: string, read: (status: S) => number): void
  /** A counter for each value of the labels. */
  counts(name: string, help: string, labels: readonly string[], read: (status: S) => Counted): void
}

/** Gives the ways to add a metric that reads this status. */
export function metricsOf<S>(registry: Registry, read: () => S): Metrics<S> {
  const registers = [registry]
  const status = oncePerTurn(read)
  return {
    counter: (name, help, read) => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read(status()))
        },
      })
    },
    gauge: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(status()))
        },
      })
    },
    counts: (name, help, labels, read) => {
      new Counter({
        name,
        help,
        labelNames: [...labels],
        registers,
        collect() {
          this.reset()
          for (const [values, count] of read(status()))
            this.inc(Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])), count)
        },
      })
    },
  }
}

/** Reads a status once for all metrics that are collected together. */
function oncePerTurn<S>(read: () => S): () => S {
  let kept: { readonly status: S } | undefined
  return () => {
    if (kept === undefined) {
      kept = { status: read() }
      queueMicrotask(() => {
        kept = undefined
      })
    }
    return kept.status
  }
}

/**
 * Reads a record as counts of one label.
 *
 * @param known values that are told from the start, as 0: the first of a kind is no increase otherwise
 */
export function byLabel(
  counts: Readonly<Record<string, number | undefined>>,
  known: readonly string[] = [],
): Counted {
  const from = Object.fromEntries(known.map(value => [value, 0]))
  return Object.entries({ ...from, ...counts }).map(([value, count = 0]) => [[value], count])
}
