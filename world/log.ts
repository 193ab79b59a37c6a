// All that a role may say while it runs. Never in a field: a client's address, a packet's identifier, a payload,
// a key (docs/architecture.md 5).

type Say = (fields: Readonly<Record<string, string | number | boolean>>, message: string) => void

/** pino's shape, so that a pino logger is one. */
export interface Log {
  debug: Say
  info: Say
  warn: Say
  error: Say
}

const nothing: Say = () => {}

/** For tests and for programs that want no log. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
