// Nothing dies of sleep: every role as a process of its own stands still (SIGSTOP), all of them as a machine whose lid
// is closed, and one beside others that go on; afterwards each answers, has the newest document and its mail.
// tier: slow
// needs: dist

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { epochAt, epochStart } from '../directory/index.ts'
import { readNetwork } from '../roles/files/index.ts'
import {
  compiled,
  endAll,
  newRecord,
  planNetwork,
  type Run,
  remoteOf,
  startAll,
  supervisor,
  usualOptions,
  watchNetwork,
} from '../simulator/processes/index.ts'

const program = compiled[0] as string
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-sleep-'))
/** Ends what a test that fails leaves behind, asleep or not. */
const leftovers: (() => void)[] = []
test.after(() => {
  for (const end of leftovers) end()
  rmSync(folder, { recursive: true, force: true })
})

/** Nothing here rests on this: a network that never comes back has to end some time. */
const patienceMs = 90_000

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + patienceMs; !(await holds()); await pause(20))
    if (Date.now() > end) throw new Error(`${what}: not within ${patienceMs / 1000} s`)
}

interface Ledger {
  readonly child: ChildProcess
  ask(): Promise<number>
}

/** A ledger beside the client that its questions come through. */
async function startLedger(config: string): Promise<Ledger> {
  const bank = join(folder, 'bank')
  spawnSync(process.execPath, [program, 'ledger', 'init', bank])
  const child = spawn(process.execPath, [program, 'ledger', 'run', bank, '--config', config], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const port = join(bank, 'status-port')
  await until('the ledger', () => existsSync(port) && readFileSync(port, 'utf8') !== '')
  return {
    child,
    async ask() {
      const headers = { authorization: `Bearer ${readFileSync(join(bank, 'token'), 'utf8').trim()}` }
      return (await fetch(`http://127.0.0.1:${readFileSync(port, 'utf8').trim()}/status`, { headers })).status
    },
  }
}

test('each role stands still, alone and with all others, and goes on', async () => {
  const few = { authorities: 1, mixes: 3, gateways: 1, clients: 1, messages: 0, kill: [], epochMs: 5000 }
  const plan = await planNetwork({ ...usualOptions, ...few, dir: join(folder, 'net') }, Date.now())
  const network = readNetwork(plan.networkFile)
  const processes = supervisor(() => {}, compiled)
  const record = newRecord(plan)
  const watch = watchNetwork(plan, processes, record, Date.now)
  const run: Run = {
    ...{ plan, processes, record, watch, now: Date.now },
    tell: () => {},
    signal: new AbortController().signal,
  }
  leftovers.push(() => processes.abandon())
  const [authority, client] = ['authority-0', 'client-0'].map(wanted =>
    plan.processes.find(({ name }) => name === wanted),
  ) as [(typeof plan.processes)[number], (typeof plan.processes)[number]]
  const names = plan.processes.map(({ name }) => name)
  await startAll(run)
  const ledger = await startLedger(client.configFile)
  leftovers.push(() => ledger.child.kill('SIGKILL'))

  const said = (words: string): number => readFileSync(authority.logFile, 'utf8').split(words).length
  /** The moment at which the authority's log says this once more. */
  const moment = async (words: string): Promise<void> => {
    const before = said(words)
    await until(words, () => said(words) > before)
  }
  const others = names.filter(name => name !== authority.name)
  const stop = (whom: readonly string[], withLedger: boolean): void => {
    for (const name of whom) processes.suspend(name)
    if (withLedger) ledger.child.kill('SIGSTOP')
  }
  /** Everybody goes on, answers what was asked meanwhile, and has the document of now. */
  const goOn = async (whom: readonly string[]): Promise<void> => {
    const asked = [...whom.map(name => watch.ask(name)), ledger.ask()]
    for (const name of whom) processes.resume(name)
    ledger.child.kill('SIGCONT')
    for (const answer of await Promise.all(asked))
      assert.ok(answer !== undefined, 'an answer to what was asked')
    await until('the newest document', async () => {
      await watch.poll()
      const now = epochAt(network, Date.now())
      return names.every(name => (watch.last(name)?.consensus?.epoch ?? -1) >= now)
    })
    assert.equal(processes.endings, [])
    assert.is(ledger.child.exitCode, null)
  }
  const remote = remoteOf(client)
  const { address } = await remote.status()
  const sent: string[] = []
  const say = async (text: string): Promise<void> => {
    await remote.send(address, new TextEncoder().encode(text))
    sent.push(text)
  }

  await moment('"state":"votes"')
  await say('before the lid is closed')
  stop(names, true)
  // Time has to pass that nobody sees
  await pause(1.25 * few.epochMs)
  await goOn(names)

  await say('before all but the authority stand still')
  stop(others, true)
  await pause(1.1 * few.epochMs)
  await goOn(others)

  await say('before the authority stands still over a note')
  await moment('"state":"signatures","why":"","msg":"authority: note"')
  stop([authority.name], false)
  await pause(
    Math.max(0.25 * few.epochMs, epochStart(network, epochAt(network, Date.now()) + 1) - Date.now()),
  )
  await goOn([authority.name])

  const read = new Set<string>()
  await until('the mail', async () => {
    const { messages } = await remote.messages({ after: -1, waitMs: 500 })
    for (const { text } of messages) if (text !== undefined) read.add(text)
    return sent.every(text => read.has(text))
  })
  const ended = once(ledger.child, 'exit')
  ledger.child.kill('SIGTERM')
  assert.equal((await ended)[0], 0)
  await endAll(run)
  assert.equal(
    new Map(processes.endings.map(({ name, code }) => [name, code])),
    new Map(names.map(name => [name, 0])),
  )
})

test.run()
