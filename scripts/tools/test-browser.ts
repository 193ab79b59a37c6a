// npm run test:browser [-- NAME ...]: the tests of test/browser, which drive a Chromium; each file in a process of its
// own, one after the other. The last line is `N passed, N failed`. Where there is no Chromium it says so and runs none.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findChromium } from '../../world/chromium.ts'
import { testFiles } from './test-files.ts'
import { type Outcome, runFiles } from './test-run.ts'

const limitMs = 360_000
const root = join(import.meta.dirname, '..', '..')

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())
process.exitCode = await testBrowser(process.argv.slice(2), text => process.stdout.write(text))

async function testBrowser(names: readonly string[], print: (text: string) => unknown): Promise<number> {
  const all = testFiles(join(root, 'test', 'browser'))
  const chosen = all.filter(({ name }) => names.length === 0 || names.some(part => name.includes(part)))
  if (chosen.length === 0) {
    print(`test:browser: no file of test/browser has a name with ${names.join(' or ')}\n`)
    return 2
  }
  if (findChromium() === undefined) {
    print('skipped: no Chromium here (apt-get install chromium, or CHROMIUM=FILE): no page was looked at\n')
    print('0 passed, 0 failed\n')
    return 0
  }
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' })
  if (built.status !== 0) {
    print('\nthe build failed: no test ran\n0 passed, 1 failed\n')
    return 1
  }
  const ended = (outcome: Outcome): void => void print(ending(outcome))
  const outcomes = await runFiles(chosen, { root, limitMs, workers: 1, ended, signal: stopping.signal })
  const [passed, failed] = [sum(outcomes, 'passed'), sum(outcomes, 'failed')]
  print(`${passed} passed, ${failed} failed\n`)
  return failed === 0 && outcomes.length === chosen.length ? 0 : 1
}

function ending({ file, passed, failed, ms, output, reasons }: Outcome): string {
  const line = `${failed > 0 ? 'FAIL' : 'ok  '} ${file.name} (${passed} in ${(ms / 1000).toFixed(1)} s)\n`
  const why = failed > 0 ? `\n--- ${file.name}\n${output}\n` : ''
  return `${line}${reasons.map(reason => `     ${reason}\n`).join('')}${why}`
}

function sum(outcomes: readonly Outcome[], of: 'passed' | 'failed'): number {
  return outcomes.reduce((total, one) => total + one[of], 0)
}
