// How the house is built (docs/architecture.md): who may import whom, what is declared, what is published and
// shipped, and that no idea has two places. Each rule is broken on purpose in a copy, and seen to refuse.
// needs: dist

import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dependencyFaults, shippedSources, sources } from '../scripts/tools/dependencies.ts'

const root = join(import.meta.dirname, '..')
const modules = join(root, 'node_modules')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const all = sources(root)
const product = all.filter(file => !file.startsWith('test/'))
const manifest = JSON.parse(read('package.json')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface Diagnostic {
  readonly category: string
  readonly message: string
  readonly file: string
}

/** Files that a copy of the repository's rules is let loose on. */
type Files = Readonly<Record<string, string>>

function inCopy<T>(files: Files, act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-house-'))
  try {
    copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
    symlinkSync(modules, join(folder, 'node_modules'))
    const rules = JSON.parse(read('biome.json')) as object
    // There is no history in the copy.
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...rules, vcs: { enabled: false } }))
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return act(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Gives what `biome check` says of these files: its exit code, and every error. */
function lint(files: Files): { readonly code: number | null; readonly errors: readonly Diagnostic[] } {
  return inCopy(files, folder => {
    const biome = join(modules, '@biomejs', 'biome', 'bin', 'biome')
    const args = [biome, 'check', '--reporter=json', '--max-diagnostics=1000', '.']
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    const { diagnostics } = JSON.parse(stdout) as {
      readonly diagnostics: readonly {
        readonly category: string
        readonly severity: string
        readonly message: unknown
        readonly location: { readonly path: unknown }
      }[]
    }
    const errors = diagnostics
      .filter(({ severity, location }) => severity === 'error' && textOf(location.path).endsWith('.ts'))
      .map(({ category, message, location }) => ({
        category,
        message: textOf(message),
        file: textOf(location.path),
      }))
    return { code: status, errors }
  })
}

/** A text as Biome tells it, whatever the version wraps it in. */
function textOf(told: unknown): string {
  if (typeof told === 'string') return told
  if (Array.isArray(told)) return told.map(textOf).join('')
  if (typeof told !== 'object' || told === null) return ''
  const { content, file } = told as { readonly content?: unknown; readonly file?: unknown }
  return textOf(content ?? file)
}

const rooms = [
  'world',
  'encoding',
  'sphinx',
  'link',
  'directory',
  'hiding',
  'node',
  'client',
  'payment',
  'shuffle',
  'services',
  'cascade',
  'voting',
  'roles',
  'simulator',
  'trials',
  'scripts',
  'web',
  'test',
] as const
type Room = (typeof rooms)[number]

const floor: readonly Room[] = ['world', 'encoding']
const below: readonly Room[] = [
  ...floor,
  'sphinx',
  'link',
  'directory',
  'hiding',
  'node',
  'client',
  'payment',
  'shuffle',
  'services',
  'cascade',
  'voting',
]

/** The table of docs/architecture.md. */
const may: Readonly<Record<Room, readonly Room[]>> = {
  world: [],
  encoding: ['world'],
  sphinx: floor,
  link: floor,
  directory: [...floor, 'sphinx', 'link'],
  hiding: [...floor, 'directory'],
  node: [...floor, 'sphinx', 'link', 'directory'],
  client: [...floor, 'sphinx', 'link', 'directory'],
  payment: [...floor, 'sphinx', 'link'],
  shuffle: floor,
  services: [...floor, 'link', 'directory'],
  cascade: [...floor, 'sphinx', 'shuffle'],
  voting: [...floor, 'shuffle', 'cascade'],
  roles: below,
  simulator: [...below, 'roles'],
  trials: [...below, 'roles', 'simulator'],
  scripts: [...floor, 'roles'],
  web: [],
  test: rooms,
}

/** Where each room's published faces lie, for rooms that may use these alone. */
const faces = Object.values(manifest.exports).flatMap(target =>
  typeof target === 'string' ? [] : [target.default.replace('./dist/', '').replace(/\.js$/, '.ts')],
)

const planted = (path: string): string => `import { thing } from '${path}'\n\nconsole.log(thing)\n`

test('an import of a room that is not below is refused, in every room', () => {
  const wrong = rooms.flatMap(room =>
    rooms
      .filter(other => other !== room && !may[room].includes(other))
      .map(other => [`${room}/plants-${other}.ts`, planted(`../${other}/planted.ts`)] as const),
  )
  const right = rooms.flatMap(room =>
    may[room]
      .filter(other => other !== room)
      .map(other => [`${room}/uses-${other}.ts`, planted(`../${other}/planted.ts`)] as const),
  )
  const { code, errors } = lint(Object.fromEntries([...wrong, ...right]))
  assert.is(code, 1)
  for (const [file] of wrong) {
    const room = file.split('/')[0] as string
    const found = errors.filter(error => error.file === file)
    assert.is(found.length, 1, `${file}: ${JSON.stringify(found)}`)
    assert.is(found[0]?.category, 'lint/style/noRestrictedImports', file)
    assert.ok(found[0]?.message.startsWith(`${room}/`), `${file}: ${found[0]?.message}`)
  }
  const refused = errors.filter(({ file }) => right.some(([name]) => name === file))
  assert.equal(refused, [])
})

test('scripts use the published faces, and nothing behind them', () => {
  const depth = (face: string): string => `scripts/ask/uses-${face.replaceAll('/', '-')}`
  const right = faces.map(face => [depth(face), planted(`../../${face}`)] as const)
  const wrong = [
    ['scripts/ask/deep.ts', planted('../../client/packets/surb.ts')],
    ['scripts/roles/deep.ts', planted('../../payment/ledger/log.ts')],
    ['scripts/keys.ts', planted('#crypto')],
  ] as const
  const { errors } = lint(Object.fromEntries([...right, ...wrong]))
  assert.equal(
    errors.map(({ file, category }) => [file, category]).sort(),
    wrong.map(([file]) => [file, 'lint/style/noRestrictedImports']).sort(),
  )
})

test('payment uses two faces of the client, and scripts the programs of roles and the faces of files and of the simulator', () => {
  const { errors } = lint({
    'payment/person/face.ts': planted('../../client/index.ts'),
    'payment/api/face.ts': planted('../../client/api/index.ts'),
    'payment/person/deep.ts': planted('../../client/client.ts'),
    'scripts/network/face.ts': planted('../../simulator/processes/index.ts'),
    'scripts/study/face.ts': planted('../../simulator/study/index.ts'),
    'scripts/roles/program.ts': planted('../../roles/node.ts'),
    'scripts/files/face.ts': planted('../../roles/files/index.ts'),
    'scripts/main.ts': planted('../roles/files/endpoint.ts'),
    'scripts/files/deep.ts': planted('../../roles/files/config.ts'),
    'scripts/network/deep.ts': planted('../../simulator/processes/plan.ts'),
  })
  assert.equal(errors.map(({ file }) => file).sort(), [
    'payment/person/deep.ts',
    'scripts/files/deep.ts',
    'scripts/network/deep.ts',
  ])
})

test('a client imports nothing of Node but behind the names that stand for something else in browsers', () => {
  const { imports } = JSON.parse(read('package.json')) as { imports: Record<string, unknown> }
  const inBrowsers = (name: string): string[] => {
    const { browser } = imports[name] as { browser: Readonly<Record<string, string>> }
    return [browser['chaffinch-source']?.slice(2) as string]
  }
  const reached = new Set<string>()
  const reach = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    const text = read(file)
    for (const [, path = ''] of text.matchAll(/(?:from|import\() ?'(\.\.?\/[^']*\.ts)'/g))
      reach(join(dirname(file), path))
    for (const [, name = ''] of text.matchAll(/(?:from|import\() ?'(#[a-z]+)'/g))
      inBrowsers(name).forEach(reach)
  }
  reach('client/index.ts')
  assert.ok(reached.size > 150)
  const ofNode = [...reached].filter(file => /(?:from|import\() ?'node:/.test(read(file)))
  assert.equal(ofNode, [])
  // Each of them has both sides, and the side for browsers imports nothing of Node either
  for (const name of Object.keys(imports))
    assert.ok(
      inBrowsers(name).every(file => reached.has(file)),
      name,
    )
})

test('a page uses the typed client of the HTTP API and the faces of elections, and nothing behind them', () => {
  const { errors } = lint({
    'web/election/face.ts': planted('../../voting/index.ts'),
    'web/election/deep.ts': planted('../../voting/folder.ts'),
    'web/election/server.ts': planted('../../cascade/server/index.ts'),
    'web/client/face.ts': planted('../../client/remote/index.ts'),
    'web/client/deep.ts': planted('../../client/remote/remote.ts'),
    'web/parts/deep.ts': planted('../../world/http.ts'),
  })
  assert.equal(errors.map(({ file }) => file).sort(), [
    'web/client/deep.ts',
    'web/election/deep.ts',
    'web/election/server.ts',
    'web/parts/deep.ts',
  ])
})

test('what the pages are made of stands in both manifests alike', () => {
  const { dependencies } = JSON.parse(read('web/package.json')) as Manifest
  const own = JSON.parse(read('package.json')) as Manifest
  const wanted = { ...own.dependencies, ...own.devDependencies }
  for (const [name, version] of Object.entries(dependencies ?? {})) assert.is(wanted[name], version, name)
})

test('only link imports libp2p', () => {
  const others = rooms.filter(room => !['link', 'trials', 'test'].includes(room))
  const files = [...others, 'link'].map(room => [`${room}/host.ts`, planted('libp2p')] as const)
  const { errors } = lint(Object.fromEntries(files))
  assert.equal(errors.map(({ file }) => file).sort(), others.map(room => `${room}/host.ts`).sort())
  assert.ok(errors.every(({ message }) => message.startsWith('only link/ imports libp2p')))
})

test('a package that is not declared is refused', () => {
  const { errors } = lint({
    'world/declared.ts': planted('valibot'),
    'world/undeclared.ts': planted('left-pad'),
  })
  assert.equal(
    errors.map(({ file, category }) => [file, category]),
    [['world/undeclared.ts', 'lint/correctness/noUndeclaredDependencies']],
  )
})

test('a circle of imports is refused, of types too', () => {
  const { errors } = lint({
    'world/one.ts': "import type { Two } from './two.ts'\n\nexport type One = Two | 1\n",
    'world/two.ts': "import type { One } from './one.ts'\n\nexport type Two = One | 2\n",
    'world/three.ts': "import type { One } from './one.ts'\n\nexport type Three = One | 3\n",
  })
  assert.equal(
    errors.map(({ file, category }) => [file, category]).sort(),
    ['world/one.ts', 'world/two.ts'].map(file => [file, 'lint/suspicious/noImportCycles']),
  )
})

/** A small repository with one face. */
const small: Files = {
  'tsconfig.json': '{"include":["world","test"]}',
  'tsconfig.build.json': '{"include":["world/index.ts"]}',
  'package.json': JSON.stringify({
    name: 'small',
    dependencies: { valibot: '1' },
    devDependencies: { uvu: '1' },
  }),
  'world/index.ts': "export { thing } from './thing.ts'\n",
  'world/thing.ts': "import * as v from 'valibot'\n\nexport const thing = v\n",
  'test/thing.test.ts': "import { test } from 'uvu'\n\ntest.run()\n",
}

test('a package that nobody imports, or that is for development only, is found', () => {
  const faults = (files: Files): readonly string[] =>
    inCopy({ ...small, ...files }, folder => dependencyFaults(folder))
  assert.equal(faults({}), [])
  assert.equal(faults({ 'world/thing.ts': 'export const thing = 1\n' }), [
    'package.json: nothing imports valibot',
  ])
  assert.equal(faults({ 'world/thing.ts': "import 'valibot'\nimport 'left-pad'\n" }), [
    'world/thing.ts: imports left-pad, which is not declared',
  ])
  assert.equal(faults({ 'world/thing.ts': "import 'valibot'\nimport { test } from 'uvu'\n" }), [
    'world/thing.ts: imports uvu, which is declared for development only',
  ])
  assert.equal(
    faults({ 'world/thing.ts': 'export const thing = 1\n', 'test/more.ts': "import 'valibot'\n" }),
    ['package.json: no library imports valibot: declare it for development'],
  )
})

test('every declared package is imported, and every imported one declared', () => {
  assert.equal(dependencyFaults(root), [])
})

test('no folder besides test holds more than 30 sources, and nobody imports test', () => {
  const sizes = new Map<string, number>()
  for (const file of product) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1)
  assert.ok(sizes.size > 30)
  assert.equal(
    [...sizes].filter(([, size]) => size > 30),
    [],
  )
  assert.equal(
    product.filter(file => /from '(\.\.\/)+test\//.test(read(file))),
    [],
  )
})

/** Lines of the tracked product that match, as `git grep` finds them, each with its file. */
function grep(pattern: string): readonly string[] {
  const args = ['grep', '-nE', pattern, '--', '*.ts', ':!test']
  const { stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return stdout.split('\n').filter(line => line !== '')
}

test('hex, the token bucket and the abortable wait are defined once', () => {
  const files = (pattern: string): string[] => [
    ...new Set(grep(pattern).map(line => line.split(':')[0] as string)),
  ]
  assert.equal(files('(function|const) (to|as)?[hH]ex(Of)?\\b'), ['encoding/bytes.ts'])
  assert.equal(files('^(export )?(function|class|interface|type) \\w*([bB]ucket|[tT]akeTokens?)\\b'), [
    'world/rates.ts',
  ])
  assert.equal(files('function (abortable|wait)\\b'), ['world/wait.ts'])
  // A promise whose maker listens for an abort is an abortable wait, whatever its name.
  const waits = /new Promise(?:(?!\n}\n)[\s\S]){0,1500}?(addEventListener\('abort'|onAbort\()/
  assert.equal(
    product.filter(file => waits.test(read(file))),
    ['world/wait.ts'],
  )
})

/** Rooms whose docstrings all have their verb, and whose comment lines are short; a room is added once it is done. */
const spoken: readonly string[] = rooms.filter(room => room !== 'directory')
const short: readonly string[] = spoken
const isIn = (list: readonly string[]) => (file: string) => list.includes(file.split('/')[0] as string)

const longestComment = 120

function longComments(source: string): readonly string[] {
  return source.split('\n').filter(line => /^\s*(\/\/|\/\*|\*)/.test(line) && line.length > longestComment)
}

/** Docstrings that begin as a clause does, so that their verb is missing. */
function clauses(source: string): readonly string[] {
  return source.match(/\/\*\*\s+(\*\s+)?(What|Who|Whom|Of|Whether|How)\b[^\n]*/g) ?? []
}

test('comments are short, and docstrings are sentences', () => {
  const told = (files: readonly string[], look: (source: string) => readonly string[]): readonly string[] =>
    files.flatMap(file => look(read(file)).map(line => `${file}: ${line.trim()}`))
  assert.equal(told(all.filter(isIn(short)), longComments), [])
  assert.equal(told(all.filter(isIn(spoken)), clauses), [])
})

test('a long comment and a clause are noticed', () => {
  const long = `  // ${'x'.repeat(longestComment)}`
  assert.equal(longComments(`const text = 1\n${long}\n// short\n`), [long])
  assert.is(
    clauses(`/** ${'What'} it is. */\n/** Tells what it is. */\n/**\n * ${'How'} long. */\n`).length,
    2,
  )
})

test('exports, build and reference name the same faces', () => {
  const published = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [{ path: path === '.' ? 'chaffinch' : path.slice(2), ...target }],
  )
  for (const { types, default: file } of published) assert.is(types.replace(/\.d\.ts$/, '.js'), file)
  const { include } = JSON.parse(read('tsconfig.build.json')) as { readonly include: readonly string[] }
  /** Entered by Node itself, or in place of another file: nobody imports them by their subpath. */
  const entered = ['sphinx/crypto-portable.ts', 'node/relay/peel-thread.ts']
  assert.equal([...include].sort(), [...faces, ...entered].sort())
  const pages = readdirSync(join(root, 'docs', 'api')).sort()
  assert.equal(pages, ['README.md', ...published.map(({ path }) => `${path}.md`)].sort())
  assert.equal(
    faces.filter(file => !existsSync(join(root, file))),
    [],
  )
})

test('nothing of tests, trials and tools is shipped', () => {
  const unshipped = /^(dist\/)?(test|trials|scripts\/tools)\//
  assert.equal(
    [...shippedSources(root)].filter(file => unshipped.test(file)),
    [],
  )
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })) as {
    readonly files: readonly { readonly path: string }[]
  }[]
  const paths = (packed?.files ?? []).map(({ path }) => path)
  assert.ok(paths.includes('dist/client/index.js'), 'dist/ is not there: npm run build')
  assert.equal(
    paths.filter(path => unshipped.test(path)),
    [],
  )
})

test.run()
