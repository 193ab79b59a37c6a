// A share of `npm run chaos -- cascade` in a process of its own: the job comes as its argument, the tally goes to the
// parent.

import { runAll } from './chaos-cascade.ts'

const tally = await runAll(JSON.parse(process.argv[2] as string))
process.send?.(tally)
