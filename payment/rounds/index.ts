// chaffinch/rounds: join payments with other peers, without a coordinator, under a wallet of one's own.
// docs/spec/payments-rounds.md 4.

export { PaymentError, type PaymentErrorCode } from '../error.ts'
export { mixEpoch, type PayMixTimes } from '../person/pieces.ts'
export { openEpoch, type PairingTimes, type PaymentTimes, type RoundTimes, usualTimes } from '../times.ts'
export type { Conviction, Crime } from './judge.ts'
export { Mixer, type MixerInit, type MixerReport } from './mixer.ts'
export { type Meeting, nextMeeting } from './pairing.ts'
export type { RoundRecord } from './record.ts'
export type { Settlement } from './settle.ts'
export type { AbortReason, RoundState } from './state.ts'
export { RoundTransport, type Topic, type TransportInit } from './transport.ts'
