// A document, and status notes about its nodes as authorities sign them (docs/spec/directory-voting.md 8.11).

import { nameBody } from '../directory/documents/consensus.ts'
import { viewOf } from '../directory/documents/document.ts'
import { epochStart, type Network } from '../directory/documents/network.ts'
import { nameNote, type StatusNote, writeSignedNote } from '../directory/documents/status-note.ts'
import { Succession } from '../directory/documents/succession.ts'
import type { View } from '../directory/documents/view.ts'
import { HeldNotes } from '../directory/follow/status-note-held.ts'
import { signStatement } from '../directory/statement.ts'
import { compare, fromHex, hex } from '../encoding/bytes.ts'
import { bodyOf, descriptorsOf, idOf, signer } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'

export const network: Network = networkOf({ authorities: 4, threshold: 3 })
export const epoch = 1
export const named: ReturnType<typeof nameBody> = nameBody(
  bodyOf(network, epoch, descriptorsOf(network, epoch)),
)
export const view: View = viewOf(named.body, named.hash, [])
export const at = (fraction: number): number => epochStart(network, epoch + fraction)
const mixOf = (layer: number): string => hex(view.layers[layer]?.[0]?.id as Uint8Array)
/** Two mixes of different layers. */
export const one: string = mixOf(0)
export const two: string = mixOf(1)
export const idsOf = (...names: string[]): Uint8Array[] => names.map(name => fromHex(name)).sort(compare)

export function signedNote(
  change: Partial<StatusNote> = {},
  signers: readonly number[] = [0, 1, 2],
): Uint8Array {
  const note = { network: network.name, epoch, document: view.hash, nodes: idsOf(one), ...change }
  const { bytes, hash } = nameNote(note)
  const signatures = signers.map(i => {
    const id = idOf(`authority ${i}`)
    const statement = { kind: 'note', epoch: note.epoch, signer: id, about: hash } as const
    return { signer: id, signature: signStatement(network.name, statement, signer(`authority ${i}`)) }
  })
  return writeSignedNote(bytes, signatures)
}

/** @param hereFor how long they have been kept when something is added, milliseconds */
export function newNotes(
  hereFor: number = Number.POSITIVE_INFINITY,
  known: View = view,
  of: Network = network,
): HeldNotes {
  let elapsed = 0
  const named = (name: string): View | undefined => (name === hex(known.hash) ? known : undefined)
  const notes = new HeldNotes(new Succession(of), named, { elapsed: () => elapsed })
  elapsed = hereFor
  return notes
}
