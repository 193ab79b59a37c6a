// What must hold in a run of `npm run chaos -- client`, and what it comes to.

export const invariants = {
  'nothing-lost':
    'every message and reply that was accepted is read in the end; of many replies to one some may fail for want of blocks',
  'read-once': 'no app is given a message twice, or one that nobody sent',
  'states-forward': 'the state of a message moves forward only, across restarts',
  'told-truly': 'what the other side is said to have received, its person reads in the end',
  'strangers-unanswered': 'nothing is told a stranger by itself',
  'opens-again': 'what a process has written opens when it starts again',
  'same-person': 'a client keeps its address, whatever happens to its disk',
  'clock-keeps': 'a clock that jumps fails no message',
  'none-failed': 'no call throws anything but an error of the client, and nothing is left unhandled',
} as const

export type Invariant = keyof typeof invariants

export interface Outcome {
  readonly seed: number
  readonly accepted: number
  readonly read: number
  readonly lost: number
  readonly duplicates: number
  /** Messages that were lost with a store whose damage its owner was told of. */
  readonly damaged: number
  /** Replies that were refused or failed for want of reply blocks. */
  readonly exhausted: number
  readonly violation: { readonly invariant: Invariant; readonly why: string } | undefined
}
