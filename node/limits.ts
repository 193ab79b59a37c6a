// Every bound of a node (docs/spec/node.md 1.2); a test hands in smaller ones.

import { defaultLimits } from '../link/limits.ts'

/** Bounds of what a node holds. What comes beyond one is dropped and counted. */
export interface NodeLimits {
  /** Packets in the mixing hold: 20,000 take about 70 MB. */
  readonly hold: number
  /** Packets on their way into the hold, and from it to their end. */
  readonly passing: number
  /** Tags remembered for one packet key: an epoch of 20 minutes at 3,000 packets a second. */
  readonly tagsPerKey: number
  /** Loops under way. */
  readonly loops: number
  /** Clients of a gateway: each has a connection. */
  readonly clients: number
  /** Mailboxes of a gateway, and their bytes together. */
  readonly mailboxes: number
  readonly mailboxBytes: number
  /** Mail that waits for the disk. */
  readonly mailWaiting: number
}

/** The limits of a node that is given none. */
export const defaultNodeLimits: NodeLimits = {
  hold: 20_000,
  passing: 8192,
  tagsPerKey: 4_000_000,
  loops: 4096,
  clients: defaultLimits.connections,
  mailboxes: 20_000,
  mailboxBytes: 2 ** 30,
  mailWaiting: 4096,
}
