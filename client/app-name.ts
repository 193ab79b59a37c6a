// Names of apps (docs/spec/client.md 4.1): who in the receiver's client a message is for. Each has an inbox of its own.

import { ClientError } from './error.ts'

/** The inbox of messages that name no app. */
export const noApp = ''
export const longestAppName = 32

const form = /^[a-z0-9][a-z0-9.-]*$/

/** 1 to 32 characters: lower case letters, digits, dots and hyphens, the first a letter or digit. */
export function isAppName(name: string): boolean {
  return name.length <= longestAppName && form.test(name)
}

/** @throws ClientError BAD_OPTION */
export function checkAppName(name: string): void {
  if (name !== noApp && !isAppName(name))
    throw new ClientError(
      'BAD_OPTION',
      `app '${name}': want 1 to ${longestAppName} of a to z, 0 to 9, dot and hyphen, first a letter or digit`,
    )
}
