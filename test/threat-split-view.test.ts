// docs/threats.md 4: fewer than t authorities give a client a network of their own.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { authorityEntry } from '../directory/authority-keys.ts'
import { nameBody } from '../directory/consensus.ts'
import { verifyConsensus, writeDocument } from '../directory/document.ts'
import { DirectoryError } from '../directory/error.ts'
import type { Network } from '../directory/network.ts'
import { signStatement } from '../directory/statement.ts'
import { tally } from '../directory/tally.ts'
import { seededRandom } from '../sphinx/random.ts'

const random = seededRandom(31)

/** n authorities with threshold t, as everybody is configured with them. */
function configured(n: number, threshold: number): { network: Network; seeds: Uint8Array[] } {
  const seeds = Array.from({ length: n }, () => random(32))
  const network: Network = {
    name: 'test',
    genesis: 0,
    epochMs: 20_000,
    authorities: seeds.map(seed => authorityEntry(seed, [])),
    threshold,
    suite: 'x25519',
    hops: 5,
    userBytes: 2000,
    topology: 'stratified',
    layers: 3,
    minimum: { mixes: 3, gateways: 1 },
  }
  return { network, seeds }
}

/** A document of the adversary's making, signed by the keys it has. */
function forged(network: Network, signers: readonly Uint8Array[], epoch = 4): Uint8Array {
  const named = nameBody(tally({ network, epoch, votes: [] }))
  const signatures = signers.map(seed => {
    const signer = ed25519PublicKey(seed)
    const statement = { kind: 'consensus', epoch, signer, about: named.hash } as const
    return {
      signer,
      signature: signStatement(network.name, statement, message => ed25519Sign(seed, message)),
    }
  })
  return writeDocument(named.bytes, signatures)
}

function refusal(network: Network, bytes: Uint8Array): string {
  try {
    verifyConsensus(network, bytes)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    return error.code
  }
}

for (const [n, threshold] of [
  [1, 1],
  [3, 2],
  [4, 3],
  [5, 3],
  [7, 4],
  [7, 6],
] as const) {
  test(`${n} authorities, t = ${threshold}: nobody accepts what fewer than t signed`, () => {
    const { network, seeds } = configured(n, threshold)
    for (let corrupt = 0; corrupt < threshold; corrupt++)
      assert.is(refusal(network, forged(network, seeds.slice(0, corrupt))), 'TOO_FEW_SIGNATURES')
    assert.is(refusal(network, forged(network, seeds.slice(0, threshold))), 'accepted')
  })
}

test('keys that nobody knows do not count, however many there are', () => {
  const { network, seeds } = configured(3, 2)
  const strangers = Array.from({ length: 20 }, () => random(32))
  assert.is(refusal(network, forged(network, [seeds[0] as Uint8Array, ...strangers])), 'TOO_FEW_SIGNATURES')
})

test('a signature of another network, or under another document, does not count', () => {
  const { network, seeds } = configured(3, 2)
  const elsewhere = forged({ ...network, name: 'elsewhere' }, seeds)
  assert.is(refusal(network, elsewhere), 'WRONG_NETWORK')
  const [one, two] = [forged(network, seeds, 4), forged(network, seeds, 5)]
  const swapped = one.slice()
  const tail = 3 * (32 + 64)
  swapped.set(two.subarray(two.length - tail), one.length - tail)
  assert.is(refusal(network, swapped), 'TOO_FEW_SIGNATURES')
})

test('control: a client that is content with one signature follows the adversary', () => {
  const { network, seeds } = configured(3, 2)
  const trusting = { ...network, threshold: 1 }
  assert.is(refusal(trusting, forged(trusting, seeds.slice(0, 1))), 'accepted')
})

test.run()
