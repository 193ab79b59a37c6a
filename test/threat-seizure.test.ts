// docs/threats.md 3.12: who seizes a node, its memory and its disk, opens nothing of an epoch that is over.
// tier: slow

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/** Why this machine lets nobody read the memory of a process it has started; undefined when it does. */
function unreadable(): string | undefined {
  const child = spawn(process.execPath, ['--eval', 'setTimeout(() => {}, 10_000)'], { stdio: 'ignore' })
  try {
    const memory = openSync(`/proc/${child.pid}/mem`, 'r')
    const [start] = readFileSync(`/proc/${child.pid}/maps`, 'utf8').split('-')
    readSync(memory, Buffer.alloc(16), 0, 16, Number.parseInt(start as string, 16))
    closeSync(memory)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    child.kill('SIGKILL')
  }
}

/** Lists how a key may lie somewhere: as it is, as X25519 clamps it (RFC 7748, section 5), and as text. */
function forms(secret: Buffer): Buffer[] {
  const clamped = Buffer.from(secret)
  clamped[0] = (clamped[0] as number) & 248
  clamped[31] = ((clamped[31] as number) & 127) | 64
  const base64 = (bytes: Buffer): string => bytes.toString('base64').slice(0, 42)
  return [secret, clamped].flatMap(bytes => [
    bytes,
    // a key that was overwritten in part
    bytes.subarray(0, 16),
    bytes.subarray(16),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex'), 'utf16le'),
    Buffer.from(base64(bytes)),
    Buffer.from(bytes.toString('base64url').slice(0, 42)),
  ])
}

/** Which of the keys are somewhere in the memory that a process can write. */
function inMemory(pid: number, keys: readonly Buffer[]): boolean[] {
  const found = keys.map(() => false)
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const overlap = 128
  const chunk = Buffer.alloc(4 << 20)
  try {
    for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').matchAll(
      /^([0-9a-f]+)-([0-9a-f]+) rw.*\n(?:(?![0-9a-f]+-).*\n)*?Rss: +(\d+) kB/gm,
    )) {
      if (line[3] === '0') continue
      const [start, end] = [Number.parseInt(line[1] as string, 16), Number.parseInt(line[2] as string, 16)]
      for (let at = start; at < end; at += chunk.length - overlap) {
        let bytes: Buffer
        try {
          bytes = chunk.subarray(0, readSync(memory, chunk, 0, Math.min(chunk.length, end - at), at))
        } catch {
          break
        }
        for (const [i, key] of keys.entries()) found[i] ||= forms(key).some(form => bytes.includes(form))
      }
    }
  } finally {
    closeSync(memory)
  }
  return found
}

function onDisk(folder: string, keys: readonly Buffer[]): boolean[] {
  const files = readdirSync(folder).map(name => readFileSync(join(folder, name)))
  return keys.map(key => forms(key).some(form => files.some(file => file.includes(form))))
}

function said(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', line => resolve(`${line}`))
    child.once('exit', () => reject(new Error('the process has ended')))
  })
}

interface Seized {
  /** For the keys of two epochs that are over, and of the last one that is there: whether each is in memory. */
  readonly memory: readonly boolean[]
  readonly disk: readonly boolean[]
  readonly packets: { readonly dropped: Readonly<Record<string, number>> }
}

/** Epochs whose key files are there, the earliest first. */
function epochsIn(folder: string): number[] {
  const epochs = readdirSync(folder).map(name => Number(/^packet-(\d+)\.key$/.exec(name)?.[1] ?? -1))
  return epochs.filter(epoch => epoch >= 0).sort((a, b) => a - b)
}

async function seize(mode: 'wipe' | 'keep'): Promise<Seized> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-seized-'))
  const program = join(import.meta.dirname, 'threat-seizure-process.ts')
  const args = ['--conditions=chaffinch-source', '--import', 'tsx', program, folder, mode]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const secretOf = (epoch: number): Buffer =>
    readFileSync(join(folder, `packet-${epoch}.key`)).subarray(0, 32)
  try {
    // the last of its first keys will be the node's for three epochs yet
    await said(child)
    const over = epochsIn(folder).slice(-2)
    const keys = over.map(secretOf)
    const packets = await said(child)
    let memory: boolean[] = []
    let disk: boolean[] = []
    // a machine that is busy wipes a little later
    for (let tried = 0; tried < 10 && (tried === 0 || memory[0] || memory[1]); tried++) {
      await new Promise(resolve => setTimeout(resolve, 200))
      child.kill('SIGSTOP')
      const all = [...keys, secretOf(epochsIn(folder).at(-1) as number)]
      memory = inMemory(child.pid as number, all)
      disk = onDisk(folder, all)
      if (mode === 'keep') break
      child.kill('SIGCONT')
    }
    return { memory, disk, packets: JSON.parse(packets) }
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

const why = unreadable()
if (why !== undefined) console.log(`not tested here: memory of another process (${why})`)
else {
  // both at once: they mostly wait
  const [wiped, kept] = await Promise.all([seize('wipe'), seize('keep')])

  test('a process holds no key of an epoch that is over, nor does its disk', () => {
    const { memory, disk, packets } = wiped
    assert.equal(memory, [false, false, true])
    assert.equal(disk, [false, false, true])
    assert.ok((packets.dropped['NO_MAILBOX'] ?? 0) > 20, `the keys were used: ${JSON.stringify(packets)}`)
  })

  test('control: with wiping and erasing switched off both hold every key', () => {
    assert.equal(kept.memory, [true, true, true])
    assert.equal(kept.disk, [true, true, true])
  })
}

test.run()
