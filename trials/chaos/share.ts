// Seeds dealt out to processes: a suite on a virtual clock keeps one core busy.

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { Job } from './options.ts'

/** The same seeds, dealt out in turn. */
function deal(seeds: readonly number[], hands: number): number[][] {
  return Array.from({ length: hands }, (_, hand) => seeds.filter((_, i) => i % hands === hand))
}

/**
 * Runs a program that gets its job as JSON in its first argument, and gives what it sends to its parent once it is
 * done.
 */
function inChild<Summary>(program: URL, job: unknown): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [JSON.stringify(job)])
    let summary: Summary | undefined
    child.on('message', message => {
      summary = message as Summary
    })
    child.on('error', reject)
    child.on('exit', code => {
      if (summary === undefined) reject(new Error(`chaos: a child ended with ${code} and no result`))
      else resolve(summary)
    })
  })
}

export interface Shared<Summary> {
  /** The program that runs a share: `runAll` of its job. */
  readonly child: URL
  /** From so many seeds on a second process is worth its start. */
  readonly many: number
  readonly runAll: (job: Job) => Promise<Summary>
  readonly merge: (parts: readonly Summary[]) => Summary
}

/** In two processes, or here: a hunt for a defect goes seed by seed, so that the first is the first. */
export async function runShared<Summary>(
  job: Job,
  { child, many, runAll, merge }: Shared<Summary>,
): Promise<Summary> {
  const hands = Math.min(2, availableParallelism())
  if (hands === 1 || job.seeds.length < many || job.defect !== undefined) return await runAll(job)
  const shares = deal(job.seeds, hands).map(seeds => inChild<Summary>(child, { ...job, seeds }))
  return merge(await Promise.all(shares))
}
