// npm run build: compiles what is published into dist/, packs the command line into dist/scripts/ and the pages into
// dist/web/, and writes the page for man. What has not changed since the last build is not compiled again, and what has
// no source any more is removed, so that nothing ships by accident.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { program } from '../program.ts'
import { buildWeb } from './build-web.ts'
import { bundle } from './bundle.ts'
import { manPage } from './man-page.ts'

const root = join(import.meta.dirname, '..', '..')
const dist = join(root, 'dist')
const packed = 'scripts'
const pages = 'web'
/** Names the projects: for Node, and for what takes its place in browsers. */
const projects = ['build', 'build-browser']
/** Files in which the compiler remembers the last build, and what that build left in dist/. */
const remembered = projects.map(name => join(root, '.cache', `${name}.tsbuildinfo`))
const left = join(root, '.cache', 'build-outputs.json')

// The compiler believes what it remembers: it would not write again what somebody has deleted.
if (!isAllThere()) {
  for (const file of remembered) rmSync(file, { force: true })
  rmSync(dist, { recursive: true, force: true })
}

const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const compiled = projects.every(name => {
  const project = join(root, `tsconfig.${name}.json`)
  return spawnSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' }).status === 0
})
if (compiled) {
  for (const path of outputs()) if (!existsSync(join(root, sourceOf(path)))) rmSync(join(dist, path))
  writeFileSync(left, JSON.stringify(outputs()))
  await bundle(root, join(dist, packed))
  await buildWeb(root, join(dist, pages))
  chmodSync(join(dist, packed, 'chaffinch.js'), 0o755)
  writeFileSync(join(dist, 'chaffinch.1'), manPage(program(), dateOf(root)))
}
process.exitCode = compiled ? 0 : 1

function isAllThere(): boolean {
  if (!existsSync(left)) return false
  return (JSON.parse(readFileSync(left, 'utf8')) as string[]).every(path => existsSync(join(dist, path)))
}

/** The day of the last commit, so that the same source makes the same page; today where there is no history. */
function dateOf(folder: string): string {
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%cI'], { cwd: folder, encoding: 'utf8' })
  const time = Date.parse(stdout?.trim() ?? '')
  const day = Number.isNaN(time) ? new Date() : new Date(time)
  return day.toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' })
}

/** Lists what the compiler wrote. */
function outputs(): string[] {
  const entries = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  const isPacked = (path: string): boolean => [packed, pages].some(folder => path.startsWith(folder + sep))
  return entries.filter(path => /\.(js|ts|map)$/.test(path) && !isPacked(path))
}

/** Names the source of an output: `.d.ts.map`, `.d.ts`, `.js.map` and `.js` are made from `.ts`. */
function sourceOf(path: string): string {
  return path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
}
