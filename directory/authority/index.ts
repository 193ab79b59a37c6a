// chaffinch/authority: run a directory authority, and say whom it shall vote with. docs/spec/directory.md,
// docs/guide/running.md.

export { authorityEntry as authorityEntrySchema } from '../authority-entry.ts'
export { sameSet, successorsOf } from '../documents/authority-set.ts'
export type { Successors } from '../documents/consensus.ts'
export type { AuthorityEntry, AuthoritySet, Network } from '../documents/network.ts'
export { DirectoryError, type DirectoryErrorCode } from '../error.ts'
export type { AdmissionPolicy } from './admission.ts'
export { type Authority, type AuthorityStatus, startAuthority } from './authority.ts'
export { authorityEntry } from './keys.ts'
export type { AuthorityOptions } from './options.ts'
