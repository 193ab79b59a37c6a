// The file of questions: what is asked, under which conditions, and for some what is right.

import * as v from 'valibot'

export interface Question {
  readonly id: string
  readonly group: string
  readonly kind: string
  readonly params: Readonly<Record<string, unknown>>
  /** Names the figures in the order of the answer. */
  readonly quantity: string
  readonly value?: number | number[] | undefined
  /** Absolute unless said; null where the value is no check. */
  readonly tolerance?: number | number[] | null | undefined
  readonly tolerance_is_relative?: boolean | undefined
}

const numbers = v.union([v.number(), v.array(v.number())])

const schema: v.GenericSchema<unknown, { checks: Question[] }> = v.object({
  checks: v.array(
    v.object({
      id: v.string(),
      group: v.string(),
      kind: v.string(),
      params: v.record(v.string(), v.unknown()),
      quantity: v.string(),
      value: v.optional(numbers),
      tolerance: v.optional(v.nullable(numbers)),
      tolerance_is_relative: v.optional(v.boolean()),
    }),
  ),
})

/** Reads the questions. Throws ValiError. */
export function readQuestions(text: string): readonly Question[] {
  return v.parse(schema, JSON.parse(text)).checks
}

/** Says that a question cannot be answered as it stands. */
export class Unanswerable extends Error {}

/** Gives numbers and texts of a question by name. Throws Unanswerable. */
export class Params {
  readonly #question: Question

  constructor(question: Question) {
    this.#question = question
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#question.params, name)
  }

  number(name: string, otherwise?: number): number {
    const value = this.#question.params[name] ?? otherwise
    if (typeof value === 'number') return value
    throw new Unanswerable(`${name}: expected a number, got ${JSON.stringify(value)}`)
  }

  text(name: string): string {
    const value = this.#question.params[name]
    return typeof value === 'string' ? value : ''
  }

  list(name: string): readonly number[] {
    const value = this.#question.params[name]
    if (Array.isArray(value) && value.every(each => typeof each === 'number')) return value
    throw new Unanswerable(`${name}: expected numbers, got ${JSON.stringify(value)}`)
  }
}
