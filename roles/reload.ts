// SIGHUP: a running role reads its file again, takes over what can change, and says what needs a restart.

import { CommandError } from '../encoding/command-line.ts'
import type { Log } from '../world/log.ts'

/** A key of a role's file, as the file names it, and how the running role takes it over. */
export type Changes<F> = { readonly [key in keyof F]?: (to: F[key]) => void }

export interface Reloaded {
  /** Taken over. */
  readonly changed: readonly string[]
  /** Changed in the file, and not taken over. */
  readonly restart: readonly string[]
}

/**
 * Compares two readings of a file.
 *
 * @param changes what can change in a running role
 */
export function reloaded<F extends object>(before: F, after: F, changes: Changes<F>): Reloaded {
  const differs = (Object.keys(after) as (keyof F & string)[]).filter(
    key => text(before[key]) !== text(after[key]),
  )
  const [changed, restart]: [string[], string[]] = [[], []]
  for (const key of differs) {
    const take = changes[key]
    if (take === undefined) restart.push(key)
    else {
      take(after[key])
      changed.push(key)
    }
  }
  return { changed, restart }
}

/** Says what was taken over. */
export function tellReloaded(log: Log, file: string, { changed, restart }: Reloaded): void {
  if (changed.length + restart.length === 0) log.info({ file }, 'read again: nothing has changed')
  if (changed.length > 0) log.info({ file, changed: changed.join(', ') }, 'read again, taken over')
  if (restart.length > 0) log.warn({ file, restart: restart.join(', ') }, 'read again: needs a restart')
}

/**
 * A role that can read its file again; a file with a mistake changes nothing and is told.
 *
 * @param read the file
 * @param changes what the running role takes over
 */
export function reloader<F extends object>(
  log: Log,
  file: string,
  first: F,
  read: () => F,
  changes: Changes<F>,
): () => Reloaded {
  let now = first
  return () => {
    try {
      const after = read()
      const result = reloaded(now, after, changes)
      // A key that needs a restart differs until there is one.
      now = { ...after, ...Object.fromEntries(result.restart.map(key => [key, now[key as keyof F]])) }
      tellReloaded(log, file, result)
      return result
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      log.error({ file }, `${error.message}: nothing was changed`)
      return { changed: [], restart: [] }
    }
  }
}

function text(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? [...inner] : inner)) ?? ''
  )
}
