// What a process of `npm run chaos -- node` is told to be, and to do.

/** `rogue`: a node that replays and sends garbage; `flooder`: a client that sends more than it may. */
export interface Part {
  readonly part: 'honest' | 'rogue' | 'flooder'
  readonly defect: string | undefined
}

export type Order =
  /** Takes nothing any more, or again. */
  | { readonly order: 'disk'; readonly full: boolean }
  /** Cells of random bytes to its gateway, at so many a second. */
  | { readonly order: 'flood'; readonly ms: number; readonly perSecond: number }
  /** Cells of random bytes to this neighbour, in hex, as fast as its link takes them. */
  | { readonly order: 'garbage'; readonly ms: number; readonly to: string }
  /** Every cell of late once more. */
  | { readonly order: 'replay' }

/** The first bytes of a cell's SHA-256, as they stand in the file `left`. */
export const digestBytes = 16
