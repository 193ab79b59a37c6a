// How far something is that takes a while: a bar in a terminal, with the rate and the time that is left, and nothing
// where there is none.

import { SingleBar } from 'cli-progress'
import { formatDuration } from '../../encoding/duration.ts'
import { second } from '../../world/units.ts'

export interface Progress {
  /** Draws anew. @param part from 0 to 1 */
  show(part: number): void
  /** Leaves the line as it is. */
  end(): void
}

/** Begins a bar. @param bytes of the whole */
export function progressOf(bytes: number, stream: NodeJS.WriteStream, now: () => number): Progress {
  if (stream.isTTY !== true) return { show: () => {}, end: () => {} }
  const startedAt = now()
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage} %  {size}  {rate}  {left}',
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 30,
    hideCursor: true,
    // Ctrl-C has its own words
    gracefulExit: false,
    clearOnComplete: false,
  })
  bar.start(100, 0, paceOf(0, bytes, 0))
  return {
    show(part) {
      bar.update(Math.floor(100 * part), paceOf(part, bytes, now() - startedAt))
    },
    end() {
      bar.stop()
    },
  }
}

/** Says how large the whole is, how much of it comes through in a second, and when it is over. */
export function paceOf(
  part: number,
  bytes: number,
  tookMs: number,
): { readonly size: string; readonly rate: string; readonly left: string } {
  const size = sized(bytes)
  if (part <= 0 || tookMs <= 0) return { size, rate: '', left: '' }
  const rate = `${sized((part * bytes * second) / tookMs)}/s`
  if (part >= 1) return { size, rate, left: '' }
  const leftMs = Math.ceil((tookMs * (1 - part)) / part / second) * second
  return { size, rate, left: `${formatDuration(leftMs)} left` }
}

function sized(bytes: number): string {
  const [unit, of] =
    bytes >= 1e6 ? (['MB', 1e6] as const) : bytes >= 1e3 ? (['kB', 1e3] as const) : (['B', 1] as const)
  return `${(bytes / of).toFixed(of === 1 || bytes / of >= 100 ? 0 : 1)} ${unit}`
}
