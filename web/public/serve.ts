// A worker's end of a page: takes what the page asks, one after the other, and says what came of it.

import { CascadeError } from '../../cascade/index.ts'
import { coreGroup, type Group, nobleGroup } from '../../shuffle/index.ts'
import { VotingError } from '../../voting/index.ts'
import type { Asked, Said, WorkFailure, Works } from './asked.ts'
import { Failure } from './failure.ts'

/** A worker's own end, of which the types of pages know nothing. */
const port = globalThis as unknown as {
  readonly location: { readonly href: string }
  postMessage(said: Said): void
  addEventListener(type: 'message', listener: (event: { readonly data: Asked }) => void): void
}

/**
 * Answers a page.
 *
 * @param worksFor gives what the worker does, for the address of the mix-net, which is one above the page's
 */
export function serve<W extends Works<W>, T>(
  worksFor: (base: string) => (tell: (told: T) => void) => W,
): void {
  const works = worksFor(new URL('..', port.location.href).href.replace(/\/$/, ''))
  const answer = async ({ id, name, of }: Asked): Promise<void> => {
    try {
      const all = works(told => port.postMessage({ is: 'told', id, told }))
      const act = all[name as keyof W] as unknown as (...given: readonly unknown[]) => Promise<unknown>
      port.postMessage({ is: 'done', id, value: await act.apply(all, [...of]) })
    } catch (error) {
      port.postMessage({ is: 'failed', id, failure: failureOf(error) })
    }
  }
  let last: Promise<unknown> = Promise.resolve()
  port.addEventListener('message', ({ data }) => {
    last = last.then(() => answer(data))
  })
  port.postMessage({ is: 'ready' })
}

function failureOf(error: unknown): WorkFailure {
  if (error instanceof VotingError || error instanceof CascadeError || error instanceof Failure) {
    const { code, detail } = error
    return { code, detail }
  }
  return { code: 'INTERNAL', detail: String(error) }
}

/** WebAssembly where the browser lets a page compile it, else the slower group in JavaScript. */
export function groupHere(): Group {
  try {
    return coreGroup()
  } catch {
    return nobleGroup()
  }
}

/** Gives what the server has. @throws Failure UNREACHABLE, UNKNOWN */
export async function bytesAt(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url, { cache: 'no-store' }).catch(() => undefined)
  if (answer === undefined) throw new Failure('UNREACHABLE', url)
  if (!answer.ok) throw new Failure('UNKNOWN', `${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}

export async function jsonAt(url: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await bytesAt(url)))
}
