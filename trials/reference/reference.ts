// npm run trial -- reference FILE [--json] [--seed 1] [--only GROUP]: answers questions to an anonymity simulator, and
// compares with the values that the file carries. Exits 1 when one is wrong. docs/spec/simulator.md says what each
// figure is.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { wholeNumber } from '../../encoding/command-line.ts'
import type { Answer } from '../../simulator/anonymity/runs.ts'
import { wrong } from './compare.ts'
import { modelOf } from './models.ts'
import { Params, type Question, readQuestions, Unanswerable } from './question.ts'

interface Absent {
  readonly absent: string
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const [file] = positionals
if (file === undefined || positionals.length > 1) {
  console.error('usage: npm run trial -- reference FILE [--json] [--seed 1] [--only GROUP]')
  process.exitCode = 2
} else process.exitCode = run(file)

function run(path: string): number {
  const seed = wholeNumber('seed', values.seed, 0, 2 ** 31)
  const questions = readQuestions(readFileSync(path, 'utf8')).filter(
    ({ group }) => values.only === undefined || group === values.only,
  )
  const answers: Record<string, Answer | Absent> = {}
  const errors: string[] = []
  let carried = 0
  for (const [i, question] of questions.entries()) {
    const answer = answered(question, seed)
    answers[question.id] = answer
    const found = 'absent' in answer ? [`${question.id}: absent: ${answer.absent}`] : wrong(question, answer)
    if (question.value !== undefined) carried++
    if (!('absent' in answer)) errors.push(...found)
    for (const line of found) console.error(line)
    if (process.stderr.isTTY && (i + 1) % 10 === 0) console.error(`${i + 1} of ${questions.length}`)
  }
  if (values.json) console.log(JSON.stringify({ answers }))
  else console.table(Object.fromEntries(Object.entries(answers).map(([id, answer]) => [id, told(answer)])))
  console.error(`${questions.length} answered, ${carried} carry a value, ${errors.length} figures are wrong`)
  return errors.length === 0 ? 0 : 1
}

function answered(question: Question, seed: number): Answer | Absent {
  try {
    return modelOf(question)(new Params(question), seed)
  } catch (error) {
    if (error instanceof Unanswerable) return { absent: error.message }
    throw error
  }
}

function told(answer: Answer | Absent): Record<string, string> {
  if ('absent' in answer) return { value: 'absent', se: '' }
  const list = (figures: readonly number[]): string =>
    figures.map(figure => Number(figure.toPrecision(5))).join(' ')
  return { value: list(answer.value), se: list(answer.se) }
}
