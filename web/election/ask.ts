// The page's end of its worker.

import type { Said, Told, Work, WorkFailure, WorkName } from './work.ts'

/** Matches what the page's policy lets through as the address of a script. */
const workerName = /^election-worker-[A-Z0-9]+\.js$/

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): URL }
}

interface Waiting {
  readonly done: (value: unknown) => void
  readonly failed: (failure: WorkFailure) => void
  readonly tell: (told: Told) => void
}

const waiting = new Map<number, Waiting>()
let next = 0
let worker: Promise<Worker> | undefined

/** Has the worker do something. Rejects with a `WorkFailure`. @param tell hears how far it has come */
export async function ask<K extends WorkName>(
  name: K,
  of: Parameters<Work[K]>,
  tell: (told: Told) => void = () => {},
): Promise<Awaited<ReturnType<Work[K]>>> {
  worker ??= start()
  const port = await worker
  const id = next++
  return await new Promise<Awaited<ReturnType<Work[K]>>>((resolve, reject) => {
    const done = (value: unknown): void => resolve(value as Awaited<ReturnType<Work[K]>>)
    waiting.set(id, { done, failed: reject, tell })
    port.postMessage({ id, name, of })
  })
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
      if (data.is === 'told') return asked?.tell(data.told)
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
