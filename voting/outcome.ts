// What came out of an election (docs/spec/voting.md 5 and 7): of an audit that has followed the whole log, the ballots
// of every question, opened and counted. Whatever is not as it must be is an error that says who or what.

import { Audit } from '../cascade/audit.ts'
import type { Cycle } from '../cascade/records.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { decodeMessage, type Group } from '../shuffle/index.ts'
import { type Answer, decodeAnswer } from './answer.ts'
import { type Definition, electionId } from './definition.ts'
import { VotingError } from './error.ts'
import { type Chain, chainsOf, type Roll } from './founding.ts'
import type { Question } from './question.ts'
import { type Count, count } from './tally/count.ts'

/** Names the format of results. */
export const resultFormat = 'chaffinch-election-1 result'

/** Says what came out of a question. */
export interface QuestionResult {
  /** Voters whose ballot counts. */
  readonly ballots: number
  /** Votes: ballots, each as often as it weighs. */
  readonly votes: number
  readonly blank: number
  /** Votes that are no answer that the question allows. */
  readonly invalid: number
  /** The least number of ballots, where there were fewer and it was given up: then nothing was opened. */
  readonly given_up?: number
  readonly counts: readonly Count[]
}

/** Says what came out of an election. */
export interface Result {
  readonly format: typeof resultFormat
  readonly election: string
  /** Voters that there are. */
  readonly voters: number
  readonly questions: readonly QuestionResult[]
}

/** The cycles of a question: the one that took the ballots, and the one that trustees open. */
export interface Course {
  readonly chain: Chain
  readonly ballots: Cycle
  readonly opened: Cycle
}

/**
 * Finds the cycle that took a question's ballots: the first that was closed with enough of them. Whatever any owner
 * opens later is no part of the election.
 */
export function ballotsOf(audit: Audit, chain: Chain): Cycle | undefined {
  const [door] = chain
  const cycles = audit.board.cycles.get(door?.peer_id ?? '') ?? []
  return cycles.find(({ status }) => status !== 'ABORTED')
}

/** Finds the cycle that a question's ballots are in: where voting ended with too few, the one that had them. */
export function doorOf(audit: Audit, chain: Chain): Cycle | undefined {
  return ballotsOf(audit, chain) ?? audit.board.cycles.get(chain[0]?.peer_id ?? '')?.at(-1)
}

/** Follows a question's ballots through the mixes. @throws VotingError BAD_FOLDER while they are not all there */
export function courseOf(audit: Audit, definition: Definition, chain: Chain, question: number): Course {
  const wrong = (why: string): VotingError =>
    new VotingError('BAD_FOLDER', `question ${question + 1}: ${why}`)
  const ballots = ballotsOf(audit, chain)
  if (ballots === undefined || ballots.status === 'OPEN')
    throw wrong(
      doorOf(audit, chain)?.status === 'ABORTED'
        ? `ended with too few ballots (${doorOf(audit, chain)?.messages.length} of ${definition.ballots_least}), and was neither given up nor prolonged`
        : 'voting is not over',
    )
  let last = ballots
  for (const peer of chain.slice(1)) {
    const all = audit.board.cycles.get(peer.peer_id) ?? []
    const next = all.find(
      ({ from, status }) => from?.peer_id === last.peer_id && from.id === last.id && status !== 'VOID',
    )
    if (next === undefined) throw wrong(`cycle ${Audit.nameOf(last)} was not processed`)
    last = next
  }
  if (!audit.isSound(last)) throw wrong('a shuffle has no proof that holds')
  const mixes = audit.mixesBefore(last)
  if (mixes < definition.mixes_least)
    throw wrong(`want ${definition.mixes_least} shuffles with a proof that holds, have ${mixes}`)
  return { chain, ballots, opened: last }
}

/** Gives all opened answers of a question, in the order in which the mixes left them; undefined is an invalid one. */
export function answersOf(
  group: Group,
  audit: Audit,
  { opened, chain }: Course,
  question: Question,
): (Answer | undefined)[] | undefined {
  const points = audit.result(opened)
  if (points === undefined) return undefined
  const size = 32 * (chain[0]?.width ?? 0)
  return Array.from({ length: points.length / size }, (_, i) => {
    const message = decodeMessage(group, points.subarray(size * i, size * (i + 1)))
    return message && decodeAnswer(question, message)
  })
}

/** Computes the result. @throws VotingError BAD_FOLDER while it cannot be known */
export function resultOf(group: Group, audit: Audit, definition: Definition, roll: Roll): Result {
  const chains = chainsOf(audit.board, definition, roll)
  const questions = definition.questions.map((question, at) => {
    const chain = chains[at] as Chain
    const door = doorOf(audit, chain)
    if (door?.status === 'ENDED') return givenUp(door.messages.length, definition.ballots_least)
    const course = courseOf(audit, definition, chain, at)
    const answers = answersOf(group, audit, course, question)
    if (answers === undefined)
      throw new VotingError('BAD_FOLDER', `question ${at + 1}: has too few true shares of trustees`)
    return questionResult(question, course.ballots.messages.length, answers)
  })
  return { format: resultFormat, election: electionId(definition), voters: roll.size, questions }
}

/** Gives what is known of a question that was given up: how many ballots there were. */
function givenUp(ballots: number, least: number): QuestionResult {
  return { ballots, votes: 0, blank: 0, invalid: 0, given_up: least, counts: [] }
}

/** Counts a question's answers; blank and invalid ones count for nothing. */
export function questionResult(
  question: Question,
  ballots: number,
  answers: readonly (Answer | undefined)[],
): QuestionResult {
  const known = answers.flatMap(answer => (answer === undefined ? [] : [answer]))
  const said = known.filter(({ is }) => is !== 'blank')
  return {
    ballots,
    votes: answers.length,
    blank: known.length - said.length,
    invalid: answers.length - known.length,
    counts: question.methods.map(method => count(question, method, said)),
  }
}

/** Writes a result: canonical JSON (RFC 8785) and a line feed. */
export function writeResult(result: Result): string {
  return `${canonicalJson(result as unknown as Json)}\n`
}
