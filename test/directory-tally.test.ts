// From votes to a document (docs/spec/directory-tally.md 7).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConsensusBody, writeBody } from '../directory/documents/consensus.ts'
import type { Descriptor } from '../directory/documents/descriptor.ts'
import { verifyConsensus, viewOf, writeDocument } from '../directory/documents/document.ts'
import {
  defaultParameters,
  lowMedian,
  parameterNames,
  parameterRanges,
} from '../directory/documents/parameters.ts'
import type { Vote } from '../directory/documents/vote.ts'
import { majority, newestPointer, tally } from '../directory/rounds/tally.ts'
import { digest } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import {
  bodyOf,
  descriptorOf,
  descriptorsOf,
  idOf,
  signaturesOf,
  voteOf,
} from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'

const network = networkOf({ authorities: 5 })
const epoch = 9
const nodes = descriptorsOf(network, epoch)

function tallyOf(changes: readonly Partial<Vote>[], before?: ConsensusBody): ConsensusBody {
  const votes = changes.map((change, i) => voteOf(network, i, nodes, change))
  return tally({ network, epoch, votes, before: before && { body: before, hash: digest(writeBody(before)) } })
}

const wants = (hopDelayMs: number): Partial<Vote> => ({ parameters: new Map([['hopDelayMs', hopDelayMs]]) })

function ballot(
  descriptors: readonly Descriptor[],
  flags = { running: true, reliable: true },
): Partial<Vote> {
  return { ballots: [{ epoch, candidates: descriptors.map(descriptor => ({ descriptor, ...flags })) }] }
}

test('a parameter is the low median of those who want one, within its range', () => {
  const delay = (...wanted: number[]) => tallyOf(wanted.map(wants)).parameters.get('hopDelayMs')
  assert.is(delay(10, 20, 30), 20)
  assert.is(delay(10, 20, 30, 40), 20)
  assert.is(delay(10, 0, 0), parameterRanges.hopDelayMs.min)
  assert.is(delay(2 ** 50, 2 ** 50, 2 ** 50), parameterRanges.hopDelayMs.max)
  const nobody = tallyOf([{ parameters: new Map() }, { parameters: new Map() }, { parameters: new Map() }])
  for (const name of parameterNames) assert.is(nobody.parameters.get(name), defaultParameters[name])
})

test('the low median lies between the honest values whatever a minority wants', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 2 }),
      (honest, lies) => {
        const value = lowMedian([...honest, ...lies])
        assert.ok(value >= Math.min(...honest) && value <= Math.max(...honest))
      },
    ),
  )
})

test('a name that this version does not know is passed over', () => {
  const strange: Partial<Vote> = { parameters: new Map([['unheardOf', 7]]) }
  assert.not(tallyOf([strange, strange, strange]).parameters.has('unheardOf'))
})

test('a node is in with more than half of the votes', () => {
  const [first, ...rest] = nodes
  const count = (...ballots: Partial<Vote>[]) => tallyOf(ballots).nodes.length
  assert.is(count(ballot(nodes), ballot(nodes), ballot(rest)), nodes.length)
  assert.is(count(ballot(nodes), ballot(rest), ballot(rest)), rest.length)
  assert.is(count(ballot(nodes), ballot(nodes), ballot(rest), ballot(rest)), rest.length)
  assert.ok(first)
  assert.equal([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3])
})

test('a flag holds when more than half of those who have the node say so', () => {
  const others = ballot(nodes).ballots?.[0]?.candidates.slice(1) ?? []
  const [first] = ballot(nodes, { running: false, reliable: true }).ballots?.[0]?.candidates ?? []
  const dead = { ballots: [{ epoch, candidates: first === undefined ? [] : [first, ...others] }] }
  const [one] = tallyOf([ballot(nodes), dead, dead]).nodes
  assert.is(one?.running, false)
  assert.is(one?.reliable, true)
  assert.is(tallyOf([ballot(nodes), ballot(nodes), dead]).nodes[0]?.running, true)
})

test('where no mix of a layer would run, or no gateway, all of them keep running', () => {
  const dead = ballot(nodes, { running: false, reliable: false })
  const body = tallyOf([dead, dead, dead])
  assert.ok(body.nodes.every(({ running, reliable }) => running && !reliable))
})

test('of the descriptors of one node the one with the highest serial counts, whatever the order of votes', () => {
  const older = descriptorOf(network, 'mix 0', 'mix', epoch, { serial: 1 })
  const newer = descriptorOf(network, 'mix 0', 'mix', epoch, { serial: 2, stable: { family: 'x' } })
  const twin = descriptorOf(network, 'mix 0', 'mix', epoch, { serial: 2, stable: { family: 'y' } })
  const chosen = (...of: Descriptor[]) => tallyOf(of.map(one => ballot([one]))).nodes[0]?.descriptor
  assert.is(chosen(older, newer, older), newer)
  assert.is(chosen(newer, older, older), newer)
  assert.is(chosen(newer, twin, older), chosen(twin, older, newer))
})

test('the order of votes changes nothing', () => {
  const votes = [0, 1, 2, 3, 4].map(i => voteOf(network, i, nodes))
  fc.assert(
    fc.property(fc.shuffledSubarray(votes, { minLength: 5, maxLength: 5 }), shuffled => {
      assert.equal(
        writeBody(tally({ network, epoch, votes: shuffled })),
        writeBody(tally({ network, epoch, votes })),
      )
    }),
    { numRuns: 20 },
  )
})

test('the mixing strategy changes with a majority of all authorities only', () => {
  const pool: Partial<Vote> = { mixing: 'pool' }
  assert.is(tallyOf([pool, pool]).mixing, 'poisson')
  assert.is(tallyOf([pool, pool, {}]).mixing, 'poisson')
  const changed = tallyOf([pool, pool, pool, {}])
  assert.is(changed.mixing, 'pool')
  assert.is(tallyOf([{}, {}], changed).mixing, 'pool')
})

test('the chain goes on from the newest document that a vote names', () => {
  const pointer = (of: number, byte: number) => ({
    epoch: of,
    hash: new Uint8Array(32).fill(byte),
    signatures: [],
  })
  const votes = [null, pointer(3, 9), pointer(4, 1), pointer(4, 2)].map((previous, i) =>
    voteOf(network, i, nodes, { previous }),
  )
  assert.is(newestPointer(votes), votes[3]?.previous)
  assert.is(newestPointer(votes.slice(0, 1)), null)
  const before = tallyOf([{}, {}, {}])
  assert.equal(tallyOf([{}, {}, {}], before).previous, digest(writeBody(before)))
})

test('a document takes at most 450 bytes a node', () => {
  const count = 200
  const descriptors = Array.from({ length: count }, (_, i) =>
    descriptorOf(network, `node ${i}`, i % 10 === 0 ? 'gateway' : 'mix', 40_000, {
      serial: 1_199_999,
      stable: {
        family: `family-${i}.example`,
        addresses: [`/ip4/198.51.100.${i}/tcp/40001`],
        identity: idOf(`identity ${i}`),
        certificate: new Uint8Array(64),
        certifiedUntil: 99_999,
      },
    }),
  ).sort((a, b) => (hex(a.stable.id) < hex(b.stable.id) ? -1 : 1))
  const body = writeBody(bodyOf(network, 40_000, descriptors))
  const empty = writeBody(bodyOf(network, 40_000, descriptorsOf(network, 40_000, 0, 0)))
  assert.ok((body.length - empty.length) / count < 450, `${(body.length - empty.length) / count}`)
})

test('the view of a body: layers, gateways, keys by epoch, parameters in range', () => {
  const body = bodyOf(network, epoch, nodes)
  const bytes = writeBody(body)
  const signed = writeDocument(bytes, signaturesOf(network, epoch, digest(bytes), 4))
  const view = verifyConsensus(network, signed)
  assert.is(view.signers.length, 4)
  assert.equal(view.hash, digest(bytes))
  assert.is(view.validUntil - view.validAfter, 3 * network.epochMs)
  assert.is(view.layers.flat().length + view.gateways.length, view.nodes.size)
  for (const gateway of view.gateways) assert.is(gateway.layer, -1)
  view.layers.forEach((layer, i) => {
    for (const mix of layer) assert.is(mix.layer, i)
  })
  assert.equal([...(view.gateways[0]?.packetKeys.keys() ?? [])], [epoch, epoch + 1, epoch + 2])
  const odd = { ...body, parameters: new Map([['hopDelayMs', 2 ** 40]]) }
  const seen = viewOf(odd, view.hash, []).parameters
  assert.is(seen.hopDelayMs, parameterRanges.hopDelayMs.max)
  assert.is(seen.pageEntries, defaultParameters.pageEntries)
})

test('docs/spec/directory-tally.md has the table of parameters that the code has', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/spec/directory-tally.md'), 'utf8')
  for (const name of parameterNames) {
    const { min, max, usual } = parameterRanges[name]
    const row = page.split('\n').find(line => line.startsWith(`| ${name} |`))
    assert.equal(row?.split('|').slice(-4, -1).map(Number), [min, max, usual], name)
  }
  assert.is(
    page.split('\n').filter(line => /^\| [a-z]+[A-Z]\w+ \|( [^|]*\|){4}$/.test(line)).length,
    parameterNames.length,
  )
})

test.run()
