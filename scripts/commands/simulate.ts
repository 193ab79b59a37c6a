// chaffinch simulate

import { command, group, oneOf, runs } from '../define/command.ts'
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
        'chaffinch simulate deploy sweep.toml --to slurm > sweep.sh',
        'chaffinch simulate report points.jsonl --out anonymity.html',
      ],
    },
    [run(), deploy(), merge(), report()],
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
    .option(
      '--point <N>',
      'run this point alone, from 0, or those from one to another as in 20-29: for a task of many on many machines',
    )
    .option('--out <FILE>', 'append to a file, and leave out what it holds')
    .option('--workers <N>', 'threads (default: as many as the machine has cores)')
    .action(runs(async () => (await load()).run))
}

function deploy(): AnyCommand {
  return command('deploy', {
    summary: 'print what a cluster is told to run the points of a file',
    says: `Prints what a cluster is told to run the points of a file: a batch script with an array of tasks for Slurm, or a
      ConfigMap and an Indexed Job for Kubernetes. Each task runs some points and needs nothing of the others; what they
      write is put together by 'merge' in any order, and is what one machine would have written.`,
    usage: ['FILE --to ENGINE [OPTIONS]'],
    examples: [
      'chaffinch simulate deploy sweep.toml --to slurm --per-task 10 > sweep.sh && sbatch sweep.sh',
      'chaffinch simulate deploy sweep.toml --to kubernetes --image chaffinch | kubectl apply -f -',
    ],
  })
    .argument('<FILE>')
    .addOption(oneOf('--to <ENGINE>', ['slurm', 'kubernetes'], 'slurm or kubernetes'))
    .option('--name <NAME>', 'of the job, and of the files that its tasks write (default: chaffinch-sweep)')
    .option('--per-task <N>', 'points of one task (default: 1)')
    .option('--at-once <N>', 'tasks at one time (default: 100)')
    .option('--image <IMAGE>', 'for Kubernetes: one in which chaffinch is a command')
    .option('--command <WORDS>', 'for Slurm: what runs chaffinch on its nodes (default: chaffinch)')
    .action(runs(async () => (await import('../study/deploy.ts')).deploy))
}

function merge(): AnyCommand {
  return command('merge', {
    summary: 'put the lines of many tasks together',
    says: `Puts the lines of files together, in order of their points: the file that one machine would have written.`,
    examples: ['chaffinch simulate merge chaffinch-sweep-*.jsonl --out points.jsonl'],
  })
    .argument('<FILE...>')
    .option('--out <FILE>', 'the file (default: standard output)')
    .action(runs(async () => (await load()).merge))
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
