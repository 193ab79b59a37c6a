// The newest lines of a role's log, for the page that shows them in words (docs/spec/pages.md 4). What a log never says
// (docs/architecture.md 5) does not stand there either.

import type { Log } from './log.ts'
import type { Ms } from './units.ts'

const mostLines = 500

/** A line of a log as it is kept. */
export interface LogLine {
  /** Larger for later ones; a cursor. */
  readonly seq: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, string | number | boolean>>
}

/** Keeps the newest lines of a log, `info` and above. */
export class LogLines {
  readonly #now: () => Ms
  readonly #lines: LogLine[] = []
  #next = 0

  /** @param now milliseconds since 1970-01-01 UTC */
  constructor(now: () => Ms) {
    this.#now = now
  }

  /** Makes a log that writes to another one and is remembered here. */
  around(log: Log): Log {
    const both =
      (level: LogLine['level']): Log['info'] =>
      (fields, message) => {
        this.#keep({ seq: this.#next++, at: this.#now(), level, message, fields })
        log[level](fields, message)
      }
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: both('info'),
      warn: both('warn'),
      error: both('error'),
    }
  }

  /** Lists the lines behind one, oldest first. @param seq -1 for all that are kept */
  after(seq: number): readonly LogLine[] {
    return this.#lines.filter(line => line.seq > seq)
  }

  #keep(line: LogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > mostLines) this.#lines.shift()
  }
}
