// Kind belenios-election: the archive of an election by Belenios 3, everything that its own `election verify` checks:
// trustees, ballots, the encrypted tally, shuffles, decryptions, the result. Then spoilt copies, in which all hashes
// have been mended, so that only what is proved can find them out.

import { readFileSync } from 'node:fs'
import { type Archive, type ArchiveFile, mended, readArchive, readFiles } from './belenios-archive.ts'
import {
  announced,
  type Ballot,
  type Ciphertext,
  type CiphertextText,
  checkBallot,
  demand,
  type ElectionOf,
  type HomomorphicAnswer,
  isPlain,
  type PlainAnswer,
  type ProofText,
  type Question,
  readCiphertext,
  readProof,
  readQuestion,
} from './belenios-ballot.ts'
import { hashOf, sha256Base64, sha256Hex, withGroup } from './belenios-group.ts'
import { checkShuffle, type ShuffleProofText } from './belenios-shuffle.ts'
import { coefficient, readTrustees, type TrusteeSet } from './belenios-trustees.ts'
import { type Check, failed, refused } from './check.ts'
import { product } from './prime-group.ts'

interface ElectionText {
  readonly version: number
  readonly group: string
  readonly public_key: string
  readonly questions: readonly Partial<Question>[]
  readonly uuid: string
}

/** Counts what an archive holds. */
interface Counted {
  readonly ballots: number
  readonly shuffles: number
  readonly decryptions: number
  readonly isDone: boolean
}

export function beleniosElection(path: string): readonly Check[] {
  const files = readFiles(new Uint8Array(readFileSync(path)))
  const { ballots, shuffles, decryptions, isDone } = verifyElection(files)
  const found = `${ballots} ballots, ${shuffles} shuffles, ${decryptions} decryptions, ${isDone ? 'a' : 'no'} result`
  return [{ id: found, ok: true, detail: '' }, ...spoilt(files)]
}

/** Checks a whole election. Throws an Error that says what does not hold. */
export function verifyElection(files: readonly ArchiveFile[]): Counted {
  const archive = readArchive(files)
  const setup = JSON.parse(archive.events[0]?.payload ?? 'null') as Record<string, string> | null
  if (setup === null) throw new Error('archive: has no setup')
  const raw = archive.data(setup['election'])
  const election = JSON.parse(raw) as ElectionText
  demand(election.version === 1, 'election: version 1')
  return withGroup(election.group, group => {
    const trustees = readTrustees(group, archive.data(setup['trustees']))
    const key = group.read(election.public_key)
    demand(
      group.group.same(
        key,
        product(
          group.group,
          trustees.map(each => each.key),
        ),
      ),
      'election: its key',
    )
    const fingerprint = sha256Base64(raw)
    const about = {
      group,
      key,
      uuid: election.uuid,
      fingerprint,
      questions: election.questions.map(readQuestion),
    }
    return verifyEvents(archive, about, trustees, readCredentials(archive.data(setup['credentials'])))
  })
}

/** Gives the weight of each credential. */
function readCredentials(text: string): Map<string, bigint> {
  const lines = (JSON.parse(text) as readonly string[]).map(line => line.split(','))
  const weights = new Map(lines.map(([credential, weight]) => [String(credential), BigInt(weight || '1')]))
  demand(weights.size === lines.length, 'credentials: that all are different')
  return weights
}

function verifyEvents<E>(
  archive: Archive,
  election: ElectionOf<E>,
  trustees: readonly TrusteeSet<E>[],
  weights: ReadonlyMap<string, bigint>,
): Counted {
  const last = new Map<string, Ballot>()
  const decryptions = new Map<number, E[][]>()
  let tally: Ciphertext<E>[][] = []
  let [ballots, shuffles, isDone] = [0, 0, false]
  for (const { type, payload = '' } of archive.events) {
    if (type === 'Ballot') {
      const ballot = checkBallot(election, payload)
      demand(weights.has(ballot.credential), 'ballot: its credential')
      last.delete(ballot.credential)
      last.set(ballot.credential, ballot)
      ballots++
    } else if (type === 'EncryptedTally') {
      tally = checkTally(archive, election, payload, [...last.values()], weights)
    } else if (type === 'Shuffle') {
      tally = shuffled(election, tally, ownedOf(archive, payload).text)
      shuffles++
    } else if (type === 'PartialDecryption') {
      const { owner, text } = ownedOf(archive, payload)
      demand(!decryptions.has(owner), `decryption: that trustee ${owner} made one`)
      decryptions.set(owner, checkDecryption(election, tally, trustees, owner, text))
    } else if (type === 'Result') {
      checkResult(election, tally, trustees, decryptions, payload)
      isDone = true
    }
  }
  return { ballots, shuffles, decryptions: decryptions.size, isDone }
}

function ownedOf(archive: Archive, text: string): { readonly owner: number; readonly text: string } {
  const { owner, payload } = JSON.parse(text) as { owner: number; payload: string }
  return { owner, text: archive.data(payload) }
}

function checkTally<E>(
  archive: Archive,
  { group, questions }: ElectionOf<E>,
  text: string,
  ballots: readonly Ballot[],
  weights: ReadonlyMap<string, bigint>,
): Ciphertext<E>[][] {
  const sized = JSON.parse(text) as { num_tallied: number; total_weight: number; encrypted_tally: string }
  const by = ballots.map(({ credential }) => weights.get(credential) as bigint)
  demand(sized.num_tallied === ballots.length, 'tally: its number of ballots')
  demand(BigInt(sized.total_weight) === by.reduce((sum, each) => sum + each, 0n), 'tally: its weight')
  const tally = JSON.parse(archive.data(sized.encrypted_tally)) as CiphertextText[][]
  demand(tally.length === questions.length, 'tally: its number of questions')
  return questions.map((question, i) => {
    const have = tally[i] as CiphertextText[]
    if (isPlain(question)) {
      demand(
        by.every(weight => weight === 1n),
        'tally: that all weights are 1',
      )
      const wanted = ballots.map(({ answers }) => (answers[i] as PlainAnswer).choices)
      demand(listed(have) === listed(wanted), `tally: question ${i}`)
      return have.map(each => readCiphertext(group, each))
    }
    const columns = ballots.map(({ answers }) => (answers[i] as HomomorphicAnswer).choices)
    const sums = have.map((_, k) => {
      const column = columns.map(choices => readCiphertext(group, choices[k] as CiphertextText))
      return {
        alpha: product(
          group.group,
          column.map(({ alpha }) => alpha),
          by,
        ),
        beta: product(
          group.group,
          column.map(({ beta }) => beta),
          by,
        ),
      }
    })
    const length = question.value.answers.length + (question.value.blank === true ? 1 : 0)
    const written = sums.map(({ alpha, beta }) => ({ alpha: group.write(alpha), beta: group.write(beta) }))
    demand(have.length === length && JSON.stringify(written) === JSON.stringify(have), `tally: question ${i}`)
    return sums
  })
}

/** Writes ciphertexts in one order: Belenios sorts them, by what is not in the specification. */
function listed(ciphertexts: readonly CiphertextText[]): string {
  return ciphertexts
    .map(({ alpha, beta }) => `${alpha},${beta}`)
    .sort()
    .join(' ')
}

function shuffled<E>(election: ElectionOf<E>, tally: Ciphertext<E>[][], text: string): Ciphertext<E>[][] {
  const { ciphertexts, proofs } = JSON.parse(text) as {
    ciphertexts: CiphertextText[][]
    proofs: ShuffleProofText[]
  }
  const plain = election.questions.flatMap((question, i) => (isPlain(question) ? [i] : []))
  demand(
    plain.length === ciphertexts.length && plain.length === proofs.length,
    'shuffle: its number of questions',
  )
  return tally.map((input, i) => {
    const at = plain.indexOf(i)
    if (at === -1) return input
    const output = (ciphertexts[at] as CiphertextText[]).map(each => readCiphertext(election.group, each))
    checkShuffle(election, input, output, proofs[at] as ShuffleProofText)
    return output
  })
}

function checkDecryption<E>(
  { group, fingerprint }: ElectionOf<E>,
  tally: readonly Ciphertext<E>[][],
  trustees: readonly TrusteeSet<E>[],
  owner: number,
  text: string,
): E[][] {
  const trustee = trustees.flatMap(({ members }) => members).find(member => member.owner === owner)
  if (trustee === undefined) throw new Error(`decryption: there is no trustee ${owner}`)
  const { decryption_factors: factors, decryption_proofs: proofs } = JSON.parse(text) as {
    decryption_factors: string[][]
    decryption_proofs: ProofText[][]
  }
  const prefix = `decrypt|${fingerprint}|${group.write(trustee.key)}|`
  const lengths = (of: readonly (readonly unknown[])[]): string => of.map(list => list.length).join()
  const isWhole = lengths(tally) === lengths(factors) && lengths(tally) === lengths(proofs)
  demand(isWhole, `decryption by trustee ${owner}: its length`)
  return tally.map((ciphertexts, i) =>
    ciphertexts.map(({ alpha }, j) => {
      const factor = group.read(factors[i]?.[j])
      const proof = readProof(group, proofs[i]?.[j] as ProofText)
      const pairs = [
        [group.group.g, trustee.key],
        [alpha, factor],
      ] as const
      const hash = hashOf(group, prefix, announced(group, pairs, proof))
      demand(hash === proof.challenge, `decryption by trustee ${owner}: question ${i}, place ${j}`)
      return factor
    }),
  )
}

function checkResult<E>(
  { group, questions }: ElectionOf<E>,
  tally: readonly Ciphertext<E>[][],
  trustees: readonly TrusteeSet<E>[],
  decryptions: ReadonlyMap<number, E[][]>,
  text: string,
): void {
  const { result } = JSON.parse(text) as { result: readonly (readonly unknown[])[] }
  const { order, times, power, g, same } = group.group
  const shares = trustees.flatMap(({ threshold, members }, set) => {
    const present = members
      .map((member, i) => ({ ...member, place: i + 1 }))
      .filter(({ owner }) => decryptions.has(owner))
    const chosen = present.slice(0, threshold)
    demand(chosen.length === threshold, `result: that enough trustees of set ${set + 1} decrypted`)
    const places = chosen.map(({ place }) => place)
    return chosen.map(({ owner, place }) => ({
      factors: decryptions.get(owner) as E[][],
      by: coefficient(places, place, order),
    }))
  })
  demand(result.length === questions.length, 'result: its number of questions')
  questions.forEach((question, i) => {
    const opened = (tally[i] as Ciphertext<E>[]).map(({ beta }, j) => {
      const all = shares.map(({ factors }) => factors[i]?.[j] as E)
      return times(
        beta,
        power(
          product(
            group.group,
            all,
            shares.map(({ by }) => by),
          ),
          -1n,
        ),
      )
    })
    const have = result[i] as readonly unknown[]
    demand(have.length === opened.length, `result: question ${i}, how many there are,`)
    opened.forEach((element, j) => {
      const holds = isPlain(question)
        ? JSON.stringify(have[j]) === JSON.stringify(group.toInts(question.value.answers.length, element))
        : Number.isSafeInteger(have[j]) && same(element, power(g, BigInt(have[j] as number)))
      demand(holds, `result: question ${i}, place ${j}`)
    })
  })
}

/** Changes a number of each kind of file, mends all hashes, and wants the election refused. */
function spoilt(files: readonly ArchiveFile[]): Check[] {
  const kinds: readonly (readonly [name: string, pattern: RegExp, change: RegExp])[] = [
    ['election', /^\{"version":/, /(?<="name":")/],
    ['trustees', /^\[\["(Single|Pedersen)"/, /(?<="response":")\d/],
    ['credentials', /^\["/, /(?<=^\[")./],
    ['signature of a ballot', /^\{"election_uuid"/, /(?<="signature".*"response":")\d/],
    ['answer of a ballot', /^\{"election_uuid"/, /(?<="response":")\d/],
    ['encrypted tally', /^\[\[\{"alpha"/, /(?<=^\[\[\{"alpha":")./],
    ['number of ballots', /^\{"num_tallied"/, /(?<="num_tallied":)\d/],
    ['order of a shuffle', /^\{"ciphertexts"/, /(?<="alpha":")./],
    ['proof of a shuffle', /^\{"ciphertexts"/, /(?<="proofs":\[\[\[")./],
    ['factor of a decryption', /^\{"decryption_factors"/, /(?<="decryption_factors":\[\[")./],
    ['proof of a decryption', /^\{"decryption_factors"/, /(?<="response":")\d/],
    ['result', /^\{"result"/, /(?<="result":\[\[\[?)\d/],
  ]
  return kinds.flatMap(([name, pattern, change]) => {
    const at = files.findIndex(({ kind, text }) => kind === 'data' && pattern.test(text) && change.test(text))
    if (at === -1) return []
    const copy = mended(files, ({ text }, i) => (i === at ? text.replace(change, otherThan) : undefined))
    if (sha256Hex(files[at]?.text ?? '') === copy[at]?.hash) return [failed(name, 'could not be changed')]
    return [
      refused(`another ${name}`, () => {
        try {
          verifyElection(copy)
          return true
        } catch {
          return false
        }
      }),
    ]
  })
}

/** Gives another digit for one, and a letter where there is none. */
function otherThan(found: string): string {
  return found === '' ? 'x' : found === '1' ? '2' : '1'
}
