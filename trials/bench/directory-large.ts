// How long a document of 9,500 nodes keeps the loop at one thing, for the directory's measurement.

import { max, median, sum } from 'simple-statistics'
import { type ConsensusBody, nameBody } from '../../directory/documents/consensus.ts'
import type { Descriptor } from '../../directory/documents/descriptor.ts'
import { writeDocument } from '../../directory/documents/document.ts'
import { epochStart, type Network } from '../../directory/documents/network.ts'
import { HeldDocuments } from '../../directory/follow/held-documents.ts'
import type { SignatureEntry } from '../../directory/statement.ts'
import { nextTurn } from '../../world/slices.ts'

export interface LargeDocument {
  readonly nodes: number
  readonly bytes: number
  /** CPU of the longest slice of reading and checking, and of taking the document in afterwards, milliseconds. */
  readonly longestSliceMs: number
  /** CPU of all of it together, milliseconds. */
  readonly cpuMs: number
}

/**
 * Verifies a document as a follower does. Each slice counts with its median over runs.
 *
 * @param like a body of the same network, whose other fields the document has
 */
export async function largeDocument(
  network: Network,
  like: ConsensusBody,
  descriptors: readonly Descriptor[],
  sign: (epoch: number, hash: Uint8Array) => SignatureEntry[],
): Promise<LargeDocument> {
  const { epoch } = like
  const nodes = descriptors.map((descriptor, i) => {
    const place = descriptor.stable.role === 'mix' ? 1 + (i % network.layers) : 0
    return { descriptor, place, running: true, reliable: true, since: epoch }
  })
  const { bytes, hash } = nameBody({ ...like, nodes })
  const signed = writeDocument(bytes, sign(epoch, hash))
  const at = epochStart(network, epoch)
  const runs: number[][] = []
  // the first run warms the compiler up and does not count
  for (let run = -1; run < 7; run++) {
    const slices = await slicesOf(network, signed.slice(), at)
    if (run >= 0) runs.push(slices)
  }
  // each slice has the same work in every run
  const slices = (runs[0] as number[]).map((_, i) => median(runs.map(run => run[i] as number)))
  return {
    nodes: nodes.length,
    bytes: signed.length,
    longestSliceMs: hundredths(max(slices)),
    cpuMs: hundredths(sum(slices)),
  }
}

function hundredths(value: number): number {
  return Math.round(100 * value) / 100
}

/** CPU between two pauses, milliseconds each; the last one is that of taking it in. */
async function slicesOf(network: Network, bytes: Uint8Array, at: number): Promise<number[]> {
  const slices: number[] = []
  let before = process.cpuUsage()
  const note = (): void => {
    const { user, system } = process.cpuUsage(before)
    slices.push((user + system) / 1000)
    before = process.cpuUsage()
  }
  const documents = new HeldDocuments(network, undefined, async () => {
    note()
    await nextTurn()
    before = process.cpuUsage()
  })
  await documents.prepared.prepare(bytes)
  note()
  documents.add(bytes, at)
  note()
  return slices
}
