// Audit or cast (docs/spec/voting.md 8.1): a voter's program says which ballot it has made before it knows whether that
// is cast. When the voter wants it opened instead, another program sees what is in it; it is never cast then.

import { contextOf, type Peer } from '../cascade/records.ts'
import type { Signer } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/jcs.ts'
import { type Group, openBallot, type SealedBallot, sealBallot } from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import { type Answer, decodeAnswer, encodeAnswer } from './answer.ts'
import { type Definition, electionId } from './definition.ts'
import { VotingError } from './error.ts'
import type { Question } from './question.ts'

/** Names the format of opened ballots. */
export const openedFormat = 'chaffinch-election-1 opened ballot'

/** Holds a ballot that is not cast, and what shows what is in it. */
export interface OpenedBallot {
  readonly format: typeof openedFormat
  readonly election: string
  /** From 1 on. */
  readonly question: number
  /** In hexadecimal, 64 bytes a column. */
  readonly row: string
  /** In hexadecimal, 32 bytes a column. */
  readonly randomness: string
}

/** Says whose answer to which question is encrypted. */
export interface AnswerContext {
  readonly mixnet: string
  readonly voter: Signer
  /** The peer that takes the question's ballots. */
  readonly door: Peer
  readonly question: Question
}

/** Encrypts an answer for a voter who may want to see it opened. @throws VotingError BAD_ANSWER */
export function sealAnswer(
  group: Group,
  { mixnet, voter, door, question }: AnswerContext,
  answer: Answer,
  random: Random,
): SealedBallot {
  const about = {
    context: contextOf(mixnet, 'message', door.peer_id),
    voter: fromHex(voter.id),
    key: fromHex(door.key_data),
  }
  return sealBallot(group, about, encodeAnswer(question, answer), door.width, random)
}

/** Gives what another program needs to look into a ballot. @param question from 0 on */
export function openedBallot(
  definition: Definition,
  question: number,
  { row, randomness }: SealedBallot,
): OpenedBallot {
  return {
    format: openedFormat,
    election: electionId(definition),
    question: question + 1,
    row: hex(row),
    randomness: hex(randomness),
  }
}

/** Writes an opened ballot: canonical JSON and a line feed. */
export function writeOpened(opened: OpenedBallot): string {
  return `${canonicalJson({ ...opened })}\n`
}

/** Reads an opened ballot. @throws VotingError BAD_FOLDER */
export function readOpened(definition: Definition, text: string): OpenedBallot {
  const wrong = (why: string): VotingError => new VotingError('BAD_FOLDER', `opened ballot: ${why}`)
  let value: OpenedBallot
  try {
    value = JSON.parse(text) as OpenedBallot
  } catch (error) {
    throw wrong(`is none: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || value.format !== openedFormat)
    throw wrong('is of another format')
  if (value.election !== electionId(definition)) throw wrong('is of another election')
  if (definition.questions[value.question - 1] === undefined) throw wrong('is of no question')
  for (const text of [value.row, value.randomness])
    if (typeof text !== 'string' || !/^([0-9a-f]{64})+$/.test(text)) throw wrong('row, randomness: want hex')
  return value
}

/**
 * Looks into an opened ballot.
 *
 * @param door the peer that takes its question's ballots, in a log that one has audited
 * @returns the answer; undefined where the ballot holds none, or something else than its randomness says
 */
export function answerIn(
  group: Group,
  definition: Definition,
  door: Peer,
  { question, row, randomness }: OpenedBallot,
): Answer | undefined {
  const message = openBallot(group, fromHex(door.key_data), fromHex(row), fromHex(randomness))
  return message && decodeAnswer(definition.questions[question - 1] as Question, message)
}
