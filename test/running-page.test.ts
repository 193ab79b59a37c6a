// docs/guide/running.md: every command on the page runs, in its order, and the message and its reply go through.
// tier: slow
// needs: dist

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/guide/running.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(match => match[1] as string)

/** Ports that are free now: the page's own may be taken on the machine that runs this. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>(resolve => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

async function withFreePorts(script: string): Promise<string> {
  const named = [...new Set([...script.matchAll(/\b(4[123]0\d|7[1237]0\d)\b/g)].map(match => match[0]))]
  const free = await freePorts(named.length)
  return named.reduce((text, port, i) => text.replaceAll(port, String(free[i])), script)
}

test('the page from the first command to the last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-page-'))
  symlinkSync(join(root, 'dist', 'scripts', 'chaffinch.js'), join(folder, 'chaffinch'))
  const script = await withFreePorts(`set -eu\ncd "${folder}"\n${blocks.join('\n')}`)
  // The page's shell leads a group, so that a failure leaves no role behind.
  const shell = spawn('bash', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  })
  const [out, errors] = [text(shell.stdout), text(shell.stderr)]
  const code = await new Promise<number | null>(resolve => shell.on('close', resolve))
  try {
    process.kill(-(shell.pid as number), 'SIGKILL')
  } catch {
    // all of them have ended, as the page says
  }
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

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const chunk of stream) all += String(chunk)
  return all
}

test.run()
