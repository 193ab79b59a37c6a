// chaffinch/controller: a mix-net's Controller as a server (docs/spec/cascade.md 8 and 13). For Node alone.

export { ListenError } from '../../world/http.ts'
export { CascadeError, type CascadeErrorCode } from '../error.ts'
export { mixnetName, type Served, type ServeOptions, serveController } from './serve.ts'
export { openStorage } from './storage.ts'
