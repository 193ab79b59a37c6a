// A consensus as JSON, for people and their tools: `chaffinch consensus show`.

import { hex } from '../encoding/bytes.ts'
import type { ConsensusNode } from './documents/consensus.ts'
import { identityOf } from './documents/descriptor.ts'
import { readDocument } from './documents/document.ts'

/** A value that JSON.stringify writes as it is. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * Everything a signed document says; byte strings as lowercase hex, times as ISO 8601. Nothing is verified.
 *
 * @throws DirectoryError as `readDocument`
 */
export function consensusToJson(bytes: Uint8Array): { readonly [key: string]: Json } {
  const { body, hash, signatures } = readDocument(bytes)
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    network: body.network,
    epoch: body.epoch,
    hash: hex(hash),
    previous: hex(body.previous),
    validAfter: time(body.validAfter),
    freshUntil: time(body.freshUntil),
    validUntil: time(body.validUntil),
    pinned: { ...body.pinned, genesis: time(body.pinned.genesis) },
    threshold: body.threshold,
    authorities: body.authorities.map(({ id, addresses, voted }) => ({ id: hex(id), addresses, voted })),
    successors:
      body.successors === null
        ? null
        : {
            from: body.successors.from,
            threshold: body.successors.threshold,
            authorities: body.successors.authorities.map(({ id, sharingKey, addresses }) => ({
              id: hex(id),
              sharingKey: hex(sharingKey),
              addresses,
            })),
          },
    signatures: signatures.map(({ signer, signature }) => ({
      signer: hex(signer),
      signature: hex(signature),
    })),
    randomness: body.randomness.map(hex),
    mixing: body.mixing,
    parameters: Object.fromEntries(body.parameters),
    nodes: body.nodes.map(nodeJson),
    kept: body.kept.map(({ identity, place, until }) => ({
      identity: hex(identity),
      layer: place - 1,
      until,
    })),
    excluded: body.excluded.map(({ id, proof }) => ({ id: hex(id), proof: hex(proof) })),
  }
}

function nodeJson({ descriptor, place, running, reliable, since }: ConsensusNode): Json {
  const { stable, epoch, serial, keys, signature, count } = descriptor
  return {
    id: hex(stable.id),
    role: stable.role,
    layer: place - 1,
    running,
    reliable,
    since,
    family: stable.family,
    country: stable.country,
    software: stable.software,
    services: stable.services.map(({ name, sealingKey, mailboxKey }) => ({
      name,
      sealingKey: hex(sealingKey),
      mailboxKey: hex(mailboxKey),
    })),
    capacity: stable.capacity,
    addresses: stable.addresses,
    identity: hex(identityOf(stable)),
    certifiedUntil: stable.certifiedUntil,
    packetKeys: Object.fromEntries(keys.map((key, i) => [String(epoch + i), hex(key)])),
    count: count === undefined ? null : { period: count.period, steps: count.steps },
    serial,
    signature: hex(signature),
  }
}
