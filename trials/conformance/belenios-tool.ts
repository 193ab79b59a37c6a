// Asks Belenios' own verifier (Debian's belenios-tool) about an election that was written here: it accepts, and refuses
// it with one byte changed, and with one proof changed under mended hashes.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../world/random.ts'
import { verifyElection } from './belenios.ts'
import { mended, writeArchive } from './belenios-archive.ts'
import { writeElection } from './belenios-write.ts'
import { type Check, failed, refused } from './check.ts'

/** Belenios 2 to 3 read orders from a group of integers alone: Debian's has no Ed25519. */
const group = 'RFC-3526-2048'
const uuid = 'chaffinchTests1'
const timestamp = 1_700_000_000

export function isInstalled(): boolean {
  return spawnSync('belenios-tool', ['--version']).status === 0
}

/** Writes an election of three voters, one of whom votes twice, and has it verified here and there. */
export function writtenElection(): Check[] {
  const files = writeElection(
    group,
    3,
    [
      { voter: 0, colours: [1, 0, 0], order: [1, 2] },
      { voter: 1, colours: [0, 1, 1], order: [2, 1] },
      { voter: 0, colours: [0, 0, 1], order: [2, 1] },
    ],
    seededRandom(19),
  )
  const archive = writeArchive(files, timestamp)
  const byte = archive.slice()
  const at = Math.floor(archive.length / 2)
  byte[at] = (byte[at] as number) ^ 1
  const shuffleAt = files.findIndex(({ text }) => text.startsWith('{"ciphertexts"'))
  const proof = mended(files, ({ text }, i) =>
    i === shuffleAt ? text.replace(/.(?="\]\]\]\}$)/, digit => (digit === '1' ? '2' : '1')) : undefined,
  )
  const verdict = ask(archive)
  return [
    verdict.accepts ? { id: 'belenios-tool', ok: true, detail: '' } : failed('belenios-tool', verdict.says),
    { id: `here: ${verifyElection(files).ballots} ballots`, ok: true, detail: '' },
    refused('belenios-tool, one byte changed', () => ask(byte).accepts),
    refused('belenios-tool, one proof changed', () => ask(writeArchive(proof, timestamp)).accepts),
  ]
}

function ask(archive: Uint8Array): { readonly accepts: boolean; readonly says: string } {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-belenios-'))
  try {
    writeFileSync(join(folder, `${uuid}.bel`), archive)
    const { status, stderr } = spawnSync('belenios-tool', ['election', 'verify', '--dir', folder], {
      encoding: 'utf8',
    })
    return { accepts: status === 0, says: stderr.trim() }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
