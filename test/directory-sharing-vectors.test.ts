// docs/spec/randomness.md 9: the pinned vectors, good and bad.

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DirectoryError } from '../directory/error.ts'
import { combineRandomness } from '../directory/randomness/beacon.ts'
import { commitmentBase } from '../directory/randomness/group.ts'
import {
  combine,
  deal,
  openShare,
  type Sharing,
  sharingPublicKey,
  verifyDealing,
  verifyOpening,
  verifyShare,
} from '../directory/randomness/sharing.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import {
  type SharingFile,
  type SharingVector,
  sharingVectors,
  vectorPath,
} from './directory-sharing-vectors.ts'

const file = JSON.parse(readFileSync(vectorPath, 'utf8')) as SharingFile
const bytes = (text: string): Uint8Array => fromHex(text)

function sharingOf({ network, epoch, dealer, threshold, holders }: SharingVector): Sharing {
  return { network, epoch, dealer: bytes(dealer), threshold, holders: holders.map(bytes) }
}

test('the pinned file is what its generator makes', () => {
  assert.equal(file, JSON.parse(JSON.stringify(sharingVectors())))
})

test('the second generator', () => {
  assert.is(commitmentBase.toHex(), file.commitmentBase)
})

for (const vector of file.good) {
  test(`${vector.id}: ${vector.why}`, () => {
    const sharing = sharingOf(vector)
    assert.equal(vector.secretKeys.map(bytes).map(sharingPublicKey).map(hex), vector.holders)
    const draws = vector.random.map(bytes)
    const made = deal(sharing, () => draws.shift() as Uint8Array)
    assert.is(hex(made.dealing), vector.dealing)
    assert.is(hex(made.opening), vector.opening)
    assert.is(draws.length, 0)
    const dealing = verifyDealing(sharing, bytes(vector.dealing))
    assert.is(hex(verifyOpening(dealing, bytes(vector.opening))), vector.contribution)
    const shares = vector.shares.map(share => verifyShare(dealing, bytes(share)))
    assert.equal(
      vector.secretKeys.map(key => hex(openShare(dealing, bytes(key)))),
      vector.shares,
    )
    for (let from = 0; from + vector.threshold <= shares.length; from++) {
      assert.is(hex(combine(dealing, shares.slice(from, from + vector.threshold))), vector.contribution)
    }
  })
}

for (const vector of file.bad) {
  test(`${vector.run}, ${vector.id}: ${vector.why}`, () => {
    const good = file.good.find(({ id }) => id === vector.of) as SharingVector
    const sharing = sharingOf(good)
    const input = bytes(vector.bytes)
    try {
      const dealing = verifyDealing(sharing, vector.run === 'dealing' ? input : bytes(good.dealing))
      if (vector.run === 'opening') verifyOpening(dealing, input)
      if (vector.run === 'share') verifyShare(dealing, input)
      assert.unreachable('accepted')
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      assert.is(error.code, vector.expect)
    }
  })
}

test('the randomness of a document', () => {
  const { network, epoch, previous, contributions, expect } = file.randomness
  const list = contributions.map(({ dealer, value }) => ({ dealer: bytes(dealer), value: bytes(value) }))
  assert.is(hex(combineRandomness(network, epoch, bytes(previous), list)), expect)
})

test.run()
