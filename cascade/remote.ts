// A Controller that is somewhere else, over HTTP (docs/spec/cascade.md 13): what an audit reads, and where requests go.
// What cannot be reached, or says what cannot be, is no answer: whoever asks asks again.

import * as v from 'valibot'
import { concat } from '../encoding/bytes.ts'
import type { Source } from './audit.ts'
import type { Post } from './caller.ts'
import { blobBytesAtMost, type Reply } from './controller.ts'
import type { CascadeErrorCode } from './error.ts'
import { type SignedRequest, wantRequest } from './signed.ts'

/** Asks over HTTP, as the global `fetch` does. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Says where a Controller is, and how it is asked. */
export interface RemoteOptions {
  /** Where the mix-net is: http://ADDRESS:PORT/MIXNET. */
  readonly url: string
  readonly fetch: Fetch
  /** Milliseconds that an answer may take; default 60,000. */
  readonly patienceMs?: number | undefined
}

/** A stretch of the log has so many bytes at most as JSON. */
const logBytesAtMost = 64 * 1024 * 1024
const replyBytesAtMost = 65_536
const usualPatienceMs = 60_000

const codes: ReadonlySet<string> = new Set<CascadeErrorCode>([
  'BAD_REQUEST',
  'BAD_SIGNATURE',
  'REPLAYED',
  'UNKNOWN',
  'FORBIDDEN',
  'WRONG_STATE',
  'FULL',
])

const logForm = v.object({ entries: v.pipe(v.array(v.unknown()), v.maxLength(1000)), checkpoint: v.string() })
const replyForm = v.object({
  id: v.string(),
  receipt: v.object({ index: v.number(), path: v.array(v.string()), checkpoint: v.string() }),
})
const problemForm = v.object({ code: v.string(), detail: v.string() })

/** Reaches a Controller over HTTP. Neither of the two ever rejects. */
export function remoteController(options: RemoteOptions): { readonly source: Source; readonly post: Post } {
  const ask = async (path: string, most: number, init: RequestInit = {}): Promise<Answer | undefined> => {
    try {
      const signal = AbortSignal.timeout(options.patienceMs ?? usualPatienceMs)
      const response = await options.fetch(`${options.url}${path}`, { ...init, signal })
      const bytes = await bounded(response, most)
      return bytes && { status: response.status, bytes }
    } catch {
      return undefined
    }
  }
  return {
    source: {
      async log(from) {
        const found = readJson(logForm, await ask(`/log/entries?from=${from}`, logBytesAtMost), [200])
        if (found === undefined) return undefined
        try {
          return { entries: found.entries.map(wantRequest), checkpoint: found.checkpoint }
        } catch {
          return undefined
        }
      },
      async blob(hash) {
        const answer = await ask(`/blobs/${hash}`, blobBytesAtMost)
        return answer?.status === 200 ? answer.bytes : undefined
      },
    },
    async post(request, blobs) {
      return replyOf(await ask(pathOf(request), replyBytesAtMost, bodyOf(request, blobs)))
    },
  }
}

interface Answer {
  readonly status: number
  readonly bytes: Uint8Array
}

/** Names where a request is handed in. */
function pathOf({ payload }: SignedRequest): string {
  const { resource, operation, peer_id, cycle_id, negotiation_id } = payload
  if (resource === 'peer') return operation === 'create' ? '/peers' : `/peers/${peer_id}`
  if (resource === 'negotiation')
    return operation === 'create' ? '/negotiations' : `/negotiations/${negotiation_id}`
  if (resource === 'message') return `/peers/${peer_id}/cycles/${cycle_id}/inbox`
  return operation === 'create' ? `/peers/${peer_id}/cycles` : `/peers/${peer_id}/cycles/${cycle_id}`
}

function bodyOf(request: SignedRequest, blobs: readonly Uint8Array[]): RequestInit {
  if (blobs.length === 0) {
    const headers = { 'content-type': 'application/json' }
    return { method: 'POST', body: JSON.stringify(request), headers }
  }
  const field = btoa(JSON.stringify(request)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  const headers = { 'content-type': 'application/octet-stream', 'cascade-request': field }
  return { method: 'POST', body: concat([...blobs]) as Uint8Array<ArrayBuffer>, headers }
}

function replyOf(answer: Answer | undefined): Reply | undefined {
  const accepted = readJson(replyForm, answer, [201])
  if (accepted !== undefined) return { is: 'accepted', ...accepted }
  const problem = answer && readJson(problemForm, answer, [answer.status])
  if (problem === undefined || !codes.has(problem.code)) return undefined
  return { is: 'refused', code: problem.code as CascadeErrorCode, why: `${problem.code} ${problem.detail}` }
}

function readJson<T extends v.GenericSchema>(
  form: T,
  answer: Answer | undefined,
  statuses: readonly number[],
): v.InferOutput<T> | undefined {
  if (answer === undefined || !statuses.includes(answer.status)) return undefined
  try {
    const read = v.safeParse(form, JSON.parse(new TextDecoder().decode(answer.bytes)))
    return read.success ? read.output : undefined
  } catch {
    return undefined
  }
}

/** Reads a body up to a length; undefined for a longer one. */
async function bounded(response: Response, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (;;) {
    const next = await reader?.read()
    if (next === undefined || next.done) return concat(parts)
    length += next.value.length
    if (length > most) {
      await reader?.cancel()
      return undefined
    }
    parts.push(next.value)
  }
}
