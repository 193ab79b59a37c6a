// chaffinch/node: run a mix or gateway. docs/spec/node.md, docs/spec/gateway.md.

export { DirectoryError, type DirectoryErrorCode } from '../directory/error.ts'
export { ListenError } from '../world/http.ts'
export { NodeError, type NodeErrorCode } from './error.ts'
export { type Files, folderFiles, type Journal, memoryFiles } from './files.ts'
export { defaultNodeLimits, type NodeLimits } from './limits.ts'
export { serveStatus } from './metrics.ts'
export { type RunningNode, startNode } from './node.ts'
export type { NodeOptions } from './options.ts'
export { usualThreads } from './relay/peel-pool.ts'
export type { DropReason } from './relay/relay.ts'
export { type Admission, admission } from './routes.ts'
export type { NodeStatus, PacketCounts } from './status.ts'
