// chaffinch/link: a host that carries packets and requests, over libp2p or in memory. docs/spec/link.md.

export { type Certificate, Certificates } from './certificates.ts'
export { type HostInit, startHost } from './libp2p/host.ts'
export type { ProxyInit } from './libp2p/transport-init.ts'
export type { LinkLimits } from './limits.ts'
export {
  type CellDrop,
  type CellsHandler,
  type Host,
  type Link,
  type LinkCounters,
  LinkError,
  type LinkErrorCode,
  type Neighbour,
  type NodeLink,
  type Peer,
  type RequestEnd,
  type RequestHandler,
  type RequestOptions,
  type Shut,
} from './link.ts'
export {
  type MemoryHostInit,
  type MemoryNetwork,
  type MemoryNetworkInit,
  memoryNetwork,
  type Sight,
} from './memory/memory.ts'
export type { Rank, RankOf } from './shares.ts'
