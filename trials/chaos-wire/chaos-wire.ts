// npm run chaos -- wire [--seeds 100000] [--seed S] [--break DEFECT|list] [--json]: conversations of broken bytes
// with an authority, a gateway and a client that run as they do everywhere, over TCP and WebSocket, to those that
// listen and to those that dial, at every stage of every protocol. No process may end, nothing may grow, and the
// honest are served all the while. Exit code 1 when something did not hold, 2 for options that do not exist.

import { readSeeds, runSuite } from '../chaos/options.ts'
import { defects } from './defects.ts'
import { run, type Summary } from './run.ts'

const usualSeeds = 100_000

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  return runSuite(args, {
    name: 'chaos: wire',
    defects,
    read: given => readSeeds(given, defects, usualSeeds),
    run: job => run(job),
    print,
    holds: ({ violations }) => violations === 0,
  })
}

function print({ conversations, ended, grown, violations, first }: Summary): void {
  console.log(`${conversations} conversations: ${ended} processes ended, ${grown} counts grew`)
  console.log(violations === 0 ? 'everything held' : `${violations} times something did not hold`)
  if (first !== undefined)
    console.log(`first: ${first.seed === undefined ? '' : `seed ${first.seed}: `}${first.why}`)
}
