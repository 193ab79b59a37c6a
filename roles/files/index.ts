// The files of roles: how they are written, and read. For the command line; whole networks of processes are made with
// them.

export { type Certifies, certificateFor, certificateText, readCertificate } from './certificate.ts'
export {
  checkRoleText,
  clientEndpoint,
  type RoleName,
  readAuthorityFile,
  readClientFile,
  readMemberFile,
  readNodeFile,
  runningClient,
} from './config.ts'
export { awayHint, type Endpoint, isAway, remoteAt } from './endpoint.ts'
export {
  diskError,
  openFolder,
  readKey,
  replaceFile,
  tellPort,
  writeKey,
  writeNew,
  writeWhole,
} from './folder.ts'
export { initAuthority, initClient, initMember, initNetwork, initNode, readAuthorityLine } from './init.ts'
export {
  type AuthorityDraft,
  authorityLine,
  authorityText,
  type ClientDraft,
  clientText,
  type NetworkDraft,
  type NodeDraft,
  networkText,
  nodeText,
  type ParameterDraft,
  type PaymentDraft,
  type RoleDraft,
  type ServerDraft,
  successorsText,
} from './init-files.ts'
export { type MemberDraft, memberText } from './init-member.ts'
export { type ParameterKey, parameterKeys, parametersSchema, parameterText } from './parameters.ts'
export {
  exportFrom,
  lockPayments,
  openBitcoin,
  openPayments,
  pinnedLedger,
  restoreInto,
  wordsIn,
} from './payments-folder.ts'
export { keyError, readNetwork, readToml } from './read.ts'
export { askNewPassphrase, askPassphrase, type SecretFiles, secretFromFiles } from './secret.ts'
export type {
  AuthorityFile,
  BitcoinSettings,
  ClientFile,
  MemberFile,
  NodeFile,
  RoleFile,
  ServerFile,
} from './shapes.ts'
export { placesOf, roleFileAt } from './where.ts'
