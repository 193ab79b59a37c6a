// npm run trial -- NAME [options]: starts any trial; what follows the name is its own. A new trial is a folder here and
// a line in this table.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

interface Trial {
  readonly about: string
  /** Starts with the arguments that are left in process.argv, prints, and sets the exit code. */
  readonly start: () => Promise<unknown>
  /** True when it starts processes of the built program. */
  readonly needsDist?: true
}

const trials: Readonly<Record<string, Trial>> = {
  attack: {
    about: 'can an observer tell what is promised to be hidden?',
    start: () => import('./attack.ts'),
    needsDist: true,
  },
  bench: {
    about: 'what a packet, a node, a round costs',
    start: () => import('./bench.ts'),
    needsDist: true,
  },
  chaos: { about: 'protocols under faults, and which promise breaks', start: () => import('./chaos.ts') },
  conformance: { about: "others' published test vectors", start: () => import('./conformance.ts') },
  'payment-privacy': {
    about: "what a ledger's operator and a receiver find out of payments",
    start: () => import('./privacy.ts'),
  },
  probing: {
    about: 'is a gateway found out that is kind to who measures it?',
    start: () => import('./probing/probing.ts'),
  },
  reference: {
    about: 'questions to an anonymity simulator, and the values that are known',
    start: () => import('./reference/reference.ts'),
  },
  resources: {
    about: 'what share of honest work passes while others fill each bound',
    start: () => import('./resources/resources.ts'),
  },
  soak: {
    about: 'a network under steady traffic, in which nothing may grow',
    start: () => import('./soak/soak.ts'),
  },
}

const [name] = process.argv.splice(2, 1)
const trial = name !== undefined && Object.hasOwn(trials, name) ? trials[name] : undefined
if (trial === undefined) {
  if (name !== undefined) console.error(`trial: no trial ${name}`)
  console.error('usage: npm run trial -- NAME [OPTIONS]     without options NAME says what it wants')
  for (const [each, { about }] of Object.entries(trials)) console.error(`  ${each.padEnd(16)} ${about}`)
  process.exitCode = 2
} else if (trial.needsDist && !isBuilt()) process.exitCode = 1
else await trial.start()

function isBuilt(): boolean {
  const root = join(import.meta.dirname, '..')
  return spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' }).status === 0
}
