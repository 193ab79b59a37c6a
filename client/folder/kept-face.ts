// What a kept store stands on (docs/spec/client-store.md 11.5): a folder and two files, or what takes their place.

import type { Store } from '../../world/store.ts'

/** Where a store lies, and what lies beside it. */
export interface Place {
  /** LevelDB's folder. */
  readonly level: string
  /** The names of what is written beside it begin with this: PREFIX.json, PREFIX.identity. */
  readonly beside: string
  /** The folder as its owner knows it. */
  readonly named: string
}

/** Names a file beside the store: what of PREFIX.json, PREFIX.identity, PREFIX.damaged follows the prefix. */
export type Beside = 'json' | 'identity' | 'damaged'

/** Holds what a kept store stands on: by default the disk itself. */
export interface KeptDisk {
  /** Tells whether there is a store, or what is left of one, which is not to be opened: LevelDB would begin anew. */
  found(): 'store' | 'remains' | 'nothing'
  /** Opens the store, and makes it where there is none. @throws what LevelDB says */
  open(): Promise<Store>
  /** Reads a file beside the store; undefined where there is none. */
  read(name: Beside): Uint8Array | undefined
  /** Writes a file beside it whole, or not at all; once it resolves, it outlives a cut of the power. */
  replace(name: Beside, bytes: Uint8Array): Promise<void>
}
