// What goes wrong between a program and the daemon that it asks.

import { adviceFor } from '../advice.ts'

/** Codes that no answer has: there was none, or none that can be used. */
export type NoAnswerCode = 'UNREACHABLE' | 'TIMEOUT' | 'ABORTED' | 'BAD_ANSWER'

const remedies: Readonly<Record<NoAnswerCode, string>> = {
  UNREACHABLE: 'start the daemon, or ask at the port that its configuration names',
  TIMEOUT: 'ask again, or wait longer: what was asked may still be carried out',
  ABORTED: 'nothing: what was asked may still be carried out',
  BAD_ANSWER:
    'update chaffinch at the older of the two ends, and look whether it is the daemon that answers there',
}

/**
 * A request that the daemon refused, or that had no answer. Its message says what happened and what to do; `detail`
 * and `remedy` are the two apart.
 */
export class RemoteError extends Error {
  /**
   * One of docs/spec/client-errors.md 16, of a part beside the client (docs/spec/payments-paymix.md 5.10), or a
   * NoAnswerCode.
   */
  readonly code: string
  /** The HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined
  /** Says what happened, and where. */
  readonly detail: string
  /** Says what to do about it; undefined for a code that this version does not know. */
  readonly remedy: string | undefined
  /** The time to wait before the same is asked again, milliseconds, where the daemon named one. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: string,
    status: number | undefined,
    detail: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    const remedy = Object.hasOwn(remedies, code) ? remedies[code as NoAnswerCode] : adviceFor(code)
    super(remedy === undefined ? detail : `${detail}: ${remedy}`, options)
    this.name = 'RemoteError'
    this.code = code
    this.status = status
    this.detail = detail
    this.remedy = remedy
    this.retryAfterMs = options.retryAfterMs
  }
}
