// docs/guide/tutorial.md and examples/: what a newcomer does, with the package as npm would hand it out, on one small
// network.
// tier: slow
// needs: dist

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RemoteClient } from '../client/remote/index.ts'
import { clientEndpoint, runningClient } from '../roles/files/config.ts'
import { freePorts } from '../simulator/processes/plan.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-tutorial-'))
/** Where the page's commands run. */
const home = join(folder, 'hello')

const page = readFileSync(join(root, 'docs/guide/tutorial.md'), 'utf8')
const blocks = (kind: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    match => match[1] as string,
  )
const [install, startNetwork, runHello, runBob, runAlice, runPython] = blocks('sh') as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const [hello, chat] = blocks('js') as [string, string]
const [helloSays, aliceSees, wrongAddress] = blocks('text') as [string, string, string]

/** A program in a shell of its own, as in a terminal: what it printed so far, and its end. */
class Terminal {
  readonly child: ChildProcess
  out = ''
  err = ''
  readonly ended: Promise<number | null>

  constructor(command: string, cwd: string) {
    // A group of its own, so that whatever the command has started goes with it
    this.child = spawn('bash', ['-c', command], { cwd, detached: true, stdio: 'pipe' })
    this.child.stdout?.on('data', chunk => {
      this.out += chunk
    })
    this.child.stderr?.on('data', chunk => {
      this.err += chunk
    })
    this.ended = new Promise(resolve => this.child.on('close', resolve))
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Ctrl-D. */
  leave(): void {
    this.child.stdin?.end()
  }

  kill(): void {
    try {
      process.kill(-(this.child.pid as number), 'SIGKILL')
    } catch {
      // it has ended
    }
  }

  /** Resolves with the text that was printed, once it is. */
  async until(text: RegExp, withinMs = 60_000): Promise<string> {
    for (const late = Date.now() + withinMs; Date.now() < late; await pause(50)) {
      const found = text.exec(this.out)
      if (found !== null) return found[1] ?? found[0]
    }
    throw new Error(`waited for ${text}, have:\n${this.out}\n${this.err}`)
  }
}

/** `npm i chaffinch` as npm does it once the package is published; what it depends on is that of this repository. */
const npm = `npm() {
  [ "$*" = "i chaffinch" ] || { echo "npm $*: not on this page"; return 1; }
  (cd '${root}' && command npm pack --silent --ignore-scripts --pack-destination '${folder}' > '${folder}/packed')
  mkdir -p node_modules/.bin
  tar xzf '${folder}'/*.tgz -C node_modules
  mv node_modules/package node_modules/chaffinch
  ln -s '${root}/node_modules' node_modules/chaffinch/node_modules
  ln -s ../chaffinch/dist/scripts/chaffinch.js node_modules/.bin/chaffinch
}
set -e
`

const network = { terminal: undefined as Terminal | undefined }
test.after(async () => {
  network.terminal?.kill()
  // Its processes end when it is gone
  await pause(500)
  rmSync(folder, { recursive: true, force: true })
})

interface Language {
  readonly name: string
  readonly tool: string
  /** Makes the program. */
  readonly make?: string
  readonly run: string
}

const languages: readonly Language[] = [
  { name: 'Python', tool: 'python3', run: `python3 '${root}/examples/python/messages.py'` },
  {
    name: 'C',
    tool: 'cc',
    make: `cc -std=c11 -Wall -Wextra -Werror -o messages-c '${root}/examples/c/messages.c'`,
    run: './messages-c',
  },
  {
    name: 'Java',
    tool: 'javac',
    make: `javac -Xlint:all,-serial -Werror -d . '${root}/examples/java/Messages.java'`,
    run: 'java -cp . Messages',
  },
  {
    name: 'Go',
    tool: 'go',
    make: `go build -o messages-go '${root}/examples/go/messages.go'`,
    run: './messages-go',
  },
]
/** Made while the network starts. */
const made = new Map(
  languages.map(({ tool, make }) => [
    tool,
    make === undefined || !isThere(tool) ? undefined : new Terminal(make, folder),
  ]),
)

function isThere(tool: string): boolean {
  return spawnSync('bash', ['-c', `command -v ${tool}`]).status === 0
}

test('the page installs the package and starts a network', async () => {
  const installing = new Terminal(npm + install, folder)
  assert.is(await installing.ended, 0, installing.err)
  for (const file of ['examples/chat/chat.mjs', 'docs/guide/tutorial.md', 'dist/client/index.d.ts'])
    assert.ok(existsSync(join(home, 'node_modules', 'chaffinch', file)), `${file} is in the package`)
  network.terminal = new Terminal(startNetwork, home)
  const client = (): RemoteClient => runningClient(join(home, 'net', 'client-0', 'client.toml'))
  for (const late = Date.now() + 120_000; ; await pause(200)) {
    const status = await Promise.resolve()
      .then(() => client().status())
      .catch(() => undefined)
    if (status?.ready && /consensus of epoch \d+ signed/.test(network.terminal.err)) break
    assert.ok(Date.now() < late, network.terminal.err)
  }
})

test('a message and its answer, as the page prints them', async () => {
  writeFileSync(join(home, 'hello.mjs'), hello)
  const terminal = new Terminal(runHello, home)
  assert.is(await terminal.ended, 0, terminal.err)
  assert.is(terminal.out, helloSays)
})

test('two people chat, and one of them stays unknown', async () => {
  assert.is(chat, readFileSync(join(root, 'examples', 'chat', 'chat.mjs'), 'utf8'), 'the page shows the file')
  assert.ok(chat.trimEnd().split('\n').length < 40)
  writeFileSync(join(home, 'chat.mjs'), chat)
  const bob = new Terminal(runBob, home)
  const address = await bob.until(/your address: (\S+)\n/)
  bob.type('is anybody there?')
  await bob.until(/nobody has written yet/)

  const alice = new Terminal(runAlice.replace('ADDRESS', address), home)
  const [first, question, answer] = aliceSees.split('\n') as [string, string, string]
  await alice.until(new RegExp(`^${first}$`, 'm'))
  alice.type(question)
  await bob.until(new RegExp(`^> ${question}$`, 'm'))
  bob.type(answer.slice(2))
  await alice.until(new RegExp(`^${answer}$`, 'm'))
  assert.is(alice.out, `${first}\n${answer}\n`)
  alice.leave()
  bob.leave()
  assert.equal([await alice.ended, await bob.ended], [0, 0], alice.err + bob.err)

  const wrong = address.replace(/.$/, last => (last === 'a' ? 'b' : 'a'))
  const mistaken = new Terminal(runAlice.replace('ADDRESS', wrong), home)
  assert.is(await mistaken.ended, 2)
  assert.is(mistaken.err, wrongAddress)
})

for (const { name, tool, run } of languages) {
  if (!isThere(tool)) {
    console.log(`skipped: ${name}: ${tool} is not installed`)
    continue
  }
  test(`${name} sends, follows and reads over HTTP, and says what is wrong`, async () => {
    const making = made.get(tool)
    assert.is((await making?.ended) ?? 0, 0, making?.err)
    const { port, tokenFile } = clientEndpoint(join(home, 'net', 'client-0', 'client.toml'))
    const wrong = join(folder, `wrong-${tool}`)
    writeFileSync(wrong, `${'0'.repeat(64)}\n`)
    const [closed] = await freePorts(1)
    const terminals = [
      `${run} ${port} ${tokenFile}`,
      `${run} ${port} ${wrong}`,
      `${run} ${closed} ${tokenFile}`,
      `${run} ${port} ${folder}/none`,
      run,
    ].map(command => new Terminal(command, folder))
    const codes = await Promise.all(terminals.map(({ ended }) => ended))
    const [sends, stranger, nobody, tokenless, misused] = terminals as [
      Terminal,
      Terminal,
      Terminal,
      Terminal,
      Terminal,
    ]
    assert.equal(codes, [0, 1, 1, 1, 2], terminals.map(({ err }) => err).join('\n'))
    assert.match(sends.out, /^100 %: packets leave\n/)
    assert.ok(sends.out.includes(`received: hello from ${name}\n`), sends.out)
    assert.match(sends.out, /^stored$/m)
    assert.match(stranger.err, /^messages: BAD_TOKEN: the token is missing or wrong/)
    assert.match(nobody.err, /is the client running, and is this its port/)
    assert.ok(tokenless.err.includes(`${folder}/none`), tokenless.err)
    assert.match(misused.err, /^usage: /)
    for (const { err } of terminals) assert.ok(err.trim().split('\n').length === 1, err)
  })
}

test('the page shows how to run one of them', async () => {
  if (!isThere('python3')) return
  const { port } = clientEndpoint(join(home, 'net', 'client-0', 'client.toml'))
  const terminal = new Terminal(runPython.replace('PORT', String(port)), home)
  assert.is(await terminal.ended, 0, terminal.err)
})

test.run()
