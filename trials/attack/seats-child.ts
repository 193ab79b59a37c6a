// A process of `attack -- gateway`: watches the runs that it is told, and says of each what was seen. It lives until it
// is stopped, so that what it said last arrives.

import { watchRun } from './seats-run.ts'

/** Says what it is to watch. */
export interface Share {
  readonly seeds: readonly number[]
  readonly windows: number
  readonly before: boolean
}

process.on('message', async ({ seeds, windows, before }: Share) => {
  for (const seed of seeds) process.send?.(await watchRun(seed, windows, before))
})
