// chaffinch/sphinx: the packet. docs/spec/sphinx.md.

export { locksMemory, missingAddon, x25519PublicKey } from '#crypto'
export { type Random, seededRandom, systemRandom } from '../world/random.ts'
export { type Body, body, readBody } from './body.ts'
export { BULLETIN_RECIPIENT, DROP_RECIPIENT } from './commands.ts'
export type { Crypto, Parts } from './crypto.ts'
export { SphinxError, type SphinxErrorCode } from './error.ts'
export {
  type Geometry,
  geometry,
  nodeIdBytes,
  recipientBytes,
  replyIdBytes,
} from './geometry.ts'
export { type Peeled, peel } from './peel.ts'
export {
  makeReplyBlock,
  openReply,
  type ReplySecret,
  readReplySecret,
  useReplyBlock,
  writeReplySecret,
} from './reply.ts'
export type { HopKeys, Suite } from './suite.ts'
export { type SuiteName, suiteNames } from './suite-names.ts'
export { type Hop, wrap } from './wrap.ts'
