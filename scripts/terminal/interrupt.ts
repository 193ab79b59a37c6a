// Ctrl-C while a command waits: it says what goes on without it.

/** As a shell has it of a program that Ctrl-C ended. */
const stoppedCode = 130

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
