// A signed consensus (docs/spec/directory-consensus.md 6): the envelope of body and detached signatures, its
// verification, and the View that nodes and clients work with.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { atOnce, type Steps } from '../../world/slices.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import {
  digest,
  readSignatures,
  type SignatureEntry,
  verifyStatement,
  writeSignatures,
} from '../statement.ts'
import { setsFor } from './authority-set.ts'
import {
  bodySteps,
  type ConsensusBody,
  type ConsensusNode,
  maxDocumentBytes,
  maxSignaturesBytes,
} from './consensus.ts'
import { verifyNodeSignature } from './descriptor.ts'
import { epochStart, epochsValid, type Network } from './network.ts'
import { clampParameter, mostAuthorities, parameterRanges, pickParameters } from './parameters.ts'
import type { NodeEntry, View } from './view.ts'

/** A document as it was read: its body, its name and its signatures, none of them checked yet. */
export interface ConsensusDocument {
  readonly body: ConsensusBody
  readonly bodyBytes: Uint8Array
  /** 32 bytes: the digest of `bodyBytes`. */
  readonly hash: Uint8Array
  /** As the envelope has them; none of them is checked. */
  readonly signatures: readonly SignatureEntry[]
}

/** [body bytes, [[authority, signature], …]] */
export function writeDocument(bodyBytes: Uint8Array, signatures: readonly SignatureEntry[]): Uint8Array {
  return write([bodyBytes, writeSignatures(signatures)])
}

/** Fields only. Throws DirectoryError as the reader does. */
export function readDocument(bytes: Uint8Array): ConsensusDocument {
  return atOnce(documentSteps(bytes))
}

/** Reads as `readDocument` does, in units of a node. */
export function* documentSteps(bytes: Uint8Array): Steps<ConsensusDocument> {
  const most = maxDocumentBytes + maxSignaturesBytes + 16
  if (bytes.length > most) {
    throw new DirectoryError('TOO_LARGE', `document: want at most ${most} bytes, have ${bytes.length}`)
  }
  const read = new Reader(bytes, 'document')
  read.tuple(2)
  const bodyBytes = read.item('body').bytesUpTo(maxDocumentBytes)
  // Twice the most, since signatures of authorities one does not know yet are no mistake.
  const signatures = readSignatures(read.item('signatures'), 2 * mostAuthorities)
  read.end()
  return { body: yield* bodySteps(bodyBytes), bodyBytes, hash: digest(bodyBytes), signatures }
}

/**
 * Accepts a signed consensus and nothing else. The time is not looked at: whether the document is fresh is the
 * follower's question.
 *
 * @throws DirectoryError TOO_LARGE, BAD_DOCUMENT, NOT_CANONICAL; WRONG_NETWORK, WRONG_GEOMETRY,
 * WRONG_AUTHORITIES; TOO_FEW_SIGNATURES; BAD_SIGNATURE (a node's)
 */
export function verifyConsensus(network: Network, bytes: Uint8Array): View {
  return verifyDocument(network, readDocument(bytes))
}

/**
 * As `verifyConsensus`, for a document that was read; `network` with the authorities that make those of its epoch.
 *
 * @param nodes its nodes where `nodeChecks` has checked them before; else that is done here
 */
export function verifyDocument(network: Network, document: ConsensusDocument, nodes?: CheckedNodes): View {
  checkPinned(network, document.body)
  const signers = checkSigners(network, document)
  return viewOf(
    document.body,
    document.hash,
    signers,
    nodes ?? atOnce(nodeChecks(network.name, document.body)),
  )
}

/** The nodes of a body as a view has them, each signed by itself, in the body's order and by id (lowercase hex). */
export type CheckedNodes = ReadonlyMap<string, NodeEntry>

/**
 * Checks what each node has signed itself, a node a unit: nearly all of what a verification takes.
 *
 * @param network its name
 * @throws DirectoryError BAD_SIGNATURE
 */
export function* nodeChecks(network: string, { nodes }: ConsensusBody): Steps<CheckedNodes> {
  const checked = new Map<string, NodeEntry>()
  for (const node of nodes) {
    const { descriptor } = node
    const id = hex(descriptor.stable.id)
    if (!verifyNodeSignature(network, descriptor))
      throw new DirectoryError('BAD_SIGNATURE', `node ${id}: not signed by itself`)
    checked.set(id, entryOf(node))
    yield
  }
  return checked
}

/**
 * Says whether enough authorities signed: the threshold of those that are known, and of those that a document hands
 * over to (docs/spec/directory-consensus.md 6.5).
 *
 * @returns whose signatures verify
 * @throws DirectoryError WRONG_AUTHORITIES, TOO_FEW_SIGNATURES
 */
export function checkSigners(network: Network, document: ConsensusDocument): Uint8Array[] {
  const sets = setsFor(network, document.body)
  const authorities = sets.flatMap(set => set.authorities)
  const signers = validSigners({ ...network, authorities }, document)
  for (const set of sets) {
    const members = new Set(set.authorities.map(({ id }) => hex(id)))
    const have = signers.filter(signer => members.has(hex(signer))).length
    if (have < set.threshold) {
      throw new DirectoryError(
        'TOO_FEW_SIGNATURES',
        `document of epoch ${document.body.epoch}: want ${set.threshold} signatures, have ${have}`,
      )
    }
  }
  return signers
}

/**
 * The known authorities whose signatures under the name of a document (or a note) verify; the others are passed over.
 *
 * @returns ids in the order of the envelope
 */
export function validSigners(
  network: Network,
  document: Pick<ConsensusDocument, 'hash' | 'signatures'> & { body: { epoch: number } },
  kind: 'consensus' | 'note' = 'consensus',
): Uint8Array[] {
  const known = new Set(network.authorities.map(({ id }) => hex(id)))
  const { hash: about, body, signatures } = document
  return signatures
    .filter(({ signer, signature }) => {
      if (!known.has(hex(signer))) return false
      return verifyStatement(network.name, { kind, epoch: body.epoch, signer, about }, signature)
    })
    .map(({ signer }) => signer)
}

/** docs/spec/directory-consensus.md 6.2: what a configuration pins must stand in the document, and follow from it. */
export function checkPinned(network: Network, body: ConsensusBody): void {
  if (body.network !== network.name) {
    throw new DirectoryError('WRONG_NETWORK', `document: network: want ${network.name}, have ${body.network}`)
  }
  for (const [field, have] of Object.entries(body.pinned)) {
    const want = network[field as keyof typeof body.pinned]
    if (have !== want) {
      throw new DirectoryError('WRONG_GEOMETRY', `document: ${field}: want ${want}, have ${have}`)
    }
  }
  setsFor(network, body)
  const times = [body.validAfter, body.freshUntil, body.validUntil]
  const want = [body.epoch, body.epoch + 1, body.epoch + epochsValid].map(epoch => epochStart(network, epoch))
  if (times.some((time, i) => time !== want[i])) {
    throw new DirectoryError('BAD_DOCUMENT', `document: times: not those of epoch ${body.epoch}`)
  }
  for (const { descriptor, place } of body.nodes) {
    const isMix = descriptor.stable.role === 'mix'
    if (isMix ? place > network.layers : place !== 0) {
      throw new DirectoryError('BAD_DOCUMENT', `node ${hex(descriptor.stable.id)}: place: ${place}`)
    }
  }
}

/** The View of a body; `signers` as verified, and `nodes` where they are at hand. */
export function viewOf(
  body: ConsensusBody,
  hash: Uint8Array,
  signers: readonly Uint8Array[],
  nodes: CheckedNodes = new Map(body.nodes.map(entryOf).map(entry => [hex(entry.id), entry])),
): View {
  const entries = [...nodes.values()]
  const inLayer = (layer: number): NodeEntry[] =>
    entries.filter(({ role, layer: own }) => role === 'mix' && own === layer)
  return {
    network: body.network,
    epoch: body.epoch,
    hash,
    signers,
    validAfter: body.validAfter,
    freshUntil: body.freshUntil,
    validUntil: body.validUntil,
    parameters: pickParameters(name =>
      clampParameter(name, body.parameters.get(name) ?? parameterRanges[name].usual),
    ),
    mixing: body.mixing,
    topology: body.pinned.topology,
    layers: Array.from({ length: body.pinned.layers }, (_, layer) => inLayer(layer)),
    gateways: entries.filter(({ role }) => role === 'gateway'),
    nodes,
  }
}

function entryOf({ descriptor, place, running, reliable }: ConsensusNode): NodeEntry {
  const { stable, epoch, keys, count } = descriptor
  return {
    id: stable.id,
    role: stable.role,
    layer: place - 1,
    addresses: stable.addresses,
    packetKeys: new Map(keys.map((key, i) => [epoch + i, key])),
    family: stable.family,
    services: stable.services,
    capacity: stable.capacity,
    ...(count === undefined ? {} : { count }),
    running,
    reliable,
  }
}
