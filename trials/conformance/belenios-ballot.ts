// Ballots of Belenios 3 (specification 3.0, sections 4.11 and 4.12): the signature, and the proofs of each answer.

import { type BeleniosGroup, hashOf, sha256Base64 } from './belenios-group.ts'
import { mod, product } from './prime-group.ts'

/** A proof as it stands in JSON: two decimal numbers. */
export interface ProofText {
  readonly challenge: string
  readonly response: string
}

export interface CiphertextText {
  readonly alpha: string
  readonly beta: string
}

export interface Ciphertext<E> {
  readonly alpha: E
  readonly beta: E
}

export interface HomomorphicQuestion {
  readonly answers: readonly string[]
  readonly blank?: boolean
  readonly min: number
  readonly max: number
}

export interface Question {
  readonly type: string
  readonly value: Omit<HomomorphicQuestion, 'min' | 'max'> & { readonly min?: number; readonly max?: number }
}

export interface HomomorphicAnswer {
  readonly choices: readonly CiphertextText[]
  readonly individual_proofs: readonly (readonly ProofText[])[]
  readonly overall_proof: readonly ProofText[]
  readonly blank_proof?: readonly ProofText[]
}

export interface PlainAnswer {
  readonly choices: CiphertextText
  readonly proof: ProofText
}

export interface Ballot {
  readonly election_uuid: string
  readonly election_hash: string
  readonly credential: string
  readonly answers: readonly (HomomorphicAnswer | PlainAnswer)[]
  readonly signature: { readonly hash: string; readonly proof: ProofText }
}

/** Holds what all ballots of an election are bound to. */
export interface ElectionOf<E> {
  readonly group: BeleniosGroup<E>
  readonly key: E
  readonly uuid: string
  /** SHA-256 of the election's text, in base64 without padding. */
  readonly fingerprint: string
  readonly questions: readonly Question[]
}

/** Refuses a statement with an Error that says which. */
export function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`${what} does not hold`)
}

/** Reads a question: a homomorphic one has no type, and is its own value. Throws an Error for a type not known here. */
export function readQuestion(of: Partial<Question>): Question {
  if (of.type === undefined) return { type: 'Homomorphic', value: of as unknown as Question['value'] }
  if (of.type !== 'NonHomomorphic' && of.type !== 'Homomorphic')
    throw new Error(`question: type ${of.type} is not known here`)
  return of as Question
}

export function isPlain(question: Question): boolean {
  return question.type === 'NonHomomorphic'
}

/** @throws Error for a number that is not canonical, or not below the order */
export function exponent<E>({ group }: BeleniosGroup<E>, text: string): bigint {
  const value = /^\d{1,700}$/.test(text) ? BigInt(text) : -1n
  if (String(value) !== text || value >= group.order) throw new Error('proof: a number is none')
  return value
}

export function readCiphertext<E>({ read }: BeleniosGroup<E>, of: CiphertextText): Ciphertext<E> {
  return { alpha: read(of.alpha), beta: read(of.beta) }
}

/** Gives base^response times element^challenge for each pair: what the prover announced, if the proof is true. */
export function announced<E>(
  { group }: BeleniosGroup<E>,
  pairs: readonly (readonly [base: E, element: E])[],
  { challenge, response }: { readonly challenge: bigint; readonly response: bigint },
): E[] {
  return pairs.map(([base, element]) =>
    group.times(group.power(base, response), group.power(element, challenge)),
  )
}

export function readProof<E>(
  group: BeleniosGroup<E>,
  { challenge, response }: ProofText,
): { readonly challenge: bigint; readonly response: bigint } {
  return { challenge: exponent(group, challenge), response: exponent(group, response) }
}

/** Checks proofs of which one at least is true: the hash of all they announce is the sum of their challenges. */
function demandOneOf<E>(
  group: BeleniosGroup<E>,
  prefix: string,
  cases: readonly (readonly (readonly [base: E, element: E])[])[],
  proofs: readonly ProofText[],
  what: string,
): void {
  demand(cases.length === proofs.length, `${what}, how many proofs there are,`)
  const read = proofs.map(proof => readProof(group, proof))
  const all = read.flatMap((proof, i) => announced(group, cases[i] as (typeof cases)[number], proof))
  const sum = read.reduce((total, { challenge }) => mod(total + challenge, group.group.order), 0n)
  demand(hashOf(group, prefix, all) === sum, what)
}

/** Gives what is shown of a ciphertext that holds `value`: (g, alpha) and (y, beta / g^value). */
function encrypts<E>(
  { group, key }: { readonly group: BeleniosGroup<E>; readonly key: E },
  { alpha, beta }: Ciphertext<E>,
  value: number,
): (readonly [E, E])[] {
  const { g, times, power } = group.group
  return [
    [g, alpha],
    [key, value === 0 ? beta : times(beta, power(g, BigInt(-value)))],
  ]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
}

/** Checks a ballot. Throws an Error that says what of it does not hold. */
export function checkBallot<E>(election: ElectionOf<E>, text: string): Ballot {
  const { group, uuid, fingerprint, questions } = election
  const ballot = JSON.parse(text) as Ballot
  const { signature, ...signed } = ballot
  demand(JSON.stringify(ballot) === text, 'ballot: that it is written in just one way')
  demand(ballot.election_uuid === uuid && ballot.election_hash === fingerprint, 'ballot: its election')
  demand(signature.hash === sha256Base64(JSON.stringify(signed)), 'ballot: its hash')
  const credential = group.read(ballot.credential)
  const proof = readProof(group, signature.proof)
  const [commitment] = announced(group, [[group.group.g, credential]], proof)
  const hash = hashOf(group, `sig|${signature.hash}|`, [commitment as E])
  demand(hash === proof.challenge, 'ballot: its signature')
  demand(ballot.answers.length === questions.length, 'ballot: the number of answers')
  const prefix = `${fingerprint}|${ballot.credential}`
  questions.forEach((question, i) => {
    const answer = ballot.answers[i]
    if (isPlain(question)) checkPlain(election, prefix, answer as PlainAnswer)
    else
      checkHomomorphic(election, prefix, question.value as HomomorphicQuestion, answer as HomomorphicAnswer)
  })
  return ballot
}

function checkPlain<E>({ group, key }: ElectionOf<E>, prefix: string, answer: PlainAnswer): void {
  const { alpha } = readCiphertext(group, answer.choices)
  const proof = readProof(group, answer.proof)
  const about = `raweg|${prefix}|${group.write(key)},${answer.choices.alpha},${answer.choices.beta}|`
  const hash = hashOf(group, about, announced(group, [[group.group.g, alpha]], proof))
  demand(hash === proof.challenge, 'answer: that its voter knows it')
}

function checkHomomorphic<E>(
  election: ElectionOf<E>,
  prefix: string,
  { answers, blank = false, min, max }: HomomorphicQuestion,
  answer: HomomorphicAnswer,
): void {
  const { group } = election
  const choices = answer.choices.map(choice => readCiphertext(group, choice))
  demand(choices.length === answers.length + (blank ? 1 : 0), 'answer: the number of choices')
  demand(choices.length === answer.individual_proofs.length, 'answer: the number of proofs')
  choices.forEach((choice, i) => {
    const { alpha, beta } = answer.choices[i] as CiphertextText
    const cases = [0, 1].map(value => encrypts(election, choice, value))
    const proofs = answer.individual_proofs[i] as readonly ProofText[]
    demandOneOf(
      group,
      `prove|${prefix}|${alpha},${beta}|`,
      cases,
      proofs,
      `answer: that choice ${i} is 0 or 1`,
    )
  })
  const longer = `${prefix}|${answer.choices.map(({ alpha, beta }) => `${alpha},${beta}`).join(',')}`
  const chosen = blank ? choices.slice(1) : choices
  const sum = {
    alpha: product(
      group.group,
      chosen.map(({ alpha }) => alpha),
    ),
    beta: product(
      group.group,
      chosen.map(({ beta }) => beta),
    ),
  }
  const counts = range(min, max).map(value => encrypts(election, sum, value))
  if (!blank) {
    demand(answer.blank_proof === undefined, 'answer: that it has no proof about blank votes')
    const about = `prove|${longer}|${group.write(sum.alpha)},${group.write(sum.beta)}|`
    demandOneOf(group, about, counts, answer.overall_proof, 'answer: how many are chosen')
    return
  }
  const first = choices[0] as Ciphertext<E>
  const nothing = [encrypts(election, first, 0), encrypts(election, sum, 0)]
  demandOneOf(
    group,
    `bproof0|${longer}|`,
    nothing,
    answer.blank_proof ?? [],
    'answer: blank, or some chosen,',
  )
  const either = [encrypts(election, first, 1), ...counts]
  demandOneOf(group, `bproof1|${longer}|`, either, answer.overall_proof, 'answer: how many are chosen')
}
