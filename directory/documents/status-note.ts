// The status note (docs/spec/directory-voting.md 8.11): t authorities say of nodes that a document calls running that
// they are dead. At most one an epoch, and one instant from which everybody obeys it.

import { compare, hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, readSignatures, type SignatureEntry, writeSignatures } from '../statement.ts'
import { validSigners } from './document.ts'
import { epochStart, type Network } from './network.ts'
import { mostAuthorities } from './parameters.ts'
import type { NodeEntry, View } from './view.ts'

export interface StatusNote {
  readonly network: string
  /** The epoch in which it was made. */
  readonly epoch: number
  /** 32 bytes: the name of the document that was in use then. */
  readonly document: Uint8Array
  /** Ids of nodes that the document calls running and that are not, ordered; often none. */
  readonly nodes: readonly Uint8Array[]
}

/** A note, its bytes and its name (32 bytes). */
export interface NamedNote {
  readonly note: StatusNote
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface SignedNote extends NamedNote {
  readonly signatures: readonly SignatureEntry[]
}

/** Within an epoch: authorities tell each other who is dead, sign from here, and are done. */
export const notePhases: Readonly<Record<'opinions' | 'signatures' | 'end' | 'effect', number>> = {
  opinions: 9 / 16,
  signatures: 19 / 32,
  end: 5 / 8,
  effect: 7 / 8,
}

export const noteLimits = { nodes: 1024, bytes: 65_536 } as const

/** From when on everybody obeys the note of an epoch, milliseconds since 1970-01-01 UTC. */
export function noteEffect(network: Network, epoch: number): number {
  return epochStart(network, epoch + notePhases.effect)
}

/** [network, epoch, document, [id, …]] */
export function nameNote(note: StatusNote): NamedNote {
  const bytes = write([note.network, note.epoch, note.document, note.nodes])
  return { note, bytes, hash: digest(bytes) }
}

/** [note's bytes, signatures] */
export function writeSignedNote(bytes: Uint8Array, signatures: readonly SignatureEntry[]): Uint8Array {
  return write([bytes, writeSignatures(signatures)])
}

/**
 * Fields and order only.
 *
 * @throws DirectoryError TOO_LARGE, BAD_DOCUMENT, NOT_CANONICAL
 */
export function readSignedNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > noteLimits.bytes) {
    throw new DirectoryError(
      'TOO_LARGE',
      `note: want at most ${noteLimits.bytes} bytes, have ${bytes.length}`,
    )
  }
  const envelope = new Reader(bytes, 'note')
  envelope.tuple(2)
  const body = envelope.item('body').bytesUpTo(noteLimits.bytes)
  const signatures = readSignatures(envelope.item('signatures'), 2 * mostAuthorities)
  envelope.end()
  const read = new Reader(body, 'note')
  read.tuple(4)
  const network = read.item('network').text(64)
  const epoch = read.item('epoch').uint()
  const document = read.item('document').bytes(32)
  const nodes = readIds(read.item('nodes'))
  read.end()
  return { note: { network, epoch, document, nodes }, bytes: body, hash: digest(body), signatures }
}

/** At most so many as a note has, ordered, each once. */
export function readIds(read: Reader): Uint8Array[] {
  const count = read.list(noteLimits.nodes)
  const ids: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const id = read.bytes(32)
    const last = ids.at(-1)
    if (last !== undefined && compare(last, id) >= 0) throw read.fail('NOT_CANONICAL', 'ids out of order')
    ids.push(id)
  }
  return ids
}

/**
 * Accepts a signed note about a document that is held. The time is the caller's question.
 *
 * @param viewOf a verified view by the hex of its name
 * @throws DirectoryError WRONG_NETWORK; TOO_FEW_SIGNATURES; UNAVAILABLE when the document is not held; BAD_DOCUMENT
 * when it is of a later epoch, or calls one of the nodes not running, or has none, or a layer would have none left
 */
export function verifyNote(
  network: Network,
  signed: SignedNote,
  viewOf: (name: string) => View | undefined,
): void {
  const { note, hash, signatures } = signed
  if (note.network !== network.name) {
    throw new DirectoryError('WRONG_NETWORK', `note: network: want ${network.name}, have ${note.network}`)
  }
  const about = { body: { epoch: note.epoch }, hash, signatures }
  const signers = validSigners(network, about, 'note').length
  if (signers < network.threshold) {
    throw new DirectoryError(
      'TOO_FEW_SIGNATURES',
      `note of epoch ${note.epoch}: want ${network.threshold} signatures, have ${signers}`,
    )
  }
  const view = viewOf(hex(note.document))
  if (view === undefined) {
    throw new DirectoryError('UNAVAILABLE', `note of epoch ${note.epoch}: its document is not here`)
  }
  if (view.epoch > note.epoch) {
    throw new DirectoryError('BAD_DOCUMENT', `note of epoch ${note.epoch}: document: of epoch ${view.epoch}`)
  }
  const dead = new Set(note.nodes.map(hex))
  for (const id of dead) {
    if (view.nodes.get(id)?.running === true) continue
    throw new DirectoryError(
      'BAD_DOCUMENT',
      `note of epoch ${note.epoch}: ${id}: no running node of its document`,
    )
  }
  if (spare(view, dead).size < dead.size) {
    throw new DirectoryError('BAD_DOCUMENT', `note of epoch ${note.epoch}: a layer would have none left`)
  }
}

/**
 * Spares the last ones: gives those of the dead without whom every layer, and the gateways, still have one that runs.
 */
export function spare(view: View, dead: ReadonlySet<string>): Set<string> {
  const out = new Set<string>()
  for (const ring of [view.gateways, ...view.layers]) {
    const running = ring.filter(node => node.running)
    const named = running.filter(node => dead.has(hex(node.id)))
    if (named.length < running.length) for (const node of named) out.add(hex(node.id))
  }
  return out
}

/**
 * A view as it is while a note is in force: its nodes do not run. It holds for documents up to the one after its
 * epoch's; authorities have counted the same statistics for those that come later.
 */
export function obey(view: View, note: StatusNote): View {
  const dead = view.epoch > note.epoch + 1 ? new Set<string>() : spare(view, new Set(note.nodes.map(hex)))
  if (dead.size === 0) return view
  const changed = new Map([...dead].map(id => [id, { ...(view.nodes.get(id) as NodeEntry), running: false }]))
  const now = (node: NodeEntry): NodeEntry => changed.get(hex(node.id)) ?? node
  return {
    ...view,
    layers: view.layers.map(layer => layer.map(now)),
    gateways: view.gateways.map(now),
    nodes: new Map([...view.nodes].map(([id, node]) => [id, changed.get(id) ?? node])),
  }
}
