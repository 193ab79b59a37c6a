// docs/guide/running: the dashboard names metrics that exist, metrics' names end in their unit, and the unit and
// container file hold together.
// tier: slow

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Registry } from 'prom-client'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientMetrics } from '../client/api/metrics.ts'
import type { AuthorityStatus } from '../directory/authority/authority.ts'
import { authorityEntry } from '../directory/authority/keys.ts'
import { nodeMetrics } from '../node/metrics.ts'
import type { NodeStatus } from '../node/status.ts'
import { authorityMetrics } from '../roles/authority-metrics.ts'
import { initNetwork, initNode, readKey, readNodeFile } from '../roles/files/index.ts'
import { ledgerMetrics } from '../roles/ledger-status.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'guide', 'running')
const guide = join(import.meta.dirname, '../docs/guide/running.md')
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
const clientNames = namesOf(clientMetrics(never, () => 0))
const all = new Set([...nodeNames, ...authorityNames, ...clientNames, ...namesOf(ledgerMetrics(never))])

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
  'gateways',
  'proofs',
  'threads',
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
  const unit = read('chaffinch-node@.service')
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
    const said = verify(join(place, 'chaffinch-node@mix1.service'), unit)
    assert.is(said.filter(line => line.includes('chaffinch')).join('\n'), '')
    // The control: a mistake is found.
    const bad = unit.replace('ProtectHome=yes', 'ProtectHume=yes')
    assert.match(verify(join(place, 'chaffinch-node@door.service'), bad).join('\n'), 'ProtectHume')
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

const alerts = read('alerts.yml')
const expressions = [...alerts.matchAll(/^ +expr: (.+)$/gm)].map(match => match[1] as string)
const metricsIn = (text: string): string[] => text.match(/chaffinch_\w+/g) ?? []

test('the rules name metrics that exist, and have one for each alarm of the page', () => {
  assert.equal(
    metricsIn(expressions.join(' ')).filter(name => !all.has(name)),
    [],
  )
  const page = readFileSync(guide, 'utf8')
  const table = page.slice(page.indexOf('| alarm |'), page.indexOf('In `/status`, `packets`'))
  const alarmed = table.split('\n').flatMap(row => metricsIn(row.split('|')[1] ?? ''))
  assert.ok(alarmed.length >= 8)
  const watched = new Set(metricsIn(expressions.join(' ')))
  assert.equal(
    alarmed.filter(name => !watched.has(name)),
    [],
  )
  // What an alarm compares is told by the same process
  for (const name of [
    'chaffinch_clock_epoch',
    'chaffinch_consensus_epoch',
    'chaffinch_consensus_left_seconds',
  ])
    assert.ok(nodeNames.includes(name) && authorityNames.includes(name), name)
})

test('each rule has numbers at which it fires, and numbers at which it does not', () => {
  const names = [...alerts.matchAll(/alert: (\w+)/g)].map(match => match[1] as string)
  const tests = [...read('alerts-test.yml').matchAll(/- name: (\w+ .*)/g)].map(match => match[1] as string)
  assert.ok(names.length >= 12)
  assert.equal(
    tests,
    names.flatMap(name => [`${name} fires`, `${name} is quiet`]),
  )
})

test('promtool takes the rules and the configuration, and finds a mistake', () => {
  if (spawnSync('promtool', ['--version']).status !== 0) {
    console.log('promtool is not here: skipped')
    return
  }
  const place = mkdtempSync(join(tmpdir(), 'chaffinch-prometheus-'))
  try {
    const check = (what: 'rules' | 'config', name: string, text: string): number | null => {
      writeFileSync(join(place, name), text)
      return spawnSync('promtool', ['check', what, join(place, name)], { encoding: 'utf8' }).status
    }
    assert.is(check('rules', 'alerts.yml', alerts), 0)
    writeFileSync(join(place, 'mix.token'), 'x')
    assert.is(check('config', 'prometheus.yml', read('prometheus.yml')), 0)
    assert.not.equal(check('rules', 'bad.yml', alerts.replace('== 1', '=== 1')), 0)
    // Each rule fires at its numbers, and is quiet at others; with one turned round it is noticed
    const tested = (): number | null => {
      writeFileSync(join(place, 'alerts-test.yml'), read('alerts-test.yml'))
      return spawnSync('promtool', ['test', 'rules', join(place, 'alerts-test.yml')], { cwd: place }).status
    }
    assert.is(tested(), 0)
    writeFileSync(
      join(place, 'alerts.yml'),
      alerts.replace('chaffinch_silent_authorities > 0', 'chaffinch_silent_authorities > 1'),
    )
    assert.not.equal(tested(), 0)
  } finally {
    rmSync(place, { recursive: true })
  }
})

test('what the page says for systemd makes files that the role reads, one folder for each', async () => {
  const page = readFileSync(guide, 'utf8')
  const commands = (/^```console\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '').split('\n')
  const making = commands.filter(line => /^(install .*(toml|key) |sed |echo )/.test(line))
  assert.is(making.length, 4)
  const place = mkdtempSync(join(tmpdir(), 'chaffinch-systemd-'))
  try {
    const networkFile = join(place, 'network.toml')
    const authorities = [authorityEntry(new Uint8Array(32).fill(1), ['/ip4/127.0.0.1/tcp/1'])]
    initNetwork(networkFile, { name: 'demo', genesis: 0, epochMs: 60_000, threshold: 1, authorities })
    const draft = { networkFile, listen: ['/ip4/0.0.0.0/tcp/4201'], statusPort: 7201 }
    initNode(join(place, 'draft'), 'mix', draft)
    const etc = join(place, 'etc')
    mkdirSync(join(etc, 'mix1'), { recursive: true })
    const script = making
      .join('\n')
      .replaceAll('/etc/chaffinch', etc)
      .replace(' -o chaffinch -g chaffinch', '')
    const made = spawnSync('sh', ['-ec', script], { cwd: place, encoding: 'utf8' })
    assert.is(made.status, 0, made.stderr)
    const unit = read('chaffinch-node@.service')
    const { ROLE: role } = Object.fromEntries([
      readFileSync(join(etc, 'mix1', 'role'), 'utf8')
        .trim()
        .split('='),
    ])
    // As systemd would put the command together
    const started = /^ExecStart=\/usr\/bin\/env (.*)$/m
      .exec(unit)?.[1]
      ?.replaceAll('%i', 'mix1')
      .replaceAll(/\$\{ROLE\}/g, role ?? '')
    assert.is(started, 'chaffinch mix --config /etc/chaffinch/mix1/mix.toml')
    const file = readNodeFile(join(etc, 'mix1', 'mix.toml'), 'mix')
    assert.is(file.key, join(etc, 'mix1', 'identity.key'))
    readKey(file.key)
    assert.is(file.folder, '/var/lib/chaffinch/mix1')
    assert.is(file.networkFile, join(etc, 'mix1', 'network.toml'))
    assert.is(file.statusPort, 7201)
    assert.match(unit, /^StateDirectory=chaffinch\/%i$/m)
    assert.match(unit, /^EnvironmentFile=\/etc\/chaffinch\/%i\/role$/m)
  } finally {
    rmSync(place, { recursive: true })
  }
})

test('an image leaves out what its build makes itself, and says whether it is well', () => {
  const ignored = readFileSync(join(folder, '../../../.dockerignore'), 'utf8').split('\n')
  for (const name of ['.git', '**/node_modules', 'dist']) assert.ok(ignored.includes(name), name)
  const lines = read('Containerfile').split('\n')
  assert.ok(
    lines.some(line => line.startsWith('HEALTHCHECK ') && line.endsWith('CMD ["chaffinch", "status"]')),
  )
  const node = readFileSync(join(folder, '../../../.nvmrc'), 'utf8').trim().split('.')[0]
  const bases = lines.filter(line => line.startsWith('FROM '))
  assert.ok(
    bases.every(line => line.includes(`/node:${node}-`)),
    bases.join('; '),
  )
})

test.run()
