// The page's end of its worker.

import type { Said, WorkFailure, Works } from './asked.ts'

/** Matches what a page's policy lets through as the address of a script. */
const workerName = /^(election|survey)-worker-[A-Z0-9]+\.js$/

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): URL }
}

interface Waiting {
  readonly done: (value: unknown) => void
  readonly failed: (failure: WorkFailure) => void
  readonly tell: (told: never) => void
}

const waiting = new Map<number, Waiting>()
let next = 0
let worker: Promise<Worker> | undefined

/** Has a worker do something. Rejects with a `WorkFailure`. */
export type Ask<W extends Works<W>, T> = <K extends keyof W & string>(
  name: K,
  of: Parameters<W[K]>,
  /** Hears how far it has come. */
  tell?: (told: T) => void,
) => Promise<Awaited<ReturnType<W[K]>>>

/** Gives the way to the worker of this page, which is started when it is asked first. */
export function asker<W extends Works<W>, T>(): Ask<W, T> {
  return async <K extends keyof W & string>(
    name: K,
    of: Parameters<W[K]>,
    tell: (told: T) => void = () => {},
  ): Promise<Awaited<ReturnType<W[K]>>> => {
    worker ??= start()
    const port = await worker
    const id = next++
    return await new Promise<Awaited<ReturnType<W[K]>>>((resolve, reject) => {
      const done = (value: unknown): void => resolve(value as never)
      waiting.set(id, { done, failed: reject, tell })
      port.postMessage({ id, name, of })
    })
  }
}

function start(): Promise<Worker> {
  const name = document.querySelector<HTMLMetaElement>('meta[name=worker]')?.content ?? ''
  const made = new Worker(trusted(name), { type: 'module' })
  return new Promise((resolve, reject) => {
    made.addEventListener('error', () => {
      const failure = { code: 'INTERNAL', detail: 'the worker of this page does not run' }
      reject(failure)
      for (const each of waiting.values()) each.failed(failure)
      waiting.clear()
    })
    made.addEventListener('message', ({ data }: { readonly data: Said }) => {
      if (data.is === 'ready') return resolve(made)
      const asked = waiting.get(data.id)
      if (data.is === 'told') return asked?.tell(data.told as never)
      waiting.delete(data.id)
      if (data.is === 'done') asked?.done(data.value)
      else asked?.failed(data.failure)
    })
  })
}

/** A script's address, where the browser wants to know who made it. */
function trusted(name: string): string | URL {
  if (!workerName.test(name)) throw new Error('this page has no worker')
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  if (trustedTypes === undefined) return name
  const rules = {
    createScriptURL(url: string): string {
      if (!workerName.test(url)) throw new TypeError('no script of this page')
      return url
    },
  }
  return trustedTypes.createPolicy('chaffinch-worker', rules).createScriptURL(name)
}
