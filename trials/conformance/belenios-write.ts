// Writes an election as Belenios 3 would leave it: two trustees, voters of whom one votes twice, a question that is
// summed and one that is shuffled, a shuffle, and the result. So Belenios' own verifier can be asked about our proofs.

import type { Random } from '../../world/random.ts'
import { shuffle as inRandomOrder } from '../../world/random.ts'
import type { ArchiveFile, EventType } from './belenios-archive.ts'
import type {
  Ciphertext,
  CiphertextText,
  ElectionOf,
  HomomorphicQuestion,
  ProofText,
} from './belenios-ballot.ts'
import { type BeleniosGroup, hashOf, sha256Base64, sha256Hex, withGroup } from './belenios-group.ts'
import { rowChallenges, shuffleChallenge } from './belenios-shuffle.ts'
import { mod, product } from './prime-group.ts'

const uuid = 'chaffinchTests1'
const homomorphic: HomomorphicQuestion & { readonly question: string } = {
  answers: ['red', 'green', 'blue'],
  min: 1,
  max: 2,
  question: 'Which colours?',
}
const plain = { type: 'NonHomomorphic', value: { answers: ['X', 'Y'], question: 'In which order?' } }

/** Holds what a voter answers to both questions. */
export interface Vote {
  readonly voter: number
  readonly colours: readonly number[]
  readonly order: readonly number[]
}

/** Writes the files of an election with these votes, the last of each voter counting. */
export function writeElection(
  groupName: string,
  voters: number,
  votes: readonly Vote[],
  random: Random,
): ArchiveFile[] {
  return withGroup(groupName, group => new Writer(group, random).election(voters, votes))
}

class Writer<E> {
  private readonly files: ArchiveFile[] = []
  private readonly of: BeleniosGroup<E>
  private readonly random: Random
  private height = 0
  private parent: string | undefined

  constructor(of: BeleniosGroup<E>, random: Random) {
    this.of = of
    this.random = random
  }

  election(voters: number, votes: readonly Vote[]): ArchiveFile[] {
    const { group } = this.of
    const secrets = [this.scalar(), this.scalar()]
    const keys = secrets.map(secret => group.power(group.g, secret))
    const key = product(group, keys)
    const credentials = Array.from({ length: voters }, () => this.scalar())
    const raw = JSON.stringify({
      version: 1,
      description: 'Written by Chaffinch',
      name: 'Colours and orders',
      group: this.of.name,
      public_key: this.of.write(key),
      questions: [homomorphic, plain],
      uuid,
      administrator: 'a test',
      credential_authority: 'a test',
    })
    const texts = credentials.map(secret => this.of.write(group.power(group.g, secret)))
    this.setup(
      raw,
      secrets.map((secret, i) => ['Single', this.trustee(secret, keys[i] as E)]),
      texts.sort(),
    )
    const fingerprint = sha256Base64(raw)
    const questions = [{ type: 'Homomorphic', value: homomorphic }, plain]
    const about: ElectionOf<E> = { group: this.of, key, uuid, fingerprint, questions }
    const last = new Map<number, Cast<E>>()
    for (const vote of votes)
      last.set(vote.voter, this.ballot(about, credentials[vote.voter] as bigint, vote))
    this.event('EndBallots')
    this.tally(about, secrets, keys, [...last.values()])
    return this.files
  }

  private setup(election: string, trustees: unknown, credentials: readonly string[]): void {
    const setup = {
      election: this.data(election),
      trustees: this.data(JSON.stringify(trustees)),
      credentials: this.data(JSON.stringify(credentials)),
    }
    this.event('Setup', this.data(JSON.stringify(setup)))
  }

  private trustee(secret: bigint, key: E): unknown {
    const public_key = this.of.write(key)
    const pok = this.knows([this.of.group.g], secret, `pok|${this.of.name}|${public_key}|`)
    return { pok, public_key }
  }

  private ballot(about: ElectionOf<E>, secret: bigint, { colours, order }: Vote): Cast<E> {
    const { group, write } = this.of
    const credential = write(group.power(group.g, secret))
    const prefix = `${about.fingerprint}|${credential}`
    const summed = this.choices(about, prefix, colours)
    const shuffled = this.encrypt(about.key, this.of.ofInts(order))
    const { alpha, beta } = this.text(shuffled)
    const proof = this.knows([group.g], shuffled.r, `raweg|${prefix}|${write(about.key)},${alpha},${beta}|`)
    const signed = {
      election_uuid: about.uuid,
      election_hash: about.fingerprint,
      credential,
      answers: [summed.answer, { choices: { alpha, beta }, proof }],
    }
    const hash = sha256Base64(JSON.stringify(signed))
    const signature = { hash, proof: this.knows([group.g], secret, `sig|${hash}|`) }
    this.event('Ballot', this.data(JSON.stringify({ ...signed, signature })))
    return { summed: summed.ciphertexts, shuffled }
  }

  private choices(about: ElectionOf<E>, prefix: string, colours: readonly number[]): Choices<E> {
    const { group } = this.of
    const ciphertexts = colours.map(value => this.encrypt(about.key, group.power(group.g, BigInt(value))))
    const choices = ciphertexts.map(each => this.text(each))
    const individual_proofs = ciphertexts.map((each, i) => {
      const { alpha, beta } = choices[i] as CiphertextText
      return this.oneOf(about.key, `prove|${prefix}|${alpha},${beta}|`, each, [0, 1], colours[i] as number)
    })
    const sum = this.sum(ciphertexts)
    const { alpha, beta } = this.text(sum)
    const listed = choices.map(each => `${each.alpha},${each.beta}`).join(',')
    const total = colours.reduce((all, each) => all + each, 0)
    const counts = Array.from(
      { length: homomorphic.max - homomorphic.min + 1 },
      (_, i) => homomorphic.min + i,
    )
    const about2 = `prove|${prefix}|${listed}|${alpha},${beta}|`
    const overall_proof = this.oneOf(about.key, about2, sum, counts, total)
    return { ciphertexts, answer: { choices, individual_proofs, overall_proof } }
  }

  private tally(
    about: ElectionOf<E>,
    secrets: readonly bigint[],
    keys: readonly E[],
    cast: readonly Cast<E>[],
  ): void {
    const columns = homomorphic.answers.map((_, k) =>
      this.sum(cast.map(({ summed }) => summed[k] as Encrypted<E>)),
    )
    const rows = cast.map(({ shuffled }) => shuffled).sort((a, b) => this.compare(a, b))
    const encrypted_tally = this.data(
      JSON.stringify([columns, rows].map(list => list.map(each => this.text(each)))),
    )
    const sized = { num_tallied: cast.length, total_weight: cast.length, encrypted_tally }
    this.event('EncryptedTally', this.data(JSON.stringify(sized)))
    const output = this.shuffle(about, rows)
    this.event('EndShuffles')
    const factors = secrets.map((secret, i) =>
      this.decryption(about, i + 1, secret, keys[i] as E, [columns, output]),
    )
    const opened = [columns, output].map((list, i) =>
      list.map(({ beta }, j) =>
        this.of.group.times(
          beta,
          this.of.group.power(
            product(
              this.of.group,
              factors.map(each => each[i]?.[j] as E),
            ),
            -1n,
          ),
        ),
      ),
    ) as [E[], E[]]
    const result = [
      opened[0].map(each => this.logarithm(each)),
      opened[1].map(each => this.of.toInts(2, each)),
    ]
    this.event('Result', this.data(JSON.stringify({ result })))
  }

  /** Shuffles and proves it (Haenni, Locher, Koenig and Dubuis 2017), with the permutation in the clear of memory. */
  private shuffle(about: ElectionOf<E>, input: readonly Ciphertext<E>[]): Ciphertext<E>[] {
    const { group, write, generator } = this.of
    const { g, power, times } = group
    const { order } = group
    const n = input.length
    const permutation = inRandomOrder(
      this.random,
      input.map((_, i) => i),
    )
    const q = input.map(() => this.scalar())
    const output = permutation.map((from, to) => {
      const { alpha, beta } = input[from] as Ciphertext<E>
      const by = q[to] as bigint
      return { alpha: times(alpha, power(g, by)), beta: times(beta, power(about.key, by)) }
    })
    const h = input.map((_, i) => generator(i))
    const r = input.map(() => this.scalar())
    const c: E[] = []
    permutation.forEach((from, to) => {
      c[from] = times(power(g, r[from] as bigint), h[to] as E)
    })
    const hashed = { input, output, c }
    const u = rowChallenges(about, hashed)
    const uPrime = permutation.map(from => u[from] as bigint)
    const rHat = input.map(() => this.scalar())
    const chain = [generator(-1)]
    for (const [i, by] of uPrime.entries())
      chain.push(times(power(g, rHat[i] as bigint), power(chain[i] as E, by)))
    const [omegaHat, omegaPrime] = [input.map(() => this.scalar()), input.map(() => this.scalar())]
    const [o1, o2, o3, o4] = [this.scalar(), this.scalar(), this.scalar(), this.scalar()]
    const ofOutput = (half: 'alpha' | 'beta', base: E): E =>
      times(
        power(base, -o4),
        product(
          group,
          output.map(each => each[half]),
          omegaPrime,
        ),
      )
    const t = [
      power(g, o1),
      power(g, o2),
      times(power(g, o3), product(group, h, omegaPrime)),
      ofOutput('beta', about.key),
      ofOutput('alpha', g),
    ].map(write)
    const tHat = omegaPrime.map((by, i) =>
      write(times(power(g, omegaHat[i] as bigint), power(chain[i] as E, by))),
    )
    const cHat = chain.slice(1).map(write)
    const x = shuffleChallenge(about, hashed, cHat, t, tHat)
    const dot = (a: readonly bigint[], b: readonly bigint[]): bigint =>
      a.reduce((sum, each, i) => mod(sum + each * (b[i] as bigint), order), 0n)
    const whole = rHat.reduce((sum, each, i) => mod(each + (uPrime[i] as bigint) * sum, order), 0n)
    const answer = (nonce: bigint, secret: bigint): string => String(mod(nonce + x * secret, order))
    const ones = Array.from({ length: n }, () => 1n)
    const s = [
      answer(o1, dot(r, ones)),
      answer(o2, whole),
      answer(o3, dot(r, u)),
      answer(o4, dot(q, uPrime)),
      omegaHat.map((nonce, i) => answer(nonce, rHat[i] as bigint)),
      omegaPrime.map((nonce, i) => answer(nonce, uPrime[i] as bigint)),
    ]
    const proof = [[...t.slice(0, 3), [t[3], t[4]], tHat], s, c.map(write), cHat]
    const text = JSON.stringify({ ciphertexts: [output.map(each => this.text(each))], proofs: [proof] })
    this.owned('Shuffle', 1, text)
    return output
  }

  private decryption(
    { fingerprint }: ElectionOf<E>,
    owner: number,
    secret: bigint,
    key: E,
    tally: readonly (readonly Ciphertext<E>[])[],
  ): E[][] {
    const { group, write } = this.of
    const factors = tally.map(list => list.map(({ alpha }) => group.power(alpha, secret)))
    const prefix = `decrypt|${fingerprint}|${write(key)}|`
    const proofs = tally.map(list => list.map(({ alpha }) => this.knows([group.g, alpha], secret, prefix)))
    const text = { decryption_factors: factors.map(list => list.map(write)), decryption_proofs: proofs }
    this.owned('PartialDecryption', owner, JSON.stringify(text))
    return factors
  }

  /** Proves that a secret is the logarithm of something to each base. */
  private knows(bases: readonly E[], secret: bigint, prefix: string): ProofText {
    const { group } = this.of
    const nonce = this.scalar()
    const challenge = hashOf(
      this.of,
      prefix,
      bases.map(base => group.power(base, nonce)),
    )
    return { challenge: String(challenge), response: String(mod(nonce - secret * challenge, group.order)) }
  }

  /** Proves that a ciphertext holds one of the values, and not which. */
  private oneOf(
    key: E,
    prefix: string,
    { alpha, beta, r }: Encrypted<E>,
    values: readonly number[],
    value: number,
  ): ProofText[] {
    const { group } = this.of
    const { g, times, power, order } = group
    const nonce = this.scalar()
    const made = values.map(each => {
      if (each === value) return { challenge: 0n, response: 0n, shown: [power(g, nonce), power(key, nonce)] }
      const [challenge, response] = [this.scalar(), this.scalar()]
      const without = times(beta, power(g, BigInt(-each)))
      const pairs = [
        [g, alpha],
        [key, without],
      ] as const
      const shown = pairs.map(([base, element]) => times(power(base, response), power(element, challenge)))
      return { challenge, response, shown }
    })
    const hash = hashOf(
      this.of,
      prefix,
      made.flatMap(({ shown }) => shown),
    )
    const challenge = mod(
      made.reduce((left, each) => left - each.challenge, hash),
      order,
    )
    return made.map((each, i) =>
      values[i] === value
        ? { challenge: String(challenge), response: String(mod(nonce - r * challenge, order)) }
        : { challenge: String(each.challenge), response: String(each.response) },
    )
  }

  private encrypt(key: E, message: E): Encrypted<E> {
    const { g, times, power } = this.of.group
    const r = this.scalar()
    return { alpha: power(g, r), beta: times(power(key, r), message), r }
  }

  private sum(of: readonly Encrypted<E>[]): Encrypted<E> {
    const { group } = this.of
    return {
      alpha: product(
        group,
        of.map(({ alpha }) => alpha),
      ),
      beta: product(
        group,
        of.map(({ beta }) => beta),
      ),
      r: of.reduce((sum, { r }) => mod(sum + r, group.order), 0n),
    }
  }

  private logarithm(element: E): number {
    const { g, same, times, one } = this.of.group
    let [power, by] = [one, 0]
    while (!same(power, element)) [power, by] = [times(power, g), by + 1]
    return by
  }

  private text({ alpha, beta }: Ciphertext<E>): CiphertextText {
    return { alpha: this.of.write(alpha), beta: this.of.write(beta) }
  }

  /** Compares as Belenios sorts elements that are numbers. */
  private compare(a: Ciphertext<E>, b: Ciphertext<E>): number {
    const [left, right] = [this.text(a), this.text(b)].map(({ alpha }) => alpha) as [string, string]
    return left.length - right.length || (left < right ? -1 : 1)
  }

  private scalar(): bigint {
    const bytes = this.random(Math.ceil(this.of.group.order.toString(16).length / 2) + 16)
    return mod(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), this.of.group.order)
  }

  private owned(type: EventType, owner: number, text: string): void {
    this.event(type, this.data(JSON.stringify({ owner, payload: this.data(text) })))
  }

  private data(text: string): string {
    const hash = sha256Hex(text)
    this.files.push({ kind: 'data', hash, text })
    return hash
  }

  private event(type: EventType, payload?: string): void {
    const parent = this.parent === undefined ? {} : { parent: this.parent }
    const text = JSON.stringify({
      ...parent,
      height: this.height++,
      type,
      ...(payload === undefined ? {} : { payload }),
    })
    this.parent = sha256Hex(text)
    this.files.push({ kind: 'event', hash: this.parent, text })
  }
}

interface Encrypted<E> extends Ciphertext<E> {
  readonly r: bigint
}

interface Cast<E> {
  readonly summed: readonly Encrypted<E>[]
  readonly shuffled: Encrypted<E>
}

interface Choices<E> {
  readonly ciphertexts: readonly Encrypted<E>[]
  readonly answer: unknown
}
