// An answer while somebody fills it in, and what becomes of it.

import { type Answer, namesOf, type Question } from '../../voting/index.ts'

/** Holds what a voter has said of a question so far. Only the fields of its kind are used. */
export interface Draft {
  readonly blank: boolean
  /** Numbers of options. */
  readonly chosen: readonly number[]
  readonly written: readonly string[]
  /** A rank, score or grade for each option. */
  readonly values: readonly (number | undefined)[]
  readonly list: number | undefined
  /** Numbers of candidates of the list. */
  readonly preferred: readonly number[]
}

export function emptyDraft(question: Question): Draft {
  const values = namesOf(question).map(() => undefined)
  return { blank: false, chosen: [], written: [], values, list: undefined, preferred: [] }
}

/** Gives the answer; undefined while something is missing. Whether the question allows it is checked elsewhere. */
export function answerOf(question: Question, draft: Draft): Answer | undefined {
  if (draft.blank) return { is: 'blank' }
  const { values } = draft
  switch (question.kind) {
    case 'choose':
      return { is: 'choose', chosen: rising(draft.chosen), written: tidy(draft.written) }
    case 'rank': {
      // Of two ways to say the same there is one on a ballot: ranks without a gap
      const used = rising(values.filter(value => value !== undefined))
      return { is: 'rank', ranks: values.map(value => (value === undefined ? 0 : used.indexOf(value) + 1)) }
    }
    case 'score':
    case 'grade': {
      const all = values.filter(value => value !== undefined)
      if (all.length < values.length) return undefined
      return question.kind === 'score' ? { is: 'score', scores: all } : { is: 'grade', grades: all }
    }
    case 'list':
      if (draft.list === undefined) return undefined
      return { is: 'list', list: draft.list, preferred: rising(draft.preferred) }
  }
}

/** Says whether an option's rank is one that another has too, where each may be given once. */
export function isTwice(question: Question, { values }: Draft, option: number): boolean {
  if (question.kind !== 'rank' || question.ties) return false
  const own = values[option]
  return own !== undefined && values.some((value, i) => i !== option && value === own)
}

function rising(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** Writes texts as a ballot wants them (docs/spec/voting.md 3): in form NFC, with single spaces, none empty. */
function tidy(texts: readonly string[]): string[] {
  const all = texts.map(text => text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim())
  return [...new Set(all.filter(text => text !== ''))]
}
