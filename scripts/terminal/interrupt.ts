// Ctrl-C while a command waits: it says what goes on without it, or ends what the command has started.

/** As a shell has it of a program that Ctrl-C ended. */
export const stoppedCode = 130
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Does something that takes a while. @param says what is left behind when Ctrl-C ends the wait */
export async function orInterrupted<T>(says: () => string, work: () => Promise<T>): Promise<T> {
  const interrupt = (): void => {
    // Behind the ^C that the terminal shows, or a bar
    console.error(`\nchaffinch: ${says()}`)
    process.exit(stoppedCode)
  }
  process.once('SIGINT', interrupt)
  try {
    return await work()
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/**
 * Has Ctrl-C end the processes of a command in order, and a second one at once.
 *
 * @param stop is aborted by the first
 * @param abandon kills what is left, also when the command ends however it ends
 * @returns gives Ctrl-C back
 */
export function onInterrupt(stop: AbortController, abandon: () => void): () => void {
  const interrupt = (): void => {
    if (stop.signal.aborted) {
      abandon()
      process.exit(stoppedCode)
    }
    stop.abort()
  }
  for (const signal of endingSignals) process.on(signal, interrupt)
  process.once('exit', abandon)
  return () => {
    for (const signal of endingSignals) process.off(signal, interrupt)
    process.off('exit', abandon)
  }
}
