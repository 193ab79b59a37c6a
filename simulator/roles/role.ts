// Everything that a role's program does around its role: log, signals, and errors of the machine told plainly.

import { pino } from 'pino'
import { CommandError } from '../../encoding/command-line.ts'
import { LinkError } from '../../link/index.ts'
import { locksMemory, missingAddon } from '../../sphinx/index.ts'
import { ListenError, TokenError } from '../../world/http.ts'
import type { Log } from '../../world/log.ts'

/** More than the longest hop delay and the emptying of queues take together. */
const drainMs = 60_000

export interface Running {
  /** Drains and closes; the process may end after it. */
  close(): Promise<void>
  /** Reads its file again. */
  readonly reload?: (() => void) | undefined
}

/** A log whose level can change. */
export interface RoleLog extends Log {
  level: string
}

/** Lines of JSON on standard error. Fields are the role's own words; nothing secret is handed to a log at all. */
export function openLog(role: string, level: string): RoleLog {
  const log = pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Nothing of this kind is logged; should a later change forget it, it stays out all the same.
      redact: ['key', 'seed', 'token', 'address', 'payload', 'secret'],
    },
    pino.destination({ fd: 2, sync: true }),
  )
  if (missingAddon !== undefined) {
    log.warn(
      { code: 'NO_ADDON', reason: missingAddon, memoryLocked: locksMemory },
      'no native cryptography on this platform: slower, and secrets lie in memory that may be swapped to disk',
    )
  }
  return log
}

/**
 * Starts a role and resolves when it has been told to end and has drained: by SIGTERM, by Ctrl-C, or, where the
 * parent opened a channel (node:child_process), by the parent's end.
 */
export async function runRole(start: () => Promise<Running>): Promise<undefined> {
  const told = untilTold()
  const running = await start().catch((error: unknown) => {
    throw machineError(error)
  })
  process.on('SIGHUP', () => {
    if (running.reload === undefined) console.error('chaffinch: this role reads its file only when it starts')
    else running.reload()
  })
  await told
  // The system clock's timers keep no process alive: while it drains, this one does.
  const patience = setTimeout(() => {
    console.error(`chaffinch: could not drain within ${drainMs / 1000} s`)
    process.exit(1)
  }, drainMs)
  await running.close()
  clearTimeout(patience)
}

/**
 * Starts the parts of a role one after the other. `later` names how each is closed: the last first, when the role
 * ends or when a later part fails to start. What `start` gives reads the role's file again.
 */
export async function closing(
  // biome-ignore lint/suspicious/noConfusingVoidType: a role that has nothing to read again gives nothing
  start: (later: (close: () => Promise<void>) => void) => Promise<(() => void) | void>,
): Promise<Running> {
  const parts: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const part of parts.splice(0).reverse()) await part()
  }
  try {
    const reload = await start(part => parts.push(part))
    return { close, reload: reload ?? undefined }
  } catch (error) {
    await close()
    throw error
  }
}

function untilTold(): Promise<void> {
  return new Promise(resolve => {
    let asked = false
    const ask = (): void => {
      // Somebody who asks twice does not want to wait.
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    process.on('SIGTERM', ask)
    process.on('SIGINT', ask)
    if (process.channel !== undefined) {
      process.on('disconnect', () => {
        if (!asked) ask()
      })
      process.channel?.unref()
    }
  })
}

/** A port in use or a full disk as a person wants to read of it; any other error as it is. */
export function machineError(error: unknown): unknown {
  if (error instanceof CommandError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof LinkError && error.code === 'LISTEN') {
    return new CommandError('FAILED', message, `end the other process, or set another address with 'listen'`)
  }
  if (error instanceof ListenError) {
    return new CommandError(
      'FAILED',
      message,
      `end the other process, or set another port with 'status_port' or 'api_port'`,
    )
  }
  if (error instanceof TokenError) {
    return new CommandError('FAILED', message, 'remove the file: a new token is made at the next start')
  }
  const { port } = error as { port?: number }
  if (code === 'EADDRINUSE') {
    return new CommandError(
      'FAILED',
      `port ${port ?? ''} is in use`.replace('  ', ' '),
      `end the other process, or set another port with 'status_port' or 'api_port'`,
    )
  }
  if (code === 'EACCES' || code === 'ENOSPC' || code === 'EROFS') {
    return new CommandError('FAILED', message, `see to the disk or set 'folder' to another place`)
  }
  if (code === 'LEVEL_LOCKED' || causeOf(error)?.code === 'LEVEL_LOCKED') {
    return new CommandError('FAILED', 'another process uses this folder', 'end it first')
  }
  return error
}

function causeOf(error: unknown): NodeJS.ErrnoException | undefined {
  return (error as { cause?: NodeJS.ErrnoException }).cause
}
