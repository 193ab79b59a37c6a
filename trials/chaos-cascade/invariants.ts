// What must hold in every run of `npm run chaos -- cascade`, whoever lies and whatever is lost.

export const invariants = {
  result: 'what came out is what honest senders said, each once',
  'accepted-lost': 'whatever has a receipt is in the log',
  'not-allowed': 'an honest Controller accepts only what the rules allow',
  'liar-unnamed': 'everybody who is honest names whoever lied',
  'honest-blamed': 'nobody who is honest is named',
  'lie-unseen': 'whoever is lied to by the Controller sees it before it acts',
  unmixed: 'nobody decrypts what nobody has mixed',
  stuck: 'when faults end there is a result',
} as const
export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}
