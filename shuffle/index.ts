// chaffinch/shuffle: rows of ciphertexts in another order, encrypted anew, with a proof that anybody can check
// (docs/spec/shuffle.md); keys that several trustees have together, decryption by them, and ballots
// (docs/spec/threshold-keys.md).

export {
  type Ballot,
  type BallotContext,
  bytesPerPoint,
  decodeMessage,
  encodeMessage,
  makeBallot,
  openBallot,
  type SealedBallot,
  sealBallot,
  verifyBallot,
  widthFor,
} from './ballot.ts'
export { coreGroup } from './core-group.ts'
export {
  type Decryption,
  type DecryptionShare,
  decrypt,
  decryptionProofBytes,
  decryptionShare,
  verifyShare,
} from './decryption.ts'
export { ShuffleError, type ShuffleErrorCode } from './error.ts'
export { type Group, generator, type Multiples, type Terms } from './group.ts'
export {
  certify,
  type PublicDealing,
  type Recovered,
  readTranscript,
  recover,
  type Transcript,
  transcriptOf,
  verifyCertificate,
} from './keys/certificate.ts'
export {
  bundleOf,
  commitTo,
  type Dealing,
  deal,
  isCommitted,
  readDealing,
  writeDealing,
} from './keys/dealing.ts'
export { DealingError, type DealingErrorCode } from './keys/error.ts'
export { contextOf, type Session, type Trustee, trusteesAtMost } from './keys/session.ts'
export { type PublicKeys, publicKeys, type Taken, take } from './keys/share.ts'
export { publicKeyOf } from './keys/suite.ts'
export { nobleGroup } from './noble-group.ts'
export { proofBytes } from './proof.ts'
export { prove, type ShuffleSecret, scalars, shuffle } from './prove.ts'
export { ciphertextBytes, encrypt, reencrypt } from './rows.ts'
export { rowsAtMost, type Statement, widthAtMost } from './statement.ts'
export { type Verdict, verify } from './verify.ts'
