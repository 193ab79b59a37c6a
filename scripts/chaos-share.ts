// Seeds dealt out to processes: a suite on a virtual clock keeps one core busy.

import { fork } from 'node:child_process'

/** The same seeds, dealt out in turn. */
export function deal(seeds: readonly number[], hands: number): number[][] {
  return Array.from({ length: hands }, (_, hand) => seeds.filter((_, i) => i % hands === hand))
}

/** What a program sends to its parent once it has done a job, which it gets as JSON in its first argument. */
export function inChild<Summary>(program: URL, job: unknown): Promise<Summary> {
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
