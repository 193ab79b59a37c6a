// Keys that trustees make together (docs/spec/threshold-keys.md 2 to 5): all get the same key, whoever deals falsely is
// named, and a certificate with a trustee's secret brings its share back. C2SP's own vectors: npm run conformance.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, hex } from '../encoding/bytes.ts'
import { coreGroup } from '../shuffle/core-group.ts'
import { ShuffleError } from '../shuffle/error.ts'
import { minusOne, zero } from '../shuffle/group.ts'
import { recover, verifyCertificate } from '../shuffle/keys/certificate.ts'
import {
  bundleOf,
  commitTo,
  type Dealing,
  deal,
  isCommitted,
  readDealing,
  writeDealing,
} from '../shuffle/keys/dealing.ts'
import { DealingError, type DealingErrorCode } from '../shuffle/keys/error.ts'
import type { Session, Trustee } from '../shuffle/keys/session.ts'
import { take } from '../shuffle/keys/share.ts'
import { publicKeyOf, scalarOf, sealerFor } from '../shuffle/keys/suite.ts'
import { nobleGroup } from '../shuffle/noble-group.ts'
import { scalars } from '../shuffle/prove.ts'
import { seededRandom } from '../world/random.ts'
import { flipped, makeKey, trusteesFor } from './threshold-world.ts'

const group = coreGroup()
const made = makeKey(group, 2, 3, 1)
const [first] = made.trustees

function blames(trustee: number, code: DealingErrorCode, run: () => unknown): void {
  assert.throws(run, (error: unknown) => {
    assert.instance(error, DealingError, String(error))
    const { code: seen, trustee: named } = error as DealingError
    assert.equal([seen, named], [code, trustee])
    return true
  })
}

const badLength = (error: unknown): boolean => error instanceof ShuffleError

test('all trustees get one key, and any so many shares make its secret, for 1 of 1 to 4 of 5', () => {
  for (const [t, n] of [
    [1, 1],
    [2, 3],
    [3, 3],
    [4, 5],
  ] as const) {
    const { taken } = makeKey(group, t, n, 10 * n + t)
    const [{ key, verification }] = taken as [(typeof taken)[number]]
    for (const [i, each] of taken.entries()) {
      assert.is(hex(each.key), hex(key))
      assert.is(hex(publicKeyOf(group, each.share)), hex(verification.subarray(32 * i, 32 * i + 32)))
    }
  }
})

test('the other group takes the same shares of the same dealings', () => {
  const taken = take(nobleGroup(), made.session, first as Trustee, made.dealings)
  assert.equal(taken, made.taken[0])
})

test('a dealing is read as it was written, and nothing else is', () => {
  const message = writeDealing(made.dealings[0] as Dealing)
  assert.equal(readDealing(group, made.session, message), made.dealings[0])
  for (let length = 0; length < message.length; length += 7)
    assert.throws(() => readDealing(group, made.session, message.slice(0, length)), badLength)
  assert.throws(() => readDealing(group, made.session, concat([message, Uint8Array.of(0)])), badLength)
  const lengthAt = 32 * 2 + 64 + 32
  for (let at = lengthAt; at < lengthAt + 8; at++)
    assert.throws(() => readDealing(group, made.session, flipped(message, at)), badLength)
})

test('every field of a dealing that is another one is noticed, and its dealer is named', () => {
  const by = (change: (dealing: Dealing) => Partial<Dealing>): Dealing[] =>
    made.dealings.map((dealing, i) => (i === 1 ? { ...dealing, ...change(dealing) } : dealing))
  const takes = (dealings: readonly Dealing[]) => () => take(group, made.session, first as Trustee, dealings)
  // any bit of a point's encoding: another point, or none
  for (const at of [0, 31, 32, 63])
    assert.throws(
      takes(by(({ commitments }) => ({ commitments: flipped(commitments, at) }))),
      (error: unknown) =>
        error instanceof DealingError &&
        error.trustee === 2 &&
        ['BAD_COMMITMENT', 'BAD_PROOF'].includes(error.code),
    )
  const swapped = ({ commitments }: Dealing): Partial<Dealing> => ({
    commitments: concat([commitments.subarray(32), commitments.subarray(0, 32)]),
  })
  blames(2, 'BAD_PROOF', takes(by(swapped)))
  for (const at of [0, 40]) blames(2, 'BAD_PROOF', takes(by(({ proof }) => ({ proof: flipped(proof, at) }))))
  blames(2, 'BAD_PROOF', takes(by(() => ({ ephemeral: made.dealings[0]?.ephemeral as Uint8Array }))))
  for (const commitments of [new Uint8Array(64), new Uint8Array(32), new Uint8Array(96)])
    blames(2, 'BAD_COMMITMENT', takes(by(() => ({ commitments }))))
  const broken = by(({ sealed }) => ({ sealed: sealed.map(share => flipped(share, 5)) }))
  blames(2, 'BAD_SEAL', takes(broken))
  blames(2, 'BAD_SEAL', takes(by(() => ({ sealed: [] }))))
  // somebody else's dealing under one's own number: the proof holds, the shares are sealed by another
  blames(2, 'BAD_SEAL', takes(by(() => made.dealings[2] as Dealing)))
})

test('a share that is not on the committed polynomial is noticed by whom it is for (control: the others take theirs)', () => {
  const { session, trustees } = trusteesFor(group, 2, 3, 5)
  const [, , cheat] = trustees as [Trustee, Trustee, Trustee]
  const honest = deal(group, session, cheat, seededRandom(7))
  // the cheat's own dice once more: behind its two coefficients comes its key for this session
  const dice = seededRandom(7)
  scalars(group, dice, session.threshold)
  const own = scalars(group, dice, 1)
  const recipient = session.keys.subarray(0, 32)
  const agreed = {
    ephemeral: group.sumSecret(recipient, own),
    lasting: group.sumSecret(recipient, cheat.secret),
  }
  const sender = session.keys.subarray(64, 96)
  const direction = { ephemeral: honest.ephemeral, sender, recipient }
  const sealed = (share: Uint8Array): Uint8Array =>
    sealerFor(direction, agreed, session.context).encrypt(share)
  const falsely = (share: Uint8Array): Dealing[] => [
    ...trustees.slice(0, 2).map((each, i) => deal(group, session, each, seededRandom(i))),
    { ...honest, sealed: [sealed(share), ...honest.sealed.slice(1)] },
  ]
  const notBelowTheOrder = new Uint8Array(32).fill(0xff)
  for (const share of [scalarOf(1), notBelowTheOrder]) {
    const dealings = falsely(share)
    blames(3, 'BAD_SHARE', () => take(group, session, trustees[0] as Trustee, dealings))
    assert.ok(take(group, session, trustees[1] as Trustee, dealings))
  }
})

test('dealings of another session, threshold or order of trustees are none', () => {
  const me = first as Trustee
  const elsewhere = { ...made.session, context: flipped(made.session.context, 0) }
  blames(1, 'BAD_PROOF', () => take(group, elsewhere, me, made.dealings))
  blames(1, 'BAD_COMMITMENT', () => take(group, { ...made.session, threshold: 3 }, me, made.dealings))
  blames(1, 'BAD_SEAL', () => take(group, made.session, me, [...made.dealings].reverse()))
  assert.throws(() => take(group, made.session, me, made.dealings.slice(1)), badLength)
})

test('trustees are 1 to n with keys of their own, and the threshold is one of these numbers', () => {
  const { session } = made
  const { keys } = session
  const deals = (change: Partial<Session>) => () =>
    deal(group, { ...session, ...change }, first as Trustee, seededRandom(1))
  for (const threshold of [0, 4, 1.5, Number.NaN]) assert.throws(deals({ threshold }), badLength)
  const twice = concat([keys.subarray(0, 64), keys.subarray(0, 32)])
  for (const wrong of [twice, new Uint8Array(0), keys.subarray(1), concat([keys, zero]), new Uint8Array(96)])
    assert.throws(deals({ keys: wrong }), badLength)
})

test('a certificate names who did not sign it, and is of just one transcript', () => {
  const { transcript, signatures, taken, session } = made
  const certified = verifyCertificate(group, transcript, signatures)
  assert.is(hex(certified.key), hex(taken[0]?.key as Uint8Array))
  assert.equal(certified.session, session)
  blames(2, 'BAD_SIGNATURE', () =>
    verifyCertificate(group, transcript, [signatures[0], signatures[0], signatures[2]] as Uint8Array[]),
  )
  for (const at of [0, 33, 63])
    blames(1, 'BAD_SIGNATURE', () =>
      verifyCertificate(group, transcript, [
        flipped(signatures[0] as Uint8Array, at),
        ...signatures.slice(1),
      ]),
    )
  assert.throws(() => verifyCertificate(group, transcript, signatures.slice(1)), badLength)
  // a byte in each field: no other transcript has these signatures
  for (let at = 0; at < transcript.length; at += 29)
    assert.throws(() => verifyCertificate(group, flipped(transcript, at), signatures))
  for (let length = 0; length < transcript.length; length += 61)
    assert.throws(() => verifyCertificate(group, transcript.slice(0, length), signatures))
})

test('a signature has one form: z plus the order is none', () => {
  const { transcript, signatures } = made
  const order = group.mulAdd(minusOne, scalarOf(1), zero)
  order[0] = (order[0] as number) + 1
  const signature = (signatures[0] as Uint8Array).slice()
  let carry = 0
  for (let i = 0; i < 32; i++) {
    const sum = (signature[32 + i] as number) + (order[i] as number) + carry
    signature[32 + i] = sum & 0xff
    carry = sum >> 8
  }
  blames(1, 'BAD_SIGNATURE', () => verifyCertificate(group, transcript, [signature, ...signatures.slice(1)]))
})

test("a trustee's share comes back from its lasting secret, the certificate and what was sealed to it", () => {
  const { transcript, signatures, trustees, dealings, taken } = made
  for (const [i, { secret }] of trustees.entries()) {
    const bundle = bundleOf(dealings.map(({ sealed }) => sealed[i] as Uint8Array))
    const recovered = recover(group, secret, transcript, signatures, bundle)
    assert.equal([recovered.index, recovered.share], [i + 1, taken[i]?.share])
    blames(1, 'BAD_SEAL', () => recover(group, secret, transcript, signatures, flipped(bundle, 20)))
    assert.throws(() => recover(group, secret, transcript, signatures, bundle.slice(0, -1)), badLength)
    assert.throws(
      () => recover(group, secret, transcript, signatures, concat([bundle, Uint8Array.of(1)])),
      badLength,
    )
  }
  assert.throws(() => recover(group, scalarOf(7), transcript, signatures, new Uint8Array(0)), badLength)
})

test('a rushing trustee: whoever deals after it has seen the others is bound by what it committed to', () => {
  const { session, trustees } = trusteesFor(group, 2, 3, 9)
  const messages = trustees.map((trustee, i) =>
    writeDealing(deal(group, session, trustee, seededRandom(50 + i))),
  )
  const commitments = messages.map((message, i) => commitTo(session, i + 1, message))
  for (const [i, message] of messages.entries())
    assert.ok(isCommitted(session, i + 1, message, commitments[i] as Uint8Array))
  // the last one tries until the key ends in a zero byte
  const last = trustees[2] as Trustee
  const others = messages.slice(0, 2).map(message => readDealing(group, session, message))
  const bent = Array.from({ length: 2000 }, (_, i) => deal(group, session, last, seededRandom(i))).find(
    dealing => (take(group, session, last, [...others, dealing]).key[5] as number) < 64,
  )
  assert.ok(bent, 'control: without commitments the key can be bent')
  assert.not.ok(isCommitted(session, 3, writeDealing(bent), commitments[2] as Uint8Array))
  // nor does anybody else's commitment serve
  assert.not.ok(isCommitted(session, 3, messages[1] as Uint8Array, commitments[1] as Uint8Array))
})

test.run()
