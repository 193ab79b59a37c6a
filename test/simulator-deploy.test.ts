// docs/spec/simulator.md 9.1: what a cluster is told runs every point once, and gives byte for byte what one machine
// does.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kubernetesManifests, readPlan, resultLine, runPoint, shareOf } from '../simulator/study/index.ts'
import { noSlurm, startSlurm } from './slurm-node.ts'

const built = join(import.meta.dirname, '../dist/scripts/chaffinch.js')
const command = `'${process.execPath}' '${built}'`
const sweep = `runs = 2
targets = 2
[network]
packets_per_s = [20, 30, 40, 50, 60]
layers = [2, 3]
width = 2
hop_delay_s = [0.01, 0.02, 0.03, 0.04, 0.05]
corrupt_per_layer = [0, 1]
dummies_per_mix_s = [0, 1]
`

function chaffinch(folder: string, ...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [built, ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, out: stdout, error: stderr }
}

async function inFolder(text: string, act: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "chaffinch it's "))
  writeFileSync(join(folder, 'sweep.toml'), text)
  try {
    await act(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** As one thread writes it. */
function alone(folder: string): string {
  const plan = readPlan(join(folder, 'sweep.toml'))
  const { points } = shareOf(plan, 1)
  return Array.from({ length: points }, (_, i) => `${resultLine(runPoint(plan, i))}\n`).join('')
}

const small = sweep.replace('[20, 30, 40, 50, 60]', '20').replace('[2, 3]', '2')

test('the tasks of a Slurm script run all points once, and put together are what one machine writes', () =>
  inFolder(small, folder => {
    const args = ['--to', 'slurm', '--per-task', '6', '--name', 'mine', '--command', command]
    const { status, out } = chaffinch(folder, 'simulate', 'deploy', 'sweep.toml', ...args)
    assert.is(status, 0)
    assert.match(out, /^#SBATCH --array=0-3%100$/m)
    const task = (index: string | undefined): number | null => {
      const env = { ...process.env, SLURM_ARRAY_TASK_ID: index }
      return spawnSync('sh', ['-s'], { cwd: folder, input: out, env, stdio: ['pipe', 'ignore', 'ignore'] })
        .status
    }
    assert.not.equal(task(undefined), 0)
    for (const index of ['2', '0', '3', '1']) assert.is(task(index), 0)
    const files = readdirSync(folder).filter(file => file.startsWith('mine-'))
    assert.equal(
      files.sort(),
      [0, 1, 2, 3].map(index => `mine-${index}.jsonl`),
    )
    // One point too many at each end would be there twice
    const lines = files.map(file => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length)
    assert.equal(lines, [6, 6, 6, 2])
    chaffinch(folder, 'simulate', 'merge', ...files.reverse(), '--out', 'points.jsonl')
    assert.is(readFileSync(join(folder, 'points.jsonl'), 'utf8'), alone(folder))
  }))

test('a job for Kubernetes has a completion for each task, and its pods print the same lines', () =>
  inFolder(small, folder => {
    const args = ['--to', 'kubernetes', '--per-task', '6', '--image', 'registry.example/chaffinch:1']
    const { status, out } = chaffinch(folder, 'simulate', 'deploy', 'sweep.toml', ...args)
    assert.is(status, 0)
    const plan = readPlan(join(folder, 'sweep.toml'))
    const of = { ...shareOf(plan, 6), name: 'chaffinch-sweep', atOnce: 100, text: small }
    const items = kubernetesManifests({ ...of, image: 'registry.example/chaffinch:1' })
    assert.equal(JSON.parse(out), {
      apiVersion: 'v1',
      kind: 'List',
      items: JSON.parse(JSON.stringify(items)),
    })
    const [config, job] = JSON.parse(out).items
    assert.is(config.data['sweep.toml'], small)
    assert.is(job.spec.completionMode, 'Indexed')
    assert.is(job.spec.completions, 4)
    assert.is(job.spec.parallelism, 4)
    const [container] = job.spec.template.spec.containers
    const [shell, flag, script] = container.command as [string, string, string]
    writeFileSync(join(folder, 'chaffinch'), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
    const logs = ['1', '3', '2', '0'].map(index => {
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, JOB_COMPLETION_INDEX: index }
      const here = script.replace('/sweep/sweep.toml', 'sweep.toml')
      return spawnSync(shell, [flag, here], { cwd: folder, env, encoding: 'utf8' }).stdout
    })
    writeFileSync(join(folder, 'lines.jsonl'), logs.join(''))
    assert.is(chaffinch(folder, 'simulate', 'merge', 'lines.jsonl').out, alone(folder))
  }))

test('what cannot be deployed is said in a line', () =>
  inFolder(small, folder => {
    const deploy = (...args: string[]) => chaffinch(folder, 'simulate', 'deploy', 'sweep.toml', ...args)
    for (const [args, says] of [
      [[], /want --to slurm or --to kubernetes/],
      [['--to', 'kubernetes'], /want --image/],
      [['--to', 'slurm', '--name', 'No Name'], /--name No Name: want at most 40/],
      [['--to', 'slurm', '--per-task', '0'], /per-task/],
    ] as const) {
      const { status, error } = deploy(...args)
      assert.is(status, 2)
      assert.match(error, says)
    }
    const range = (text: string) => chaffinch(folder, 'simulate', 'sweep.toml', '--point', text)
    for (const text of ['3-2', '0-20', '1-2-3', 'x']) assert.is(range(text).status, 2, text)
    assert.is(range('18-19').out.trimEnd().split('\n').length, 2)
  }))

const absent = noSlurm()
if (absent !== undefined) console.log(`skipped: no array runs on a Slurm: ${absent}`)
else
  test('a Slurm of one node runs the array of a sweep of 200 points, which is what one machine writes', () =>
    inFolder(sweep, async folder => {
      const args = ['--to', 'slurm', '--per-task', '20', '--at-once', '2', '--command', command]
      writeFileSync(
        join(folder, 'sweep.sh'),
        chaffinch(folder, 'simulate', 'deploy', 'sweep.toml', ...args).out,
      )
      await using slurm = await startSlurm()
      slurm.run('sbatch', ['--wait', 'sweep.sh'], folder)
      const files = readdirSync(folder).filter(file => file.endsWith('.jsonl'))
      assert.is(files.length, 10)
      chaffinch(folder, 'simulate', 'merge', ...files, '--out', 'points.jsonl')
      assert.is(readFileSync(join(folder, 'points.jsonl'), 'utf8'), alone(folder))
    }))

test.run()
