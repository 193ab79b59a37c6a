// A message or a reply in a run of `npm run chaos -- client`, and what can be said of it.

import type { Process } from './processes.ts'

export const ranks: readonly string[] = ['queued', 'sent', 'stored', 'received', 'read', 'failed']

/** A message or a reply, as the harness knows it. */
export interface Sent {
  readonly from: Process
  readonly to: Process
  readonly text: string
  readonly isReply: boolean
  /** One of more replies than a message has blocks for: some may fail, and say so. */
  readonly mayRunOut: boolean
  id?: string
  rank: number
  reads: number
  failed: string | undefined
  received: boolean
  /** Counts how often its writer had begun anew then. */
  readonly since: number
  /** A reply to something that was asked before its sender or receiver began anew. */
  readonly isLate: boolean
}

/** Tells whether it found no reply block, and said so. */
export function isExhausted({ mayRunOut, failed }: Sent): boolean {
  return mayRunOut && (failed === 'REPLY_EXPIRED' || failed === 'REPLY_EXHAUSTED')
}

/**
 * Tells whether it was under way when the store of its writer was reported damaged, or is for somebody whose store was:
 * it may be lost, or come again, and everybody was told.
 */
export function isNoticed({ from, to, since, isLate }: Sent): boolean {
  return isLate || from.renewals > since || to.renewals > 0
}

/** Tells whether its writer's client is done with it. */
export function isEnded({ rank, failed }: Sent): boolean {
  return failed !== undefined || rank >= ranks.indexOf('stored')
}

/** Reads how often a message is answered: its third word. */
export function repliesTo({ text }: Sent): number {
  return Number(text.split(' ')[2])
}
