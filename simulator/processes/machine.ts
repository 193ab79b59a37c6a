// How fast this machine is now: a network of processes wants two cores, and what else runs on them takes its share.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { second } from '../../world/units.ts'

/** Asks of two processes so many rounds of native SHA-512, whose time does not hang on when a loop is compiled. */
const rounds = 400_000
/** They take a core of 2020 so long, which is what the usual epochs are made for. */
const usualMs = 0.4 * second
/** A machine that takes so much longer carries the usual epochs all the same. At 1.3 times its two cores are full. */
export const spared = 1.1
const longestEpochMs = 120 * second

/** Measures how much longer work takes on two cores of this machine than on two idle ones of the usual kind. */
export async function slowness(): Promise<number> {
  const work = `const { pbkdf2Sync } = require('node:crypto')
    const from = performance.now()
    pbkdf2Sync('', '', ${rounds}, 64, 'sha512')
    process.stdout.write(String(performance.now() - from))`
  const times = await Promise.all([measured(work), measured(work)])
  return Math.max(...times) / usualMs
}

/** The milliseconds that a process says it took. */
async function measured(work: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', work], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  await once(child, 'close')
  return Number.parseFloat(said) || usualMs
}

/**
 * Lengthens epochs for a machine that is slow or busy: its rounds would be late, and every epoch lack its document.
 *
 * @param slow what `slowness` measured
 * @returns milliseconds, whole seconds
 */
export function epochFor(epochMs: number, slow: number): number {
  if (!(slow > spared)) return epochMs
  const wanted = Math.ceil((epochMs * slow) / spared / second) * second
  return Math.max(epochMs, Math.min(longestEpochMs, wanted))
}
