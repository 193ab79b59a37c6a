// chaffinch/client: an app's end of the network. docs/spec/client.md.

export { DirectoryError, type DirectoryErrorCode } from '../directory/error.ts'
export { type Advice, advice, adviceFor } from './advice.ts'
export { isAppName } from './app-name.ts'
export type { BulletinEntry } from './bulletin/bulletin.ts'
export type { BulletinTopic } from './bulletin/topic.ts'
export type { Client, ClientContacts } from './client.ts'
export { type ClientOptions, type ConnectOptions, connect, openClient } from './connect.ts'
export { type Acknowledge, acknowledges, type Senders } from './contacts/choices.ts'

export type { Contact, ContactSettings } from './contacts/contacts.ts'
export type { LedgerEntry } from './diary.ts'
export { ClientError, type ClientErrorCode } from './error.ts'
export {
  type IdentityStores,
  type ListedIdentity,
  mainIdentity,
  mostIdentities,
} from './folder/identity-list.ts'
export type { Unlock } from './folder/vault.ts'
export { type Identities, type IdentitiesOptions, openIdentities } from './identities.ts'
export type { AnnouncementState, KnownService } from './incoming/announcing.ts'
export { type ClientLimits, defaultLimits, maxReplyBytes, usualReplyBlocks } from './limits.ts'
export type { Message, Received } from './message.ts'
export type { ClientEvents, InboxOptions, SendOptions } from './options.ts'
export { type CoverCost, type CoverLevel, coverCosts, coverHides, coverLevels } from './outgoing/cover.ts'
export type { MessageState, Priority } from './outgoing/queue-state.ts'
export type { LoopFate } from './outgoing/returns.ts'
export { type OwnServiceName, ownServiceNames, ownServices } from './own-services.ts'
export { type Address, maxGateways, readAddress, writeAddress } from './packets/address.ts'
export { maxMessageBytes } from './packets/fragments.ts'
export { mostCopies, type Way } from './packets/pattern.ts'
export { hpkeSealing, type Sealing, type SealingKey } from './packets/sealing.ts'
export { surbPrefix } from './packets/surb.ts'
export type { Service, ServiceHandler, ServiceOptions, ServiceRequest } from './service.ts'
export type { ClientStatus } from './status.ts'
export type { Chores, Listed, Queued, SurbSummary } from './upkeep.ts'
