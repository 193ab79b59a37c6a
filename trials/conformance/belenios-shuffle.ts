// Shuffles of Belenios 3 (specification 3.0, section 4.15 and the algorithms behind it, from CHVote 1.3.2).

import { type Ciphertext, demand, type ElectionOf, exponent } from './belenios-ballot.ts'
import { type BeleniosGroup, sha256Hex } from './belenios-group.ts'
import { brokenPart, mod, type ShuffleTranscript } from './prime-group.ts'

/** A proof as it stands in JSON: (t, s, c, c^). */
export type ShuffleProofText = readonly [
  t: readonly [string, string, string, readonly [string, string], readonly string[]],
  s: readonly [string, string, string, string, readonly string[], readonly string[]],
  c: readonly string[],
  cHat: readonly string[],
]

/** Holds what challenges are made of. */
export interface Hashed<E> {
  readonly input: readonly Ciphertext<E>[]
  readonly output: readonly Ciphertext<E>[]
  readonly c: readonly E[]
}

const listed = (texts: readonly string[]): string => texts.map(text => `${text},`).join('')

function aboutOf<E>({ write }: BeleniosGroup<E>, { input, output, c }: Hashed<E>): string {
  const pairs = [...input, ...output].flatMap(({ alpha, beta }) => [write(alpha), write(beta)])
  return listed([...pairs, ...c.map(write)])
}

/** Gives the challenge of each row. */
export function rowChallenges<E>({ group, fingerprint }: ElectionOf<E>, of: Hashed<E>): bigint[] {
  const seed = sha256Hex(`shuffle-challenges|${fingerprint}|${aboutOf(group, of)}`)
  return of.input.map((_, i) => mod(BigInt(`0x${sha256Hex(seed + sha256Hex(String(i)))}`), group.group.order))
}

/** Gives the challenge, of t as five texts. */
export function shuffleChallenge<E>(
  { group, key, fingerprint }: ElectionOf<E>,
  of: Hashed<E>,
  cHat: readonly string[],
  t: readonly string[],
  tHat: readonly string[],
): bigint {
  const about = listed(t) + listed(tHat) + aboutOf(group, of) + listed(cHat) + group.write(key)
  return mod(BigInt(`0x${sha256Hex(`shuffle-challenge|${fingerprint}|${about}`)}`), group.group.order)
}

/** Checks a shuffle. Throws an Error that says what of it does not hold. */
export function checkShuffle<E>(
  election: ElectionOf<E>,
  input: readonly Ciphertext<E>[],
  output: readonly Ciphertext<E>[],
  [t, s, cText, cHatText]: ShuffleProofText,
): void {
  const { group, key } = election
  const elements = (texts: readonly string[]): E[] => texts.map(group.read)
  const scalars = (texts: readonly string[]): bigint[] => texts.map(text => exponent(group, text))
  const [t1, t2, t3, [t4b, t4a], tHat] = t
  const c = elements(cText)
  const hashed = { input, output, c }
  const columns = (of: readonly Ciphertext<E>[]): ShuffleTranscript<E>['input'] => ({
    alpha: [of.map(({ alpha }) => alpha)],
    beta: [of.map(({ beta }) => beta)],
  })
  const [s1, s2, s3, s4] = scalars(s.slice(0, 4) as string[]) as [bigint, bigint, bigint, bigint]
  const broken = brokenPart(group.group, {
    key,
    h0: group.generator(-1),
    h: input.map((_, i) => group.generator(i)),
    input: columns(input),
    output: columns(output),
    c,
    cHat: elements(cHatText),
    tHat: elements(tHat),
    t1: group.read(t1),
    t2: group.read(t2),
    t3: group.read(t3),
    t4: { alpha: [group.read(t4a)], beta: [group.read(t4b)] },
    sHat: scalars(s[4]),
    sPrime: scalars(s[5]),
    s1,
    s2,
    s3,
    s4: [s4],
    u: rowChallenges(election, hashed),
    challenge: shuffleChallenge(election, hashed, cHatText, [t1, t2, t3, t4b, t4a], tHat),
  })
  demand(broken === undefined, `shuffle: ${broken}`)
}
