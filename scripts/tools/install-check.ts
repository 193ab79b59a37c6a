// npm run install-check: packs this package, installs it as somebody would (the tarball globally, then the clone), runs
// it, and compares how much was installed with docs/record/performance.md 9. Exit code 1 when one does not run, or when
// a tenth more was installed than stands there.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grown, type Installed, writtenDown } from './installed.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-install-'))

/** A registry that did not answer once is asked once more. */
const tries = 2

function npm(...args: string[]): string {
  const all = [...args, '--no-audit', '--no-fund', '--prefer-offline']
  for (let tried = 1; ; tried++) {
    const { status, stdout, stderr } = spawnSync('npm', all, { cwd: root, encoding: 'utf8' })
    if (status === 0) return stdout
    if (tried === tries) throw new Error(`npm ${args.join(' ')}: exit code ${status}\n${stderr}`)
  }
}

/** Runs what was installed there. @throws Error when it does not run */
function tryCommand(prefix: string): void {
  for (const args of [['--version'], ['--help'], ['mix', '--help']]) {
    const { status, stdout } = spawnSync(join(prefix, 'bin', 'chaffinch'), args, {
      cwd: '/',
      encoding: 'utf8',
    })
    if (status !== 0 || !stdout.includes('chaffinch'))
      throw new Error(`${prefix}: chaffinch ${args.join(' ')}: exit code ${status}`)
  }
}

/** Counts the packages and bytes under a folder of modules. */
function measure(modules: string): Installed {
  let [packages, bytes] = [0, 0]
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    bytes += statSync(path).size
    if (/node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path.replaceAll('\\', '/'))) packages++
  }
  return { packages, megabytes: bytes / 1e6 }
}

try {
  const tarball = npm('pack', '--silent', '--pack-destination', folder).trim().split('\n').at(-1) as string
  const own = join(folder, 'own')
  npm('install', '--global', '--prefix', own, join(folder, tarball))
  tryCommand(own)
  const have = measure(join(own, 'lib', 'node_modules'))
  const linked = join(folder, 'linked')
  npm('install', '--global', '--prefix', linked, '.')
  tryCommand(linked)
  const page = readFileSync(join(root, 'docs/record/performance.md'), 'utf8')
  console.log(
    `installed: ${have.packages} packages, ${have.megabytes.toFixed(1)} MB; the tarball and the clone run`,
  )
  const faults = grown(writtenDown(page), have)
  for (const fault of faults) console.error(`install-check: ${fault}`)
  process.exitCode = faults.length === 0 ? 0 : 1
} catch (error) {
  console.error(`install-check: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
