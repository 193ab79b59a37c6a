// chaffinch/folder: a client's folder while no client runs: its lock, its identities, and copies of them.
// docs/spec/client-store.md 11.

export { ClientError, type ClientErrorCode } from '../error.ts'
export { exportIdentity, importIdentity } from './export.ts'
export { keyBeside, lockFolder, lockOf } from './folder.ts'
export { mainIdentity } from './identity-list.ts'
export { openKept } from './kept-disk.ts'
export type { Beside, KeptDisk, Place } from './kept-face.ts'
export { type OfflineIdentity, withIdentity } from './offline.ts'
export { boundValues, type KeyedValues, sealedValues, type Unlock } from './vault.ts'
