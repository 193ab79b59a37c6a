// npm run chaos -- directory: a short version of it, every planted defect, and its command line.
// tier: slow

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chaos, runAll } from '../trials/chaos-directory/chaos-directory.ts'
import { defects } from '../trials/chaos-directory/defects.ts'
import type { Lie } from '../trials/chaos-directory/liar.ts'
import { type Crash, drawPlan, type Plan, undisturbed } from '../trials/chaos-directory/plan.ts'
import { run } from '../trials/chaos-directory/run.ts'
import type { Invariant } from '../trials/chaos-directory/watch.ts'
import { printing } from './printing.ts'

const root = join(import.meta.dirname, '..')

/** Runs the command, and gives what it prints and its exit code. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { result: code, out, err } = await printing(() => chaos(args))
  return { code, out, err }
}

/** Four authorities, of whom three are needed and the last one lies. */
function planOf(seed: number, lies: readonly Lie[], disturbances: readonly Crash[] = []): Plan {
  return {
    seed,
    authorities: 4,
    threshold: 3,
    epochs: 3,
    liars: new Map([[3, lies]]),
    disturbances,
    real: false,
  }
}

/** A fourth comes in, and one that agreed to it is away when that is to be signed and voted on. */
function halfDonePlan(seed: number): Plan {
  return {
    ...planOf(seed, ['putsch', 'signForOne'], [{ kind: 'crash', authority: 2, from: 2.45, until: 3.7 }]),
    epochs: 4,
    change: {
      from: 3,
      members: [0, 1, 4, 5],
      threshold: 3,
      proposed: 0.5,
      started: 1.6,
      away: { from: 1.7, until: 3.2 },
    },
  }
}

test('everything holds among liars, crashes and partitions', async () => {
  const summary = await runAll({ seeds: [2, 3], defect: undefined })
  assert.is(summary.violations, 0)
  assert.is(summary.runs, 2)
  assert.is(summary.faults['succession'], 1, 'in one of them other authorities take over')
  assert.is(summary.realRuns, 0)
  assert.ok(Object.keys(summary.faults).length > 5)
})

test('those to whom a document hands over that too few signed publish nothing behind it', async () => {
  // A network begins again, after an outage, with the round in which its authorities were to change
  const { violations, first } = await runAll({ seeds: [105], defect: undefined })
  assert.equal([violations, first], [0, undefined])
})

test('one seed gives one run', async () => {
  const plan = { ...planOf(5, ['splitVotes', 'agreeWithAll', 'flood']), epochs: 2 }
  assert.equal(await run(plan), await run(plan))
})

/** Names what brings each defect to light, and what then does not hold. */
const hunts: Readonly<Record<string, { plan: (seed: number) => Plan; finds: readonly Invariant[] }>> = {
  'no-phase-gate': {
    plan: seed => planOf(seed, ['lastMoment']),
    finds: ['no-way-back', 'one-statement'],
  },
  'reveals-before-freeze': { plan: seed => planOf(seed, []), finds: ['randomness-hidden'] },
  'withheld-left-out': { plan: seed => planOf(seed, ['withhold']), finds: ['randomness-fixed'] },
  'no-agreement': { plan: seed => planOf(seed, ['lastMoment']), finds: ['one-set', 'progress'] },
  'one-relay-round': { plan: seed => planOf(seed, ['lastMoment']), finds: ['one-set', 'progress'] },
  'no-relay': {
    plan: seed => planOf(seed, ['splitVotes']),
    finds: ['one-set', 'progress', 'randomness-hidden'],
  },
  'first-vote-counts': { plan: seed => planOf(seed, ['splitVotes']), finds: ['one-set', 'progress'] },
  'double-signature': {
    plan: seed => planOf(seed, ['silence'], [{ kind: 'crash', authority: 0, from: 1.15, until: 1.2 }]),
    finds: ['one-statement'],
  },
  'said-before-kept': { plan: seed => planOf(seed, []), finds: ['kept-first'] },
  'goes-back': { plan: seed => halfDonePlan(seed), finds: ['one-way'] },
  'no-handing-over': { plan: seed => halfDonePlan(seed), finds: ['verified-document'] },
  'all-seated': { plan: seed => planOf(4 * seed - 1, []), finds: ['seats'] },
  'no-signature-count': {
    plan: seed => planOf(seed, ['silence'], [{ kind: 'crash', authority: 0, from: 1.45, until: 1.9 }]),
    finds: ['verified-document'],
  },
}

test('every planted defect is found', async () => {
  assert.equal(Object.keys(hunts), Object.keys(defects))
  for (const [name, { plan, finds }] of Object.entries(hunts)) {
    let found: Invariant | undefined
    for (let seed = 1; seed <= 12 && found === undefined; seed++) {
      const { violation } = await run(plan(seed), defects[name])
      found = violation?.invariant
    }
    assert.ok(found !== undefined && finds.includes(found), `${name}: ${found ?? 'not found'}`)
  }
})

test('a plan: at most as many liars as the promises are made for, and who is undisturbed is honest', () => {
  for (let seed = 0; seed < 300; seed++) {
    const plan = drawPlan(seed)
    assert.ok(2 * plan.threshold > plan.authorities)
    const { change } = plan
    const lying = (members: readonly number[]): number => members.filter(i => plan.liars.has(i)).length
    const first = Array.from({ length: plan.authorities }, (_, i) => i)
    assert.ok(lying(first) <= plan.authorities - plan.threshold)
    if (change !== undefined) {
      assert.ok(2 * change.threshold > change.members.length)
      assert.ok(lying(change.members) <= change.members.length - change.threshold)
      const same = change.members.length === first.length && first.every(i => change.members.includes(i))
      assert.ok(!same || change.threshold !== plan.threshold, 'something changes')
    }
    assert.equal(drawPlan(seed), plan)
    for (let epoch = 0; epoch < plan.epochs; epoch++) {
      assert.ok(undisturbed(plan, epoch).every(i => !plan.liars.has(i)))
    }
  }
})

test('the command line: defects one a line; exit code 2 for what does not exist', async () => {
  const { code, out } = await command('--break', 'list')
  assert.is(code, 0)
  assert.equal(out.split('\n'), Object.keys(defects))
  for (const [option, value] of [
    ['--break', 'constructor'],
    ['--seeds', 'x'],
    ['--seeds', '0'],
    ['--seed', '-'],
  ] as const) {
    const { code, err } = await command(option, value)
    assert.is(code, 2)
    assert.match(
      err,
      new RegExp(`^chaos: directory: (${option} ${value}: want |option '${option}' argument)`),
    )
  }
})

test('as a program: the last line of --json has the agreed fields', () => {
  const script = join(root, 'trials', 'chaos.ts')
  const options = ['--conditions=chaffinch-source', '--import', 'tsx']
  const words = ['directory', '--seeds', '1', '--seed', '4', '--json']
  const child = spawnSync(process.execPath, [...options, script, ...words], { cwd: root, encoding: 'utf8' })
  assert.is(child.status, 0)
  const summary = JSON.parse(child.stdout.trimEnd().split('\n').at(-1) as string)
  assert.equal(Object.keys(summary), ['runs', 'violations', 'epochs', 'failedEpochs', 'faults', 'realRuns'])
})

test.run()
