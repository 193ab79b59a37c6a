// Makes test/vectors/directory-sharing.json, the pinned vectors of docs/spec/randomness.md:
//
//     node --conditions=chaffinch-source --import tsx test/directory-sharing-vectors.ts
//
// The same file comes out every time; a change of it is a change of the format.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
import { digest } from '../directory/statement.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'

/** `input.secretKeys` and `input.random` are for those who make; who checks needs the others. */
export interface SharingVector {
  readonly id: string
  readonly why: string
  readonly network: string
  readonly epoch: number
  readonly dealer: string
  readonly threshold: number
  readonly holders: readonly string[]
  readonly secretKeys: readonly string[]
  /** All that the dealer drew, in order: 64 bytes each. */
  readonly random: readonly string[]
  readonly dealing: string
  readonly opening: string
  /** By holder. */
  readonly shares: readonly string[]
  /** The contribution that the opening and any `threshold` shares give. */
  readonly contribution: string
}

export interface BadVector {
  readonly id: string
  readonly why: string
  /** The good vector that the other fields are of. */
  readonly of: string
  readonly run: 'dealing' | 'opening' | 'share'
  readonly bytes: string
  readonly expect: string
}

export interface SharingFile {
  readonly about: string
  readonly commitmentBase: string
  readonly good: readonly SharingVector[]
  readonly bad: readonly BadVector[]
  readonly randomness: {
    readonly network: string
    readonly epoch: number
    readonly previous: string
    readonly contributions: readonly { readonly dealer: string; readonly value: string }[]
    readonly expect: string
  }
}

export const vectorPath: string = join(import.meta.dirname, 'vectors', 'directory-sharing.json')

function bytesOf(text: string, length: number): Uint8Array {
  const first = digest(new TextEncoder().encode(`sharing vector: ${text}`))
  return new Uint8Array([...first, ...digest(first)].slice(0, length))
}

function goodVector(id: string, n: number, threshold: number, why: string): SharingVector {
  const secretKeys = Array.from({ length: n }, (_, i) => bytesOf(`${id} holder ${i}`, 32))
  const holders = secretKeys.map(sharingPublicKey)
  const sharing: Sharing = {
    network: 'vectors',
    epoch: 12,
    dealer: bytesOf(`${id} dealer`, 32),
    holders,
    threshold,
  }
  const drawn: Uint8Array[] = []
  const random: Random = length => {
    drawn.push(bytesOf(`${id} drawn ${drawn.length}`, length))
    return drawn[drawn.length - 1] as Uint8Array
  }
  const { dealing: bytes, opening } = deal(sharing, random)
  const dealing = verifyDealing(sharing, bytes)
  const shares = secretKeys.map(key => openShare(dealing, key))
  const contribution = combine(
    dealing,
    shares.map(share => verifyShare(dealing, share)),
  )
  if (hex(verifyOpening(dealing, opening)) !== hex(contribution)) throw new Error(`${id}: two contributions`)
  return {
    id,
    why,
    network: sharing.network,
    epoch: sharing.epoch,
    dealer: hex(sharing.dealer),
    threshold,
    holders: holders.map(hex),
    secretKeys: secretKeys.map(hex),
    random: drawn.map(hex),
    dealing: hex(bytes),
    opening: hex(opening),
    shares: shares.map(hex),
    contribution: hex(contribution),
  }
}

/** Bytes at an offset, replaced. */
function put(text: string, offset: number, bytes: string): string {
  return text.slice(0, 2 * offset) + bytes + text.slice(2 * offset + bytes.length)
}

/** A dealing of 3 has its commitments, shares and challenge at these offsets; a value begins 2 after its head. */
function badVectors(of: SharingVector, other: SharingVector): BadVector[] {
  const order = 'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010'
  const one = `01${'00'.repeat(31)}`
  const share = of.shares[0] as string
  const [commitments, shares, proof] = [2, 2 + 34 * 4 + 1, 2 + 34 * 7 + 1]
  const point = (at: number): string => of.dealing.slice(2 * (at + 2), 2 * (at + 34))
  const vector = (
    run: BadVector['run'],
    id: string,
    bytes: string,
    expect: string,
    why: string,
  ): BadVector => ({
    id,
    why,
    of: of.id,
    run,
    bytes,
    expect,
  })
  return [
    vector('dealing', 'no list', 'a0', 'BAD_DOCUMENT', 'a map'),
    vector('dealing', 'cut', of.dealing.slice(0, -2), 'BAD_DOCUMENT', 'the last byte is missing'),
    vector('dealing', 'more', `${of.dealing}00`, 'BAD_DOCUMENT', 'a byte after the end'),
    vector(
      'dealing',
      'long',
      `9804${of.dealing.slice(2)}`,
      'NOT_CANONICAL',
      'a length in two bytes where one does',
    ),
    vector('dealing', 'too large', '00'.repeat(3247), 'TOO_LARGE', 'more than 31 holders need'),
    vector(
      'dealing',
      'identity',
      put(of.dealing, commitments + 2, '00'.repeat(32)),
      'BAD_DOCUMENT',
      'a commitment to 0',
    ),
    vector(
      'dealing',
      'no point',
      put(of.dealing, shares + 2, one),
      'BAD_DOCUMENT',
      'bytes that encode no element',
    ),
    vector(
      'dealing',
      'other degree',
      put(of.dealing, commitments + 2, point(commitments + 34)),
      'BAD_PROOF',
      'the secret is not the value at 0 of the polynomial of the shares',
    ),
    vector(
      'dealing',
      'other share',
      put(of.dealing, shares + 2, point(shares + 34)),
      'BAD_PROOF',
      "the first holder is dealt the second's share",
    ),
    vector(
      'dealing',
      'large challenge',
      put(of.dealing, proof + 2, order),
      'NOT_CANONICAL',
      'the order of the group',
    ),
    vector(
      'dealing',
      'other challenge',
      put(of.dealing, proof + 2, one),
      'BAD_PROOF',
      'a challenge that is no digest',
    ),
    vector('dealing', 'other response', put(of.dealing, proof + 37, one), 'BAD_PROOF', 'of the first holder'),
    vector('dealing', 'copied', other.dealing, 'BAD_PROOF', 'the dealing of another dealer to other holders'),
    vector('opening', 'other secret', put(of.opening, 2, one), 'BAD_PROOF', 'a secret that was not dealt'),
    vector('opening', 'large secret', put(of.opening, 2, order), 'NOT_CANONICAL', 'the order of the group'),
    vector('opening', 'no bytes', '', 'BAD_DOCUMENT', 'the end at the start'),
    vector('share', 'other holder', put(share, 1, '01'), 'BAD_PROOF', 'said to be of the second holder'),
    vector('share', 'no holder', put(share, 1, '03'), 'BAD_DOCUMENT', 'there are three'),
    vector('share', 'other point', put(share, 4, of.holders[0] as string), 'BAD_PROOF', "the holder's key"),
    vector(
      'share',
      'other response',
      put(share, share.length / 2 - 32, one),
      'BAD_PROOF',
      'a response that fits nothing',
    ),
    vector('share', 'of another dealing', other.shares[0] as string, 'BAD_PROOF', 'proven about that one'),
  ]
}

export function sharingVectors(): SharingFile {
  const good = [
    goodVector('2 of 3', 3, 2, 'the smallest network that bears a fault'),
    goodVector('another 2 of 3', 3, 2, 'to be mistaken for the first'),
    goodVector('3 of 5', 5, 3, 'shares of the first, the last or any other three'),
    goodVector('4 of 4', 4, 4, 'nobody may be missing'),
    goodVector('1 of 1', 1, 1, 'one authority alone'),
  ]
  const [first, second] = good as [SharingVector, SharingVector]
  const contributions = [first, second].map(({ dealer, contribution }) => ({ dealer, value: contribution }))
  const previous = bytesOf('previous', 32)
  const raw = contributions.map(({ dealer, value }) => ({
    dealer: fromHex(dealer),
    value: fromHex(value),
  }))
  return {
    about:
      'Chaffinch shared randomness. Bytes are hexadecimal; random is all that the dealer draws, in order. docs/spec/randomness.md 9.',
    commitmentBase: commitmentBase.toHex(),
    good,
    bad: badVectors(first, second),
    randomness: {
      network: 'vectors',
      epoch: 13,
      previous: hex(previous),
      contributions,
      expect: hex(combineRandomness('vectors', 13, previous, raw)),
    },
  }
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(vectorPath, `${JSON.stringify(sharingVectors(), null, 1)}\n`)
