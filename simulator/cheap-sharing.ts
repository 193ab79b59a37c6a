// Secret sharing with the operations of directory/randomness/sharing.ts and none of its secrecy: shares are values of a
// polynomial modulo a small prime, hidden by a digest that anybody can make, and commitments are digests. It costs
// microseconds, so that simulations can hold thousands of rounds; what they look at is who said what, and when.

import { DirectoryError } from '../directory/error.ts'
import {
  type Dealing,
  type SecretSharing,
  type Sharing,
  sharingPublicKey,
} from '../directory/randomness/sharing.ts'
import { Reader } from '../directory/reader.ts'
import { digest, labelled } from '../directory/statement.ts'
import { hex, same } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'

/** 2^61 - 1 */
const prime = 2_305_843_009_213_693_951n

function mod(value: bigint): bigint {
  return ((value % prime) + prime) % prime
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (
    let [square, left] = [mod(base), exponent];
    left > 0n;
    [square, left] = [mod(square * square), left >> 1n]
  ) {
    if (left & 1n) result = mod(result * square)
  }
  return result
}

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** Binds a dealing to one place. */
function bound({ network, epoch, dealer, threshold, holders }: Sharing) {
  return [network, epoch, dealer, threshold, holders]
}

function commitment(sharing: Sharing, place: number, value: Uint8Array): Uint8Array {
  return digest(labelled('cheap-commitment', write([bound(sharing), place, value])))
}

/** Hides a holder's value from those who do not look, and takes the hiding off again. */
function masked(sharing: Sharing, place: number, value: Uint8Array): Uint8Array {
  const mask = digest(labelled('cheap-mask', write([bound(sharing), place])))
  return value.map((byte, i) => byte ^ (mask[i] as number))
}

function tagOf(
  sharing: Sharing,
  commitments: readonly Uint8Array[],
  shares: readonly Uint8Array[],
): Uint8Array {
  return digest(labelled('cheap-dealing', write([bound(sharing), commitments, shares])))
}

function contribution({ network, epoch, dealer }: Sharing, secret: Uint8Array): Uint8Array {
  return digest(labelled('cheap-secret', write([network, epoch, dealer, secret])))
}

function open(sharing: Sharing, bytes: Uint8Array): { dealing: Dealing; tag: Uint8Array } {
  const n = sharing.holders.length
  const read = new Reader(bytes, 'dealing')
  read.tuple(3)
  read.item('commitments').tuple(n + 1)
  const commitments = Array.from({ length: n + 1 }, () => read.bytes(32))
  read.item('shares').tuple(n)
  const shares = Array.from({ length: n }, () => read.bytes(8))
  const tag = read.item('tag').bytes(32)
  read.end()
  return { dealing: { sharing, hash: digest(bytes), commitments, shares }, tag }
}

/** By the hex of the secret key: the real ones cost a millisecond each time. */
const publicKeys = new Map<string, Uint8Array>()

function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  const key = publicKeys.get(hex(secretKey)) ?? sharingPublicKey(secretKey)
  publicKeys.set(hex(secretKey), key)
  return key
}

function refuse(holds: boolean, what: string): void {
  if (!holds) throw new DirectoryError('BAD_PROOF', what)
}

export const cheapSharing: SecretSharing = {
  deal(sharing, random) {
    const coefficients = Array.from({ length: sharing.threshold }, () => mod(numberOf(random(8))))
    const values = [0, ...sharing.holders.map((_, i) => i + 1)].map(place =>
      bytesOf(coefficients.reduceRight((sum, c) => mod(sum * BigInt(place) + c), 0n)),
    )
    const commitments = values.map((value, place) => commitment(sharing, place, value))
    const shares = values.slice(1).map((value, i) => masked(sharing, i + 1, value))
    const dealing = write([commitments, shares, tagOf(sharing, commitments, shares)])
    return { dealing, opening: write(values[0] as Uint8Array) }
  },

  verifyDealing(sharing, bytes) {
    const { dealing, tag } = open(sharing, bytes)
    refuse(same(tag, tagOf(sharing, dealing.commitments, dealing.shares)), 'dealing: of another dealer')
    return dealing
  },

  readDealing: (sharing, bytes) => open(sharing, bytes).dealing,

  verifyOpening({ sharing, commitments }, bytes) {
    const read = new Reader(bytes, 'opening')
    const secret = read.item('secret').bytes(8)
    read.end()
    refuse(same(commitment(sharing, 0, secret), commitments[0] as Uint8Array), 'opening: not the dealt one')
    return contribution(sharing, secret)
  },

  openShare({ sharing, shares }, secretKey) {
    const key = publicKeyOf(secretKey)
    const holder = sharing.holders.findIndex(other => same(other, key))
    if (holder < 0) throw new DirectoryError('UNKNOWN_AUTHORITY', 'share: key: none of the holders has it')
    return write([holder, masked(sharing, holder + 1, shares[holder] as Uint8Array)])
  },

  verifyShare({ sharing, hash, commitments }, bytes) {
    const read = new Reader(bytes, 'share')
    read.tuple(2)
    const holder = read.item('holder').uint(sharing.holders.length - 1)
    const point = read.item('value').bytes(8)
    read.end()
    const committed = commitment(sharing, holder + 1, point)
    refuse(same(committed, commitments[holder + 1] as Uint8Array), `share: not holder ${holder}'s`)
    return { hash, holder, point }
  },

  combine({ sharing, hash }, shares) {
    const { threshold } = sharing
    const own = shares.filter(share => same(share.hash, hash))
    const chosen = [...new Map(own.map(share => [share.holder, share])).values()].slice(0, threshold)
    if (chosen.length < threshold) {
      throw new DirectoryError('TOO_FEW_SHARES', `shares: want ${threshold}, have ${chosen.length}`)
    }
    const places = chosen.map(({ holder }) => BigInt(holder + 1))
    const secret = chosen.reduce((sum, { point }, i) => {
      const place = places[i] as bigint
      const others = places.filter(other => other !== place)
      const above = others.reduce((product, other) => mod(product * other), 1n)
      const below = others.reduce((product, other) => mod(product * (other - place)), 1n)
      return mod(sum + numberOf(point) * above * power(below, prime - 2n))
    }, 0n)
    return contribution(sharing, bytesOf(secret))
  },
}
