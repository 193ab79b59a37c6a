// test/vectors/threshold-keys.json (docs/spec/threshold-keys.md): a key that three trustees made, ballots and shares
// with what a verifier says of each, for both groups.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { encodeMessage, verifyBallot } from '../shuffle/ballot.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import { decrypt, verifyShare } from '../shuffle/decryption.ts'
import { certify, recover, transcriptOf, verifyCertificate } from '../shuffle/keys/certificate.ts'
import { isCommitted, readDealing } from '../shuffle/keys/dealing.ts'
import { contextOf } from '../shuffle/keys/session.ts'
import { take } from '../shuffle/keys/share.ts'
import { nobleGroup } from '../shuffle/noble-group.ts'

interface Share {
  readonly says: string
  readonly index: number
  readonly points: string
  readonly proof: string
  readonly holds: boolean
}

interface Cast {
  readonly says: string
  readonly voter: string
  readonly row: string
  readonly proof: string
  readonly holds: boolean
}

interface Vectors {
  readonly key: Readonly<
    Record<
      'session' | 'extension' | 'context' | 'keys' | 'key' | 'verification' | 'transcript' | 'bundle',
      string
    >
  > &
    Readonly<Record<'secrets' | 'dealings' | 'commitments' | 'shares' | 'signatures', readonly string[]>> & {
      readonly threshold: number
    }
  readonly messages: readonly { readonly message: string; readonly points: string }[]
  readonly ballots: { readonly context: string; readonly width: number; readonly cast: readonly Cast[] }
  readonly decryption: Readonly<Record<'context' | 'rows' | 'points', string>> & {
    readonly threshold: number
    readonly width: number
    readonly shares: readonly Share[]
  }
}

const file = join(import.meta.dirname, 'vectors', 'threshold-keys.json')
const { key, messages, ballots, decryption } = JSON.parse(readFileSync(file, 'utf8')) as Vectors

for (const group of [coreGroup(), nobleGroup()]) {
  test(`${group.name}: a key that three trustees made, by its certificate and by each of them`, () => {
    const keys = fromHex(key.keys)
    const context = contextOf(new TextEncoder().encode(key.session), keys)
    assert.is(hex(context), key.context)
    const session = { context, threshold: key.threshold, keys, extension: fromHex(key.extension) }
    const dealings = key.dealings.map(dealing => readDealing(group, session, fromHex(dealing)))
    for (const [i, secret] of key.secrets.entries()) {
      const taken = take(group, session, { index: i + 1, secret: fromHex(secret) }, dealings)
      assert.equal([taken.share, taken.key, taken.verification].map(hex), [
        key.shares[i],
        key.key,
        key.verification,
      ])
      assert.ok(
        isCommitted(
          session,
          i + 1,
          fromHex(key.dealings[i] as string),
          fromHex(key.commitments[i] as string),
        ),
      )
    }
    const transcript = transcriptOf(group, session, dealings)
    assert.is(hex(transcript), key.transcript)
    const signatures = key.secrets.map(secret => certify(group, fromHex(secret), transcript))
    assert.equal(signatures.map(hex), key.signatures)
    assert.is(hex(verifyCertificate(group, transcript, signatures).key), key.key)
    const first = fromHex(key.secrets[0] as string)
    assert.is(hex(recover(group, first, transcript, signatures, fromHex(key.bundle)).share), key.shares[0])
  })

  test(`${group.name}: messages as points, ballots and shares, each with what a verifier says`, () => {
    for (const { message, points } of messages)
      assert.is(hex(encodeMessage(group, fromHex(message), ballots.width)), points)
    for (const { says, voter, row, proof, holds } of ballots.cast) {
      const about = { context: fromHex(ballots.context), voter: fromHex(voter), key: fromHex(key.key) }
      assert.is(verifyBallot(group, about, { row: fromHex(row), proof: fromHex(proof) }), holds, says)
    }
    const { context, rows, points, threshold, width, shares } = decryption
    const of = {
      context: fromHex(context),
      verification: fromHex(key.verification),
      threshold,
      width,
      rows: fromHex(rows),
    }
    const read = shares.map(share => ({
      ...share,
      points: fromHex(share.points),
      proof: fromHex(share.proof),
    }))
    for (const share of read) assert.is(verifyShare(group, of, share), share.holds, share.says)
    assert.is(hex(decrypt(group, of, read.filter(({ holds }) => holds).slice(1))), points)
  })
}

test.run()
