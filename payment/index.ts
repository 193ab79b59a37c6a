// chaffinch/payment: a ledger, rounds in which peers join payments without a coordinator, and how well a join hides.
// docs/payments.md.

export { boltzmann, type Linkage } from './anonymity/boltzmann.ts'
export { type Collusion, collusion, intersection, intersections } from './anonymity/intersection.ts'
export { type Linkability, type LinkabilityInit, linkability } from './anonymity/linkability.ts'
export {
  effectiveSet,
  entropyOf,
  type Origins,
  originsOf,
  readPublic,
  type Seen,
} from './anonymity/observer.ts'
export { type PaymentApiInit, paymentApi } from './api/routes.ts'
export { bitcoinJoins, bitcoinOwner, outpoint, psbtOf } from './bitcoin/bitcoin.ts'
export { type Coin, fundLadder } from './bitcoin/funding.ts'
export { feeTooLow, fresh, isOnLadder, type Ladder, nextRung, rungOf, sizeOf } from './bitcoin/ladder.ts'
export { type BitcoinLedger, openBitcoinLedger } from './bitcoin/ledger.ts'
export { bitcoinRpc, type Rpc, type RpcOptions } from './bitcoin/rpc.ts'
export { denominations, isDenomination, split } from './denominations.ts'
export { PaymentError, type PaymentErrorCode } from './error.ts'
export { type Audit, audit } from './ledger/audit.ts'
export { type EmbeddedLedger, openLedger } from './ledger/embedded.ts'
export { answerProof, HeadWatch, type HeadWatchInit } from './ledger/heads.ts'
export type { Genesis, Ledger, NoteState, Receipt } from './ledger/ledger.ts'
export { readGenesis, readHead, type SignedHead, writeGenesis } from './ledger/log.ts'
export { verifyConsistency, verifyInclusion } from './ledger/merkle.ts'
export { answerQuestion, ledgerService, type RemoteInit, RemoteLedger } from './ledger/remote.ts'
export { type Note, ownerOf, signMint, signTransfer, transfer } from './ledger/transaction.ts'
export {
  type Fork,
  isFork,
  type WatchAction,
  type WatchEvent,
  type WatchState,
  watch,
} from './ledger/watch.ts'
export type { Account, PaymentLine, PieceLine, RequestLine } from './person/account.ts'
export { type Forecast, type ForecastInit, forecast } from './person/forecast.ts'
export { Payer, type PayerInit } from './person/payer.ts'
export { Payments, type PaymentsEvent, type PaymentsInit, type PinnedLedger } from './person/payments.ts'
export type { PayMixTimes, Payment, Piece, PieceState, Purse } from './person/pieces.ts'
export type { Expected, Quote, Wanted } from './person/quotes.ts'
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
} from './person/request.ts'
export { type Held, type OwnRequest, Wallet, type WalletInit } from './person/wallet.ts'
export { embeddedJoins, type Join, type JoinScheme } from './rounds/join.ts'
export type { Crime, Verdict } from './rounds/judge.ts'
export { Mixer, type MixerInit, type MixerReport } from './rounds/mixer.ts'
export { type Meeting, nextMeeting } from './rounds/pairing.ts'
export type { RoundRecord } from './rounds/record.ts'
export type { Settlement } from './rounds/settle.ts'
export { type Report, RoundShell, recordKey, type ShellInit } from './rounds/shell.ts'
export type { AbortReason, RoundConfig, RoundInit, RoundState } from './rounds/state.ts'
export { RoundTransport, type Topic, type TransportInit } from './rounds/transport.ts'
export { type PairingTimes, type PaymentTimes, type RoundTimes, usualTimes } from './times.ts'
