// The checks on which everything rests (docs/spec/cascade.md 2 to 9), in one place, so that a trial can leave one out
// and see that this is found. Programs use `strict`.

import { same } from '../encoding/bytes.ts'
import {
  type Ballot,
  type BallotContext,
  type Decryption,
  type DecryptionShare,
  type Group,
  type Statement,
  verify,
  verifyBallot,
  verifyShare,
} from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import { isReceipt } from './log.ts'
import type { Consensus } from './negotiation.ts'
import { isRising, verifyPacket } from './packets/packet.ts'
import { isSigned, sha256Hex } from './signed.ts'

export interface Rules {
  /** 2: a request is its signer's. */
  readonly isSigned: typeof isSigned
  /** 2: and comes after what its signer has said. */
  readonly isLater: (sequence: number, last: number) => boolean
  /** 3: a sender knows what is in its message. */
  readonly isKnown: (group: Group, about: BallotContext, ballot: Ballot) => boolean
  /** docs/spec/packets.md 4: a sender has made its packet. */
  readonly isMade: typeof verifyPacket
  /** docs/spec/packets.md 5: a batch rises, and has nothing twice. */
  readonly isRising: typeof isRising
  /** docs/spec/packets.md 7: a complaint is looked at. */
  readonly isHeard: () => boolean
  /** 3: a row is taken once. */
  readonly isFresh: (rows: ReadonlySet<string>, hash: string) => boolean
  /** 4: just these were asked, and so many must agree. */
  readonly isAgreed: (consensus: Consensus, owners: readonly string[], least: number) => boolean
  /** 9.2: a blob is what an entry names. */
  readonly isBlob: (blob: Uint8Array, hash: string) => boolean
  /** 9.4: a log is what its Controller signed. */
  readonly isRoot: (root: Uint8Array, signed: Uint8Array) => boolean
  /** 9.5: an outbox comes of its inbox. */
  readonly isMixed: (group: Group, statement: Statement, proof: Uint8Array, random: Random) => boolean
  /** 9.5: a share is that trustee's, of this list. */
  readonly isShare: (group: Group, decryption: Decryption, share: DecryptionShare) => boolean
  /** 11: a receipt shows that a request is in the log. */
  readonly isReceipt: typeof isReceipt
}

export const strict: Rules = {
  isSigned,
  isLater: (sequence, last) => Number.isSafeInteger(sequence) && sequence > last,
  isKnown: verifyBallot,
  isMade: verifyPacket,
  isRising,
  isHeard: () => true,
  isFresh: (rows, hash) => !rows.has(hash),
  isAgreed: ({ participants, least: agreed }, owners, least) =>
    agreed === least && Object.keys(participants).sort().join() === [...owners].sort().join(),
  isBlob: (blob, hash) => sha256Hex(blob) === hash,
  isRoot: same,
  isMixed: (group, statement, proof, random) => verify(group, statement, proof, random).holds,
  isShare: verifyShare,
  isReceipt,
}
