// The worker of the page of elections: takes what the page asks, one after the other, and says what came of it.

import { CascadeError } from '../../cascade/index.ts'
import { VotingError } from '../../voting/index.ts'
import { Failure } from './failure.ts'
import type { Asked, Said, Told, Work, WorkFailure } from './work.ts'
import { worksFor } from './works.ts'

/** A worker's own end, of which the types of pages know nothing. */
const port = globalThis as unknown as {
  readonly location: { readonly href: string }
  postMessage(said: Said): void
  addEventListener(type: 'message', listener: (event: { readonly data: Asked }) => void): void
}

const works = worksFor(new URL('..', port.location.href).href.replace(/\/$/, ''))
let last: Promise<unknown> = Promise.resolve()

port.addEventListener('message', ({ data }) => {
  last = last.then(() => answer(data))
})
port.postMessage({ is: 'ready' })

async function answer({ id, name, of }: Asked): Promise<void> {
  try {
    const tell = (told: Told): void => port.postMessage({ is: 'told', id, told })
    const act = works(tell)[name] as (
      ...given: readonly unknown[]
    ) => Promise<Awaited<ReturnType<Work[typeof name]>>>
    port.postMessage({ is: 'done', id, value: await act(...of) })
  } catch (error) {
    port.postMessage({ is: 'failed', id, failure: failureOf(error) })
  }
}

function failureOf(error: unknown): WorkFailure {
  const { message } = error as Error
  if (error instanceof VotingError || error instanceof CascadeError || error instanceof Failure)
    return { code: error.code, detail: message.replace(/^[A-Z_]+ /, '') }
  return { code: 'INTERNAL', detail: String(error) }
}
