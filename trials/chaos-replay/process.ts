// One process of `npm run chaos -- replay`: it loads its libraries, waits for its life, and tells its status when
// asked.

import { type ChildProcess, fork } from 'node:child_process'
import type { NodeStatus } from '../../node/status.ts'
import type { Told } from './child.ts'

export interface Newborn {
  readonly process: ChildProcess
  readonly loaded: Promise<void>
  readonly ready: Promise<void>
  readonly gone: Promise<void>
  /** Says how it ended; undefined while it lives. */
  ended(): string | undefined
  /** undefined when it is gone. */
  status(): Promise<NodeStatus | undefined>
  /** Packets that were handed to it. */
  received: number
}

export function newborn(): Newborn {
  const child = fork(new URL('./child.ts', import.meta.url), {
    stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  // A killed node does not read what was on its way.
  child.stdin?.on('error', () => {})
  let ended: string | undefined
  const gone = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      ended = signal ?? `exit code ${code}`
      resolve()
    })
  })
  const tells = (at: Told['at']): Promise<Told | undefined> =>
    new Promise(resolve => {
      const listen = (told: unknown): void => {
        if ((told as Told).at !== at) return
        child.off('message', listen)
        resolve(told as Told)
      }
      child.on('message', listen)
      void gone.then(() => resolve(undefined))
    })
  return {
    process: child,
    loaded: tells('loaded').then(() => {}),
    ready: tells('ready').then(() => {}),
    gone,
    ended: () => ended,
    async status() {
      if (ended !== undefined) return undefined
      const answer = tells('status')
      child.send('status')
      const told = await answer
      return told?.at === 'status' ? told.status : undefined
    },
    received: 0,
  }
}
