// chaffinch/remote: a client that runs as a daemon, reached over its HTTP API; runs in browsers too.
// docs/spec/client-http.md 15.

export type {
  BulletinPage,
  ConsensusJson,
  ContentJson,
  EntryJson,
  Handed,
  IdentityJson,
  InboxPage,
  ListedJson,
  MessageJson,
  MessageTold,
  NodeJson,
  PathJson,
  Progress,
  QueuedJson,
  SurbJson,
} from '../api/answers.ts'
export type { Asked, AskedFor, AskOptions, RemoteOptions } from './ask.ts'
export { type NoAnswerCode, RemoteError } from './error.ts'
export type { RemoteEvent } from './events.ts'
export {
  bytesOf,
  type PageOptions,
  RemoteClient,
  type RemoteSendOptions,
  type RemoteStatus,
} from './remote.ts'
export { serveAt } from './serve.ts'
