// The notice that somebody's mail is kept at other gateways from now on (docs/spec/client-contacts.md 17.6): signed
// with the key that names the mailbox, so that whoever has the old address can check it, and no gateway can write one.

import { ed25519Sign, ed25519Verify } from '#crypto'
import { concat, hex } from '../../encoding/bytes.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { Reader } from '../reader.ts'
import { type Address, maxGateways, networkTag } from './address.ts'

/** Says where somebody's mail is kept. */
export interface Moved {
  /** Rises with each notice of one client: an older one that comes late changes nothing. */
  readonly serial: number
  /** 32 bytes: names the client among its correspondent's contacts. */
  readonly sealingKey: Uint8Array
  /** 32 bytes each, 1 to 3, all different. */
  readonly gateways: readonly Uint8Array[]
}

const label = new TextEncoder().encode('chaffinch/moved/v1')
const keyBytes = 32
const signatureBytes = 64

/** serial 8, sealing key 32, number of gateways 1, ids 32 each */
function headOf({ serial, sealingKey, gateways }: Moved): Uint8Array {
  const write = new FieldWriter(8 + keyBytes + 1 + keyBytes * gateways.length)
  write.u64(serial).put(sealingKey).u8(gateways.length)
  for (const gateway of gateways) write.put(gateway)
  return write.bytes
}

/** 18 | "chaffinch/moved/v1" | network tag 4 | mailbox key 32 | the notice */
function signed(network: string, mailboxKey: Uint8Array, head: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(label.length), label, networkTag(network), mailboxKey, head])
}

/**
 * Writes a notice: what `headOf` says, then the signature, 64 bytes.
 *
 * @param mailbox the secret seed and the public key of the mailbox, 32 bytes each
 */
export function writeMoved(
  network: string,
  mailbox: { readonly seed: Uint8Array; readonly key: Uint8Array },
  moved: Moved,
): Uint8Array {
  const head = headOf(moved)
  return concat([head, ed25519Sign(mailbox.seed, signed(network, mailbox.key, head))])
}

/** A notice that was read and not checked. */
export interface MovedNotice extends Moved {
  /** Tells whether the owner of this mailbox key (32 bytes) has signed it for this network. */
  isSignedBy(network: string, mailboxKey: Uint8Array): boolean
}

/** @throws ClientError BAD_CONTENT */
export function readMoved(content: Uint8Array): MovedNotice {
  const read = new Reader(content, 'moved', 'BAD_CONTENT')
  const serial = read.u64('serial')
  const sealingKey = read.take(keyBytes, 'sealing key').slice()
  const count = read.u8('gateways')
  if (count < 1 || count > maxGateways) throw read.fail(`gateways: ${count}`)
  const gateways = Array.from({ length: count }, (_, i) => read.take(keyBytes, `gateway ${i + 1}`).slice())
  if (new Set(gateways.map(hex)).size < count) throw read.fail('gateways: one stands there twice')
  const signature = read.take(signatureBytes, 'signature')
  read.end()
  const head = content.subarray(0, content.length - signatureBytes)
  return {
    serial,
    sealingKey,
    gateways,
    isSignedBy: (network, mailboxKey) =>
      ed25519Verify(mailboxKey, signed(network, mailboxKey, head), signature),
  }
}

/** Gives the address that a notice makes of an older one. */
export function movedAddress(before: Address, { gateways }: Moved): Address {
  return { ...before, gateways }
}
