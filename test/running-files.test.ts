// docs/guide/running: the dashboard names metrics that exist, metrics' names end in their unit, and the unit and
// container file hold together.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Registry } from 'prom-client'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuthorityStatus } from '../directory/authority/authority.ts'
import { nodeMetrics } from '../node/metrics.ts'
import type { NodeStatus } from '../node/status.ts'
import { authorityMetrics } from '../simulator/roles/authority-metrics.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'guide', 'running')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

/** Names are known without a status; nobody reads a value here. */
const never = (): never => {
  throw new Error('no status')
}
const namesOf = (registry: Registry): string[] =>
  registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    // Those of the process have the names that Prometheus gives them everywhere
    .filter(name => name.startsWith('chaffinch_'))
const nodeNames = namesOf(nodeMetrics(never as () => NodeStatus, () => 0))
const authorityNames = namesOf(authorityMetrics(never as () => AuthorityStatus, () => 0))
const all = new Set([...nodeNames, ...authorityNames])

const units = [
  'total',
  'packets',
  'bytes',
  'tags',
  'cells',
  'entries',
  'ratio',
  'flag',
  'epoch',
  'seconds',
  'neighbours',
  'mailboxes',
  'clients',
  'signers',
  'nodes',
  'authorities',
  'proofs',
  'info',
]

test('names of metrics end in their unit', () => {
  const bad = [...all].filter(name => !units.includes(name.split('_').at(-1) as string))
  assert.equal(bad, [])
  assert.ok(nodeNames.length > 15 && authorityNames.length > 5)
})

interface Dashboard {
  readonly panels: readonly { readonly id: number; readonly targets: readonly { readonly expr: string }[] }[]
}

function missing(dashboard: Dashboard): string[] {
  const named = dashboard.panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/chaffinch_\w+/g) ?? []),
  )
  return named.filter(name => !all.has(name))
}

test('the dashboard names metrics that exist; one that does not exist is found', () => {
  const dashboard = JSON.parse(read('grafana.json')) as Dashboard
  assert.equal(missing(dashboard), [])
  const text = read('grafana.json')
  assert.is(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  const broken = JSON.parse(text.replaceAll('chaffinch_held_packets', 'chaffinch_hold_packets')) as Dashboard
  assert.equal(missing(broken), ['chaffinch_hold_packets'])
})

test('the unit is one that systemd takes', () => {
  const unit = read('chaffinch@.service')
  for (const line of [
    'ExecReload=/bin/kill -HUP $MAINPID',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'LimitCORE=0',
  ]) {
    assert.ok(unit.split('\n').includes(line), line)
  }
  const place = mkdtempSync(join(tmpdir(), 'chaffinch-unit-'))
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    console.log('systemd-analyze is not here: skipped')
    return
  }
  try {
    const said = verify(join(place, 'chaffinch@mix.service'), unit)
    assert.is(said.filter(line => line.includes('chaffinch')).join('\n'), '')
    // The control: a mistake is found.
    const bad = unit.replace('ProtectHome=yes', 'ProtectHume=yes')
    assert.match(verify(join(place, 'chaffinch@gateway.service'), bad).join('\n'), 'ProtectHume')
  } finally {
    rmSync(place, { recursive: true })
  }
})

/** Asks systemd what it says of a unit. */
function verify(file: string, unit: string): string[] {
  writeFileSync(file, unit)
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  return `${stdout}${stderr}`.split('\n')
}

test('the container file copies what is there, runs as nobody in particular, and ends by draining', () => {
  const lines = read('Containerfile').split('\n')
  const bin = JSON.parse(readFileSync(join(folder, '../../../package.json'), 'utf8')) as {
    bin: object
    name: string
  }
  assert.ok(lines.includes(`ENTRYPOINT ["${Object.keys(bin.bin)[0]}"]`))
  assert.ok(lines.some(line => line.includes(`/packed/${bin.name}-*.tgz`)))
  assert.ok(lines.includes('STOPSIGNAL SIGTERM'))
  const user = lines.findIndex(line => line.startsWith('USER '))
  assert.ok(user > 0 && user < lines.findIndex(line => line.startsWith('ENTRYPOINT')))
  assert.not(lines.some(line => line === 'USER root' || line === 'USER 0'))
})

test.run()
