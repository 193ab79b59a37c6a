// chaffinch/ledger: keep, serve, read and audit a ledger, embedded or on Bitcoin. docs/spec/payments-ledger.md 3 and
// docs/spec/payments-bitcoin.md 6.

export { verifyConsistency, verifyInclusion } from '../../encoding/merkle.ts'
export {
  bitcoinJoins,
  bitcoinOwner,
  outpoint,
  ownerOfScript,
  psbtOf,
  type ScriptKind,
  scriptOf,
  txidOf,
} from '../bitcoin/bitcoin.ts'
export { type Coin, fundLadder } from '../bitcoin/funding.ts'
export { BitcoinKeys, type KeyChain, type KeyPlace } from '../bitcoin/keys.ts'
export { type Label, readLabels, writeLabels } from '../bitcoin/labels.ts'
export {
  checkedLadder,
  feeTooLow,
  fresh,
  isOnLadder,
  type Ladder,
  nextRung,
  type OutputKind,
  rungOf,
  sizeOf,
} from '../bitcoin/ladder.ts'
export { type BitcoinLedger, openBitcoinLedger } from '../bitcoin/ledger.ts'
export { checkedNode, type NodeFacts } from '../bitcoin/node.ts'
export { BitcoinPayments, type BitcoinPaymentsInit, type Draft } from '../bitcoin/payments.ts'
export { bitcoinRpc, field, type Rpc, type RpcOptions } from '../bitcoin/rpc.ts'
export type { Paid } from '../bitcoin/spend.ts'
export { BitcoinWallet, type BitcoinWalletInit, coinNamed, nameOf, type OwnCoin } from '../bitcoin/wallet.ts'
export { isDenomination, split } from '../denominations.ts'
export { PaymentError, type PaymentErrorCode } from '../error.ts'
export { embeddedJoins, type Join, type JoinScheme } from '../rounds/join.ts'
export { type Audit, audit } from './audit.ts'
export { type EmbeddedLedger, type EmbeddedLedgerInit, openLedger } from './embedded.ts'
export { type Ask, type FollowedInit, FollowedLedger } from './followed.ts'
export { answerProof, HeadWatch, type HeadWatchInit } from './heads.ts'
export type { Genesis, Ledger, NoteState, Position } from './ledger.ts'
export { type Head, readGenesis, readHead, type SignedHead, writeGenesis, writeHead } from './log.ts'
export { answerQuestion, ledgerService, longestAnswer, longestQuestion, type Served } from './service.ts'
export { readStretch, type Stretch, stretchAnswerBytes, stretchBytes } from './stretches.ts'
export {
  type Note,
  type Output,
  ownerOf,
  type SignedTransaction,
  signMint,
  signTransfer,
  type Transfer,
  transfer,
} from './transaction.ts'
export { type Fork, isFork, type WatchAction, type WatchEvent, type WatchState, watch } from './watch.ts'
