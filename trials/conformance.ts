// npm run conformance -- DIR: runs published test vectors against the library. DIR/index.json names the files and
// their kinds: {"files":[{"path","kind"}]}. A path may be a folder. Where there is an election of Belenios and
// belenios-tool is installed, that is asked about an election written here.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beleniosElection } from './conformance/belenios.ts'
import { isInstalled, writtenElection } from './conformance/belenios-tool.ts'
import { boltzmannCases } from './conformance/boltzmann.ts'
import { type Check, failed } from './conformance/check.ts'
import { cocktailDkg } from './conformance/cocktail.ts'
import { katzenpostPackets } from './conformance/katzenpost.ts'
import { katzenpostAez, katzenpostChaCha20, katzenpostKdfVectors } from './conformance/katzenpost-parts.ts'
import { lionessAnswer } from './conformance/lioness.ts'
import { merkleProbes } from './conformance/merkle.ts'
import { verificatumShuffle } from './conformance/verificatum.ts'
import { voteSecureShuffle } from './conformance/votesecure.ts'

/** Runs a kind: a file's or folder's path to its checks. */
type Runner = (path: string) => readonly Check[] | Promise<readonly Check[]>

const runners: Readonly<Record<string, Runner>> = {
  'katzenpost-kemsphinx-x25519': katzenpostPackets,
  'katzenpost-kdf': katzenpostKdfVectors,
  'katzenpost-aez': katzenpostAez,
  'katzenpost-chacha20-drbg': katzenpostChaCha20,
  'lioness-chacha20-blake2b': lionessAnswer,
  boltzmann: boltzmannCases,
  'rfc6962-merkle': merkleProbes,
  'cocktail-dkg-ristretto255': cocktailDkg,
  'belenios-election': beleniosElection,
  'votesecure-shuffle': voteSecureShuffle,
  'verificatum-shuffle': verificatumShuffle,
}

interface Entry {
  readonly path: string
  readonly kind: string
}

const folder = process.argv[2]
if (folder === undefined || process.argv.length > 3) stop('usage: npm run conformance -- DIR')
if (!isFolder(folder)) stop(`no folder ${folder}`)

let passed = 0
let failures = 0
const entries = readIndex(folder)
for (const { path, kind } of entries) {
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined
  if (runner === undefined) console.log(`skipped  ${kind}  ${path}`)
  else report(kind, path, await run(runner, join(folder, path)))
}
if (entries.some(({ kind }) => kind === 'belenios-election'))
  if (isInstalled()) report('belenios-tool', 'an election written here', await run(writtenElection, ''))
  else console.log('skipped  belenios-tool  is not installed: apt-get install belenios-tool')
console.log(`${passed} passed, ${failures} failed`)
if (failures > 0 || passed === 0) process.exitCode = 1

function report(kind: string, path: string, checks: readonly Check[]): void {
  const bad = checks.filter(check => !check.ok)
  passed += checks.length - bad.length
  failures += bad.length
  console.log(`${bad.length > 0 ? 'FAILED ' : 'ok     '}  ${kind}  ${path}  (${checks.length} checks)`)
  for (const check of bad) console.log(`         ${check.id}: ${check.detail}`)
}

/** A file that is absent, unreadable or of another shape is a failure, not the end of the run. */
async function run(runner: Runner, path: string): Promise<readonly Check[]> {
  try {
    const checks = await runner(path)
    return checks.length > 0 ? checks : [failed('file', 'holds no vectors')]
  } catch (error) {
    return [failed('file', error instanceof Error ? error.message : String(error))]
  }
}

function readIndex(folder: string): readonly Entry[] {
  const path = join(folder, 'index.json')
  let index: unknown
  try {
    index = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    stop(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const files = (index as { files?: unknown } | null)?.files
  if (!Array.isArray(files)) stop(`${path}: want {"files": [{"path", "kind"}]}`)
  return files.map((file: Partial<Entry> | null, i) => {
    if (typeof file?.path !== 'string' || typeof file.kind !== 'string')
      stop(`${path}: files[${i}]: want "path" and "kind"`)
    return { path: file.path, kind: file.kind }
  })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function stop(message: string): never {
  console.error(`conformance: ${message}`)
  process.exit(2)
}
