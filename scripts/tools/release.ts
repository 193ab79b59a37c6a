// npm run release -- VERSION [--check]: checks that a version can be released, packs it into release/VERSION with the
// list of its parts (SBOM, CycloneDX) and the checksums, and tags it. It pushes and publishes nothing: it prints how.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { noticesName } from './notices.ts'
import { partsOf, type Sbom } from './sbom.ts'

class Refusal extends Error {}

const usage = 'usage: npm run release -- VERSION [--check]     --check: only look whether it can be released'
const { values, positionals } = parseArgs({
  options: {
    check: { type: 'boolean' },
    root: { type: 'string', default: join(import.meta.dirname, '..', '..') },
  },
  allowPositionals: true,
})
const root = resolve(values.root)
const [version] = positionals

try {
  if (version === undefined || positionals.length > 1) throw new Refusal(`want one version\n${usage}`)
  const notes = check(version)
  if (values.check) console.log(`${version} can be released:\n\n${notes}`)
  else release(version, notes)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`release: ${error.message}`)
  process.exitCode = 2
}

/**
 * Gives what the changelog says of the version.
 *
 * @throws Refusal when it cannot be released, with what to do
 */
function check(wanted: string): string {
  if (!/^\d+\.\d+\.\d+$/.test(wanted)) throw new Refusal(`${wanted}: want a version such as 1.2.3`)
  for (const file of ['package.json', 'package-lock.json']) {
    const { version: there } = JSON.parse(read(file)) as { version?: string }
    if (there !== wanted)
      throw new Refusal(`${file} says ${there}: npm version --no-git-tag-version ${wanted}, and commit it`)
  }
  const notes = notesOf(wanted, read('CHANGELOG.md'))
  const changed = git('status', '--porcelain').trimEnd()
  if (changed !== '') throw new Refusal(`the tree is not clean: commit or drop\n${changed}`)
  const tags = git('tag', '--list', 'v*').split('\n')
  if (tags.includes(`v${wanted}`)) throw new Refusal(`v${wanted} is tagged already: take the next version`)
  const newer = tags.find(tag => /^v\d+\.\d+\.\d+$/.test(tag) && isOlder(wanted, tag.slice(1)))
  if (newer !== undefined) throw new Refusal(`${newer} is newer than ${wanted}: take a later version`)
  return notes
}

function notesOf(wanted: string, changelog: string): string {
  const sections = changelog.split(/^## /m).slice(1)
  const section = sections.find(one => one.startsWith(`[${wanted}]`))
  if (section === undefined)
    throw new Refusal(`CHANGELOG.md has no section [${wanted}]: move [Unreleased] there`)
  const [heading, ...lines] = section.split('\n') as [string, ...string[]]
  if (!/^\[[^\]]+\] - \d{4}-\d\d-\d\d$/.test(heading))
    throw new Refusal(`CHANGELOG.md: want '## [${wanted}] - YYYY-MM-DD', have '## ${heading}'`)
  const text = lines.join('\n').trim()
  if (!/^- /m.test(text)) throw new Refusal(`CHANGELOG.md says nothing of ${wanted}`)
  const unreleased = sections.find(one => one.startsWith('[Unreleased]'))
  if (unreleased === undefined || /^- /m.test(unreleased))
    throw new Refusal(`CHANGELOG.md: want an empty section [Unreleased] above [${wanted}]`)
  return text
}

/** Reads what packing left in dist/: nothing where a package packs nothing. */
function noticesOf(folder: string): string {
  const dist = join(folder, 'dist')
  if (!existsSync(dist)) return ''
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  return files
    .filter(file => basename(file) === noticesName)
    .map(file => readFileSync(join(dist, file), 'utf8'))
    .join('\n')
}

function release(wanted: string, notes: string): void {
  const folder = join(root, 'release', wanted)
  if (existsSync(folder)) throw new Refusal(`release/${wanted} is there already: remove it`)
  mkdirSync(folder, { recursive: true })
  try {
    run('npm', 'pack', '--silent', '--pack-destination', folder)
    const sbom = run('npm', 'sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library')
    const parts = partsOf(JSON.parse(sbom) as Sbom, noticesOf(root))
    writeFileSync(join(folder, `chaffinch-${wanted}.cdx.json`), `${JSON.stringify(parts, undefined, 2)}\n`)
    const sums = readdirSync(folder)
      .sort()
      .map(
        name =>
          `${createHash('sha256')
            .update(readFileSync(join(folder, name)))
            .digest('hex')}  ${name}\n`,
      )
    writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
    git(
      'tag',
      '--annotate',
      `v${wanted}`,
      '--message',
      `Chaffinch ${wanted}\n\n${notes}`,
      '--cleanup=verbatim',
    )
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  console.log(`release/${wanted}: ${readdirSync(folder).join(', ')}; tag v${wanted}`)
  console.log(`hint: git push origin v${wanted} && npm publish release/${wanted}/*.tgz`)
}

function isOlder(a: string, b: string): boolean {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  const i = left.findIndex((part, at) => part !== right[at])
  return i >= 0 && (left[i] as number) < (right[i] as number)
}

function read(file: string): string {
  const path = join(root, file)
  if (!existsSync(path)) throw new Refusal(`${root} has no ${file}`)
  return readFileSync(path, 'utf8')
}

function git(...args: string[]): string {
  return run('git', ...args)
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Refusal(`${program} ${args[0]} failed: ${stderr?.trim() ?? 'it did not start'}`)
  return stdout
}
