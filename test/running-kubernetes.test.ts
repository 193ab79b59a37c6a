// docs/guide/running: compose.yaml, the manifests and the chart for Kubernetes are what their pages say, and hold
// together with what a role does. Wants `npm ci` in test/tools; tries kubeconform and helm where they are.

import { spawnSync } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { initNetwork, readNodeFile } from '../roles/files/index.ts'
import { drainMs } from '../roles/role.ts'

const guide = join(import.meta.dirname, '../docs/guide/running')
const read = (...name: string[]): string => readFileSync(join(guide, ...name), 'utf8')
const tool = join(import.meta.dirname, 'tools/node_modules/yaml/dist/index.js')

/** Walks a document by names and places; undefined where it has no such thing. */
function at(from: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], from)
}

/** The entries of a list, or of a map with their names. */
const list = (...path: Parameters<typeof at>): readonly unknown[] => at(...path) as readonly unknown[]
const entries = (...path: Parameters<typeof at>): [string, unknown][] => Object.entries(at(...path) as object)
const text = (...path: Parameters<typeof at>): string => String(at(...path))

interface Yaml {
  readonly parse: (text: string) => unknown
  readonly parseAllDocuments: (
    text: string,
  ) => readonly { toJS(): unknown; readonly errors: readonly Error[] }[]
}

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** Looks at a pod of one role: what keeps it safe, alive and found. */
function checkRole(documents: readonly unknown[], role: string): void {
  const of = (kind: string): unknown[] => documents.filter(each => at(each, 'kind') === kind)
  const [set] = of('StatefulSet')
  const pod = at(set, 'spec', 'template', 'spec')
  assert.is(at(set, 'spec', 'replicas'), 1)
  const labels = at(set, 'spec', 'template', 'metadata', 'labels')
  for (const [name, value] of entries(set, 'spec', 'selector', 'matchLabels'))
    assert.is(at(labels, name), value, name)
  assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true)
  assert.is(at(pod, 'securityContext', 'runAsUser'), 10_001)
  assert.is(at(pod, 'automountServiceAccountToken'), false)
  assert.ok(Number(at(pod, 'terminationGracePeriodSeconds')) * 1000 > drainMs)
  const containers = [at(pod, 'initContainers', 0), at(pod, 'containers', 0)]
  const volumes = list(pod, 'volumes').map(volume => at(volume, 'name'))
  for (const container of containers) {
    assert.equal(at(container, 'securityContext', 'readOnlyRootFilesystem'), true)
    assert.equal(at(container, 'securityContext', 'allowPrivilegeEscalation'), false)
    assert.equal(at(container, 'securityContext', 'capabilities', 'drop'), ['ALL'])
    for (const mount of list(container, 'volumeMounts'))
      assert.ok(['folder', ...volumes].includes(text(mount, 'name')), `a volume for ${at(mount, 'name')}`)
  }
  const main = containers[1]
  const port = (name: string): unknown =>
    list(main, 'ports')
      .map(each => (at(each, 'name') === name ? at(each, 'containerPort') : undefined))
      .find(Boolean)
  const probes = { startupProbe: '/livez', livenessProbe: '/livez', readinessProbe: '/healthz' }
  for (const [probe, path] of Object.entries(probes)) {
    assert.is(at(main, probe, 'httpGet', 'path'), path, probe)
    assert.is(at(main, probe, 'httpGet', 'port'), 'status', probe)
  }
  const services = of('Service')
  assert.is(services.length, 2)
  for (const service of services) {
    assert.is(at(service, 'spec', 'publishNotReadyAddresses'), true)
    for (const [name, value] of entries(service, 'spec', 'selector')) assert.is(at(labels, name), value, name)
    for (const each of list(service, 'spec', 'ports'))
      assert.is(at(each, 'port'), port(text(each, 'targetPort')))
  }
  assert.ok(services.some(each => at(each, 'metadata', 'name') === at(set, 'spec', 'serviceName')))
  // The role reads its file as the pod would
  const [config] = of('ConfigMap')
  const toml = text(config, 'data', `${role}.toml`)
  const place = mkdtempSync(join(tmpdir(), 'chaffinch-pod-'))
  try {
    const authorities = [authorityEntry(new Uint8Array(32).fill(1), ['/ip4/127.0.0.1/tcp/1'])]
    initNetwork(join(place, 'network.toml'), {
      name: 'demo',
      genesis: 0,
      epochMs: 60_000,
      threshold: 1,
      authorities,
    })
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, `${role}.toml`), toml)
    const file = readNodeFile(join(place, `${role}.toml`), role as 'mix' | 'gateway')
    assert.is(file.statusPort, port('status'))
    assert.is(file.statusAddress, '0.0.0.0')
    assert.match(file.listen[0] as string, new RegExp(`/tcp/${port('packets')}$`))
    const copies = text(containers[0], 'args', 0).split('\n')
    assert.ok(copies.some(line => line === `install -m 0600 /secret/identity.key ${file.key}`))
    assert.ok(copies.some(line => line === `install -m 0600 /secret/token ${file.folder}/token`))
  } finally {
    rmSync(place, { recursive: true })
  }
}

const models = join(import.meta.dirname, 'tools/node_modules/kubernetes-models/package.json')

/**
 * Has Kubernetes' own schemas look at a document, as kubeconform -strict does: what they find, and every key that they
 * did not ask for.
 */
async function faultsOf(document: unknown): Promise<string[]> {
  const [version, kind] = [text(document, 'apiVersion'), text(document, 'kind')]
  const file = createRequire(models).resolve(`kubernetes-models/${version}/${kind}`)
  type Models = Record<string, new (of: unknown) => { validate(): void }>
  // CommonJS: which of its names an import shows differs by Node
  const Model = (createRequire(models)(file) as Models)[kind]
  if (Model === undefined) return [`${version} ${kind}: no such kind`]
  const unread = new Set<string>()
  const watched = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const inner = new Map(
      Object.entries(value).map(([key, each]) => {
        unread.add(`${path}.${key}`)
        return [key, watched(each, `${path}.${key}`)]
      }),
    )
    return new Proxy(value, {
      get(target, key, receiver) {
        if (typeof key === 'string') unread.delete(`${path}.${key}`)
        return typeof key === 'string' && inner.has(key) ? inner.get(key) : Reflect.get(target, key, receiver)
      },
    })
  }
  try {
    Model.prototype.validate.call(watched(document, kind))
  } catch (error) {
    return [(error as Error).message]
  }
  return [...unread].map(path => `${path}: the schema knows no such key`)
}

/** Kubeconform fetches its schemas from there, and tries for long where it cannot. */
const hasSchemas = await lookup('raw.githubusercontent.com').then(
  () => true,
  () => false,
)

/** Says what kubeconform finds; undefined where it is not here or cannot get its schemas. */
function conform(text: string): string | undefined {
  if (!has('kubeconform') || !hasSchemas) return undefined
  const { status, stdout, stderr } = spawnSync('kubeconform', ['-strict', '-summary', '-'], {
    input: text,
    encoding: 'utf8',
  })
  const said = `${stdout}${stderr}`
  if (/could not find schema|failed downloading|dial tcp|no such host|giving up/i.test(said)) return undefined
  return status === 0 ? '' : said
}

if (!existsSync(tool)) {
  test('compose.yaml, the manifests and the chart', () =>
    console.log('skipped: compose.yaml, the manifests and the chart: npm ci in test/tools was not run'))
} else {
  const { parse, parseAllDocuments } = (await import(pathToFileURL(tool).href)) as Yaml
  const documentsOf = (text: string): unknown[] =>
    parseAllDocuments(text).map(document => {
      assert.equal(document.errors, [])
      return document.toJS()
    })

  test('compose.yaml builds the image of the Containerfile, and hardens it as its unit does', () => {
    const compose = parse(read('compose.yaml'))
    const mix = at(compose, 'services', 'mix')
    assert.ok(existsSync(join(guide, '../../..', text(mix, 'build', 'dockerfile'))))
    assert.equal(at(mix, 'cap_drop'), ['ALL'])
    assert.is(at(mix, 'read_only'), true)
    assert.ok(Number.parseInt(text(mix, 'stop_grace_period'), 10) * 1000 > drainMs)
    const volumes = list(compose, 'services', 'prometheus', 'volumes').map(String)
    for (const volume of volumes.filter(each => each.startsWith('./docs')))
      assert.ok(existsSync(join(guide, '../../..', volume.split(':')[0] as string)), volume)
    assert.ok(volumes.some(volume => volume.startsWith('./mix1/data/token:')))
    const uid = /^USER (\d+)$/m.exec(read('Containerfile'))?.[1]
    assert.is(at(compose, 'services', 'prometheus', 'user'), uid)
  })

  test('the manifest of a mix is whole', () => {
    const documents = documentsOf(read('kubernetes', 'mix.yaml'))
    checkRole(documents, 'mix')
    // The control: a probe that would restart who is not listed yet is noticed
    const wrong = read('kubernetes', 'mix.yaml').replace(
      /(livenessProbe:\n +httpGet: { path: )\/livez/,
      '$1/healthz',
    )
    let noticed = ''
    try {
      checkRole(documentsOf(wrong), 'mix')
    } catch (error) {
      noticed = (error as Error).message
    }
    assert.is(noticed, 'livenessProbe')
    const found = conform(read('kubernetes', 'mix.yaml'))
    if (found === undefined) console.log('skipped: kubeconform, or its schemas, are not here')
    assert.is(found ?? '', '')
  })

  if (!existsSync(models)) console.log('skipped: the schemas of Kubernetes: npm ci in test/tools was not run')
  else
    test("the manifest is what Kubernetes' schemas want, to the last key", async () => {
      const manifest = read('kubernetes', 'mix.yaml')
      const all = async (text: string): Promise<string[]> =>
        (await Promise.all(documentsOf(text).map(faultsOf))).flat()
      assert.equal(await all(manifest), [])
      // The controls: a wrong type, a misspelt key deep down, and one of the wrong place
      assert.match(
        (await all(manifest.replace(/containerPort: (\d+)/, 'containerPort: "$1"'))).join(),
        /must be integer/,
      )
      assert.match(
        (await all(manifest.replaceAll('httpGet:', 'httpGit:'))).join(),
        /httpGit: the schema knows no such/,
      )
      assert.match((await all(manifest.replace('replicas:', 'replicaz:'))).join(), /spec\.replicaz/)
    })

  test('every value that the chart uses is in its values, and each of them is used', () => {
    const values = parse(read('helm', 'values.yaml'))
    const templates = readdirSync(join(guide, 'helm', 'templates')).map(name =>
      read('helm', 'templates', name),
    )
    const used = new Set(
      templates.flatMap(text => [...text.matchAll(/\.Values\.([\w.]+)/g)].map(match => match[1] as string)),
    )
    assert.ok(used.size > 12)
    for (const name of used) assert.ok(at(values, ...name.split('.')) !== undefined, name)
    const leaves = (node: unknown, path: string[]): string[] =>
      typeof node === 'object' && node !== null && !Array.isArray(node) && !used.has(path.join('.'))
        ? Object.entries(node).flatMap(([key, value]) => leaves(value, [...path, key]))
        : [path.join('.')]
    assert.equal(
      leaves(values, []).filter(name => !used.has(name)),
      [],
    )
    const chart = parse(read('helm', 'Chart.yaml'))
    const { version } = JSON.parse(readFileSync(join(guide, '../../../package.json'), 'utf8')) as {
      version: string
    }
    assert.is(at(chart, 'appVersion'), version)
  })

  if (!has('helm')) console.log('skipped: the chart as helm makes it: helm is not here')
  else
    test('the chart makes what the manifest has, for each role', () => {
      for (const role of ['mix', 'gateway']) {
        const set = [
          '--set',
          `role=${role}`,
          '--set',
          'announce={/ip4/192.0.2.7/tcp/4201}',
          '--set',
          'extraConfig=family = "mine"',
        ]
        const { status, stdout, stderr } = spawnSync(
          'helm',
          ['template', 'mix1', join(guide, 'helm'), ...set],
          { encoding: 'utf8' },
        )
        assert.is(status, 0, stderr)
        checkRole(documentsOf(stdout), role)
        assert.is(conform(stdout) ?? '', '')
      }
      const refused = spawnSync('helm', ['template', 'mix1', join(guide, 'helm')], { encoding: 'utf8' })
      assert.match(refused.stderr, /announce: want the addresses/)
      assert.is(
        spawnSync('helm', ['lint', join(guide, 'helm'), '--set', 'announce={/ip4/192.0.2.7/tcp/4201}'])
          .status,
        0,
      )
    })
}

test.run()
