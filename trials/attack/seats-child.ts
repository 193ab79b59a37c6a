// A process of `attack -- gateway`: watches the runs that it is told, and says of each what was seen.

import { once } from 'node:events'
import { watchRun } from './seats-run.ts'

const [told] = (await once(process, 'message')) as [
  { readonly seeds: readonly number[]; readonly before: boolean },
]
for (const seed of told.seeds) process.send?.(await watchRun(seed, told.before))
process.disconnect()
