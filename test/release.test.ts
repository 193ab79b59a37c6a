// npm run release: what it refuses, and what it leaves when it does not, on a small package of its own.
// tier: slow

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { partsOf, type Sbom } from '../scripts/tools/sbom.ts'

const program = join(import.meta.dirname, '..', 'scripts', 'tools', 'release.ts')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-release-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const author = { GIT_AUTHOR_NAME: 'test', GIT_AUTHOR_EMAIL: 'test@localhost' }
const committer = { GIT_COMMITTER_NAME: 'test', GIT_COMMITTER_EMAIL: 'test@localhost' }
const env = { ...process.env, ...author, ...committer }

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8', env })
  assert.is(status, 0, stderr)
  return stdout
}

function commit(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  git('add', '--all')
  git('commit', '--quiet', '--allow-empty', '--message', 'a commit')
}

function release(...args: string[]): { status: number | null; out: string; err: string } {
  const command = ['--import', 'tsx', program, '--root', folder, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env })
  return { status, out: stdout, err: stderr }
}

const manifest = (version: string): string => JSON.stringify({ name: 'small', version, license: 'MIT' })
const lock = (version: string): string =>
  JSON.stringify({ name: 'small', version, lockfileVersion: 3, packages: { '': { name: 'small', version } } })
const changelog = (section: string, unreleased = ''): string =>
  `# Changelog\n\n## [Unreleased]\n${unreleased}\n${section}\n`
const good = '## [1.2.0] - 2026-01-31\n\n### Added\n\n- A thing.\n'

git('init', '--quiet')
commit({
  'package.json': manifest('1.2.0'),
  'package-lock.json': lock('1.2.0'),
  'CHANGELOG.md': changelog(good),
  '.gitignore': 'release/\n',
})

test('what it refuses, each with what to do, and without a trace', () => {
  const refused = (args: string[], says: RegExp): void => {
    const { status, err } = release(...args)
    assert.is(status, 2, err)
    assert.match(err, says)
    assert.not.ok(existsSync(join(folder, 'release')))
    assert.is(git('tag', '--list', 'v1.2.0'), '')
  }
  refused([], /^release: want one version\nusage: /)
  refused(['1.2'], /^release: 1\.2: want a version such as 1\.2\.3\n$/)
  refused(['1.3.0'], /^release: package\.json says 1\.2\.0: npm version --no-git-tag-version 1\.3\.0/)
  commit({ 'package-lock.json': lock('1.1.0') })
  refused(['1.2.0'], /^release: package-lock\.json says 1\.1\.0/)
  commit({ 'package-lock.json': lock('1.2.0'), 'CHANGELOG.md': changelog('') })
  refused(['1.2.0'], /^release: CHANGELOG\.md has no section \[1\.2\.0\]/)
  commit({ 'CHANGELOG.md': changelog('## [1.2.0]\n\n- A thing.\n') })
  refused(['1.2.0'], /^release: CHANGELOG\.md: want '## \[1\.2\.0\] - YYYY-MM-DD'/)
  commit({ 'CHANGELOG.md': changelog('## [1.2.0] - 2026-01-31\n') })
  refused(['1.2.0'], /^release: CHANGELOG\.md says nothing of 1\.2\.0/)
  commit({ 'CHANGELOG.md': changelog(good, '\n- Left over.\n') })
  refused(['1.2.0'], /^release: CHANGELOG\.md: want an empty section \[Unreleased\]/)
  commit({ 'CHANGELOG.md': changelog(good) })
  writeFileSync(join(folder, 'new.txt'), 'not committed')
  refused(['1.2.0'], /^release: the tree is not clean: commit or drop\n\?\? new\.txt/)
  rmSync(join(folder, 'new.txt'))
  git('tag', 'v1.10.0')
  refused(['1.2.0'], /^release: v1\.10\.0 is newer than 1\.2\.0/)
  git('tag', '--delete', 'v1.10.0')
  git('tag', 'v1.1.9')
})

test('--check changes nothing; a release has the package, its parts, checksums and a tag that says what is new', () => {
  const checked = release('1.2.0', '--check')
  assert.equal([checked.status, checked.err], [0, ''])
  assert.match(checked.out, /^1\.2\.0 can be released:\n\n### Added\n\n- A thing\.\n$/)
  assert.not.ok(existsSync(join(folder, 'release')))

  const { status, out, err } = release('1.2.0')
  assert.is(status, 0, err)
  assert.match(out, /hint: git push origin v1\.2\.0 && npm publish release\/1\.2\.0\/\*\.tgz/)
  const left = join(folder, 'release', '1.2.0')
  assert.equal(readdirSync(left).sort(), ['SHA256SUMS', 'chaffinch-1.2.0.cdx.json', 'small-1.2.0.tgz'])
  for (const line of readFileSync(join(left, 'SHA256SUMS'), 'utf8').trim().split('\n')) {
    const [sum, name] = line.split('  ') as [string, string]
    assert.is(
      createHash('sha256')
        .update(readFileSync(join(left, name)))
        .digest('hex'),
      sum,
    )
  }
  const sbom = JSON.parse(readFileSync(join(left, 'chaffinch-1.2.0.cdx.json'), 'utf8')) as object
  assert.is((sbom as { bomFormat: string }).bomFormat, 'CycloneDX')
  assert.match(git('tag', '--list', '-n9', 'v1.2.0'), /Chaffinch 1\.2\.0[\s\S]*### Added[\s\S]*- A thing\./)

  const again = release('1.2.0')
  assert.is(again.status, 2)
  assert.match(again.err, /^release: v1\.2\.0 is tagged already: take the next version/)
})

test('the list of parts has what is installed and what is packed, and no tool of developers', () => {
  const part = (name: string, isDev: boolean): NonNullable<Sbom['components']>[number] => ({
    ...{ name, version: '1.0.0', 'bom-ref': `${name}@1.0.0` },
    properties: isDev ? [{ name: 'cdx:npm:package:development', value: 'true' }] : [],
  })
  const all = {
    bomFormat: 'CycloneDX',
    components: [part('installed', false), part('packed', true), part('tool', true)],
    dependencies: [
      { ref: 'small@1.2.0', dependsOn: ['installed@1.0.0', 'packed@1.0.0', 'tool@1.0.0'] },
      { ref: 'tool@1.0.0', dependsOn: [] },
    ],
  }
  assert.equal(partsOf(all, 'The files ...\n\npacked 1.0.0 (MIT)\n\ntool 2.0.0 (MIT)\n'), {
    bomFormat: 'CycloneDX',
    components: [part('installed', false), part('packed', true)],
    dependencies: [{ ref: 'small@1.2.0', dependsOn: ['installed@1.0.0', 'packed@1.0.0'] }],
  })
})

test.run()
