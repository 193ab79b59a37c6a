// chaffinch crowds: requests through a crowd of members, whose answers come back the same way. docs/spec/crowds.md.

export { type Crowd, crowdOf } from './crowd.ts'
export { CrowdsError, type CrowdsErrorCode } from './error.ts'
export { type Asking, type Member, type MemberOptions, type MemberStatus, startMember } from './member.ts'
export {
  answerBytes,
  bodyBytes,
  type CrowdsAnswer,
  type CrowdsRequest,
  crowdsProtocol,
  destinationName,
  pathBytes,
  readAnswer,
  readRequest,
  requestBytes,
  writeAnswer,
  writeRequest,
} from './message.ts'
export { forwardProbability, type PathLimits, Paths, type Turn, usualPathLimits } from './paths.ts'
export { memberMetrics, serveMember } from './port.ts'
