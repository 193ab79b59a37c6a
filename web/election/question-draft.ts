// A question while an administrator writes it: every field as it is typed, and the value that is made of them.

import { type Method, methodsOf, type Question } from '../../voting/index.ts'

export type Kind = Question['kind']

export const kinds: readonly Kind[] = ['choose', 'rank', 'score', 'grade', 'list']

/** Holds what is typed: numbers as texts, lists a line each. */
export interface QuestionDraft {
  readonly kind: Kind
  readonly text: string
  /** Options, or lists as `Name: candidate; candidate`. */
  readonly options: string
  readonly grades: string
  readonly blank: boolean
  readonly ties: boolean
  readonly methods: readonly Method[]
  readonly seats: string
  readonly min: string
  readonly max: string
  readonly writeIns: string
  readonly most: string
  readonly preferences: string
  readonly median: 'worse' | 'better'
}

export function newQuestion(): QuestionDraft {
  return {
    ...{ kind: 'choose', text: '', options: '', grades: '', blank: true, ties: false },
    ...{ methods: methodsOf.choose.slice(0, 1), seats: '1', min: '1', max: '1', writeIns: '0' },
    ...{ most: '10', preferences: '0', median: 'worse' },
  }
}

/** Makes a question one of another kind, counted by that kind's first method. */
export function ofKind(draft: QuestionDraft, kind: Kind): QuestionDraft {
  return { ...draft, kind, methods: methodsOf[kind].slice(0, 1) }
}

/** Gives the value that a definition has; whether it is a question is checked where definitions are read. */
export function questionOf(draft: QuestionDraft): Readonly<Record<string, unknown>> {
  const { kind, text, blank, ties, median } = draft
  // In the order in which they are offered: the first one decides
  const methods = methodsOf[kind].filter(method => draft.methods.includes(method))
  const common = { kind, text: text.trim(), blank, methods, seats: number(draft.seats) }
  const options = lines(draft.options)
  switch (kind) {
    case 'choose': {
      const counts = { min: number(draft.min), max: number(draft.max), write_ins: number(draft.writeIns) }
      return { ...common, options, ...counts }
    }
    case 'rank':
      return { ...common, options, min: number(draft.min), ties }
    case 'score':
      return { ...common, options, most: number(draft.most) }
    case 'grade':
      return { ...common, options, grades: lines(draft.grades), median }
    case 'list':
      return { ...common, lists: options.map(listOf), preferences: number(draft.preferences) }
  }
}

function listOf(line: string): { readonly name: string; readonly candidates: readonly string[] } {
  const [name = '', ...rest] = line.split(':')
  const candidates = rest.join(':').split(';')
  return { name: name.trim(), candidates: candidates.map(each => each.trim()).filter(each => each !== '') }
}

function lines(text: string): string[] {
  return text
    .split(/\r\n|\r|\n/)
    .map(line => line.trim())
    .filter(line => line !== '')
}

function number(text: string): number {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : -1
}
