// Questions and answers in the reader's words.

import { type Answer, type Definition, namesOf, type Question, type Standing } from '../../voting/index.ts'
import { count, zonedTime } from '../parts/format.ts'
import type { WorkFailure } from '../public/asked.ts'
import { textOf } from '../public/failure-text.ts'
import { te } from './texts.ts'

/** Says what a question asks for. */
export function ruleOf(question: Question): string {
  const { rules } = te()
  switch (question.kind) {
    case 'choose':
      return rules.choose(question.min, question.max, question.write_ins)
    case 'rank':
      return rules.rank(question.min, question.ties)
    case 'score':
      return rules.score(question.most)
    case 'grade':
      return rules.grade
    case 'list':
      return rules.list(question.preferences)
  }
}

/** Says what an answer says, a line a thing. */
export function linesOf(question: Question, answer: Answer): readonly string[] {
  const names = namesOf(question)
  const nameOf = (option: number): string => names[option] ?? ''
  const { vote } = te()
  switch (answer.is) {
    case 'blank':
      return [vote.isBlank]
    case 'choose': {
      const all = [...answer.chosen.map(nameOf), ...answer.written.map(vote.isWritten)]
      return all.length === 0 ? [vote.isNone] : all
    }
    case 'rank':
      return answer.ranks
        .map((rank, option) => ({ rank, option }))
        .filter(({ rank }) => rank > 0)
        .sort((a, b) => a.rank - b.rank)
        .map(({ rank, option }) => `${rank}. ${nameOf(option)}`)
    case 'score':
      return answer.scores.map((score, option) => `${nameOf(option)}: ${score}`)
    case 'grade': {
      const grades = question.kind === 'grade' ? question.grades : []
      return answer.grades.map((grade, option) => `${nameOf(option)}: ${grades[grade] ?? ''}`)
    }
    case 'list': {
      const candidates = question.kind === 'list' ? (question.lists[answer.list]?.candidates ?? []) : []
      return [nameOf(answer.list), ...answer.preferred.map(i => candidates[i] ?? '')]
    }
  }
}

/** Says when an election takes ballots, as far as its definition does: facts for a list. */
export function datesOf({
  opens_at,
  closes_at,
}: Pick<Definition, 'opens_at' | 'closes_at'>): readonly (readonly [string, string, string])[] {
  const { dates } = te().standing
  return [
    ...(opens_at === undefined ? [] : [[dates.opens, zonedTime(Date.parse(opens_at)), dates.hint] as const]),
    ...(closes_at === undefined
      ? []
      : [[dates.closes, zonedTime(Date.parse(closes_at)), dates.hint] as const]),
  ]
}

/** Says how a question stands: of one with too few ballots also how many, and what its owners want. */
export function stageText(
  { stage, ballots, until, wanted }: Standing,
  { least, quorum }: { readonly least: number; readonly quorum: number },
): string {
  const { stages, few } = te().standing
  const isFew = stage === 'few' || stage === 'given-up'
  return [
    isFew ? `${stages[stage]} (${few.of(count(ballots), count(least))})` : stages[stage],
    ...(until === '' ? [] : [few.prolonged(zonedTime(Date.parse(until)))]),
    ...wanted.map(({ what, until: to, owners }) =>
      what === 'end'
        ? few.wantEnd(count(owners), count(quorum))
        : few.wantMore(count(owners), count(quorum), zonedTime(Date.parse(to))),
    ),
  ].join('; ')
}

/** Says why something failed. */
export function failureText(failure: WorkFailure): string {
  return textOf(te().failures, failure)
}
