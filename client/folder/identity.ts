// Who a client is: its keys, and the gateways of its address. Kept in its store.

import { decode } from '@ipld/dag-cbor'
import * as v from 'valibot'
import { ed25519PublicKey } from '#crypto'
import { concat, same } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { maxGateways } from '../packets/address.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'
import { bytesOf, type Operation, putRecord, readRecord } from './schema.ts'

export interface Identity {
  readonly sealingKey: SealingKey
  /** 32 bytes: Ed25519 seed; proves the mailbox. */
  readonly mailboxSeed: Uint8Array
  /** 32 bytes: names the mailbox. */
  readonly mailboxKey: Uint8Array
  /** 32 bytes each, at most three; none until the first consensus let it choose. */
  readonly gateways: readonly Uint8Array[]
}

type Stored = {
  readonly sealing: Uint8Array
  readonly mailbox: Uint8Array
  readonly gateways: Uint8Array[]
}

/** The record in the store. */
export const identitySchema: v.GenericSchema<unknown, Stored> = v.strictObject({
  sealing: bytesOf(32),
  mailbox: bytesOf(32),
  gateways: v.pipe(v.array(bytesOf(32)), v.maxLength(maxGateways)),
})

/**
 * Reads the identity in the store, or makes one.
 *
 * @throws ClientError STORE_DAMAGED
 */
export async function openIdentity(store: Store, sealing: Sealing, random: Random): Promise<Identity> {
  const found = await store.get('identity')
  if (found === undefined) {
    const identity = identityOf(sealing, random(32), random(32), [])
    await store.batch([identityRecord(identity)])
    return identity
  }
  const { sealing: secret, mailbox, gateways } = readRecord('identity', found, identitySchema)
  return identityOf(sealing, secret, mailbox, gateways)
}

function identityOf(
  sealing: Sealing,
  secret: Uint8Array,
  mailboxSeed: Uint8Array,
  gateways: readonly Uint8Array[],
): Identity {
  const mailboxKey = ed25519PublicKey(mailboxSeed)
  return { sealingKey: sealing.key(secret), mailboxSeed, mailboxKey, gateways }
}

/** Tells whether two records are of one person: their keys are the same, whatever their gateways. */
export function areSamePerson(one: Uint8Array, other: Uint8Array): boolean {
  const [first, second] = [keysIn(one), keysIn(other)]
  return first !== undefined && second !== undefined && same(first, second)
}

/** Tells whether a record is an identity at all. */
export function isIdentity(record: Uint8Array): boolean {
  return keysIn(record) !== undefined
}

/** Gives the secret keys of a record, one behind the other; undefined where it is no identity. */
function keysIn(record: Uint8Array): Uint8Array | undefined {
  const read = v.safeParse(identitySchema, decoded(record))
  return read.success ? concat([read.output.sealing, read.output.mailbox]) : undefined
}

function decoded(record: Uint8Array): unknown {
  try {
    return decode(record)
  } catch {
    return undefined
  }
}

/** The record as it is written. */
export function identityRecord({ sealingKey, mailboxSeed, gateways }: Identity): Operation {
  const record = { sealing: sealingKey.secret, mailbox: mailboxSeed, gateways: [...gateways] }
  return putRecord('identity', record)
}
