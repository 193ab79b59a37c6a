// Tells what stands in the table that nodes and authorities keep (docs/spec/directory-travel.md 10.2): per epoch a
// signed pointer to the consensus, and the nodes' descriptors. A record says by itself whether it is what its key
// promises, since the table asks nobody which of two is the newer one.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Dht } from '../../link/dht.ts'
import { descriptorLimits, readDescriptor, verifyDescriptor } from '../documents/descriptor.ts'
import { validSigners } from '../documents/document.ts'
import { maxPointerBytes } from '../documents/exchange.ts'
import { epochAt, epochsValid, type Network } from '../documents/network.ts'
import { mostAuthorities } from '../documents/parameters.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, readSignatures, verifyStatement, writeSignatures } from '../statement.ts'

/** /chaffinch-consensus/<network, hex>/<epoch> */
export function consensusKey(network: string, epoch: number): string {
  return `/${kinds.consensus}/${nameOf(network)}/${epoch}`
}

/** /chaffinch-descriptor/<network, hex>/<epoch>/<node id, hex> */
export function descriptorKey(network: string, epoch: number, id: Uint8Array): string {
  return `/${kinds.descriptor}/${nameOf(network)}/${epoch}/${hex(id)}`
}

const kinds = { consensus: 'chaffinch-consensus', descriptor: 'chaffinch-descriptor' } as const

function nameOf(network: string): string {
  return hex(new TextEncoder().encode(network))
}

/** [epoch, name, [[authority, signature], …]] */
export function writePointer({ epoch, hash, signatures }: Pointer): Uint8Array {
  return write([epoch, hash, writeSignatures(signatures)])
}

/**
 * Reads a pointer and checks that enough authorities signed it.
 *
 * @throws DirectoryError as the reader; TOO_LARGE; TOO_FEW_SIGNATURES
 */
export function openPointer(networkFor: NetworkFor, bytes: Uint8Array): Pointer {
  const pointer = readPointer(bytes)
  checkSigned(networkFor(pointer.epoch), pointer)
  return pointer
}

/** Fields only. @throws DirectoryError as the reader; TOO_LARGE */
export function readPointer(bytes: Uint8Array): Pointer {
  if (bytes.length > maxPointerBytes) {
    throw new DirectoryError(
      'TOO_LARGE',
      `pointer: want at most ${maxPointerBytes} bytes, have ${bytes.length}`,
    )
  }
  const read = new Reader(bytes, 'pointer')
  read.tuple(3)
  const epoch = read.item('epoch').uint()
  const hash = read.item('name').bytes(32)
  const signatures = readSignatures(read.item('signatures'), 2 * mostAuthorities)
  read.end()
  return { epoch, hash, signatures }
}

function checkSigned(network: Network, { epoch, hash, signatures }: Pointer): void {
  const signers = validSigners(network, { body: { epoch }, hash, signatures }).length
  if (signers < network.threshold) {
    throw new DirectoryError(
      'TOO_FEW_SIGNATURES',
      `pointer of epoch ${epoch}: want ${network.threshold} signatures, have ${signers}`,
    )
  }
}

/**
 * Checks each signature of a pointer that somebody shows unasked: at the first that does not hold there is nothing more to
 * do.
 *
 * @throws DirectoryError UNKNOWN_AUTHORITY, BAD_SIGNATURE
 */
export function checkEach({ name, authorities }: Network, { epoch, hash, signatures }: Pointer): void {
  const known = new Set(authorities.map(({ id }) => hex(id)))
  for (const { signer, signature } of signatures) {
    if (!known.has(hex(signer))) throw new DirectoryError('UNKNOWN_AUTHORITY', `pointer: ${hex(signer)}`)
    if (!verifyStatement(name, { kind: 'consensus', epoch, signer, about: hash }, signature)) {
      throw new DirectoryError('BAD_SIGNATURE', `pointer of epoch ${epoch}: by ${hex(signer)}`)
    }
  }
}

export interface TableRules {
  readonly network: Network
  readonly networkFor: NetworkFor
  readonly now: () => number
  /** The newest consensus this host holds: who is not in it has no descriptor in the table. */
  readonly view: () => View | undefined
}

/** From now on these records, and no others, pass. */
export function acceptRecords(dht: Dht, { network, networkFor, now, view }: TableRules): void {
  const inTime = (epoch: number): void => {
    const current = epochAt(network, now())
    if (epoch <= current - epochsValid) throw new DirectoryError('OLD_EPOCH', `record: of epoch ${epoch}`)
    if (epoch > current + 2) throw new DirectoryError('FUTURE_EPOCH', `record: of epoch ${epoch}`)
  }
  const under = (have: string, want: string): void => {
    if (have !== want) throw new DirectoryError('BAD_DOCUMENT', `record: key: want ${want}`)
  }
  /** By epoch the digest of the one that was checked last: it comes again and again. */
  const checked = new Map<number, string>()
  dht.accept(kinds.consensus, (key, value) => {
    const pointer = readPointer(value)
    under(key, consensusKey(network.name, pointer.epoch))
    inTime(pointer.epoch)
    const name = hex(digest(value))
    if (checked.get(pointer.epoch) === name) return
    checkSigned(networkFor(pointer.epoch), pointer)
    checked.set(pointer.epoch, name)
    for (const epoch of checked.keys()) if (epoch < pointer.epoch - epochsValid) checked.delete(epoch)
  })
  dht.accept(kinds.descriptor, (key, value) => {
    if (value.length > descriptorLimits.bytes) throw new DirectoryError('TOO_LARGE', 'record: descriptor')
    const descriptor = readDescriptor(value)
    const { stable, epoch } = descriptor
    under(key, descriptorKey(network.name, epoch, stable.id))
    inTime(epoch)
    if (view()?.nodes.has(hex(stable.id)) !== true) {
      throw new DirectoryError('NOT_ADMITTED', 'record: a node that is in no consensus')
    }
    verifyDescriptor(network, descriptor)
  })
}
