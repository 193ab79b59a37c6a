// What a command prints, for tests that call it in their own process.

export interface Printed<T> {
  readonly result: T
  /** Lines of console.log, and of console.error. */
  readonly out: string
  readonly err: string
}

/** Nothing of it reaches the terminal. */
export async function printing<T>(run: () => Promise<T> | T): Promise<Printed<T>> {
  const { log, error } = console
  const lines: Record<'out' | 'err', string[]> = { out: [], err: [] }
  console.log = line => lines.out.push(String(line))
  console.error = line => lines.err.push(String(line))
  try {
    return { result: await run(), out: lines.out.join('\n'), err: lines.err.join('\n') }
  } finally {
    Object.assign(console, { log, error })
  }
}
