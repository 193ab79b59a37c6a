// A ledger's log over HTTP: the same questions and answers as through the mixnet (docs/spec/payments-ledger.md 3.7),
// for auditors and mirrors that do not mind to be seen. On loopback; a proxy may stand in front of it.

import { CommandError } from '../../encoding/command-line.ts'
import { type Ask, longestAnswer, longestQuestion } from '../../payment/ledger/index.ts'
import { type Loopback, serveLoopback } from '../../world/http.ts'
import { second } from '../../world/units.ts'

const path = '/ledger'
const patienceMs = 30 * second

/** Answers on a port of 127.0.0.1 whoever asks. @throws ListenError when it is taken */
export async function serveLog(port: number, answer: Ask): Promise<Loopback> {
  return await serveLoopback({
    port,
    admits: () => true,
    maxBodyBytes: longestQuestion,
    routes(app) {
      app.post(path, async context => {
        const answered = await answer(new Uint8Array(await context.req.arrayBuffer()))
        return context.body(new Uint8Array(answered), 200, { 'content-type': 'application/octet-stream' })
      })
    },
  })
}

/** Asks what `serveLog` answers. @throws CommandError USAGE where this is no URL */
export function askAt(url: string): Ask {
  if (!URL.canParse(path, url)) throw new CommandError('USAGE', `ledger: --url: '${url}' is no URL`)
  const to = new URL(path, url)
  return async question => {
    const body = new Uint8Array(question)
    const response = await fetch(to, { method: 'POST', body, signal: AbortSignal.timeout(patienceMs) }).catch(
      (error: unknown) => {
        throw new CommandError('FAILED', `nobody answers at ${to.origin} (${causeOf(error)})`)
      },
    )
    const answer = new Uint8Array(await response.arrayBuffer())
    if (!response.ok || answer.length > longestAnswer)
      throw new CommandError(
        'FAILED',
        `what answers at ${to.href} is no ledger: ${response.status}, ${answer.length} bytes`,
      )
    return answer
  }
}

/** `fetch` says what failed in the cause of what it throws. */
function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}
