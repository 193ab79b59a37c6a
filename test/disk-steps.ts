// Counts what this process writes to disk, step by step, so that a test can end it at any of them. Not a test itself.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { ClassicLevel } from 'classic-level'

type Run = (this: unknown, ...args: never[]) => unknown

const steps = ['writeFileSync', 'linkSync', 'renameSync', 'rmSync'] as const

/** Calls `before` with the number of each step, before it; until `end`. */
export function watchSteps(before: (step: number) => void): { count: () => number; end: () => void } {
  let count = 0
  const watched = (run: Run): Run =>
    function (...args) {
      before(count++)
      return run.apply(this, args)
    }
  const files = fs as unknown as Record<string, Run>
  const level = ClassicLevel.prototype as unknown as Record<string, Run>
  const undo: (() => void)[] = []
  const patch = (object: Record<string, Run>, name: string): void => {
    const own = Object.hasOwn(object, name)
    const old = object[name] as Run
    object[name] = watched(old)
    undo.push(() => {
      if (own) object[name] = old
      else delete object[name]
    })
  }
  for (const name of steps) patch(files, name)
  for (const name of ['put', 'batch']) patch(level, name)
  syncBuiltinESMExports()
  return {
    count: () => count,
    end: () => {
      for (const one of undo) one()
      syncBuiltinESMExports()
    },
  }
}
