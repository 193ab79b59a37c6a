// chaffinch/anonymity: how well a join hides who paid whom: counted, observed, and told in two stories.
// docs/spec/payments-paymix.md 5.

export { demoDcnet } from '../demo/dcnet.ts'
export { type Guess, type PaymixDemo, type PublicLine, runPaymix, type TemporalLine } from '../demo/paymix.ts'
export { PaymentError, type PaymentErrorCode } from '../error.ts'
export { boltzmann, type Linkage, type MeasuredCase } from './boltzmann.ts'
export { payBoltzmann, readCase } from './boltzmann-json.ts'
export { type Collusion, collusion, intersection, intersections } from './intersection.ts'
export { type Linkability, type LinkabilityInit, linkability } from './linkability.ts'
export { effectiveSet, entropyOf, type Origins, originsOf, readPublic, type Seen } from './observer.ts'
