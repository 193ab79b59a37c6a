// How long things may take in a run: as long as is usual on two idle cores, and longer where they are busy with other
// things, so that a network begins there too.

/** A machine that is slower than this is given no more. */
const mostPace = 12

let pace = 1

/** @param slow so many times as long as usual, as `slowness` measures it */
export function setPace(slow: number): void {
  pace = Math.min(mostPace, Math.max(1, slow))
}

/** Gives what the usual milliseconds are here. */
export function paced(ms: number): number {
  return Math.round(ms * pace)
}
