// The promises that the lives of a killed node must keep.

export const invariants = {
  once: 'no packet leaves the node twice',
  alive: 'no life of the node ends that nobody ended',
  'new-pass': 'a node that is left alone lets every new packet through',
  'full-refuses': 'a full store lets nothing through, counts it, and goes on',
  sums: 'received = forwarded + stored + served + dropped + held',
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}
