// Kind verificatum-shuffle: proofs as the Verificatum mix-net leaves them, anywhere under a folder. A proof is a
// PermutationCommitment, a PoSCommitment and a PoSReply; ciphertexts lie beside or above them, and so does
// protInfo.xml. Where a folder `tv` holds what `vmnv -t` prints, the values on the way are compared too.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { concat, fromHex } from '../../encoding/bytes.ts'
import { type Check, failed, refused, same } from './check.ts'
import { brokenPart, type Columns, type ShuffleTranscript } from './prime-group.ts'
import {
  type ByteTree,
  hashNamed,
  numberOf,
  pseudoRandom,
  randomOracle,
  readTree,
  u32,
  writeTree,
} from './verificatum-bytes.ts'
import { type VerificatumGroup, withGroup } from './verificatum-group.ts'

/** Holds what protInfo.xml says. */
interface Parameters {
  readonly version: string
  readonly session: string
  readonly padding: number
  readonly challengeBits: number
  readonly batchBits: number
  readonly prg: string
  readonly group: string
  readonly hash: string
}

/** One shuffle's files. */
interface Files {
  readonly id: string
  readonly parameters: Parameters
  readonly vectors: string
  readonly trees: Readonly<Record<Part, ByteTree>>
}

type Part = 'key' | 'input' | 'output' | 'commitment' | 'announced' | 'reply'

export function verificatumShuffle(folder: string): readonly Check[] {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /^PermutationCommitment\d*\.bt$/.test(basename(name)))
    .sort()
  return found.flatMap(name => {
    const files = filesOf(folder, name)
    return withGroup(files.parameters.group, group => checks(group, files)).map(check => ({
      ...check,
      id: `${files.id}: ${check.id}`,
    }))
  })
}

function checks<E>(group: VerificatumGroup<E>, { parameters, trees, vectors }: Files): Check[] {
  const derived = derive(group, parameters, trees)
  const broken = brokenPart(group.group, transcript(group, trees, derived))
  return [
    broken === undefined ? { id: 'proof', ok: true, detail: '' } : failed('proof', `${broken} does not hold`),
    ...onTheWay(derived, vectors),
    ...(Object.keys(trees) as Part[]).map(part =>
      refused(`${part} with a bit flipped`, () => {
        try {
          const spoilt = { ...trees, [part]: flipped(trees[part]) }
          return (
            brokenPart(group.group, transcript(group, spoilt, derive(group, parameters, spoilt))) ===
            undefined
          )
        } catch (error) {
          if (error instanceof Error) return false
          throw error
        }
      }),
    ),
  ]
}

/** Holds what prover and verifier compute alike. */
interface Derived<E> {
  readonly prefix: Uint8Array
  readonly h: readonly E[]
  readonly seed: Uint8Array
  readonly u: readonly bigint[]
  readonly challenge: bigint
}

function derive<E>(
  group: VerificatumGroup<E>,
  parameters: Parameters,
  { key, input, output, commitment, announced }: Files['trees'],
): Derived<E> {
  const hash = hashNamed(parameters.hash)
  const prg = hashNamed(parameters.prg)
  const seedBits = 8 * prg(new Uint8Array(0)).length
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const { version, session, padding, challengeBits, batchBits } = parameters
  const prefix = hash(
    writeTree([
      text(version),
      text(session),
      ...[padding, challengeBits, batchBits].map(u32),
      ...[parameters.prg, parameters.group, parameters.hash].map(text),
    ]),
  )
  const oracle = (bits: number, tree: ByteTree): Uint8Array =>
    randomOracle(hash, bits, concat([prefix, writeTree(tree)]))

  const n = (commitment as readonly ByteTree[]).length
  const stream = pseudoRandom(prg, oracle(seedBits, text('generators')))
  const h = Array.from({ length: n }, () => group.derive(stream, padding))
  const [g, y] = key as readonly [ByteTree, ByteTree]
  const width = widthOf(input)
  const wide = (each: ByteTree): ByteTree => (width === 1 ? each : Array.from({ length: width }, () => each))
  const like = (commitment as readonly ByteTree[])[0] as ByteTree
  const written = h.map(each => group.write(each, like))
  const seed = oracle(seedBits, [g, written, commitment, [wide(g), wide(y)], input, output])
  const rows = pseudoRandom(prg, seed)
  const u = Array.from(
    { length: n },
    () => numberOf(rows(Math.ceil(batchBits / 8))) % 2n ** BigInt(batchBits),
  )
  return { prefix, h, seed, u, challenge: numberOf(oracle(challengeBits, [seed, announced])) }
}

/** Counts the columns of a list: the first halves are elements, or `width` lists of them. */
function widthOf(ciphertexts: ByteTree): number {
  const [first] = ciphertexts as readonly ByteTree[]
  return isList(first) && isList(first[0]) && isList(first[0][0])
    ? first.length
    : isModularWide(first)
      ? first.length
      : 1
}

/** Tells columns of leaves from one column of pairs: those of a curve are pairs of leaves. */
function isModularWide(first: ByteTree | undefined): first is readonly ByteTree[] {
  return isList(first) && isList(first[0]) && first[0].length !== 2 && !isList(first[0][0])
}

function isList(tree: ByteTree | undefined): tree is readonly ByteTree[] {
  return tree !== undefined && !(tree instanceof Uint8Array)
}

function transcript<E>(
  group: VerificatumGroup<E>,
  { key, input, output, commitment, announced, reply }: Files['trees'],
  { h, u, challenge }: Derived<E>,
): ShuffleTranscript<E> {
  const [cHat, t3, tHat, t1, t2, t4] = parts(announced, 6) as [
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
  ]
  const [s3, sHat, s1, s2, sPrime, s4] = parts(reply, 6) as [
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
    ByteTree,
  ]
  const width = widthOf(input)
  const elements = (tree: ByteTree): E[] => (tree as readonly ByteTree[]).map(group.read)
  const column = (tree: ByteTree): E[][] =>
    width === 1 ? [elements(tree)] : (tree as readonly ByteTree[]).map(elements)
  const columns = (tree: ByteTree): Columns<E> => {
    const [alpha, beta] = parts(tree, 2) as [ByteTree, ByteTree]
    return { alpha: column(alpha), beta: column(beta) }
  }
  const [alpha, beta] = parts(t4, 2).map(tree => (width === 1 ? [group.read(tree)] : elements(tree))) as [
    E[],
    E[],
  ]
  const scalar = (tree: ByteTree): bigint => numberOf(tree as Uint8Array)
  const scalars = (tree: ByteTree): bigint[] => (tree as readonly ByteTree[]).map(scalar)
  const [g, y] = elements(key)
  if (!group.group.same(g as E, group.group.g)) throw new Error('key: is of another generator')
  return {
    key: y as E,
    h0: h[0] as E,
    h,
    input: columns(input),
    output: columns(output),
    c: elements(commitment),
    cHat: elements(cHat),
    tHat: elements(tHat),
    t1: group.read(t1),
    t2: group.read(t2),
    t3: group.read(t3),
    t4: { alpha, beta },
    sHat: scalars(sHat),
    sPrime: scalars(sPrime),
    s1: scalar(s1),
    s2: scalar(s2),
    s3: scalar(s3),
    s4: width === 1 ? [scalar(s4)] : scalars(s4),
    u,
    challenge,
  }
}

function parts(tree: ByteTree, count: number): readonly ByteTree[] {
  if (tree instanceof Uint8Array || tree.length !== count) throw new Error(`byte tree: want ${count} parts`)
  return tree
}

/** Flips the lowest bit of the last byte of the last leaf. */
function flipped(tree: ByteTree): ByteTree {
  if (!(tree instanceof Uint8Array)) return [...tree.slice(0, -1), flipped(tree.at(-1) as ByteTree)]
  const out = tree.slice()
  out[out.length - 1] = (out.at(-1) as number) ^ 1
  return out
}

/** Compares the prefix, the seed and the challenge with what Verificatum's own verifier printed. */
function onTheWay<E>({ prefix, seed, challenge }: Derived<E>, vectors: string): Check[] {
  const printed = (file: string, name: string): string | undefined => {
    const path = join(vectors, file)
    if (!existsSync(path)) return undefined
    const lines = readFileSync(path, 'utf8').split('\n')
    const at = lines.findIndex(line => line.startsWith(`${name} - `))
    return at === -1 ? undefined : lines[at + 1]?.trim()
  }
  const pairs: readonly (readonly [string, string | undefined, Uint8Array])[] = [
    ['der.rho', printed('rho', 'der.rho'), prefix],
    ['PoS.s', printed('PoS', 'PoS.s'), seed],
    ['PoS.v', printed('PoS', 'PoS.v'), fromHex(challenge.toString(16).padStart(64, '0'))],
  ]
  return pairs.flatMap(([id, wanted, have]) =>
    wanted === undefined ? [] : [same(id, have, fromHex(wanted.padStart(2 * have.length, '0')))],
  )
}

function filesOf(folder: string, name: string): Files {
  const at = dirname(join(folder, name))
  const number = /\d+/.exec(basename(name))?.[0] ?? ''
  const above = dirname(at)
  const protInfo = upwards(at, folder, 'protInfo.xml')
  const before = Number(number) > 1 ? String(Number(number) - 1).padStart(2, '0') : ''
  const numbered = (of: string): string => join(at, `Ciphertexts${of}.bt`)
  const auxsid = existsSync(join(above, 'auxsid'))
    ? readFileSync(join(above, 'auxsid'), 'utf8').trim()
    : 'default'
  const tree = (path: string): ByteTree => readTree(new Uint8Array(readFileSync(path)))
  const last = join(above, 'ShuffledCiphertexts.bt')
  const key = existsSync(join(above, 'FullPublicKey.bt'))
    ? tree(join(above, 'FullPublicKey.bt'))
    : (parts(tree(join(above, 'publicKey.bt')), 2)[1] as ByteTree)
  return {
    id:
      relative(folder, join(at, name === '' ? '' : basename(name))).replace(/\/?[^/]*$/, '') +
      (number && ` ${number}`),
    parameters: readParameters(readFileSync(protInfo, 'utf8'), auxsid),
    vectors: join(dirname(protInfo), 'tv'),
    trees: {
      key,
      input: tree(before === '' ? join(above, 'Ciphertexts.bt') : numbered(before)),
      output: tree(number !== '' && existsSync(numbered(number)) ? numbered(number) : last),
      commitment: tree(join(at, `PermutationCommitment${number}.bt`)),
      announced: tree(join(at, `PoSCommitment${number}.bt`)),
      reply: tree(join(at, `PoSReply${number}.bt`)),
    },
  }
}

function upwards(from: string, top: string, name: string): string {
  for (let at = from; at.length >= top.length; at = dirname(at))
    if (existsSync(join(at, name))) return join(at, name)
  throw new Error(`${relative(top, from)}: no ${name} in it, or above`)
}

function readParameters(xml: string, auxsid: string): Parameters {
  const field = (name: string): string => {
    const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
    if (found === undefined) throw new Error(`protInfo.xml: no ${name}`)
    return found.trim()
  }
  return {
    version: field('version'),
    session: `${field('sid')}.${auxsid}`,
    padding: Number(field('statdist')),
    challengeBits: Number(field('vbitlenro')),
    batchBits: Number(field('ebitlenro')),
    prg: field('prg'),
    group: field('pgroup'),
    hash: field('rohash'),
  }
}
