// npm run chaos -- directory-model [--authorities 3] [--threshold 2] [--losses] [--break DEFECT|list] [--states N] [--json]:
// every order of messages in one round of a few authorities, of whom the last one lies, with the real voting machine.
// Depth first over states that were not met before. Without --losses every message between honest authorities arrives within
// a relay round, and progress must hold; with it any message may be lost, and safety must.

import { parseArgs } from 'node:util'
import type { step } from '../directory/round.ts'
import { defects } from './chaos-directory-defects.ts'
import { type Happening, Model } from './chaos-directory-model-world.ts'

export interface Explored {
  readonly authorities: number
  readonly threshold: number
  readonly losses: boolean
  /** Different states met, arrows between them, and states in which the round was over. */
  readonly states: number
  readonly steps: number
  readonly ends: number
  /** Whether there was nothing left to look at. */
  readonly complete: boolean
  readonly violation?: { readonly invariant: string; readonly trace: readonly string[] }
}

export interface Exploration {
  readonly authorities: number
  readonly threshold: number
  readonly losses: boolean
  /** So many states at most. */
  readonly most: number
  readonly defect?: ((of: typeof step) => typeof step) | undefined
}

/** Looks at every state that can be reached. Stops at the first that breaks an invariant. */
export function explore({ authorities, threshold, losses, most, defect }: Exploration): Explored {
  const model = new Model({ authorities, threshold, losses, defect })
  const met = new Set<string>()
  const stack: { happening: Happening; path: Path | undefined }[] = [
    { happening: model.begin(), path: undefined },
  ]
  let [steps, ends] = [0, 0]
  const result = (): Omit<Explored, 'violation'> => ({
    authorities,
    threshold,
    losses,
    states: met.size,
    steps,
    ends,
    complete: stack.length === 0,
  })
  for (let next = stack.pop(); next !== undefined && met.size < most; next = stack.pop()) {
    const { happening, path } = next
    const name = model.name(happening)
    if (met.has(name)) continue
    met.add(name)
    const invariant = model.broken(happening)
    if (invariant !== undefined) return { ...result(), violation: { invariant, trace: traceOf(path) } }
    if (model.isOver(happening)) ends++
    for (const [what, after] of model.next(happening)) {
      steps++
      stack.push({ happening: after, path: { what, before: path } })
    }
  }
  return result()
}

interface Path {
  readonly what: string
  readonly before: Path | undefined
}

function traceOf(path: Path | undefined): string[] {
  const trace: string[] = []
  for (let at = path; at !== undefined; at = at.before) trace.unshift(at.what)
  return trace
}

/** @returns the exit code */
export async function chaos(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`chaos: ${options}`)
    return 2
  }
  if (options === undefined) {
    console.log(Object.keys(defects).join('\n'))
    return 0
  }
  const explored = explore(options.exploration)
  if (options.json) console.log(JSON.stringify(explored))
  else print(explored)
  return explored.violation === undefined ? 0 : 1
}

function readOptions(
  args: readonly string[],
): { exploration: Exploration; json: boolean } | string | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  let values: {
    authorities?: string
    threshold?: string
    states?: string
    break?: string
    losses: boolean
    json: boolean
  }
  try {
    const options = {
      authorities: text,
      threshold: text,
      states: text,
      break: text,
      losses: flag,
      json: flag,
    }
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    return (error as Error).message
  }
  if (values.break === 'list') return undefined
  if (values.break !== undefined && !Object.hasOwn(defects, values.break)) {
    return `--break: want list or one of its names, have ${values.break}`
  }
  const whole = (given: string | undefined, otherwise: number): number =>
    given === undefined ? otherwise : /^\d{1,9}$/.test(given) ? Number(given) : 0
  const authorities = whole(values.authorities, 3)
  const threshold = whole(values.threshold, Math.floor(authorities / 2) + 1)
  const most = whole(values.states, 5_000_000)
  if (authorities < 3 || authorities > 5) return '--authorities: want 3, 4 or 5'
  if (2 * threshold <= authorities || threshold >= authorities) {
    return '--threshold: want more than half of the authorities, and one to spare'
  }
  if (most === 0) return '--states: want a whole number from 1'
  const defect = values.break === undefined ? undefined : defects[values.break]
  return { exploration: { authorities, threshold, losses: values.losses, most, defect }, json: values.json }
}

function print({ authorities, threshold, losses, states, steps, ends, complete, violation }: Explored): void {
  console.log(
    `${authorities} authorities, threshold ${threshold}, one liar, messages ${losses ? 'may be lost' : 'arrive'}`,
  )
  console.log(`${states} states, ${steps} steps, ${ends} ends${complete ? ': all there are' : ''}`)
  if (violation === undefined) console.log('everything held')
  else
    for (const line of [...violation.trace, `then ${violation.invariant} does not hold`])
      console.log(`  ${line}`)
}
