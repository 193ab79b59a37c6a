// An answer as it is typed: `1=Anna,Bo`, `2=Anna>Bo`, `3=Anna:10,Bo:0`, `4=North:Dora`, `5=` for blank. Options go by
// their names or by their numbers from 1 on, and what is written in has a plus before it.

import { CommandError } from '../../encoding/command-line.ts'
import { type Answer, namesOf, type Question } from '../../voting/index.ts'

/** Reads answers to all questions of an election, one a question. @throws CommandError USAGE */
export function readAnswers(questions: readonly Question[], typed: readonly string[]): Answer[] {
  return answersTo(questions, typed, readAnswer, usage)
}

/**
 * Reads what was typed for each question, as QUESTION=ANSWER; one without an answer is blank, where it may be.
 *
 * @param usage makes the error of the command that reads
 * @throws what `usage` makes
 */
export function answersTo<
  Q extends { readonly text: string; readonly blank: boolean },
  A extends { readonly is: string },
>(
  questions: readonly Q[],
  typed: readonly string[],
  read: (question: Q, text: string) => A,
  usage: (what: string) => CommandError,
): (A | { readonly is: 'blank' })[] {
  const answers = new Map<number, A>()
  for (const each of typed) {
    const [, number = '', text = ''] = /^\s*(\d+)\s*=(.*)$/s.exec(each) ?? []
    const question = questions[Number(number) - 1]
    if (question === undefined)
      throw usage(`--answer ${each}: want QUESTION=ANSWER, the question 1 to ${questions.length}`)
    if (answers.has(Number(number))) throw usage(`--answer ${each}: question ${number} is answered already`)
    answers.set(Number(number), read(question, text.trim()))
  }
  return questions.map((question, i) => {
    const answer = answers.get(i + 1) ?? (question.blank ? ({ is: 'blank' } as const) : undefined)
    if (answer === undefined) throw usage(`question ${i + 1} may not be blank: ${question.text}`)
    return answer
  })
}

function usage(what: string): CommandError {
  return new CommandError('USAGE', what, 'chaffinch election vote --help')
}

/** Reads an answer to a question. @throws CommandError USAGE */
export function readAnswer(question: Question, text: string): Answer {
  if (text === '') return { is: 'blank' }
  const options = namesOf(question)
  switch (question.kind) {
    case 'choose': {
      const parts = split(text, ',')
      const written = parts.filter(part => part.startsWith('+')).map(part => part.slice(1).trim())
      const chosen = parts.filter(part => !part.startsWith('+')).map(part => optionIn(options, part))
      return { is: 'choose', chosen: chosen.sort((a, b) => a - b), written }
    }
    case 'rank': {
      const ranks = options.map(() => 0)
      split(text, '>').forEach((place, i) => {
        for (const part of split(place, '=')) ranks[optionIn(options, part)] = i + 1
      })
      return { is: 'rank', ranks }
    }
    case 'score':
      return {
        is: 'score',
        scores: pairs(options, text, said => (/^\d{1,3}$/.test(said) ? Number(said) : -1)),
      }
    case 'grade':
      return { is: 'grade', grades: pairs(options, text, said => optionIn(question.grades, said)) }
    case 'list': {
      const [name = '', candidates = ''] = text.split(':')
      const list = optionIn(options, name)
      const of = question.lists[list]?.candidates ?? []
      const preferred = candidates.trim() === '' ? [] : split(candidates, ',').map(part => optionIn(of, part))
      return { is: 'list', list, preferred: preferred.sort((a, b) => a - b) }
    }
  }
}

/** Writes an answer as it can be typed, with the names of options. */
export function writeAnswer(question: Question, answer: Answer): string {
  const options = namesOf(question)
  const names = (list: readonly number[]): string => list.map(i => options[i]).join(',')
  switch (answer.is) {
    case 'blank':
      return ''
    case 'choose':
      return [...answer.chosen.map(i => options[i]), ...answer.written.map(text => `+${text}`)].join(',')
    case 'rank': {
      const places = Array.from({ length: Math.max(0, ...answer.ranks) }, (_, i) =>
        options.filter((_option, option) => answer.ranks[option] === i + 1).join('='),
      )
      return places.join('>')
    }
    case 'score':
      return options.map((option, i) => `${option}:${answer.scores[i]}`).join(',')
    case 'grade': {
      const grades = question.kind === 'grade' ? question.grades : []
      return options.map((option, i) => `${option}:${grades[answer.grades[i] as number]}`).join(',')
    }
    case 'list': {
      const of = question.kind === 'list' ? question.lists[answer.list] : undefined
      const preferred = answer.preferred.map(i => of?.candidates[i]).join(',')
      return preferred === '' ? names([answer.list]) : `${names([answer.list])}:${preferred}`
    }
  }
}

function split(text: string, by: string): string[] {
  return text.split(by).map(part => part.trim())
}

function optionIn(options: readonly string[], said: string): number {
  const text = said.trim()
  const named = options.indexOf(text)
  if (named !== -1) return named
  const number = /^\d{1,3}$/.test(text) ? Number(text) - 1 : -1
  if (options[number] !== undefined) return number
  throw usage(`'${text}': want one of ${options.map((option, i) => `${i + 1} ${option}`).join(', ')}`)
}

/** Reads `option:value` for each of the options. */
function pairs(options: readonly string[], text: string, value: (said: string) => number): number[] {
  const given = new Map(
    split(text, ',').map(pair => {
      const at = pair.lastIndexOf(':')
      return [optionIn(options, pair.slice(0, at)), value(pair.slice(at + 1).trim())] as const
    }),
  )
  const missing = options.find((_, option) => !given.has(option))
  if (missing !== undefined) throw usage(`'${missing}': has no value`)
  return options.map((_, option) => given.get(option) as number)
}
