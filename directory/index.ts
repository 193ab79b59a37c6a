// chaffinch/directory: who is in the network. Follow it, join it, run an authority, read its documents.

export {
  type Authority,
  type AuthorityOptions,
  type AuthorityStatus,
  startAuthority,
} from './authority/authority.ts'
export { certificateBytes, type Descriptor, type StablePart } from './documents/descriptor.ts'
export { verifyConsensus } from './documents/document.ts'
export { directoryProtocol } from './documents/exchange.ts'
export {
  type AuthorityEntry,
  checkNetwork,
  epochAt,
  epochStart,
  epochsValid,
  type Network,
  phaseEnds,
  type Topology,
} from './documents/network.ts'
export { defaultParameters, parameterNames, parameterRanges } from './documents/parameters.ts'
export type { Directory, NodeEntry, Parameters, Role, View } from './documents/view.ts'
export { DirectoryError, type DirectoryErrorCode } from './error.ts'
export {
  type DirectoryStatus,
  type FollowedDirectory,
  type FollowOptions,
  followDirectory,
} from './follow/follow.ts'
export { type JoinOptions, joinDirectory, type NodeDescription } from './join/join.ts'
export { consensusToJson, type Json } from './json.ts'
