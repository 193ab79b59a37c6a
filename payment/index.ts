// chaffinch/payment: a person's payments beside a running client: requests, quotes, payments in pieces, receipts.
// docs/spec/payments.md.

export { type PaymentApiInit, paymentApi } from './api/routes.ts'
export { denominations, isDenomination, split } from './denominations.ts'
export { PaymentError, type PaymentErrorCode } from './error.ts'
export { exportKeyOf, fingerprintOf, Keychain, type Keys } from './keychain.ts'
export type { Genesis } from './ledger/ledger.ts'
export { ledgerId, readGenesis } from './ledger/log.ts'
export type { Account, PaymentLine, PieceLine, RequestLine } from './person/account.ts'
export { type Forecast, type ForecastInit, forecast } from './person/forecast.ts'
export type { PaymentsEvent } from './person/news.ts'
export { holdsKeys, importSecrets, oldKeys, writeSecrets } from './person/old-keys.ts'
export { Payments, type PaymentsInit } from './person/payments.ts'
export type { PieceState } from './person/pieces.ts'
export type { PinnedLedger } from './person/pinned.ts'
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
export { askToRestore, mostGap, type Progress, usualGap } from './person/restore.ts'
export { type PairingTimes, type PaymentTimes, type RoundTimes, usualTimes } from './times.ts'
export { entropyOf, seedOf, wordsOf } from './words.ts'
