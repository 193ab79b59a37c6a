// Names of things as they stand in maps, in stores and in JSON: lowercase hexadecimal.

import type { Named } from '../world/units.ts'

/** A node's or authority's public key, 64 digits (32 bytes, Ed25519). */
export type NodeId = Named<string, 'node'>

/** A message or reply of a client, 32 digits (16 bytes). */
export type MessageId = Named<string, 'message'>

/** Tells a client which of its reply blocks came back, 32 digits (16 bytes). */
export type ReplyId = Named<string, 'reply'>
