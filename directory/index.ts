// chaffinch/directory: who is in the network. Follow it, join it, run an authority, read its documents.

export {
  type Authority,
  type AuthorityOptions,
  type AuthorityStatus,
  startAuthority,
} from './authority.ts'
export { certificateBytes, type Descriptor, type StablePart } from './descriptor.ts'
export { verifyConsensus } from './document.ts'
export { DirectoryError, type DirectoryErrorCode } from './error.ts'
export { directoryProtocol } from './exchange.ts'
export {
  type DirectoryStatus,
  type FollowedDirectory,
  type FollowOptions,
  followDirectory,
} from './follow.ts'
export { type JoinOptions, joinDirectory, type NodeDescription } from './join.ts'
export { consensusToJson, type Json } from './json.ts'
export {
  type AuthorityEntry,
  checkNetwork,
  epochAt,
  epochStart,
  epochsValid,
  type Network,
  phaseEnds,
  type Topology,
} from './network.ts'
export { defaultParameters, parameterNames, parameterRanges } from './parameters.ts'
export type { Directory, NodeEntry, Parameters, Role, View } from './view.ts'
