// A share of `npm run chaos -- client` in a process of its own: the job comes as its argument, the summary goes to the
// parent.

import { runAll } from './chaos-client.ts'

const summary = await runAll(JSON.parse(process.argv[2] as string))
process.send?.(summary)
