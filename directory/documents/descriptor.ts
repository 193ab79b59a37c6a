// A node's descriptor (docs/spec/directory-nodes.md 5): what stays the same of a node, and what is new every epoch. One
// signature covers both; it travels into the consensus, so that nobody can invent a key for a node.

import { ed25519Verify, x25519 } from '#crypto'
import { same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, labelled, type Sign } from '../statement.ts'
import { type AnnouncedService, readServices, servicesForm } from './announced.ts'
import { countForm, type PublishedCount, readCount } from './count.ts'
import type { Network } from './network.ts'
import type { Role } from './view.ts'

/** The part with a name of its own (its digest), which seldom changes. */
export interface StablePart {
  /** 32 bytes: raw Ed25519 public key of the node's libp2p identity, which signs the descriptor. */
  readonly id: Uint8Array
  readonly role: Role
  /** The operator's other nodes have the same; empty for none. */
  readonly family: string
  /** ISO 3166-1 alpha-2, as the operator states it; empty for unstated. */
  readonly country: string
  readonly software: string
  /** Lists the services that it announces, by rising names: only a gateway does. */
  readonly services: readonly AnnouncedService[]
  /**
   * The class of clients that a gateway says it can carry, 0 to 23: c stands for 2^(c - 1) and more, fewer than 2^c; 0
   * for unstated, and of a mix.
   */
  readonly capacity: number
  /** Multiaddrs without the /p2p part. */
  readonly addresses: readonly string[]
  /** The operator's offline identity key: 32 bytes, or none when the node's key is its own identity. */
  readonly identity: Uint8Array
  /** The identity's signature over this node's key: 64 bytes, or none together with `identity`. */
  readonly certificate: Uint8Array
  /** The last epoch of the certificate; 0 without one. */
  readonly certifiedUntil: number
}

/** Describes a node for one epoch's document, signed by its key (docs/spec/directory-nodes.md 5). */
export interface Descriptor {
  readonly stable: StablePart
  /** The epoch of the document it is for. */
  readonly epoch: number
  /** The one with the higher serial counts of two descriptors for one epoch. */
  readonly serial: number
  /** X25519 public keys (32 bytes each) for packets of epoch, epoch + 1, epoch + 2. */
  readonly keys: readonly Uint8Array[]
  /** The newest count that it publishes (docs/spec/counts.md); most nodes' first descriptors have none. */
  readonly count?: PublishedCount | undefined
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** Everything of a descriptor that its node decides. */
export type DescriptorContent = Omit<Descriptor, 'signature'>

export const keysAhead = 3

/** Upper bounds of the fields, bytes of UTF-8 or elements. */
export const descriptorLimits = {
  bytes: 4096,
  family: 64,
  country: 2,
  software: 32,
  /** The highest class: one byte of CBOR, whatever it is. */
  capacity: 23,
  addresses: 8,
  address: 128,
} as const

const roles: readonly Role[] = ['mix', 'gateway', 'member']

/** Makes the descriptor of a node: `sign` is the key of `content.stable.id`. */
export function signDescriptor(network: string, content: DescriptorContent, sign: Sign): Descriptor {
  const stableHash = digest(stableBytes(content.stable))
  return { ...content, signature: sign(descriptorBytes(network, content, stableHash)) }
}

/**
 * Builds the bytes that the identity key signs to certify a node's key: [network, id, last epoch] under `certificate`.
 */
export function certificateBytes(network: string, id: Uint8Array, until: number): Uint8Array {
  return labelled('certificate', write([network, id, until]))
}

/** [stable, epoch, serial, keys, signature], and the count where there is one. */
export function writeDescriptor(descriptor: Descriptor): Uint8Array {
  return write(descriptorForm(descriptor))
}

/** Fields only, no signature is checked. Throws DirectoryError as the reader does. */
export function readDescriptor(bytes: Uint8Array): Descriptor {
  if (bytes.length > descriptorLimits.bytes) {
    throw new DirectoryError(
      'TOO_LARGE',
      `descriptor: want at most ${descriptorLimits.bytes} bytes, have ${bytes.length}`,
    )
  }
  const read = new Reader(bytes, 'descriptor')
  const descriptor = readDescriptorItem(read)
  read.end()
  return descriptor
}

/**
 * The node's signature and the certificate of its key.
 *
 * @throws DirectoryError BAD_SIGNATURE; OLD_EPOCH when the certificate ended before the descriptor's epoch
 */
export function verifyDescriptor(network: Network, descriptor: Descriptor): void {
  const { stable, epoch } = descriptor
  if (!verifyNodeSignature(network.name, descriptor)) {
    throw new DirectoryError('BAD_SIGNATURE', 'descriptor: signature: not by the node it names')
  }
  if (stable.identity.length === 0) return
  const certified = certificateBytes(network.name, stable.id, stable.certifiedUntil)
  if (!ed25519Verify(stable.identity, certified, stable.certificate)) {
    throw new DirectoryError('BAD_SIGNATURE', 'descriptor: certificate: not by the identity it names')
  }
  if (stable.certifiedUntil < epoch) {
    throw new DirectoryError('OLD_EPOCH', `descriptor: certificate ended with epoch ${stable.certifiedUntil}`)
  }
}

/**
 * Nobody could wrap a packet for a key of low order, so a node that has one is not let in.
 *
 * @throws DirectoryError BAD_DOCUMENT
 */
export function checkPacketKeys(descriptor: Descriptor): void {
  const probe = new Uint8Array(32).fill(1)
  for (const key of descriptor.keys) {
    try {
      x25519(probe, key)
    } catch {
      throw new DirectoryError('BAD_DOCUMENT', 'descriptor: keys: a point of low order')
    }
  }
}

export function verifyNodeSignature(network: string, descriptor: Descriptor): boolean {
  const { stable, signature } = descriptor
  const stableHash = digest(stableBytes(stable))
  return ed25519Verify(stable.id, descriptorBytes(network, descriptor, stableHash), signature)
}

/** Gives the identity that a node belongs to: the operator's key, or the node's own, 32 bytes. */
export function identityOf(stable: StablePart): Uint8Array {
  return stable.identity.length === 0 ? stable.id : stable.identity
}

/**
 * The epoch's part, which is what the node signs: [network, epoch, serial, digest of the stable part, keys], and the
 * count where there is one, under `descriptor`.
 *
 * @param stableHash 32 bytes: the digest of the stable part
 */
export function descriptorBytes(
  network: string,
  { epoch, serial, keys, count }: Pick<DescriptorContent, 'epoch' | 'serial' | 'keys' | 'count'>,
  stableHash: Uint8Array,
): Uint8Array {
  return labelled('descriptor', write([network, epoch, serial, stableHash, keys, ...countTail(count)]))
}

export function descriptorForm(descriptor: Descriptor): Cbor {
  const { stable, epoch, serial, keys, signature, count } = descriptor
  return [stableForm(stable), epoch, serial, keys, signature, ...countTail(count)]
}

/** Gives what stands at the end of a list of fields: the count, or nothing. */
export function countTail(count: PublishedCount | undefined): Cbor[] {
  return count === undefined ? [] : [countForm(count)]
}

/**
 * Reads the count at the end of a list of fields.
 *
 * @param isThere as the length of the list says
 * @returns to be spread over a descriptor
 */
export function readCountTail(
  read: Reader,
  { role }: Pick<StablePart, 'role'>,
  isThere: boolean,
): { readonly count?: PublishedCount } {
  if (!isThere) return {}
  const count = readCount(read)
  if (role === 'member') throw read.fail('BAD_DOCUMENT', 'a member of the crowd counts nothing')
  return { count }
}

/** Encodings of stable parts that were read: of every node of a document they are needed again to verify it. */
const readFrom = new WeakMap<StablePart, Uint8Array>()

/** The encoding of a stable part, whose digest is its name. */
export function stableBytes(stable: StablePart): Uint8Array {
  return readFrom.get(stable) ?? write(stableForm(stable))
}

export function stableForm(stable: StablePart): Cbor {
  return [
    stable.id,
    roles.indexOf(stable.role),
    stable.family,
    stable.country,
    stable.software,
    servicesForm(stable.services),
    stable.capacity,
    stable.addresses,
    stable.identity,
    stable.certificate,
    stable.certifiedUntil,
  ]
}

export function readDescriptorItem(read: Reader): Descriptor {
  const hasCount = read.item('descriptor').tupleAndMore(5)
  const stable = readStable(read)
  const epoch = read.item('epoch').uint()
  const serial = read.item('serial').uint()
  const keys = readKeys(read)
  const signature = read.item('signature').bytes(64)
  return { stable, epoch, serial, keys, signature, ...readCountTail(read, stable, hasCount) }
}

export function readStable(read: Reader): StablePart {
  const start = read.at
  read.item('stable').tuple(11)
  const limits = descriptorLimits
  const id = read.item('id').bytes(32)
  const role = roles[read.item('role').uint(roles.length - 1)] as Role
  const family = read.item('family').text(limits.family)
  const country = read.item('country').text(limits.country)
  const software = read.item('software').text(limits.software)
  const services = readServices(read)
  if (services.length > 0 && role !== 'gateway')
    throw read.fail('BAD_DOCUMENT', 'only a gateway has services')
  const capacity = read.item('capacity').uint(role === 'gateway' ? limits.capacity : 0)
  const addresses = readTexts(read.item('addresses'), limits.addresses, limits.address)
  const identity = read.item('identity').bytes(0, 32)
  if (identity.length > 0 && same(identity, id)) {
    throw read.fail('NOT_CANONICAL', 'its own identity is written as none')
  }
  const certificate = read.item('certificate').bytes(identity.length === 0 ? 0 : 64)
  const certifiedUntil = read
    .item('certified until')
    .uint(identity.length === 0 ? 0 : Number.MAX_SAFE_INTEGER)
  const stable: StablePart = {
    id,
    role,
    family,
    country,
    software,
    services,
    capacity,
    addresses,
    identity,
    certificate,
    certifiedUntil,
  }
  readFrom.set(stable, read.since(start))
  return stable
}

export function readKeys(read: Reader): Uint8Array[] {
  read.item('keys').tuple(keysAhead)
  return Array.from({ length: keysAhead }, () => read.bytes(32))
}

export function readTexts(read: Reader, most: number, bytesEach: number): string[] {
  const count = read.list(most)
  return Array.from({ length: count }, () => read.text(bytesEach))
}
