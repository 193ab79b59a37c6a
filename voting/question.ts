// Questions (docs/spec/voting.md 2.1): what is asked, which answers there are, and how they are counted. Read strictly:
// a field that nobody reads is one that somebody believes to mean something.

import { isTime } from '../encoding/time.ts'
import { VotingError } from './error.ts'
import type { Median } from './tally/grades.ts'

/** Options, lists, and candidates of a list there are at most: each is named by a byte. */
export const optionsAtMost = 250
/** Bytes of a text that a voter writes in, in UTF-8. */
export const writeInBytesAtMost = 60
const textAtMost = 1000

/** Names a method of counting (docs/spec/voting.md 6). */
export type Method =
  | 'plurality'
  | 'approval'
  | 'borda'
  | 'schulze'
  | 'stv'
  | 'score'
  | 'majority-judgment'
  | 'dhondt'
  | 'sainte-lague'

interface Common {
  readonly text: string
  /** Says whether a voter may answer nothing, secretly. */
  readonly blank: boolean
  /** Says how it is counted; the first one decides. */
  readonly methods: readonly Method[]
  /** Counts who is elected. */
  readonly seats: number
}

/** Asks for `min` to `max` of the options, written-in ones included. */
export interface ChooseQuestion extends Common {
  readonly kind: 'choose'
  readonly options: readonly string[]
  readonly min: number
  readonly max: number
  /** So many a voter may write in. */
  readonly write_ins: number
}

/** Asks for an order of at least `min` of the options; with `ties`, several may have one rank. */
export interface RankQuestion extends Common {
  readonly kind: 'rank'
  readonly options: readonly string[]
  readonly min: number
  readonly ties: boolean
}

/** Asks for points, 0 to `most`, for each of the options. */
export interface ScoreQuestion extends Common {
  readonly kind: 'score'
  readonly options: readonly string[]
  readonly most: number
}

/** Asks for one of the grades, of which the first is the best, for each of the options. */
export interface GradeQuestion extends Common {
  readonly kind: 'grade'
  readonly options: readonly string[]
  readonly grades: readonly string[]
  /** Says which of two grades in the middle is the median. */
  readonly median: Median
}

export interface PartyList {
  readonly name: string
  readonly candidates: readonly string[]
}

/** Asks for one of the lists, and for at most `preferences` of the candidates on it. */
export interface ListQuestion extends Common {
  readonly kind: 'list'
  readonly lists: readonly PartyList[]
  readonly preferences: number
}

/** Holds a question of one of five kinds. */
export type Question = ChooseQuestion | RankQuestion | ScoreQuestion | GradeQuestion | ListQuestion

/** Lists, for each kind, the methods that count it. */
export const methodsOf: Readonly<Record<Question['kind'], readonly Method[]>> = {
  choose: ['plurality', 'approval'],
  rank: ['borda', 'schulze', 'stv'],
  score: ['score'],
  grade: ['majority-judgment'],
  list: ['plurality', 'dhondt', 'sainte-lague'],
}

/** Reads fields by name; every method throws BAD_DEFINITION, and says where. */
export class DefinitionReader {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #read = new Set<string>()

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new VotingError('BAD_DEFINITION', `${where}: want an object`)
    this.#fields = value as Record<string, unknown>
    this.#where = where
  }

  wrong(name: string, what: string): VotingError {
    return new VotingError('BAD_DEFINITION', `${this.#where}: ${name}: ${what}`)
  }

  value(name: string): unknown {
    this.#read.add(name)
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  text(name: string): string {
    const value = this.value(name)
    if (!isText(value)) throw this.wrong(name, `want a text of 1 to ${textAtMost} characters`)
    return value
  }

  among<const T extends string>(name: string, all: readonly T[]): T {
    const value = this.value(name)
    const found = all.find(each => each === value)
    if (found === undefined) throw this.wrong(name, `want one of ${all.join(', ')}`)
    return found
  }

  count(name: string, least: number, most: number): number {
    const value = this.value(name)
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      throw this.wrong(name, `want a whole number, ${least} to ${most}`)
    return value as number
  }

  yes(name: string): boolean {
    const value = this.value(name)
    if (typeof value !== 'boolean') throw this.wrong(name, 'want true or false')
    return value
  }

  hash(name: string): string {
    const value = this.value(name)
    if (!isHash(value)) throw this.wrong(name, 'want 32 bytes in hexadecimal')
    return value
  }

  /** Gives a time in UTC with whole seconds, as 2026-01-31T18:00:00Z; undefined where there is none. */
  time(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (!isTime(value)) throw this.wrong(name, 'want a time as 2026-01-31T18:00:00Z')
    return value
  }

  list(name: string, least: number, most: number): readonly unknown[] {
    const value = this.value(name)
    if (!Array.isArray(value) || value.length < least || value.length > most)
      throw this.wrong(name, `want a list of ${least} to ${most}`)
    return value
  }

  /** Gives texts, all different. */
  texts(name: string, least: number, most: number): string[] {
    const list = this.list(name, least, most)
    if (!list.every(isText)) throw this.wrong(name, `want texts of 1 to ${textAtMost} characters`)
    if (new Set(list).size < list.length) throw this.wrong(name, 'want each once')
    return [...list]
  }

  /** Gives hashes, all different. */
  hashes(name: string, least: number, most: number): string[] {
    const list = this.list(name, least, most)
    if (!list.every(isHash)) throw this.wrong(name, 'want 32 bytes in hexadecimal each')
    if (new Set(list).size < list.length) throw this.wrong(name, 'want each once')
    return [...list]
  }

  end(): void {
    const extra = Object.keys(this.#fields).find(name => !this.#read.has(name))
    if (extra !== undefined) throw this.wrong(extra, 'is not known')
  }
}

function isText(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= textAtMost &&
    !/\p{Surrogate}|\p{Cc}/u.test(value)
  )
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

/** Reads a question. @throws VotingError BAD_DEFINITION */
export function readQuestion(value: unknown, where: string): Question {
  const read = new DefinitionReader(value, where)
  const kind = read.among('kind', ['choose', 'rank', 'score', 'grade', 'list'])
  const names = kind === 'list' ? [] : read.texts('options', 1, optionsAtMost)
  const common = {
    text: read.text('text'),
    blank: read.yes('blank'),
    methods: methodsIn(read, kind),
    seats: read.count('seats', 1, optionsAtMost),
  }
  const question = answersOf(read, kind, names, common)
  read.end()
  if (question.kind === 'rank' && question.ties && question.methods.includes('stv'))
    throw read.wrong('ties', 'stv counts no ties')
  return question
}

function methodsIn(read: DefinitionReader, kind: Question['kind']): Method[] {
  const known = methodsOf[kind]
  return read.texts('methods', 1, known.length).map(name => {
    const method = known.find(each => each === name)
    if (method === undefined) throw read.wrong('methods', `want some of ${known.join(', ')}`)
    return method
  })
}

function answersOf(
  read: DefinitionReader,
  kind: Question['kind'],
  options: readonly string[],
  common: Common,
): Question {
  const n = options.length
  switch (kind) {
    case 'choose': {
      const write_ins = read.count('write_ins', 0, 20)
      const max = read.count('max', 1, n + write_ins)
      return { kind, options, ...common, write_ins, max, min: read.count('min', 0, max) }
    }
    case 'rank':
      return { kind, options, ...common, min: read.count('min', 1, n), ties: read.yes('ties') }
    case 'score':
      return { kind, options, ...common, most: read.count('most', 1, 255) }
    case 'grade':
      return {
        kind,
        options,
        ...common,
        grades: read.texts('grades', 2, 100),
        median: read.among('median', ['worse', 'better']),
      }
    case 'list': {
      const lists = read.list('lists', 1, optionsAtMost).map((each, i) => readList(each, read, i))
      if (new Set(lists.map(({ name }) => name)).size < lists.length)
        throw read.wrong('lists', 'want each once')
      const most = Math.max(...lists.map(({ candidates }) => candidates.length))
      return { kind, lists, ...common, preferences: read.count('preferences', 0, most) }
    }
  }
}

function readList(value: unknown, above: DefinitionReader, i: number): PartyList {
  const read = new DefinitionReader(value, above.wrong('lists', `list ${i + 1}`).message.slice(15))
  const list = { name: read.text('name'), candidates: read.texts('candidates', 0, optionsAtMost) }
  read.end()
  return list
}

/** Names what a question's standings are about: its options, or its lists. */
export function namesOf(question: Question): readonly string[] {
  return question.kind === 'list' ? question.lists.map(({ name }) => name) : question.options
}
