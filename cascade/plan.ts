// The plan of a mix-net (docs/spec/cascade.md 14): what its people have agreed on outside of it, the same file for
// everybody. Members that start with it found the mix-net by themselves.

import { sha512 } from '@noble/hashes/sha2.js'
import * as v from 'valibot'
import { concat, fromHex } from '../encoding/bytes.ts'
import type { Json } from '../encoding/jcs.ts'
import { type Group, publicKeyOf, rowsAtMost, widthAtMost } from '../shuffle/index.ts'
import { CascadeError } from './error.ts'
import { bodyBytesAtLeast, bodyBytesAtMost, packetBytes, packetHopsAtMost } from './packets/suite.ts'
import { eachAtMost, messageBytesAtMost } from './peer-text.ts'
import type { Cycle } from './records.ts'
import { digestOf, keyId } from './signed.ts'

/** Names a mixer: a word for people, and its Ed25519 key, 64 hexadecimal digits. */
export interface PlannedMixer {
  readonly name: string
  readonly key_data: string
}

/** Names a trustee; `sharing_key` is the point of 32 bytes that shares are sealed to. */
export interface PlannedTrustee extends PlannedMixer {
  readonly sharing_key: string
}

/** Holds what the people of a mix-net have agreed on outside of it. */
export interface Plan {
  readonly mixnet: string
  /** Where its Controller answers: http://HOST:PORT/MIXNET. */
  readonly url: string
  /** The Ed25519 key of its log, 64 hexadecimal digits. */
  readonly controller_key: string
  /** In the order in which they mix. */
  readonly mixers: readonly PlannedMixer[]
  readonly trustees: readonly PlannedTrustee[]
  readonly threshold: number
  readonly width: number
  readonly size_min: number
  readonly size_max: number
  readonly quorum: number
  /** Cycles that are opened one after the other; 0 for no end. */
  readonly cycles: number
  /** Messages with which a cycle is closed; 0 for no such number. */
  readonly close_count: number
  /** Milliseconds after which a member that saw it open wants it closed; 0 for never. */
  readonly close_after_ms: number
  /** Time after which it is closed, as 2026-01-31T12:00:00Z; an empty text for none. */
  readonly close_at: string
  /** Milliseconds that a mixer has for its cycle. */
  readonly patience_ms: number
  /** The chain of packets, where the mix-net has one. */
  readonly packets?: PlannedPackets | undefined
}

/** Says what packets a mix-net takes (docs/spec/packets.md 3). */
export interface PlannedPackets {
  /** Bytes that a packet carries. */
  readonly body_bytes: number
  /** Packets of a message: what is not needed are traps. */
  readonly each: number
  /** So many mixers a chain has at least: one fewer whenever one is left out. */
  readonly mixers_least: number
  /** Milliseconds that senders have to find that something was lost, before recipients take what came out. */
  readonly settle_ms: number
}

const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'want 64 hexadecimal digits'))
const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, 'want 1 to 64 of A-Z a-z 0-9 . _ -'))
const count = (least: number, most: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most))
const milliseconds = count(0, 2 ** 40)

const form: v.GenericSchema<Plan> = v.strictObject({
  mixnet: name,
  url: v.pipe(v.string(), v.url()),
  controller_key: key,
  mixers: v.pipe(v.array(v.strictObject({ name, key_data: key })), v.minLength(1), v.maxLength(50)),
  trustees: v.pipe(v.array(v.strictObject({ name, key_data: key, sharing_key: key })), v.maxLength(50)),
  threshold: count(0, 50),
  width: count(1, widthAtMost),
  size_min: count(1, rowsAtMost),
  size_max: count(1, rowsAtMost),
  quorum: count(1, 100),
  cycles: count(0, 1_000_000),
  close_count: count(0, rowsAtMost),
  close_after_ms: milliseconds,
  close_at: v.union([v.literal(''), v.pipe(v.string(), v.isoTimestamp())]),
  patience_ms: milliseconds,
  packets: v.optional(
    v.strictObject({
      body_bytes: count(bodyBytesAtLeast, bodyBytesAtMost),
      each: count(1, eachAtMost),
      mixers_least: count(1, packetHopsAtMost),
      settle_ms: milliseconds,
    }),
  ),
})

/**
 * Reads a plan.
 *
 * @throws CascadeError BAD_REQUEST naming what is wrong
 */
export function readPlan(value: unknown): Plan {
  const read = v.safeParse(form, value)
  if (!read.success) {
    const [issue] = read.issues
    throw wrong(`${v.getDotPath(issue) ?? 'plan'}: ${issue.message}`)
  }
  const plan = read.output
  const owners = ownersOf(plan)
  if (new Set(owners).size < owners.length) throw wrong('members: one has the key of another')
  if (plan.threshold > plan.trustees.length) throw wrong('threshold: is more than there are trustees')
  if (plan.threshold < 1 && plan.trustees.length > 0) throw wrong('threshold: want 1 at least')
  const { packets, mixers } = plan
  if (packets === undefined && plan.trustees.length === 0)
    throw wrong('trustees: want one at least, or packets')
  if (packets !== undefined && (packets.mixers_least > mixers.length || mixers.length > packetHopsAtMost))
    throw wrong(`mixers: want ${packets.mixers_least} to ${packetHopsAtMost} for packets`)
  const sizes = packets && { ...packets, hops: mixers.length }
  if (sizes !== undefined && sizes.each * packetBytes(sizes) > messageBytesAtMost)
    throw wrong(`packets: want at most ${messageBytesAtMost} bytes a message`)
  if (plan.size_min > plan.size_max) throw wrong('size_min: is more than size_max')
  if (2 * plan.quorum <= owners.length || plan.quorum > owners.length)
    throw wrong(`quorum: want more than half of ${owners.length}, and at most all`)
  return plan
}

function wrong(what: string): CascadeError {
  return new CascadeError('BAD_REQUEST', what)
}

/** Gives the ids of all members: they own every peer together. */
export function ownersOf({ mixers, trustees }: Plan): string[] {
  return [...mixers, ...trustees].map(({ key_data }) => keyId(fromHex(key_data))).sort()
}

/** Gives SHA-256 over a plan's canonical JSON, in hexadecimal. */
export function digestOfPlan(plan: Plan): string {
  return digestOf(plan as unknown as Json)
}

/** Makes the scalar, secret, to which a trustee's shares are sealed, from its seed of 32 bytes. */
export function sharingSecret(group: Group, seed: Uint8Array): Uint8Array {
  return group.reduce(sha512(concat([new TextEncoder().encode('chaffinch-cascade-1 sharing\n'), seed])))
}

/** Gives the point of 32 bytes that a trustee's shares are sealed to. */
export function sharingKey(group: Group, seed: Uint8Array): Uint8Array {
  return publicKeyOf(group, sharingSecret(group, seed))
}

/** Says when a plan's cycles are to be closed, for a member that looks again and again. */
export class Closing {
  readonly #plan: Plan
  /** When each open cycle was first seen. */
  readonly #seen = new Map<string, number>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Says whether a cycle is to be closed. @param now milliseconds since 1970-01-01 UTC */
  isTime({ peer_id, id, messages }: Cycle, now: number): boolean {
    const { close_count, close_after_ms, close_at } = this.#plan
    const name = `${peer_id} ${id}`
    const since = this.#seen.get(name) ?? now
    this.#seen.set(name, since)
    if (close_count > 0 && messages.length >= close_count) return true
    if (close_after_ms > 0 && now - since >= close_after_ms) return true
    return close_at !== '' && now >= Date.parse(close_at)
  }
}
