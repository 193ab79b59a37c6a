// Everything that a role's program does around its role: log, signals, and errors of the machine told plainly.

import { pino } from 'pino'
import { CommandError } from '../encoding/command-line.ts'
import { LinkError } from '../link/index.ts'
import { locksMemory, missingAddon } from '../sphinx/index.ts'
import { systemClock } from '../world/clock.ts'
import { ListenError, TokenError } from '../world/http.ts'
import type { Log } from '../world/log.ts'
import { version } from '../world/version.ts'
import { readable } from './readable-log.ts'
import { sparing } from './sparing.ts'

/** More than the longest hop delay and the emptying of queues take together. */
export const drainMs = 60_000

export interface Running {
  /** Drains and closes; the process may end after it. */
  close(): Promise<void>
  /** Reads its file again. */
  readonly reload?: (() => void) | undefined
  /** Why it does not do its work yet; undefined when it does. */
  readonly unready?: (() => string | undefined) | undefined
  /** Resolves when it can do its work no more, with why: it ends then, and whoever watches it starts it again. */
  readonly failed?: Promise<CommandError> | undefined
}

/** Names what a role can do besides ending. */
type Abilities = Pick<Running, 'reload' | 'unready' | 'failed'>

/** Readiness is looked at so often, and so many looks are no reason to worry. */
const lookMs = 1000
const patientLooks = 15

/** A log whose level can change. */
export interface RoleLog extends Log {
  level: string
}

/**
 * Lines of JSON on standard error, in a terminal the same for people. Fields are the role's own words; nothing secret
 * is handed to a log at all. What goes wrong again and again is said once a minute.
 */
export function openLog(role: string, level: string): RoleLog {
  const { stderr } = process
  const to = pino.destination({ fd: 2, sync: true })
  const colour = stderr.isTTY && process.env['NO_COLOR'] === undefined
  const log = pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      // Nothing of this kind is logged; should a later change forget it, it stays out all the same.
      redact: ['key', 'seed', 'token', 'address', 'payload', 'secret'],
    },
    stderr.isTTY ? { write: line => void to.write(readable(line, colour)) } : to,
  )
  if (missingAddon !== undefined) {
    log.warn(
      { code: 'NO_ADDON', reason: missingAddon, memoryLocked: locksMemory },
      'no native cryptography on this platform: slower, and secrets lie in memory that may be swapped to disk',
    )
  }
  return Object.defineProperty(sparing(log, systemClock), 'level', {
    get: () => log.level,
    set: (level: string) => {
      log.level = level
    },
  }) as RoleLog
}

/**
 * Starts a role and resolves when it has been told to end and has drained: by SIGTERM, by Ctrl-C, or, where the
 * parent opened a channel (node:child_process), by the parent's end.
 */
export async function runRole(log: Log, start: () => Promise<Running>): Promise<number> {
  log.info({ version: version(), node: process.version, pid: process.pid }, 'starting')
  // Nothing should come here; whoever looks for why a process has gone finds it where all else is.
  process.on('uncaughtException', error => {
    log.error({ error: error?.stack ?? String(error) }, 'ended by a fault of this program: please report it')
    process.exit(1)
  })
  const told = untilTold()
  let running: Running
  try {
    running = await start()
  } catch (error) {
    const known = machineError(error)
    // A person in a terminal reads words, a collector of logs lines of JSON
    if (process.stderr.isTTY === true || !(known instanceof CommandError)) throw known
    log.error({ code: known.code, hint: known.hint ?? '' }, known.message)
    return known.exitCode
  }
  process.on('SIGHUP', () => {
    if (running.reload === undefined) log.warn({}, 'SIGHUP: this role reads its file only when it starts')
    else {
      try {
        running.reload()
      } catch (error) {
        log.error({ why: String(error) }, 'SIGHUP: the file could not be read again: nothing was changed')
      }
    }
  })
  const watching = setInterval(watchReadiness(running.unready, log), lookMs)
  const failed = running.failed ?? new Promise<never>(() => {})
  const why = await Promise.race([told, failed])
  if (typeof why !== 'string') log.error({ code: why.code, hint: why.hint ?? '' }, why.message)
  log.info({ why: typeof why === 'string' ? why : why.code }, 'draining')
  clearInterval(watching)
  // The system clock's timers keep no process alive: while it drains, this one does.
  const patience = setTimeout(() => {
    log.error({}, `could not drain within ${drainMs / 1000} s`)
    process.exit(1)
  }, drainMs)
  await running.close()
  clearTimeout(patience)
  log.info({}, 'stopped')
  return typeof why === 'string' ? 0 : why.exitCode
}

/** Says when a role becomes ready, when it is ready no more, and once that it takes long. */
export function watchReadiness(unready: Running['unready'], log: Log): () => void {
  let [ready, looks] = [false, 0]
  return () => {
    const why = reasonOf(unready)
    if ((why === undefined) !== ready) {
      ready = !ready
      looks = 0
      if (ready) log.info({}, 'ready')
      else log.warn({ why: why ?? '' }, 'not ready any more')
    } else if (!ready && ++looks === patientLooks)
      log.warn({ why: why ?? '' }, `not ready after ${(patientLooks * lookMs) / 1000} s`)
  }
}

/** A role that cannot say how it is does not do its work. */
function reasonOf(unready: Running['unready']): string | undefined {
  try {
    return unready?.()
  } catch (error) {
    return String(error)
  }
}

/**
 * Starts the parts of a role one after the other. `later` names how each is closed: the last first, when the role
 * ends or when a later part fails to start.
 */
export async function closing(
  start: (later: (close: () => Promise<void>) => void) => Promise<Abilities>,
): Promise<Running> {
  const parts: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const part of parts.splice(0).reverse()) await part()
  }
  try {
    return { ...(await start(part => parts.push(part))), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves with who told it. */
function untilTold(): Promise<string> {
  return new Promise(resolve => {
    let asked = false
    const ask = (who: string): void => {
      // Somebody who asks twice does not want to wait.
      if (asked) process.exit(1)
      asked = true
      resolve(who)
    }
    process.on('SIGTERM', ask)
    process.on('SIGINT', ask)
    if (process.channel !== undefined) {
      process.on('disconnect', () => {
        if (!asked) ask('the end of the parent')
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
