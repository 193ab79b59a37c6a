// What to do about a failure of the client. Its errors are loaded when something has failed, not at every start.

import { adviceFor, ClientError } from '../client/index.ts'
import { RemoteError } from '../client/remote/index.ts'
import { awayHint, isAway } from '../roles/files/endpoint.ts'

/** Finds what to do about an error of the client, in this process or in the one that was asked. */
export function hintOf(error: unknown): string | undefined {
  if (error instanceof RemoteError) return isAway(error) ? awayHint : error.remedy
  return error instanceof ClientError ? adviceFor(error.code) : undefined
}

/** Says what went wrong, in a line. */
export function sayingOf(error: unknown): string {
  if (error instanceof RemoteError) return error.detail
  return error instanceof Error ? error.message : String(error)
}
