// chaffinch simulate deploy: a sweep as a cluster is told of it.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { kubernetesManifests, readPlan, shareOf, slurmScript } from '../../simulator/study/index.ts'

interface DeployOptions {
  readonly to?: string
  readonly name?: string
  readonly perTask?: string
  readonly atOnce?: string
  readonly image?: string
  readonly command?: string
}

/** Both engines name things by it, and Kubernetes its pods. */
const nameForm = /^[a-z][a-z0-9-]{0,39}$/
/** Indexes of a Job, and of an array as Slurm is usually configured, are more than people want tasks. */
const mostTasks = 100_000

export async function deploy(file: string, options: DeployOptions): Promise<undefined> {
  const { to, name = 'chaffinch-sweep', image, command = 'chaffinch' } = options
  if (!nameForm.test(name))
    throw new CommandError(
      'USAGE',
      `--name ${name}: want at most 40 of a to z, 0 to 9 and -, the first a letter`,
    )
  const share = shareOf(readPlan(file), wholeNumber('per-task', options.perTask ?? '1', 1, 1_000_000))
  if (share.tasks > mostTasks)
    throw new CommandError(
      'USAGE',
      `${share.points} points are ${share.tasks} tasks: want at most ${mostTasks}`,
      `--per-task ${Math.ceil(share.points / mostTasks)}`,
    )
  const atOnce = wholeNumber('at-once', options.atOnce ?? '100', 1, mostTasks)
  const job = { ...share, name, atOnce }
  if (to === 'slurm') process.stdout.write(slurmScript({ ...job, file: resolve(file), command }))
  else if (to === 'kubernetes') {
    if (image === undefined)
      throw new CommandError(
        'USAGE',
        'simulate deploy: want --image, one in which chaffinch is a command',
        'docs/guide/running/Containerfile makes one',
      )
    const items = kubernetesManifests({ ...job, text: readFileSync(file, 'utf8'), image })
    // kubectl reads JSON as well as YAML
    console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2))
  } else throw new CommandError('USAGE', 'simulate deploy: want --to slurm or --to kubernetes')
}
