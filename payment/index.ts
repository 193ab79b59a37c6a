// chaffinch/payment: a ledger, rounds in which peers join payments without a coordinator, and how well a join hides.
// docs/payments.md.

export type { Account, PaymentLine, PieceLine, RequestLine } from './account.ts'
export { type PaymentApiInit, paymentApi } from './api.ts'
export { type Audit, audit } from './audit.ts'
export { bitcoinJoins, bitcoinOwner, outpoint, psbtOf } from './bitcoin.ts'
export { type Coin, fundLadder } from './bitcoin-funding.ts'
export { bitcoinRpc, type Rpc, type RpcOptions } from './bitcoin-rpc.ts'
export type { Crime, Verdict } from './blame.ts'
export { boltzmann, type Linkage } from './boltzmann.ts'
export { denominations, isDenomination, split } from './denominations.ts'
export { PaymentError, type PaymentErrorCode } from './error.ts'
export { type Forecast, type ForecastInit, forecast } from './forecast.ts'
export { type Collusion, collusion, intersection, intersections } from './intersection.ts'
export { embeddedJoins, type Join, type JoinScheme } from './join.ts'
export { feeTooLow, fresh, isOnLadder, type Ladder, nextRung, rungOf, sizeOf } from './ladder.ts'
export type { Genesis, Ledger, NoteState, Receipt } from './ledger.ts'
export { type BitcoinLedger, openBitcoinLedger } from './ledger-bitcoin.ts'
export { type EmbeddedLedger, openLedger } from './ledger-embedded.ts'
export { answerProof, HeadWatch, type HeadWatchInit } from './ledger-heads.ts'
export { type Linkability, type LinkabilityInit, linkability } from './linkability.ts'
export { readGenesis, readHead, type SignedHead, writeGenesis } from './log.ts'
export { verifyConsistency, verifyInclusion } from './merkle.ts'
export { Mixer, type MixerInit, type MixerReport } from './mixer.ts'
export { effectiveSet, entropyOf, type Origins, originsOf, readPublic, type Seen } from './observer.ts'
export { type Meeting, nextMeeting } from './pairing.ts'
export { Payer, type PayerInit } from './payer.ts'
export { Payments, type PaymentsEvent, type PaymentsInit, type PinnedLedger } from './payments.ts'
export type { PayMixTimes, Payment, Piece, PieceState, Purse } from './pieces.ts'
export type { Expected, Quote, Wanted } from './quotes.ts'
export {
  type Dispute,
  makeReceipt,
  makeRequest,
  type PaymentReceipt,
  type PaymentRequest,
  type RequestSecrets,
  readReceipt,
  readRequest,
  type SignedRequest,
  settleDispute,
} from './request.ts'
export type { RoundRecord } from './round-record.ts'
export { type Report, RoundShell, recordKey, type ShellInit } from './round-shell.ts'
export type { AbortReason, RoundConfig, RoundInit, RoundState } from './round-state.ts'
export type { Settlement } from './settle.ts'
export { type PairingTimes, type PaymentTimes, type RoundTimes, usualTimes } from './times.ts'
export { type Note, ownerOf, signMint, signTransfer, transfer } from './transaction.ts'
export { RoundTransport, type Topic, type TransportInit } from './transport.ts'
export { answerQuestion, ledgerService, type RemoteInit, RemoteLedger } from './transport-ledger.ts'
export { type Held, type OwnRequest, Wallet, type WalletInit } from './wallet.ts'
export { type Fork, isFork, type WatchAction, type WatchEvent, type WatchState, watch } from './watch.ts'
