// chaffinch/directory: who is in the network. Follow it, join it, ask its authorities, read and judge its documents.

export { ed25519PublicKey, ed25519Sign, ed25519Verify } from '#crypto'
export { LinkError, type LinkErrorCode } from '../link/link.ts'
export { certificateBytes, type Descriptor, type StablePart } from './documents/descriptor.ts'
export type { ConsensusDocument } from './documents/document.ts'
export { verifyConsensus } from './documents/document.ts'
export type { Evidence } from './documents/evidence.ts'
export { directoryProtocol } from './documents/exchange.ts'
export { approvalBytes } from './documents/joining.ts'
export type { LogEntry, LogStretch } from './documents/log.ts'
export {
  type AuthorityEntry,
  checkNetwork,
  epochAt,
  epochStart,
  epochsValid,
  type Network,
  phaseEnds,
  type Topology,
  topologies,
} from './documents/network.ts'
export {
  defaultParameters,
  type ParameterRange,
  parameterNames,
  parameterRanges,
} from './documents/parameters.ts'
export type {
  ConsensusStatus,
  Directory,
  DirectoryHealth,
  NodeEntry,
  Parameters,
  RelayRole,
  Role,
  View,
} from './documents/view.ts'
export { DirectoryError, type DirectoryErrorCode } from './error.ts'
export {
  type DirectoryStatus,
  type FollowedDirectory,
  type FollowOptions,
  followDirectory,
} from './follow/follow.ts'
export {
  type AuthorityTime,
  type FoundConsensus,
  type FoundEvidence,
  followedNetwork,
  type Inquiry,
  type InquiryOptions,
  openInquiry,
} from './inspect/inquiry.ts'
export type { LogDifference, PublicLog } from './inspect/public-log.ts'
export {
  type Change,
  type Check,
  type Comparison,
  compare,
  evidenceToJson,
  type History,
  type HistoryRow,
  historyOf,
  judgeDocument,
  type OwnedPaths,
  ownedPaths,
  type Verdict,
} from './inspect/report.ts'
export type { Certified, JoinOptions, NodeDescription } from './join/description.ts'
export { type JoinedDirectory, joinDirectory } from './join/join.ts'
export { consensusToJson, type Json } from './json.ts'
export type { Sign } from './statement.ts'
export { type Topic, type TopicName, topicNamed, topics } from './topics.ts'
