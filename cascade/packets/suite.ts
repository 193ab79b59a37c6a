// The Sphinx suite of a cascade (docs/spec/packets.md 2): suite `x25519-2` with a key exchange on ristretto255. There a
// point has one encoding, so that everybody sees when a packet comes twice, and a sender can show in public what a
// packet must become, by the scalars that it was made with.

import * as backend from '#crypto'
import { concat, same } from '../../encoding/bytes.ts'
import { type Group, generator, identity } from '../../shuffle/group.ts'
import { ShuffleError } from '../../shuffle/index.ts'
import { SphinxError } from '../../sphinx/error.ts'
import { type Geometry, layout } from '../../sphinx/geometry.ts'
import type { Suite } from '../../sphinx/suite.ts'
import { x25519Suite2 } from '../../sphinx/suite-x25519-2.ts'

/** Version and suite, the first bytes of every packet. */
const ad = Uint8Array.of(1, 3)
const pointBytes = 32

/** Packets of a cascade: how many hops their headers have room for, and bytes of what they carry. */
export interface PacketForm {
  readonly hops: number
  readonly body_bytes: number
}

/** The most hops of a chain. */
export const packetHopsAtMost = 32
/** The least and the most that a packet carries: 25 of them say what it is part of, 48 seal it. */
export const bodyBytesAtLeast = 128
export const bodyBytesAtMost = 65_536

/** Holds all that is as in `x25519-2`; made once, since it has rooms in the core of hashes. */
const symmetric = x25519Suite2(backend)
const suites = new WeakMap<Group, Suite>()

/** Gives the suite over one group. */
export function packetSuite(group: Group): Suite {
  const known = suites.get(group) ?? newSuite(group)
  suites.set(group, known)
  return known
}

function newSuite(group: Group): Suite {
  const publicKeys = new WeakMap<Uint8Array, Uint8Array>()
  const publicKeyOf = (secret: Uint8Array): Uint8Array => {
    const known = publicKeys.get(secret) ?? group.multiples(undefined, { base: generator, scalars: secret })
    publicKeys.set(secret, known)
    return known
  }
  return {
    ...symmetric,
    name: 'ristretto255',
    ad,
    publicKeyBytes: pointBytes,
    kemBytes: pointBytes,
    sharedBytes: 32,
    encapsulate(publicKey, random) {
      const scalar = group.reduce(random(64))
      const ciphertext = group.multiples(undefined, { base: generator, scalars: scalar })
      return { ciphertext, shared: shared(group, publicKey, scalar, publicKey, ciphertext) }
    },
    decapsulate(secretKey, ciphertext, out) {
      out.set(shared(group, ciphertext, secretKey, publicKeyOf(secretKey), ciphertext))
    },
    forgetsAnother: () => false,
  }
}

/**
 * Makes the suite of somebody who has no key, but a sender's word: a packet's layer comes off by the scalar that it was
 * made with.
 *
 * @param publicKey of the hop, 32 bytes
 * @param scalar 32 bytes
 */
export function openingSuite(group: Group, publicKey: Uint8Array, scalar: Uint8Array): Suite {
  return {
    ...packetSuite(group),
    decapsulate(_, ciphertext, out) {
      const made = group.multiples(undefined, { base: generator, scalars: scalar })
      if (!same(made, ciphertext)) throw new SphinxError('BAD_POINT', 'packet: was made with another scalar')
      out.set(shared(group, publicKey, scalar, publicKey, ciphertext))
    },
  }
}

/** K = BLAKE2b-256(dh | pk | ct | AD) */
function shared(
  group: Group,
  point: Uint8Array,
  scalar: Uint8Array,
  publicKey: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  let dh: Uint8Array
  try {
    dh = group.sumSecret(point, scalar)
  } catch (error) {
    if (error instanceof ShuffleError) throw new SphinxError('BAD_POINT', `packet: ${error.message}`)
    throw error
  }
  if (same(dh, identity)) throw new SphinxError('BAD_POINT', 'packet: its exchange gives the neutral point')
  return backend.blake2b(concat([dh, publicKey, ciphertext, ad]), 32)
}

const geometries = new Map<string, Geometry>()

/** Gives the sizes of a cascade's packets, in bytes. */
export function packetGeometry({ hops, body_bytes }: PacketForm, suite: Suite): Geometry {
  const name = `${hops} ${body_bytes}`
  const known = geometries.get(name) ?? layout(suite, hops, body_bytes)
  geometries.set(name, known)
  return known
}

/** Bytes of a packet: 98 + 114 hops + body. */
export function packetBytes({ hops, body_bytes }: PacketForm): number {
  return 98 + 114 * hops + body_bytes
}

/** Bytes of what comes out behind the last hop: a recipient and a body. */
export function deliveredBytes({ body_bytes }: PacketForm): number {
  return 32 + body_bytes
}

/** Gives the point that tells a packet from all others: behind version and suite. */
export function pointOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(2, 2 + pointBytes)
}
