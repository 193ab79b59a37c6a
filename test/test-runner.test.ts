// scripts/tools/test.ts, which runs all other tests: on folders of small files of its own. And what the files here say
// of themselves, so that none falls out of `npm run test:all`.
// tier: slow

import { spawnSync } from 'node:child_process'
import {
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
import { testCommand } from '../scripts/tools/test-command.ts'
import { longestFirst, said, testFiles } from '../scripts/tools/test-files.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-test-runner-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const good = "console.log('  Total:     1\\n  Passed:    1\\n  Skipped:   0')\n"
/** Writes a repository with these files. */
function repository(name: string, files: Readonly<Record<string, string>>): string {
  const at = join(folder, name)
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(at, path)), { recursive: true })
    writeFileSync(join(at, path), text)
  }
  // for Node 20, which starts each file with tsx
  symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'))
  return at
}

interface Ran {
  readonly code: number
  readonly out: string
  /** The files in the order in which they ended. */
  readonly files: readonly string[]
  readonly last: string
}

async function run(at: string, ...args: string[]): Promise<Ran> {
  let out = ''
  const print = (text: string): void => {
    out += text
  }
  const code = await testCommand(['--root', at, ...args], print, new AbortController().signal)
  const files = [...out.matchAll(/^(?:ok {2}|FAIL)? ?([\w-]+)\.test\.ts/gm)].map(match => match[1] as string)
  return { code, out, files, last: out.trimEnd().split('\n').at(-1) as string }
}

/** Which files would run, in the order of their names. */
async function list(at: string, ...args: string[]): Promise<string[]> {
  const { code, files } = await run(at, '--list', ...args)
  assert.is(code, 0)
  return [...files].sort()
}

const three = repository('three', {
  'test/alpha.test.ts': good,
  'test/beta.test.ts': `// About beta.\n// tier: slow\n\n${good}`,
  'test/alphabet.test.ts': `console.log('skipped: no alphabet here')\n${good}`,
  'test/times.json': '{"alpha.test.ts":1,"alphabet.test.ts":7,"beta.test.ts":3}',
})

test('without a name the quick files run, the longest first, and the last line counts', async () => {
  const { code, files, last, out } = await run(three, '--workers', '1')
  assert.equal([code, files, last], [0, ['alphabet', 'alpha'], '2 passed, 0 failed'])
  assert.match(out, /^2 files in \d+\.\d s; npm run test:all runs 1 more$/m)
  assert.match(out, /^ {5}skipped: no alphabet here$/m)
})

test('every tier, one tier, and a part of a name, which asks for files of every tier', async () => {
  const all = await run(three, '--tier', 'all', '--list')
  assert.equal(all.files, ['alphabet', 'beta', 'alpha'])
  assert.equal(await list(three, '--tier', 'slow'), ['beta'])
  assert.equal(await list(three, 'bet'), ['alphabet', 'beta'])
  const beta = await run(three, 'beta')
  assert.equal([beta.code, beta.files, beta.last], [0, ['beta'], '1 passed, 0 failed'])
})

test('a file without a test, one that fails, and one that ends with an error fail the run', async () => {
  const at = repository('failing', {
    'test/ended.test.ts': `${good}process.exitCode = 3\n`,
    'test/failed.test.ts': "console.log('  Total:     3\\n  Passed:    1\\n  Skipped:   0')\n",
    'test/good.test.ts': good,
    'test/none.test.ts': "console.log('  Total:     0\\n  Passed:    0\\n  Skipped:   0')\n",
  })
  const [all, none, fine] = await Promise.all([run(at), run(at, 'none'), run(at, 'good')])
  assert.equal([all.code, all.last], [1, '3 passed, 4 failed'])
  assert.equal([none.code, none.last], [1, '0 passed, 1 failed'])
  assert.match(none.out, /none\.test\.ts: no test passed \(exit code 0\)/)
  assert.equal([fine.code, fine.last], [0, '1 passed, 0 failed'])
})

test('--again: what failed beside others is run once more, alone, and named; what fails again has failed', async () => {
  const once = `import { existsSync, writeFileSync } from 'node:fs'
const seen = new URL('../seen.txt', import.meta.url)
if (!existsSync(seen)) { writeFileSync(seen, ''); console.log('the port is taken'); process.exit(1) }
${good}`
  const failed = 'process.exitCode = 1\n'
  const files = { 'test/once.test.ts': once, 'test/good.test.ts': good }
  const strict = await run(repository('strict', files))
  assert.equal([strict.code, strict.last], [1, '1 passed, 1 failed'])
  const patient = await run(repository('patient', files), '--again')
  assert.equal([patient.code, patient.last], [0, '2 passed, 0 failed'])
  assert.match(patient.out, /^again, alone: once\.test\.ts$/m)
  assert.match(patient.out, /^--- once\.test\.ts, passed alone, beside others:\nthe port is taken$/m)
  const never = await run(repository('never', { 'test/failed.test.ts': failed, ...files }), '--again')
  assert.equal([never.code, never.last], [1, '2 passed, 1 failed'])
  const many = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map(name => [`test/${name}.test.ts`, failed]))
  const broken = await run(repository('broken', many), '--again')
  assert.equal([broken.code, broken.last], [1, '0 passed, 5 failed'])
  assert.not.match(broken.out, /again/)
})

test('a file that hangs is stopped, with what it has started', async () => {
  const at = repository('hanging', {
    'test/hangs.test.ts': `import { spawn } from 'node:child_process'
const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
console.log('child ' + child.pid)
${good}setInterval(() => {}, 1000)\n`,
  })
  const { code, out, last } = await run(at, '--limit', '3')
  assert.equal([code, last], [1, '1 passed, 1 failed'])
  assert.match(out, /hangs\.test\.ts: not over after 3 s, stopped/)
  const [, pid] = /child (\d+)/.exec(out) as unknown as [string, string]
  // a zombie has ended, and waits for somebody who asks how
  assert.match(spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout, /^(Z.*)?\s*$/)
})

test('wrong use, and a file that says what nobody knows, end with code 2 and no test', async () => {
  const at = repository('wrong', { 'test/odd.test.ts': `// tier: fast\n${good}` })
  const ran = await Promise.all([
    run(at),
    run(three, 'gamma'),
    run(three, '--tier', 'fast'),
    run(three, '--workers', 'none'),
    run(three, '--fly'),
  ])
  const says = [
    /^test: odd\.test\.ts: tier 'fast': want one of quick, slow\n$/,
    /^test: no file of \S+ has a name with gamma\n$/,
    /^test: --tier fast: want quick, slow or all\nusage: /,
    /^test: --workers none: want a number above 0\nusage: /,
    /^test: Unknown option '--fly'.*\nusage: /,
  ]
  for (const [i, { code, out, files }] of ran.entries()) {
    assert.equal([code, files], [2, []], out)
    assert.match(out, says[i] as RegExp)
  }
  assert.throws(() => said('x', '// tier: slow\n// tier: slow\n'), /x: says 'tier:' twice/)
  assert.throws(() => said('x', '// needs: luck\n'), /x: needs 'luck': want one of dist/)
})

test('it builds only for a file that needs dist, and runs nothing when the build fails', async () => {
  const at = repository('built', {
    'test/needs.test.ts': `// needs: dist\n${good}`,
    'test/other.test.ts': good,
    'package.json': '{"type":"module","scripts":{"build":"echo built >> built.txt; test ! -e broken.txt"}}',
  })
  assert.is((await run(at, 'other')).last, '1 passed, 0 failed')
  assert.not.ok(readdirSync(at).includes('built.txt'))
  assert.is((await run(at, 'needs')).last, '1 passed, 0 failed')
  assert.ok(readdirSync(at).includes('built.txt'))
  writeFileSync(join(at, 'broken.txt'), '')
  const broken = await run(at)
  assert.equal([broken.code, broken.files, broken.last], [1, [], '0 passed, 1 failed'])
})

test('--changed runs what a change can break: by imports, by paths that are named, and all after one of the tools', async () => {
  const at = repository('changed', {
    'test/imports.test.ts': `import { a } from '../room/a.ts'\nvoid a\n${good}`,
    'test/slow.test.ts': `// tier: slow\nimport { b } from '../room/b.ts'\nvoid b\n${good}`,
    'test/starts.test.ts': `const program = new URL('../room/program.ts', import.meta.url)\nvoid program\n${good}`,
    'test/reads.test.ts': `import { join } from 'node:path'\nvoid join(import.meta.dirname, '..', 'docs')\n${good}`,
    'room/a.ts': "export { b as a } from './b.ts'\n",
    'room/b.ts': 'export const b = 1\n',
    'room/program.ts': 'export {}\n',
    'room/lonely.ts': 'export {}\n',
    'docs/page.txt': 'a page\n',
    '.gitignore': 'node_modules\n.cache\n',
  })
  const git = (...args: string[]): void => {
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false']
    const { status, stderr } = spawnSync('git', [...author, ...args], { cwd: at, encoding: 'utf8' })
    assert.is(status, 0, stderr)
  }
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message', 'all')

  const nothing = await run(at, '--changed')
  assert.equal([nothing.code, nothing.files, nothing.last], [0, [], '0 passed, 0 failed'])

  writeFileSync(join(at, 'room', 'b.ts'), 'export const b = 2\n')
  const quick = await run(at, '--changed')
  assert.equal([quick.code, quick.files], [0, ['imports']])
  assert.match(quick.out, /left to test:all -- --changed: slow\.test\.ts/)
  assert.equal(await list(at, '--changed', '--tier', 'all'), ['imports', 'slow'])

  git('commit', '--quiet', '--all', '--message', 'b')
  writeFileSync(join(at, 'room', 'program.ts'), 'export { }\n')
  writeFileSync(join(at, 'docs', 'new.txt'), 'not known to git yet\n')
  writeFileSync(join(at, 'room', 'lonely.ts'), 'export { }\n')
  const paths = await run(at, '--changed', '--list')
  assert.equal([...paths.files].sort(), ['reads', 'starts'])
  assert.match(paths.out, /no test depends on room\/lonely\.ts/)
  const since = ['--changed', '--base', 'HEAD~1', '--tier', 'all']
  assert.equal(await list(at, ...since), ['imports', 'reads', 'slow', 'starts'])

  writeFileSync(join(at, 'package.json'), '{"type":"module" }')
  assert.equal(await list(at, '--changed', '--tier', 'all'), ['imports', 'reads', 'slow', 'starts'])
  const unknown = await run(at, '--changed', '--base', 'no-such-commit')
  assert.is(unknown.code, 2)
  assert.match(unknown.out, /^test: git diff: /)
})

test('--record keeps the times of what ran and of what did not, and drops what is gone', async () => {
  const at = repository('recorded', {
    'test/ran.test.ts': good,
    'test/other.test.ts': good,
    'test/times.json': '{"gone.test.ts":4,"other.test.ts":5,"ran.test.ts":999}',
  })
  await run(at, '--record', 'ran')
  const times = JSON.parse(readFileSync(join(at, 'test', 'times.json'), 'utf8')) as Record<string, number>
  assert.equal(Object.keys(times), ['other.test.ts', 'ran.test.ts'])
  assert.is(times['other.test.ts'], 5)
  assert.ok((times['ran.test.ts'] as number) < 999)
})

test('a file without a time starts before those that have one', () => {
  const file = (name: string) => ({ name, path: name, tier: 'quick', needs: [] }) as const
  const files = ['a', 'b', 'c', 'd'].map(file)
  assert.equal(
    longestFirst(files, { a: 1, b: 5, d: 2 }).map(({ name }) => name),
    ['c', 'b', 'd', 'a'],
  )
})

test('test:all and test:browser run every file of test/, and each file that names dist says that it needs it', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  assert.match(scripts['test:all'] as string, /^npm test -- --tier all$/)
  assert.match(scripts['test'] as string, /scripts\/tools\/test\.ts$/)
  assert.match(scripts['test:browser'] as string, /scripts\/tools\/test-browser\.ts$/)
  const files = testFiles(import.meta.dirname)
  const inBrowsers = testFiles(join(import.meta.dirname, 'browser')).map(({ name }) => `browser/${name}`)
  const there = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter(path => !path.includes('node_modules') && /\.test\.[cm]?[jt]sx?$/.test(path))
    .sort()
  assert.equal([...files.map(({ name }) => name), ...inBrowsers].sort(), there)
  for (const { name, path, needs } of files) {
    const names = /'dist', 'scripts'|\bdist\/(scripts|client)|\bcompiled\b/.test(
      readFileSync(path, 'utf8').replace(/^\/\/.*$/gm, ''),
    )
    if (names && name !== 'test-runner.test.ts') assert.equal(needs, ['dist'], name)
  }
})

test.run()
