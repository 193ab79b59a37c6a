// Answers, and their bytes in a ballot (docs/spec/voting.md 3). An answer has one encoding, and bytes that are none
// are an invalid ballot: else a ballot could be marked by how it is written.

import { concat, same } from '../encoding/bytes.ts'
import { FieldReader } from '../encoding/reader.ts'
import { widthFor } from '../shuffle/index.ts'
import { VotingError } from './error.ts'
import { type ChooseQuestion, type ListQuestion, type Question, writeInBytesAtMost } from './question.ts'

/** Holds what a voter says to a question. Options, lists, candidates and grades are numbers from 0 on. */
export type Answer =
  | { readonly is: 'blank' }
  | { readonly is: 'choose'; readonly chosen: readonly number[]; readonly written: readonly string[] }
  /** One rank an option, 1 the best; 0 where it has none. */
  | { readonly is: 'rank'; readonly ranks: readonly number[] }
  | { readonly is: 'score'; readonly scores: readonly number[] }
  | { readonly is: 'grade'; readonly grades: readonly number[] }
  | { readonly is: 'list'; readonly list: number; readonly preferred: readonly number[] }

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Encodes an answer.
 *
 * @throws VotingError BAD_ANSWER for one that its question does not allow
 */
export function encodeAnswer(question: Question, answer: Answer): Uint8Array {
  const why = wrongWith(question, answer)
  if (why !== undefined) throw new VotingError('BAD_ANSWER', why)
  switch (answer.is) {
    case 'blank':
      return Uint8Array.of(0)
    case 'choose': {
      const { options, write_ins } = question as ChooseQuestion
      const parts = [Uint8Array.of(1), bits(answer.chosen, options.length)]
      if (write_ins > 0) parts.push(Uint8Array.of(answer.written.length))
      for (const text of answer.written.map(each => textEncoder.encode(each)).sort(byBytes))
        parts.push(Uint8Array.of(text.length), text)
      return concat(parts)
    }
    case 'rank':
      return Uint8Array.of(1, ...answer.ranks)
    case 'score':
      return Uint8Array.of(1, ...answer.scores)
    case 'grade':
      return Uint8Array.of(1, ...answer.grades)
    case 'list': {
      const { candidates } = (question as ListQuestion).lists[answer.list] as ListQuestion['lists'][number]
      return concat([Uint8Array.of(1, answer.list), bits(answer.preferred, candidates.length)])
    }
  }
}

/** Decodes an answer; undefined for bytes that are not just what `encodeAnswer` writes. */
export function decodeAnswer(question: Question, bytes: Uint8Array): Answer | undefined {
  try {
    const answer = read(question, new FieldReader(bytes, message => new VotingError('BAD_ANSWER', message)))
    return same(encodeAnswer(question, answer), bytes) ? answer : undefined
  } catch (error) {
    if (error instanceof VotingError || error instanceof TypeError) return undefined
    throw error
  }
}

/** Counts the ciphertexts of a ballot's row: enough for the longest answer, the same for all ballots. */
export function widthOf(question: Question): number {
  return widthFor(longest(question))
}

function longest(question: Question): number {
  switch (question.kind) {
    case 'choose': {
      const { options, write_ins } = question
      const written = write_ins === 0 ? 0 : 1 + write_ins * (1 + writeInBytesAtMost)
      return 1 + Math.ceil(options.length / 8) + written
    }
    case 'list':
      return 2 + Math.ceil(Math.max(...question.lists.map(({ candidates }) => candidates.length)) / 8)
    default:
      return 1 + question.options.length
  }
}

function read(question: Question, bytes: FieldReader<VotingError>): Answer {
  if (bytes.u8('answer') === 0) {
    bytes.end()
    return { is: 'blank' }
  }
  const all = (count: number): number[] => [...bytes.take(count, 'options')]
  switch (question.kind) {
    case 'choose': {
      const chosen = readBits(bytes, question.options.length)
      const count = question.write_ins > 0 ? bytes.u8('write-ins') : 0
      const written = Array.from({ length: count }, () =>
        textDecoder.decode(bytes.take(bytes.u8('write-in'), 'write-in')),
      )
      return { is: 'choose', chosen, written }
    }
    case 'rank':
      return { is: 'rank', ranks: all(question.options.length) }
    case 'score':
      return { is: 'score', scores: all(question.options.length) }
    case 'grade':
      return { is: 'grade', grades: all(question.options.length) }
    case 'list': {
      const list = bytes.u8('list')
      const of = question.lists[list]
      if (of === undefined) throw bytes.wrong('list', 'is none')
      return { is: 'list', list, preferred: readBits(bytes, of.candidates.length) }
    }
  }
}

/** Option i is bit i mod 8, from the lowest, of byte i div 8. */
function bits(chosen: readonly number[], count: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(count / 8))
  for (const i of chosen) out[i >> 3] = (out[i >> 3] as number) | (1 << (i & 7))
  return out
}

function readBits(bytes: FieldReader<VotingError>, count: number): number[] {
  const taken = bytes.take(Math.ceil(count / 8), 'options')
  return Array.from({ length: 8 * taken.length }, (_, i) => i).filter(
    i => ((taken[i >> 3] as number) >> (i & 7)) & 1,
  )
}

function byBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at === -1 ? a.length - b.length : (a[at] as number) - (b[at] ?? -1)
}

/** Says why a question does not allow an answer; undefined where it does. */
function wrongWith(question: Question, answer: Answer): string | undefined {
  if (answer.is === 'blank') return question.blank ? undefined : 'answer: may not be blank'
  if (answer.is !== question.kind) return `answer: want ${question.kind}, have ${answer.is}`
  switch (answer.is) {
    case 'choose':
      return wrongChoice(question as ChooseQuestion, answer.chosen, answer.written)
    case 'rank':
      return question.kind === 'rank' ? wrongRanks(question, answer.ranks) : undefined
    case 'score':
      return question.kind === 'score'
        ? wrongNumbers(answer.scores, question.options, question.most)
        : undefined
    case 'grade':
      return question.kind === 'grade'
        ? wrongNumbers(answer.grades, question.options, question.grades.length - 1)
        : undefined
    case 'list': {
      const { lists, preferences } = question as ListQuestion
      const candidates = lists[answer.list]?.candidates
      if (candidates === undefined) return `list: want 0 to ${lists.length - 1}`
      if (answer.preferred.length > preferences) return `candidates: want at most ${preferences}`
      return wrongSet(answer.preferred, candidates.length)
    }
  }
}

function wrongChoice(
  { options, min, max, write_ins }: ChooseQuestion,
  chosen: readonly number[],
  written: readonly string[],
): string | undefined {
  const count = chosen.length + written.length
  if (count < min || count > max) return `options: want ${min} to ${max}, have ${count}`
  if (written.length > write_ins) return `write-ins: want at most ${write_ins}`
  if (new Set(written).size < written.length) return 'write-ins: want each once'
  for (const text of written) {
    const length = textEncoder.encode(text).length
    if (length < 1 || length > writeInBytesAtMost)
      return `write-in: want 1 to ${writeInBytesAtMost} bytes, have ${length}`
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return 'write-in: has a character that cannot be printed'
    if (text !== text.normalize('NFC') || text !== text.trim() || /\s\s/u.test(text))
      return 'write-in: want it in form NFC, without spaces around it or two together'
    if (options.includes(text)) return 'write-in: is one of the options'
  }
  return wrongSet(chosen, options.length)
}

function wrongSet(chosen: readonly number[], count: number): string | undefined {
  const isWrong = (i: number): boolean => !Number.isInteger(i) || i < 0 || i >= count
  if (chosen.some(isWrong) || new Set(chosen).size < chosen.length)
    return `options: want numbers from 0 to ${count - 1}, each once`
  return undefined
}

function wrongNumbers(
  numbers: readonly number[],
  options: readonly string[],
  most: number,
): string | undefined {
  if (numbers.length !== options.length) return `options: want ${options.length}, have ${numbers.length}`
  return numbers.every(each => Number.isInteger(each) && each >= 0 && each <= most)
    ? undefined
    : `options: want 0 to ${most} each`
}

/** Ranks are 1, 2, 3 and so on without a gap: of two ballots that say the same there is one text. */
function wrongRanks(
  { options, min, ties }: Extract<Question, { kind: 'rank' }>,
  ranks: readonly number[],
): string | undefined {
  const why = wrongNumbers(ranks, options, options.length)
  if (why !== undefined) return why
  const used = ranks.filter(rank => rank > 0)
  if (used.length < min) return `ranks: want ${min} options at least, have ${used.length}`
  const different = new Set(used)
  if (!ties && different.size < used.length) return 'ranks: want no two options on one rank'
  if (used.length > 0 && Math.max(...used) !== different.size)
    return 'ranks: want 1, 2, 3 and so on without a gap'
  return undefined
}
