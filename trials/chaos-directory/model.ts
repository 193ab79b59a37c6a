// npm run chaos -- directory-model [--authorities 3] [--threshold 2] [--losses] [--break DEFECT|list] [--states N]
// [--json]: every order of messages in one round of a few authorities, of whom the last one lies, with the real voting
// machine. Depth first over states that were not met before. Without --losses every message between honest authorities
// arrives within a relay round, and progress must hold; with it any message may be lost, and safety must.

import type { step } from '../../directory/rounds/round.ts'
import { wholeNumber } from '../../encoding/command-line.ts'
import { flag, readSuite, runSuite, type Told, text } from '../chaos/options.ts'
import { defects } from './defects.ts'
import { type Happening, Model } from './model-world.ts'

export interface Explored {
  readonly authorities: number
  readonly threshold: number
  readonly losses: boolean
  /** Different states met, arrows between them, and states in which the round was over. */
  readonly states: number
  readonly steps: number
  readonly ends: number
  /** True when there was nothing left to look at. */
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
export function chaos(args: readonly string[]): Promise<number> {
  return runSuite(args, {
    name: 'chaos: directory-model',
    defects,
    read,
    run: ({ defect, ...wanted }) =>
      explore({ ...wanted, defect: defect === undefined ? undefined : defects[defect] }),
    print,
    holds: ({ violation }) => violation === undefined,
  })
}

/** @throws CommandError USAGE */
function read(args: readonly string[]): Omit<Exploration, 'defect'> & Told {
  const own = { authorities: text, threshold: text, states: text, losses: flag } as const
  const { values, ...told } = readSuite(args, defects, own)
  const authorities = wholeNumber('authorities', values.authorities ?? '3', 3, 5)
  const majority = Math.floor(authorities / 2) + 1
  // More than half of the authorities, and one to spare
  const threshold = wholeNumber('threshold', values.threshold ?? String(majority), majority, authorities - 1)
  const most = wholeNumber('states', values.states ?? '5000000', 1, 999_999_999)
  return { ...told, authorities, threshold, most, losses: values.losses }
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
