// chaffinch/remote: a client that runs as a daemon, reached over its HTTP API; runs in browsers too.
// docs/spec/client-http.md 15.

export type { LogLine } from '../../world/log-lines.ts'
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
  SentJson,
  SurbJson,
} from '../api/answers.ts'
export type { Contact } from '../contacts/contacts.ts'
export type { KnownService } from '../incoming/announcing.ts'
export type { CoverLevel } from '../outgoing/cover.ts'
export type { Asked, AskedFor, AskOptions, RemoteOptions } from './ask.ts'
export { type NoAnswerCode, RemoteError } from './error.ts'
export type { RemoteEvent } from './events.ts'
export {
  bytesOf,
  type ListOptions,
  type PageOptions,
  RemoteClient,
  type RemoteSendOptions,
  type RemoteStatus,
} from './remote.ts'
export { serveAt } from './serve.ts'
