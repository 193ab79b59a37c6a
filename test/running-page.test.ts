// docs/guide/running.md: every command on the page runs, in its order, and the message and its reply go through.
// tier: slow
// needs: dist

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/guide/running.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(match => match[1] as string)

/**
 * Different ports that are free now: the page's own may be taken on the machine that runs this. They lie below those
 * that systems give to whoever dials or asks for any, so that nobody takes one by chance before the page does.
 */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(10_000, 30_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Sooner than the runner gives up. */
const longestMs = 220_000

/** A port where the page names one: behind a colon, `/tcp/` or an option for a port. */
const portOnPage = /(?<=:|\/tcp\/|-port[ =])\d{4,5}(?!\d)/g

/** Names other ports, all in one pass: what takes the place of one is not looked at again. */
function withPorts(script: string, ports: ReadonlyMap<string, number>): string {
  return script.replace(portOnPage, port => String(ports.get(port) ?? port))
}

function portsOf(script: string): string[] {
  return [...new Set([...script.matchAll(portOnPage)].map(match => match[0]))]
}

test('a port that is free may be one that the page names, and other numbers stay', () => {
  const script = '--listen /ip4/127.0.0.1/tcp/4101 --status-port 7101 http://127.0.0.1:7101/ id 41017101'
  assert.equal(portsOf(script), ['4101', '7101'])
  const ports = new Map([
    ['4101', 7101],
    ['7101', 4101],
  ])
  assert.is(
    withPorts(script, ports),
    '--listen /ip4/127.0.0.1/tcp/7101 --status-port 4101 http://127.0.0.1:4101/ id 41017101',
  )
})

test('the page from the first command to the last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-page-'))
  symlinkSync(join(root, 'dist', 'scripts', 'chaffinch.js'), join(folder, 'chaffinch'))
  const text = `set -eu\ncd "${folder}"\n${blocks.join('\n')}`
  const named = portsOf(blocks.join('\n'))
  assert.ok(named.length > 10, 'the ports are found')
  const free = await freePorts(named.length)
  const script = withPorts(text, new Map(named.map((port, i) => [port, free[i] as number])))
  // The page's shell leads a group, so that a failure leaves no role behind.
  const shell = spawn('bash', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  })
  const [out, errors] = [read(shell.stdout), read(shell.stderr)]
  const endAll = (): void => {
    try {
      process.kill(-(shell.pid as number), 'SIGKILL')
    } catch {
      // all of them have ended, as the page says
    }
  }
  const late = setTimeout(endAll, longestMs)
  // A shell that failed has left roles that hold its output open: that ends with them.
  const [code] = (await once(shell, 'exit')) as [number | null]
  clearTimeout(late)
  endAll()
  const printed = await out
  assert.is(code, 0, `${printed}\n${await errors}`)
  for (const expected of [
    'signed  by',
    'hello, do you know me?',
    'no, and I need not',
    '"role":"client"',
    '"role":"mix"',
    '4 authorities, of whom 3 sign',
    'this authority wants no change any more',
  ])
    assert.ok(printed.includes(expected), `the page prints ${expected}:\n${printed}`)
  rmSync(folder, { recursive: true, force: true })
})

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}

test.run()
