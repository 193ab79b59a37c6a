// How the HTTP API says no, with the SDK's codes.

import * as v from 'valibot'
import { problem } from '../../world/problem.ts'
import type { ApiCode } from '../advice.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'

const statuses: Partial<Record<ClientErrorCode | ApiCode, number>> = {
  BAD_TOKEN: 401,
  BAD_ORIGIN: 403,
  BAD_HOST: 403,
  OWNER_ONLY: 403,
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  SLOW_DOWN: 429,
  INTERNAL: 500,
  BAD_ADDRESS: 400,
  WRONG_NETWORK: 400,
  WRONG_VERSION: 400,
  BAD_OPTION: 400,
  BAD_TEXT: 400,
  BAD_ENTRY: 400,
  BAD_SURB: 400,
  UNKNOWN_MESSAGE: 404,
  NO_IDENTITY: 404,
  NO_CONTACT: 404,
  NO_SERVICE: 404,
  NO_TOPIC: 404,
  NO_REPLY: 409,
  REPLY_EXPIRED: 410,
  TOO_LARGE: 413,
  QUEUE_FULL: 429,
  DISK_FULL: 507,
  BAD_CONTENT: 502,
  SERVICE_REFUSED: 502,
  SERVICE_FAILED: 502,
  SERVICE_BUSY: 503,
  NO_CONSENSUS: 503,
  NO_GATEWAY: 503,
  NO_PATH: 503,
  NOT_PUBLISHED: 503,
  CLOSED: 503,
  DEADLINE: 504,
  EXPIRED: 504,
}

/** The status of a code; undefined for one that no request is answered with. */
export function statusOf(code: string): number | undefined {
  return Object.hasOwn(statuses, code) ? statuses[code as keyof typeof statuses] : undefined
}

/**
 * Turns an error of a route into an answer to whoever asked: a ClientError by its code, a schema's complaint as
 * BAD_REQUEST, all else INTERNAL.
 */
export function problemOf(error: unknown): Response {
  if (error instanceof ClientError) return problem(statuses[error.code] ?? 500, error.code, error.message)
  if (error instanceof v.ValiError) return problem(400, 'BAD_REQUEST', says(error))
  return problem(500, 'INTERNAL', 'the request could not be carried out')
}

function says({ issues }: v.ValiError<v.GenericSchema>): string {
  const [issue] = issues
  const path = issue === undefined ? null : v.getDotPath(issue)
  return `${path ?? 'request'}: ${issue?.message ?? 'not understood'}`
}
