// The form of a survey (docs/spec/surveys.md 2): what is asked, whose mixers hide who answered what, who reads the
// answers, and below how many nothing is shown. Its hash is the survey's name.

import { bodyBytesAtLeast, bodyBytesAtMost } from '../../cascade/packets/suite.ts'
import { digestOf } from '../../cascade/signed.ts'
import { canonicalJson, type Json } from '../../encoding/jcs.ts'
import { VotingError } from '../error.ts'
import { DefinitionReader, type Question, readQuestion } from '../question.ts'

/** Names the format of forms. */
export const formFormat = 'chaffinch-survey-1'
const questionsAtMost = 100
const mixersAtMost = 32
const textBytesAtMost = 10_000

/** Asks for a text of `most_bytes` bytes at most. */
export interface TextQuestion {
  readonly kind: 'text'
  readonly text: string
  /** Says whether it may be left without an answer. */
  readonly blank: boolean
  readonly most_bytes: number
}

/** Asks for a number from `least` to `most`, in units of 10^-`decimals`. */
export interface NumberQuestion {
  readonly kind: 'number'
  readonly text: string
  readonly blank: boolean
  readonly least: number
  readonly most: number
  readonly decimals: number
  /** Says what is counted; may be empty. */
  readonly unit: string
}

/** Holds a question of an election without its count, or of one of two kinds that only surveys have. */
export type SurveyQuestion = Exclude<Question, { readonly kind: 'list' }> | TextQuestion | NumberQuestion

/** Says what a survey is: all that is known before anybody answers. */
export interface SurveyForm {
  readonly format: typeof formFormat
  readonly title: string
  /** Names the mix-net that answers go through. */
  readonly mixnet: string
  /** The key of its log, 32 bytes in hexadecimal. */
  readonly controller_key: string
  /** Ids of the mixers, in their order. They own the survey's peers. */
  readonly mixers: readonly string[]
  /** So many of them are needed. */
  readonly mixers_least: number
  /** Reads the answers: an id, and the key that they are sealed to. */
  readonly recipient: string
  readonly recipient_key: string
  /** Below so many answers nothing is opened or shown, of subgroups either. */
  readonly participants_least: number
  /** Milliseconds that participants have to find that an answer was lost. */
  readonly settle_ms: number
  readonly questions: readonly SurveyQuestion[]
}

/** Reads a form from a value of JSON. @throws VotingError BAD_DEFINITION */
export function readForm(value: unknown): SurveyForm {
  const read = new DefinitionReader(value, 'survey')
  const mixers = read.hashes('mixers', 1, mixersAtMost)
  const form: SurveyForm = {
    format: read.among('format', [formFormat]),
    title: read.text('title'),
    mixnet: read.text('mixnet'),
    controller_key: read.hash('controller_key'),
    mixers,
    mixers_least: read.count('mixers_least', 1, mixers.length),
    recipient: read.hash('recipient'),
    recipient_key: read.hash('recipient_key'),
    participants_least: read.count('participants_least', 2, 1_000_000),
    settle_ms: read.count('settle_ms', 0, 2 ** 40),
    questions: read
      .list('questions', 1, questionsAtMost)
      .map((each, i) => readSurveyQuestion(each, `question ${i + 1}`)),
  }
  read.end()
  if (bodyBytesOf(form) > bodyBytesAtMost)
    throw read.wrong('questions', `their answers have more than ${bodyBytesAtMost} bytes together`)
  return form
}

/** Methods of counting that a question needs in an election, and not here. */
const methods = { choose: 'approval', rank: 'borda', score: 'score', grade: 'majority-judgment' } as const

function readSurveyQuestion(value: unknown, where: string): SurveyQuestion {
  const read = new DefinitionReader(value, where)
  const kind = read.among('kind', ['choose', 'rank', 'score', 'grade', 'text', 'number'])
  if (kind === 'text' || kind === 'number') {
    const text = read.text('text')
    const blank = read.yes('blank')
    const question: SurveyQuestion =
      kind === 'text'
        ? { kind, text, blank, most_bytes: read.count('most_bytes', 1, textBytesAtMost) }
        : numberIn(read, text, blank)
    read.end()
    return question
  }
  const common = { methods: [methods[kind]], seats: 1 }
  const own = kind === 'choose' ? { write_ins: 0 } : kind === 'grade' ? { median: 'worse' } : {}
  for (const name of [...Object.keys(common), ...Object.keys(own)])
    if (read.value(name) !== undefined) throw read.wrong(name, 'is not known')
  return readQuestion({ ...(value as object), ...common, ...own }, where) as SurveyQuestion
}

function numberIn(read: DefinitionReader, text: string, blank: boolean): NumberQuestion {
  const most = read.count('most', -(2 ** 48), 2 ** 48)
  const least = read.count('least', -(2 ** 48), most)
  const unit = read.value('unit')
  if (typeof unit !== 'string' || unit.length > 40)
    throw read.wrong('unit', 'want a text of at most 40 characters')
  return { kind: 'number', text, blank, least, most, decimals: read.count('decimals', 0, 9), unit }
}

/** Gives a form as it is written: questions without what is the same for all. */
function written(form: SurveyForm): Json {
  const questions = form.questions.map(question => {
    if (question.kind === 'text' || question.kind === 'number') return question
    const own: Record<string, unknown> = { ...question }
    for (const name of ['methods', 'seats', 'write_ins', 'median']) delete own[name]
    return own
  })
  return { ...form, questions } as unknown as Json
}

/** Writes a form: canonical JSON (RFC 8785) and a line feed. */
export function writeForm(form: SurveyForm): string {
  return `${canonicalJson(written(form))}\n`
}

/** Parses what `writeForm` wrote, and nothing else. @throws VotingError BAD_DEFINITION */
export function parseForm(text: string): SurveyForm {
  let form: SurveyForm
  try {
    form = readForm(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new VotingError('BAD_DEFINITION', `survey: is no JSON: ${error.message}`)
  }
  if (writeForm(form) !== text)
    throw new VotingError('BAD_DEFINITION', 'survey: is not written canonically (RFC 8785)')
  return form
}

/** Names a survey: SHA-256 over its form's canonical JSON, in hexadecimal. */
export function surveyId(form: SurveyForm): string {
  return digestOf(written(form))
}

/** Counts the bytes of an answer to a question, with the two that say how many there are. */
export function questionBytes(question: SurveyQuestion): number {
  switch (question.kind) {
    case 'text':
      return 3 + question.most_bytes
    case 'number':
      return 11
    case 'choose':
      return 3 + Math.ceil(question.options.length / 8)
    default:
      return 3 + question.options.length
  }
}

/** Counts the bytes of all answers of a participant: as many for everybody. */
export function answerBytes({ questions }: Pick<SurveyForm, 'questions'>): number {
  return questions.reduce((sum, question) => sum + questionBytes(question), 0)
}

/** Bytes that a packet has besides what it carries (docs/spec/packets.md 6). */
const packetHead = 73

/** Counts the bytes of a packet's body: one packet carries all answers of a participant. */
export function bodyBytesOf(form: Pick<SurveyForm, 'questions'>): number {
  return Math.max(bodyBytesAtLeast, packetHead + answerBytes(form))
}
