// The process under attack, as its parent has it: asked over a channel, and watched for its end.

import { type ChildProcess, fork } from 'node:child_process'
import type { Answer, Question } from './target.ts'

export class Target {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>()
  readonly #output: string[] = []
  #asked = 0
  /** Why it ended, once it has. */
  end: string | undefined

  /** @param slow how slow this machine is */
  constructor(defect: string | undefined, slow: number) {
    const plant = defect === undefined ? [] : [defect]
    const execArgv = [...process.execArgv, '--expose-gc']
    this.#child = fork(new URL('./target.ts', import.meta.url), [String(slow), ...plant], {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#output.push(data.toString())
      if (this.#output.length > 100) this.#output.shift()
    })
    this.#child.on('message', (answer: Answer) => {
      if (answer.told === 'waiting') console.error(`chaos: wire: waiting for ${answer.awaited}`)
      else this.#settle(answer.n, answer)
    })
    this.#child.on('exit', (code, signal) => {
      const said =
        this.#output
          .join('')
          .split('\n')
          .find(line => /Error/.test(line)) ?? ''
      this.end = `ended with ${code ?? signal} ${said.trim()}`
      for (const n of [...this.#waiting.keys()]) this.#settle(n, undefined)
    })
  }

  /** @returns undefined when it ends before it answers */
  ask<T extends Answer['told']>(question: Ask): Promise<Extract<Answer, { told: T }> | undefined> {
    if (this.end !== undefined) return Promise.resolve(undefined)
    const n = this.#asked++
    // It may be gone by the time the question is written: its end answers
    this.#child.send({ ...question, n }, () => {})
    return new Promise(resolve => this.#waiting.set(n, resolve as (answer: Answer | undefined) => void))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #settle(n: number, answer: Answer | undefined): void {
    this.#waiting.get(n)?.(answer)
    this.#waiting.delete(n)
  }
}

/** Says whom the hosts under attack shall dial, and for which protocol. */
export type Dial = Pick<Extract<Question, { ask: 'dial' }>, 'to' | 'id' | 'protocol'>
type Ask = Question extends infer Q ? (Q extends Question ? Omit<Q, 'n'> : never) : never
