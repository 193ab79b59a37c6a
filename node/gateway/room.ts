// Who gives way when a gateway has no more room for mail (docs/spec/resources.md 2.2): bytes and places belong to
// owners, by how long each has held its mailbox with a connection; names that nobody has opened come last. No I/O.

import { highest } from './level.ts'
import type { Box } from './mail-on-disk.ts'

/** Those without an owner have this share of all places for themselves, and this at most. */
const ownPart = 1 / 4
const mostPart = 1 / 2
/** The fullest mailboxes are looked for among all this often; in between among those found. */
const lookAgain = 256
const found = 32

/** Tells what a mailbox takes of the room, as it counts: the bytes of one of twice the firmness count for half. */
export function pressureOf({ bytes, level }: Pick<Box, 'bytes' | 'level'>): number {
  return bytes / 2 ** level
}

/** Decides who gives way among these mailboxes. A control overrides its methods: then nobody does. */
export class Room {
  readonly #boxes: ReadonlyMap<string, Box>
  #top: Box[] = []
  #asked = 0

  constructor(boxes: ReadonlyMap<string, Box>) {
    this.#boxes = boxes
  }

  /** Gives the one that presses most and has something to give, if it presses more than this. */
  above(pressure: number): Box | undefined {
    if (this.#asked++ % lookAgain === 0) this.#look()
    let fullest = this.#best()
    if (fullest === undefined || pressureOf(fullest) <= pressure) {
      // those found may have shrunk below others since
      this.#look()
      fullest = this.#best()
    }
    return fullest !== undefined && pressureOf(fullest) > pressure ? fullest : undefined
  }

  /**
   * Finds the mailbox that gives its place to a new one.
   *
   * @param claimed whether the new one has an owner
   * @param unclaimed those without one, the one that was longest not written to first
   * @returns undefined when there is a place; 'none' when nobody gives way
   */
  place(claimed: boolean, unclaimed: ReadonlySet<Box>, most: number): Box | undefined | 'none' {
    const [oldest] = unclaimed
    if (!claimed && unclaimed.size >= most * mostPart) return oldest ?? 'none'
    if (this.#boxes.size < most) return undefined
    if (oldest !== undefined && unclaimed.size >= most * ownPart) return oldest
    // a name that nobody has opened takes the place of one that was opened and at once left, and of no other
    return loosest(this.#boxes, claimed ? highest : leastFirm - 1) ?? (claimed ? oldest : undefined) ?? 'none'
  }

  #best(): Box | undefined {
    let best: Box | undefined
    for (const box of this.#top) {
      if (this.#boxes.get(box.name) !== box || box.entries.length === 0) continue
      if (best === undefined || pressureOf(box) > pressureOf(best)) best = box
    }
    return best
  }

  #look(): void {
    this.#asked = 1
    let least = 0
    const top: Box[] = []
    for (const box of this.#boxes.values()) {
      if (box.entries.length === 0 || (top.length >= 2 * found && pressureOf(box) <= least)) continue
      top.push(box)
      if (top.length < 4 * found) continue
      top.sort((a, b) => pressureOf(b) - pressureOf(a)).splice(2 * found)
      least = pressureOf(top[top.length - 1] as Box)
    }
    this.#top = top.sort((a, b) => pressureOf(b) - pressureOf(a)).slice(0, found)
  }
}

/** From this level on, held for a minute, a mailbox that mail lies in gives its place to nobody. */
const leastFirm = 2

/** Finds the least firm of those that no connection holds, there the one that was longest not touched. */
function loosest(boxes: ReadonlyMap<string, Box>, atMost: number): Box | undefined {
  let loosest: Box | undefined
  for (const box of boxes.values()) {
    if (box.level === 0 || box.level > atMost || box.heldSince !== undefined) continue
    if (box.level >= leastFirm && box.entries.length + box.pending > 0) continue
    const looser =
      loosest === undefined ||
      box.level < loosest.level ||
      (box.level === loosest.level && box.touched < loosest.touched)
    if (looser) loosest = box
  }
  return loosest
}
