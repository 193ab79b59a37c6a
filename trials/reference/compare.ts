// Answers beside the values that a file carries.

import type { Answer } from '../../simulator/anonymity/runs.ts'
import type { Question } from './question.ts'

/** An answer may be off by so many standard errors, where that is more than its tolerance. */
const errors = 4

/** Lists what is wrong with an answer; nothing where the question carries no value, or no tolerance. */
export function wrong(question: Question, answer: Answer): string[] {
  if (question.value === undefined || question.tolerance === undefined || question.tolerance === null)
    return []
  const want = [question.value].flat()
  const tolerance = [question.tolerance].flat()
  if (answer.value.length !== want.length)
    return [`${question.id}: expected ${want.length} figures, got ${answer.value.length}`]
  return want.flatMap((right, i) => {
    const got = answer.value[i] as number
    const stated =
      (tolerance[i] ?? tolerance[0] ?? 0) * (question.tolerance_is_relative ? Math.abs(right) : 1)
    // a formula is still computed in floating point: the last digits may differ
    const allowed = Math.max(stated, errors * (answer.se[i] ?? 0), 1e-15 * Math.abs(right))
    return Math.abs(got - right) <= allowed
      ? []
      : [`${question.id}[${i}]: expected ${right} within ${allowed}, got ${got}`]
  })
}
