// Counts the answers to a question by each of its methods (docs/spec/voting.md 6).

import type { Answer } from '../answer.ts'
import { type Method, namesOf, type Question } from '../question.ts'
import { type MajorityJudgment, majorityJudgment } from './grades.ts'
import { highestAverages, type ListSeats } from './lists.ts'
import { type Borda, borda, type Schulze, schulze } from './ranked.ts'
import { countEach, type Places, placesBy, type Seated, seat } from './standing.ts'
import { type Stv, stv } from './stv.ts'

/** A text that voters wrote in, and how many did. */
export interface WrittenIn {
  readonly text: string
  readonly votes: number
}

/** Holds what a method says. Options, lists and candidates are numbers from 0 on. */
export type Count =
  | (Seated & {
      readonly method: 'plurality' | 'approval'
      readonly votes: readonly number[]
      readonly places: Places
      readonly written: readonly WrittenIn[]
      /** candidates[list][candidate]: preferences; empty where no lists were asked for. */
      readonly candidates: readonly (readonly number[])[]
    })
  | (Seated & { readonly method: 'score'; readonly points: readonly number[]; readonly places: Places })
  | (Seated & Borda & { readonly method: 'borda' })
  | (Seated & Schulze & { readonly method: 'schulze' })
  | (Seated & MajorityJudgment & { readonly method: 'majority-judgment' })
  | (Stv & { readonly method: 'stv' })
  | (ListSeats & { readonly method: 'dhondt' | 'sainte-lague'; readonly votes: readonly number[] })

/** Counts answers, of which none is blank. */
export function count(question: Question, method: Method, answers: readonly Answer[]): Count {
  const options = namesOf(question).length
  const { seats } = question
  const ranks = answers.flatMap(answer => (answer.is === 'rank' ? [answer.ranks] : []))
  switch (method) {
    case 'plurality':
    case 'approval':
      return most(question, method, answers)
    case 'borda': {
      const counted = borda(options, ranks)
      return { method, ...counted, ...seat(counted.places, seats) }
    }
    case 'schulze': {
      const counted = schulze(options, ranks)
      return { method, ...counted, ...seat(counted.places, seats) }
    }
    case 'stv':
      return { method, ...stv(seats, ranks) }
    case 'score': {
      const points = new Array<number>(options).fill(0)
      for (const answer of answers)
        if (answer.is === 'score')
          answer.scores.forEach((score, option) => {
            points[option] = (points[option] as number) + score
          })
      const places = placesBy(points)
      return { method, points, places, ...seat(places, seats) }
    }
    case 'majority-judgment': {
      const grades = answers.flatMap(answer => (answer.is === 'grade' ? [answer.grades] : []))
      const { grades: names, median } = question as Extract<Question, { kind: 'grade' }>
      const counted = majorityJudgment(options, names.length, grades, median)
      return { method, ...counted, ...seat(counted.places, seats) }
    }
    case 'dhondt':
    case 'sainte-lague': {
      const votes = countEach(options, listsOf(answers))
      return { method, votes, ...highestAverages(votes, seats, method) }
    }
  }
}

function listsOf(answers: readonly Answer[]): number[][] {
  return answers.flatMap(answer => (answer.is === 'list' ? [[answer.list]] : []))
}

/** Counts votes. Written-in texts take places behind the options, by their votes and then by their bytes. */
function most(question: Question, method: 'plurality' | 'approval', answers: readonly Answer[]): Count {
  const options = namesOf(question).length
  const chosen = answers.flatMap(answer => (answer.is === 'choose' ? [answer.chosen] : []))
  const votes = countEach(options, question.kind === 'list' ? listsOf(answers) : chosen)
  const written = writtenIn(answers)
  const places = placesBy([...votes, ...written.map(each => each.votes)])
  const candidates =
    question.kind !== 'list'
      ? []
      : question.lists.map((list, at) =>
          countEach(
            list.candidates.length,
            answers.flatMap(answer => (answer.is === 'list' && answer.list === at ? [answer.preferred] : [])),
          ),
        )
  return { method, votes, places, written, candidates, ...seat(places, question.seats) }
}

function writtenIn(answers: readonly Answer[]): WrittenIn[] {
  const counts = new Map<string, number>()
  for (const answer of answers)
    if (answer.is === 'choose')
      for (const text of answer.written) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts]
    .map(([text, votes]) => ({ text, votes }))
    .sort((a, b) => b.votes - a.votes || (a.text < b.text ? -1 : 1))
}
