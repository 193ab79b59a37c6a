// Pictures that are drawn over one another in a terminal, and what is left of them (log-update draws the lines that
// changed, in one write).

import ansiEscapes from 'ansi-escapes'
import { createLogUpdate } from 'log-update'

export interface Screen {
  draw(lines: readonly string[]): void
  /** Gives the terminal back and leaves the last picture on it. */
  close(): void
}

/** Draws on the terminal's second screen, so that the first one is as it was however this process ends. */
export function screen(terminal: NodeJS.WriteStream): Screen {
  const update = createLogUpdate(terminal)
  let last: readonly string[] = []
  terminal.write(ansiEscapes.enterAlternativeScreen)
  /** A terminal of another width has broken the lines of the last picture anew: nothing of it can be kept. */
  const clear = (): void => {
    update.done()
    terminal.write(ansiEscapes.clearViewport)
  }
  clear()
  const leave = (): void => {
    update.done()
    terminal.write(ansiEscapes.exitAlternativeScreen)
  }
  terminal.on('resize', clear)
  process.once('exit', leave)
  return {
    draw(lines) {
      last = lines
      update(lines.join('\n'))
    },
    close() {
      terminal.off('resize', clear)
      process.off('exit', leave)
      leave()
      terminal.write(`${last.join('\n')}\n`)
    },
  }
}
