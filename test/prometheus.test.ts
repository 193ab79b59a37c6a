// A Prometheus scrapes a network of processes as docs/guide/running has it: every rule and every panel of the dashboard
// finds numbers there. Wants the command `prometheus`.
// tier: slow
// needs: dist

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  compiled,
  endAll,
  freePorts,
  newRecord,
  planNetwork,
  type Run,
  startAll,
  supervisor,
  usualOptions,
  watchNetwork,
} from '../simulator/processes/index.ts'

const guide = join(import.meta.dirname, '../docs/guide/running')
const alerts = readFileSync(join(guide, 'alerts.yml'), 'utf8')

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

/** Expressions by where they stand. A rule says something only while it is broken: what it compares is asked for. */
function expressions(): Map<string, string> {
  const rules = [...alerts.matchAll(/alert: (\w+)\n +expr: (.+)$/gm)].map(([, name, expr]) => {
    const asked = (expr as string).replace(/ (>=|<=|==|>|<) (?=[\d.]+( \* \d+)?$)/, ' $1 bool ')
    assert.ok(asked.includes(' bool '), `${name}: ${expr}`)
    return [`rule ${name}`, asked] as const
  })
  const { panels } = JSON.parse(readFileSync(join(guide, 'grafana.json'), 'utf8')) as { panels: Panel[] }
  const shown = panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }, i) => [`panel ${title} ${i}`, expr.replaceAll('$instance', '.*')] as const),
  )
  return new Map([...rules, ...shown])
}

/** The page's configuration, with a job for each process, and a scrape each second. */
function configuration(jobs: readonly { name: string; port: number; tokenFile: string }[]): string {
  const page = readFileSync(join(guide, 'prometheus.yml'), 'utf8').replace(/^ *#.*\n/gm, '')
  const at = page.indexOf('  - job_name:')
  const job = page.slice(at).trimEnd()
  const made = jobs.map(({ name, port, tokenFile }) =>
    job
      .replace('chaffinch-mix', `chaffinch-${name}`)
      .replace('mix.token', tokenFile)
      .replace('127.0.0.1:7201', `127.0.0.1:${port}`),
  )
  return `${page.slice(0, at).replace('15s', '1s')}${made.join('\n')}\n`
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

async function ask(port: number, query: string): Promise<readonly Sample[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)
  const { status, data, error } = (await answer.json()) as {
    status: string
    error?: string
    data?: { result: Sample[] }
  }
  assert.is(status, 'success', `${query}: ${error}`)
  return data?.result ?? []
}

/** Starts one at a free port; one that another program took meanwhile is another try. */
async function prometheus(folder: string): Promise<{ port: number; child: ChildProcess }> {
  for (let tries = 0; tries < 5; tries++) {
    const [port] = (await freePorts(1)) as [number]
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    ]
    const child = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: 'ignore',
    })
    while (child.exitCode === null) {
      const ready = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (ready) return { port, child }
      await pause(200)
    }
  }
  throw new Error('prometheus does not start')
}

if (spawnSync('prometheus', ['--version']).status !== 0) {
  console.log('skipped: a Prometheus that scrapes a network: the command prometheus is not here')
} else {
  test('every rule and panel finds numbers in a running network', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chaffinch-scraped-'))
    const few = { authorities: 2, mixes: 3, gateways: 1, clients: 2, messages: 0, kill: [] }
    const plan = await planNetwork({ ...usualOptions, ...few, dir: join(folder, 'net') }, Date.now())
    const processes = supervisor(() => {}, compiled)
    const record = newRecord(plan)
    const run: Run = {
      plan,
      processes,
      record,
      watch: watchNetwork(plan, processes, record, Date.now),
      now: Date.now,
      tell: () => {},
      signal: new AbortController().signal,
    }
    const started: ChildProcess[] = []
    process.once('exit', () => processes.abandon())
    try {
      await startAll(run)
      const client = plan.processes.find(({ role }) => role === 'client')?.configFile as string
      const bank = join(folder, 'bank')
      const program = compiled[0] as string
      spawnSync(process.execPath, [program, 'ledger', 'init', bank])
      const ledger = [program, 'ledger', 'run', bank, '--config', client]
      started.push(spawn(process.execPath, ledger, { stdio: 'ignore' }))
      const portFile = join(bank, 'status-port')
      while (!existsSync(portFile)) await pause(200)
      const ledgerPort = Number(readFileSync(portFile, 'utf8'))
      const jobs = plan.processes.map(({ name, httpPort, tokenFile }) => ({
        name,
        port: httpPort,
        tokenFile,
      }))
      const all = [...jobs, { name: 'ledger', port: ledgerPort, tokenFile: join(bank, 'token') }]
      writeFileSync(join(folder, 'prometheus.yml'), configuration(all))
      copyFileSync(join(guide, 'alerts.yml'), join(folder, 'alerts.yml'))
      const { port, child } = await prometheus(folder)
      started.push(child)
      const wanted = expressions()
      assert.ok(wanted.size > 60, `${wanted.size} expressions`)
      // The runner ends what takes too long: how soon all has been scraped twice is the machine's affair
      for (const left = new Set(wanted.keys()); left.size > 0; await pause(500)) {
        for (const name of left) {
          const found = await ask(port, wanted.get(name) as string)
          if (found.length > 0) left.delete(name)
        }
        if (left.size > 0 && left.size < 5) console.log(`waiting for ${[...left].join(', ')}`)
      }
      const roles = (await ask(port, 'chaffinch_build_info')).map(({ metric }) => metric['job'])
      assert.equal(roles.toSorted(), all.map(({ name }) => `chaffinch-${name}`).toSorted())
      // The control: what nobody serves finds nothing
      assert.equal(await ask(port, 'chaffinch_no_such_total'), [])
      const moved = await ask(
        port,
        'chaffinch_received_bytes_total{job=~"chaffinch-(mix|gateway|authority|client).*"}',
      )
      assert.ok(moved.length === plan.processes.length && moved.every(({ value }) => Number(value[1]) > 0))
    } finally {
      for (const child of started) child.kill('SIGTERM')
      await endAll(run)
      for (const child of started)
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

test.run()
