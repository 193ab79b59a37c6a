// npm run bench -- simulator [--json] [--rounds 7]: how many events a second the simulator's core takes, by users, and
// beside it the bare queue of the same run: typed-array heap, as many entries, one taken out and put in again. Seconds
// are CPU time of the process, one thread, medians of rounds that take turns.

import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { wholeNumber } from '../../encoding/command-line.ts'
import { Dice } from '../../hiding/dice.ts'
import { TimeHeap } from '../../simulator/anonymity/heap.ts'
import { Population } from '../../simulator/anonymity/population.ts'
import { MiB } from '../../world/units.ts'

const sizes = ['1e3', '1e4', '1e5', '1e6'] as const
const events = 1_000_000

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '7' } },
  })
  const rounds = wholeNumber('rounds', values.rounds, 1, 1000)
  const eventsPerS: Record<string, number> = {}
  const rows = sizes.map(size => {
    const row = measure(Number(size), rounds)
    eventsPerS[size] = row.eventsPerS
    return row
  })
  const { heapHoldOpsPerS, ratio } = rows.at(-1) as Row
  const result = {
    eventsPerS,
    heapHoldOpsPerS,
    ratio,
    rssMiB: Math.max(...rows.map(({ rssMiB }) => rssMiB)),
    rows,
  }
  if (values.json) console.log(JSON.stringify(result))
  else console.table(rows)
}

interface Row {
  readonly users: number
  /** Ticks that are waited for and packets in flight. */
  readonly waiting: number
  readonly eventsPerS: number
  readonly heapHoldOpsPerS: number
  /** Events beside hold operations, in the median round. */
  readonly ratio: number
  /** Memory of the process so far. */
  readonly rssMiB: number
}

/** Runs users who send a packet a second each through three layers of a hundred mixes that hold it for 0.1 s. */
function measure(users: number, rounds: number): Row {
  const population = new Population({
    users,
    ratePerS: () => 1,
    layers: 3,
    width: 100,
    hopDelayS: 0.1,
    seed: 1,
    labels: 1,
  })
  // into the steady state, and through the compiler
  population.run(Math.max(4 * users, 500_000))
  const hold = holder(population.waiting)
  hold(events)
  const taken = Array.from({ length: rounds }, () => {
    population.follow()
    const perS = events / cpuSeconds(() => population.run(events))
    const holdsPerS = events / cpuSeconds(() => hold(events))
    return { perS, holdsPerS, ratio: perS / holdsPerS }
  })
  return {
    users,
    waiting: population.waiting,
    eventsPerS: Math.round(median(taken.map(({ perS }) => perS))),
    heapHoldOpsPerS: Math.round(median(taken.map(({ holdsPerS }) => holdsPerS))),
    ratio: Math.round(100 * median(taken.map(({ ratio }) => ratio))) / 100,
    rssMiB: Math.round(process.memoryUsage.rss() / MiB),
  }
}

/** Fills a bare heap; what it gives takes the earliest out and puts it in again, so many times. */
function holder(entries: number): (times: number) => void {
  const dice = new Dice(2)
  const heap = new TimeHeap(2 * entries)
  for (let i = 0; i < entries; i++) heap.push(dice.exponential(1), i)
  return times => {
    for (let i = 0; i < times; i++) {
      const { first } = heap
      heap.push(first + dice.exponential(1), heap.pop())
    }
  }
}

function cpuSeconds(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
