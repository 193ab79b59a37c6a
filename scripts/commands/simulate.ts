// chaffinch simulate

import { command, group, runs } from '../define/command.ts'
import type { AnyCommand } from '../define/told.ts'

const load = async () => await import('../study/simulate.ts')

export function simulate(): AnyCommand {
  return group(
    'simulate',
    {
      summary: 'measure how much a network of many users hides',
      says: `Draws networks of many users and says what an observer of all links is left with of a message
        (docs/spec/simulator.md). A file says one network, or lists of numbers: each combination is a point.`,
      examples: [
        'chaffinch simulate sweep.toml --out points.jsonl',
        'chaffinch simulate sweep.toml --point 7',
        'chaffinch simulate report points.jsonl --out anonymity.html',
      ],
    },
    [run(), report()],
    'run',
  )
}

function run(): AnyCommand {
  return command('run', {
    summary: 'run the points of a file; without an action it does this',
    says: `Runs the points of a file, and prints a line of JSON for each, in order, the same however many threads there are.
      With --out the lines go into a file; run again, it goes on after those that are there.`,
    examples: ['chaffinch simulate sweep.toml --out points.jsonl', 'chaffinch simulate sweep.toml --point 7'],
  })
    .argument('<FILE>')
    .option('--point <N>', 'run this point alone, from 0: for a task of many on many machines')
    .option('--out <FILE>', 'append to a file, and leave out what it holds')
    .option('--workers <N>', 'threads (default: as many as the machine has cores)')
    .action(runs(async () => (await load()).run))
}

function report(): AnyCommand {
  return command('report', {
    summary: 'make a page of the points that files hold',
    says: `Puts the points of files together, in whatever order they were written, and makes an HTML page with pictures and
      a table.`,
    examples: ['chaffinch simulate report points.jsonl --out anonymity.html --csv anonymity.csv'],
  })
    .argument('<FILE...>')
    .option('--out <FILE>', 'the page (default: anonymity.html)')
    .option('--csv <FILE>', 'the table too, as comma-separated values')
    .action(runs(async () => (await load()).report))
}
