// A large document is read and checked in slices (docs/spec/directory-travel.md 10), counted in units of work and not
// in time: the loop has its turn after each, and taking the document in does none of that work again.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConsensusBody, type ConsensusNode, nameBody } from '../directory/documents/consensus.ts'
import { readDocument, writeDocument } from '../directory/documents/document.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { nodesPerSlice, Prepared } from '../directory/follow/prepared.ts'
import { bodyOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'
import { atOnce, inSlices, type Steps } from '../world/slices.ts'
import { codeOf } from './refusals.ts'

const network = networkOf()
const epoch = 5
const at = network.genesis + (epoch + 0.5) * network.epochMs
const [mixes, gateways] = [390, 10]

/**
 * @param signers how many authorities sign it
 * @param broken the place of a node that has signed something else
 */
function largeDocument(signers = 3, broken?: number): Uint8Array {
  const body = bodyOf(network, epoch, descriptorsOf(network, epoch, mixes, gateways))
  if (broken !== undefined) spoil(body, broken)
  const { bytes, hash } = nameBody(body)
  return writeDocument(bytes, signaturesOf(network, epoch, hash, signers))
}

/** Counts the pauses. */
function pauses(): { pause: () => Promise<void>; count: () => number } {
  let count = 0
  return { pause: async () => void count++, count: () => count }
}

/** Changes a bit of the signature of a node, by its place. */
function spoil({ nodes }: ConsensusBody, place: number): void {
  const { signature } = (nodes[place] as ConsensusNode).descriptor
  signature[0] = (signature[0] as number) ^ 1
}

test('no slice has more units than it may, and work that fits into one waits for nothing', async () => {
  for (const units of [0, 1, 7, 8, 9, 100]) {
    let [inSlice, most, paused] = [0, 0, 0]
    const steps = function* (): Steps<string> {
      for (let i = 0; i < units; i++) {
        most = Math.max(most, ++inSlice)
        yield
      }
      return 'done'
    }
    const pause = async (): Promise<void> => {
      inSlice = 0
      paused++
    }
    assert.is(await inSlices(steps(), 8, pause), 'done')
    assert.ok(most <= 8, `${most} of ${units} units in a slice`)
    assert.is(paused, Math.floor(units / 8))
    assert.is(atOnce(steps()), 'done')
  }
})

test('a document of 400 nodes is read and checked a few nodes at a time', async () => {
  const { pause, count } = pauses()
  const documents = new HeldDocuments(network, undefined, pause)
  const bytes = largeDocument()
  await documents.prepared.prepare(bytes)
  // each node twice: read, and its signature checked
  assert.is(count(), 2 * Math.floor((mixes + gateways) / nodesPerSlice))
  const { held } = documents.add(bytes, at)
  assert.is(held.view.nodes.size, mixes + gateways)
  await documents.prepared.prepare(bytes)
  assert.is(count(), 2 * Math.floor((mixes + gateways) / nodesPerSlice), 'it is done once')
})

test('what was checked in slices is the same view, and is not checked once more', async () => {
  const plain = new HeldDocuments(network).add(largeDocument(), at).held.view
  const bytes = largeDocument()
  const documents = new HeldDocuments(network, undefined, async () => {})
  await documents.prepared.prepare(bytes)
  // whoever looked at the node again would see this, in the bytes that the document is a view of
  spoil(readDocument(bytes).body, 200)
  const { view } = documents.add(bytes, at).held
  assert.equal(view.nodes, plain.nodes)
  assert.equal(view.layers, plain.layers)
  assert.equal(view.gateways, plain.gateways)
  // the control: without that, the same bytes are refused, since they have another name now
  assert.is(
    codeOf(() => new HeldDocuments(network).add(bytes, at)),
    'TOO_FEW_SIGNATURES',
  )
})

test('what is wrong is refused when it is taken in, and nodes are looked at only behind enough signatures', async () => {
  const cut = largeDocument().slice(0, -1)
  for (const [bytes, code, slices] of [
    [largeDocument(3, 399), 'BAD_SIGNATURE', 24],
    [cut, 'BAD_DOCUMENT', 12],
    [largeDocument(1), 'TOO_FEW_SIGNATURES', 12],
  ] as const) {
    const { pause, count } = pauses()
    const documents = new HeldDocuments(network, undefined, pause)
    await documents.prepared.prepare(bytes)
    assert.ok(count() <= slices, `${code}: ${count()} slices`)
    assert.is(
      codeOf(() => documents.add(bytes, at)),
      code,
    )
    assert.is(documents.get(epoch), undefined)
  }
})

test('the usual pause lets the loop have its turn', async () => {
  let turns = 0
  const tick = setInterval(() => turns++, 0)
  const prepared = new Prepared(() => network)
  await prepared.prepare(largeDocument())
  clearInterval(tick)
  assert.ok(turns > 0)
})

test.run()
