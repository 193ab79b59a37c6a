// chaffinch/client: an app's end of the network. docs/client.md.

export { type Address, maxGateways, readAddress, writeAddress } from './address.ts'
export type { Client, ClientEvents, InboxOptions, SendOptions } from './client.ts'
export { type ClientOptions, type ConnectOptions, connect, openClient } from './connect.ts'
export { type CoverCost, type CoverLevel, coverCosts, coverHides, coverLevels } from './cover.ts'
export type { MessageState } from './delivery.ts'
export { ClientError, type ClientErrorCode } from './error.ts'
export { maxMessageBytes } from './fragments.ts'
export type { LedgerEntry } from './ledger.ts'
export { type ClientLimits, defaultLimits, maxReplyBytes, usualReplyBlocks } from './limits.ts'
export type { Message, Received } from './message.ts'
export { hpkeSealing, type Sealing, type SealingKey } from './sealing.ts'
export type { ClientStatus } from './status.ts'
