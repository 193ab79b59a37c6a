// Kind votesecure-shuffle: a shuffle by VoteSecure's Rust shuffler (Free & Fair, crate `cryptography`, zkp/shuffle) on
// ristretto255. A line a field: `w`, `n`, `pk`, `sk`, `gens`, `context`, `in`, `out`, `proof`, hexadecimal. Its
// equations are ours (shuffle/equations.ts), its h_0 is its first generator, and its challenges are SHA3-512's.

import { readFileSync } from 'node:fs'
import { sha3_512 } from '@noble/hashes/sha3.js'
import { concat, hex, same as sameBytes } from '../../encoding/bytes.ts'
import { foldEquations } from '../../shuffle/equations.ts'
import { type Group, identity, minusOne, one, zero } from '../../shuffle/group.ts'
import { ciphertextBytes, coreGroup, nobleGroup, ShuffleError, type Statement } from '../../shuffle/index.ts'
import type { Oracle } from '../../shuffle/oracle.ts'
import type { Proof } from '../../shuffle/proof.ts'
import { halves, joinHalves } from '../../shuffle/rows.ts'
import { systemRandom } from '../../world/random.ts'
import { bytesOf, type Check, failed, refused, same } from './check.ts'

type Fields = Readonly<
  Record<'w' | 'n' | 'pk' | 'sk' | 'gens' | 'context' | 'in' | 'out' | 'proof', Uint8Array>
>

/** Holds a transcript as our prover and verifier take it. */
interface Transcript {
  readonly statement: Omit<Statement, 'context'>
  readonly proof: Proof
}

export function voteSecureShuffle(path: string): readonly Check[] {
  const fields = readFields(path)
  return [coreGroup(), nobleGroup()].flatMap(group =>
    checks(group, fields).map(check => ({ ...check, id: `${group.name}: ${check.id}` })),
  )
}

function checks(group: Group, fields: Fields): Check[] {
  const { statement } = read(fields)
  return [
    same('equations', fold(group, fields), identity),
    same('width', Uint8Array.of(statement.width), fields.w),
    ...(fields.sk.length === 0 ? [] : [decrypts(group, statement, fields.sk)]),
    ...negatives(group, fields),
  ]
}

/** Bounds how many items of a proof are spoilt: its first one, and then one in so many. */
const spoiltItems = 24

/** Flips the lowest bit of one byte in every part of the statement, and in items all over the proof. */
function negatives(group: Group, fields: Fields): Check[] {
  const parts = (['pk', 'gens', 'context', 'in', 'out', 'proof'] as const).flatMap(name => {
    const points = name === 'context' ? [0] : pointsAt(fields[name])
    const step = Math.ceil(points.length / spoiltItems)
    const chosen = name === 'proof' ? points.filter((_, i) => i % step === 0) : [points[0], points.at(-1)]
    return chosen.map(at => [name, at as number] as const)
  })
  return parts
    .filter(([name, at]) => at < fields[name].length)
    .map(([name, at]) => {
      const changed = fields[name].slice()
      changed[at] = (changed[at] as number) ^ 1
      return refused(`${name} with a bit of byte ${at} flipped`, () => {
        try {
          return sameBytes(fold(group, { ...fields, [name]: changed }), identity)
        } catch (error) {
          if (error instanceof ShuffleError) return false
          throw error
        }
      })
    })
}

/** Finds where items of 32 bytes begin: behind a length of 32. */
function pointsAt(bytes: Uint8Array): number[] {
  const at: number[] = []
  for (let i = 0; i + 40 <= bytes.length; i += 8)
    if (hex(bytes.subarray(i, i + 8)) === '0000000000000020') {
      at.push(i + 8)
      i += 32
    }
  return at
}

function fold(group: Group, fields: Fields): Uint8Array {
  const { statement, proof } = read(fields)
  return foldEquations(group, statement, proof, voteSecureOracle(group, fields), systemRandom)
}

/** Opens both lists with the secret key: the same plain points, row by row, in another order. */
function decrypts(
  group: Group,
  { width, input, output }: Transcript['statement'],
  secret: Uint8Array,
): Check {
  const by = concat([group.mulAdd(secret, minusOne, zero), one])
  const opened = (rows: Uint8Array): string[] => {
    const plain = Array.from({ length: rows.length / 64 }, (_, i) =>
      hex(group.sum([{ points: rows.subarray(64 * i, 64 * (i + 1)), scalars: by }])),
    )
    return Array.from({ length: plain.length / width }, (_, i) =>
      plain.slice(i * width, (i + 1) * width).join(' '),
    ).sort()
  }
  const [before, after] = [opened(input), opened(output)]
  if (before.join() === after.join()) return { id: 'plain points', ok: true, detail: '' }
  return failed('plain points', 'those that went in are not those that came out')
}

function readFields(path: string): Fields {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')
  const found = Object.fromEntries(
    lines.map(line => {
      const [name, value] = line.split(' ')
      return [name, bytesOf(value ?? '', String(name))]
    }),
  )
  for (const name of ['w', 'pk', 'gens', 'context', 'in', 'out', 'proof'])
    if (found[name] === undefined) throw new Error(`${name}: is not there`)
  return { sk: new Uint8Array(0), n: new Uint8Array(0), ...found } as Fields
}

function read(fields: Fields): Transcript {
  const input = vector(fields.in).map(rowOf)
  const output = vector(fields.out).map(rowOf)
  const [commitments, responses] = record(fields.proof, 2) as [Uint8Array, Uint8Array]
  const [bigB, aPrime, bPrime, cPrime, dPrime, fPrime, pedersen] = record(commitments, 7) as Seven
  const [kA, kB, kC, kD, kE, kF] = record(responses, 6) as Six
  const width = (input[0]?.length ?? 0) / ciphertextBytes
  const proof: Proof = {
    c: items(pedersen),
    cHat: items(bigB),
    tHat: items(bPrime),
    t: concat([cPrime, dPrime, aPrime, rowOf(fPrime)]),
    sHat: items(kB),
    sPrime: items(kE),
    s: concat([kC, kD, kA, ...array(kF, width)]),
  }
  const n = input.length
  const equal = [proof.c, proof.cHat, proof.tHat, proof.sHat, proof.sPrime].every(of => of.length === 32 * n)
  if (!equal || output.length !== n || items(fields.gens).length !== 32 * n)
    throw new ShuffleError('BAD_LENGTH', `proof: want ${n} items of each`)
  const key = array(fields.pk, 1)[0] as Uint8Array
  return { statement: { key, width, input: concat(input), output: concat(output) }, proof }
}

type Seven = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
type Six = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]

/** Gives VoteSecure's challenges. Neither covers the generators, nor does the second cover the ciphertexts. */
export function voteSecureOracle(group: Group, fields: Omit<Fields, 'proof' | 'sk' | 'w' | 'n'>): Oracle {
  const generators = items(fields.gens)
  const seed = tagged([
    [fields.pk, 'pk'],
    [fields.in, 'w_n'],
    [fields.out, 'w_prime_n'],
    [fields.context, 'shuffle_proof_challenge_e_context'],
  ])
  return {
    h: concat([generators.subarray(0, 32), generators]),
    rows: c =>
      concat(
        Array.from({ length: c.length / 32 }, (_, i) =>
          scalarOf(group, [
            [seed, 'prefix'],
            [u64(i), 'shuffle_proof_challenge_e_counter'],
          ]),
        ),
      ),
    challenge: ({ cHat, tHat, t }) =>
      scalarOf(group, [
        [fields.pk, 'pk'],
        [list(cHat), 'big_b_n'],
        [t.subarray(64, 96), 'big_a_prime'],
        [list(tHat), 'big_b_prime_n'],
        [t.subarray(0, 32), 'big_c_prime'],
        [t.subarray(32, 64), 'big_d_prime'],
        [ciphertext(t.subarray(96)), 'big_f_prime_n'],
        [fields.context, 'shuffle_challenge_input_v_context'],
      ]),
  }
}

type Tagged = readonly (readonly [bytes: Uint8Array, tag: string])[]

/** Gives SHA3-512 over all parts, each in front of its tag. Neither has a length. */
function tagged(parts: Tagged): Uint8Array {
  return sha3_512(concat(parts.flatMap(([bytes, tag]) => [bytes, new TextEncoder().encode(tag)])))
}

function scalarOf(group: Group, parts: Tagged): Uint8Array {
  return group.reduce(tagged(parts))
}

/** Writes what `array` reads. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return concat(parts.flatMap(part => [u64(part.length), part]))
}

/** Writes points or scalars, 32 bytes each, as what `items` reads. */
export function list(flat: Uint8Array): Uint8Array {
  return vectorOf(split(flat, 32))
}

export function vectorOf(parts: readonly Uint8Array[]): Uint8Array {
  return concat([u64(parts.length), joined(parts)])
}

/** Writes a row as what `rowOf` reads. */
export function ciphertext(row: Uint8Array): Uint8Array {
  return joined([joined(halves(row).map(half => joined(split(half, 32))))])
}

/** Writes what `record` reads. */
export function recordOf(fields: readonly Uint8Array[]): Uint8Array {
  return concat([joined(fields.slice(0, -1)), ...fields.slice(-1)])
}

function split(flat: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: flat.length / size }, (_, i) => flat.subarray(size * i, size * (i + 1)))
}

/** Takes a record apart: each field but the last is behind its length. A field that is alone has one. */
function record(bytes: Uint8Array, count: number): Uint8Array[] {
  let at = 0
  const fields: Uint8Array[] = []
  for (let i = 1; i < count; i++) {
    const length = Number(u64Of(bytes.subarray(at)))
    if (at + 8 + length > bytes.length) throw new ShuffleError('BAD_LENGTH', `field ${i}: is too long`)
    fields.push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return [...fields, bytes.subarray(at)]
}

/** Takes an array apart: all items one behind the other, each behind its length of 8 bytes. */
function array(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const out: Uint8Array[] = []
  let at = 0
  while (out.length < count) {
    const length = at + 8 <= bytes.length ? Number(view.getBigUint64(at)) : bytes.length
    if (at + 8 + length > bytes.length)
      throw new ShuffleError('BAD_LENGTH', `part ${out.length}: is longer than there are bytes`)
    out.push(bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  if (at !== bytes.length)
    throw new ShuffleError('BAD_LENGTH', `${bytes.length - at} bytes behind the last part`)
  return out
}

/** Takes a list apart: how many, 8 bytes, then as many items. */
function vector(bytes: Uint8Array): Uint8Array[] {
  const count = Number(u64Of(bytes))
  if (8 + 8 * count > bytes.length)
    throw new ShuffleError('BAD_LENGTH', `list: says that it has ${count} items`)
  return array(bytes.subarray(8), count)
}

function items(bytes: Uint8Array): Uint8Array {
  return concat(vector(bytes))
}

/** Reads a ciphertext, all first halves and then all second ones, as a row of pairs. */
function rowOf(bytes: Uint8Array): Uint8Array {
  const [pair] = array(bytes, 1)
  const [first, second] = array(pair as Uint8Array, 2) as [Uint8Array, Uint8Array]
  const width = first.length / 40
  return joinHalves(concat(array(first, width)), concat(array(second, width)))
}

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, BigInt(value))
  return out
}

function u64Of(bytes: Uint8Array): bigint {
  if (bytes.length < 8) throw new ShuffleError('BAD_LENGTH', 'a length: has not 8 bytes')
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
}
