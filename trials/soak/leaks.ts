// Planted leaks of `npm run soak`: what a node may forget to let go of, once a batch of cells.

/** Tells a process in soak.json what to do. */
export interface Soaked {
  readonly leak: string | undefined
}

const kept: unknown[] = []
/** One in so many batches leaks, of a node with some hundred a minute. */
const oneIn = 8
let batches = 0

function nowAndThen(run: (cells: readonly Uint8Array[]) => void): (cells: readonly Uint8Array[]) => void {
  return cells => {
    if (batches++ % oneIn === 0) run(cells)
  }
}

export const leaks: Readonly<Record<string, (cells: readonly Uint8Array[]) => void>> = {
  /** Every cell. */
  cells: cells => void kept.push(cells),

  /** An object a cell, in JavaScript's own memory. */
  records: cells =>
    void kept.push(...cells.map(cell => ({ at: Date.now(), bytes: [...cell.subarray(0, 100)] }))),

  /** A timer that is never called off. */
  timers: nowAndThen(() => void kept.push(setInterval(() => {}, 1_000_000).unref())),

  /** A listener that is never taken off. */
  listeners: nowAndThen(cells => void process.on('exit', () => cells.length)),
}
