// chaffinch status, and what chaffinch doctor says of a role that runs: each as its /status has it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { CommandError } from '../encoding/command-line.ts'
import { openFolder, tellPort } from '../roles/files/folder.ts'
import { initClient, initNetwork } from '../roles/files/init.ts'
import { watchSilence } from '../roles/silence.ts'
import { watchClock } from '../roles/wrong-clock.ts'
import { checkReady, checkSilent } from '../scripts/ask/doctor-checks.ts'
import { type AnyStatus, statusLines } from '../scripts/ask/status-text.ts'
import { perform, runCommandLine } from '../scripts/main.ts'
import { seedOf } from '../simulator/directory-world.ts'
import { virtualClock } from '../world/clock.ts'
import { serveLoopback, tokenFrom } from '../world/http.ts'
import { silent } from '../world/log.ts'
import { hour, minute, second } from '../world/units.ts'
import { printing } from './printing.ts'
import { failureOf } from './refusals.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-status-'))
test.after(() => rmSync(folder, { recursive: true }))
const networkFile = join(folder, 'network.toml')
initNetwork(networkFile, {
  name: 'demo',
  genesis: Date.now() - 10 * minute,
  epochMs: minute,
  threshold: 1,
  authorities: [authorityEntry(seedOf('alpha'), ['/ip4/127.0.0.1/tcp/1'])],
})
const home = join(folder, 'anna')
initClient(home, { networkFile, apiPort: 0 })
const file = join(home, 'client.toml')

const base = { epoch: 7, consensus: { epoch: 7, signers: ['a', 'b'], validUntil: 130_000 } }
const client = {
  ...base,
  role: 'client',
  ready: true,
  gateway: 'ab'.repeat(32),
  address: 'chaffinch_bxyz',
  queue: 3,
  messages: { stored: 2, received: 1 },
  cover: { level: 'default', costs: [{ level: 'default', upBytesPerDay: 3.5e9, downBytesPerDay: 10e9 }] },
}
const mix = {
  ...base,
  role: 'mix',
  id: 'cd'.repeat(32),
  version: '1.2.3',
  upSeconds: 90,
  listed: true,
  layer: 1,
  standing: { running: true, reliable: false },
  packets: { received: 10, forwarded: 7, held: 2, dropped: { REPLAY: 1 } },
  refusals: [{ authority: 'ef'.repeat(32), code: 'NO_ANSWER', why: 'nobody answers' }],
  disk: { failing: ['journal'] },
  alarm: { raised: true },
  mail: null,
}
const authority = {
  ...base,
  role: 'authority',
  id: '01'.repeat(32),
  state: 'votes',
  nodes: 4,
  authorities: [
    { id: '02'.repeat(32), seen: 95_000 },
    { id: '03'.repeat(32), seen: 10_000 },
    { id: '04'.repeat(32), seen: null },
  ],
}
const linesOf = (of: object): string => statusLines(of as AnyStatus, 3, 100_000).join('\n')

test('a running client is found by the port that it told, and says how it is', async () => {
  openFolder(join(home, 'data'), 'client')
  const token = await tokenFrom(join(home, 'data', 'token'))
  const asked = ['--config', file]
  const away = await failureOf(CommandError, () => perform(['status', ...asked]))
  assert.match(away.message, 'the client does not run')
  assert.is(away.hint, `chaffinch client --config ${file}`)
  const server = await serveLoopback({
    port: 0,
    token,
    routes: app => void app.get('/status', context => context.json(client)),
  })
  const forget = tellPort(join(home, 'data'), server.port)
  const { out } = await printing(() => perform(['status', ...asked]))
  assert.match(out, /^ready +yes, through gateway abababababababab$/m)
  assert.match(out, /^cover +default, 3.5 GB up and 10.0 GB down a day$/m)
  const { out: json } = await printing(() => perform(['status', ...asked, '--json']))
  assert.equal(JSON.parse(json), client)
  // A shell that names the file once
  process.env['CHAFFINCH_CONFIG'] = file
  const { out: named } = await printing(() => perform(['status']))
  delete process.env['CHAFFINCH_CONFIG']
  assert.is(named, out)
  const { out: examined } = await printing(() => runCommandLine(['doctor', ...asked]))
  assert.match(examined, /ok +running +it is ready: packets leave/)
  await server.close()
  await forget()
  const { out: gone } = await printing(() => runCommandLine(['doctor', ...asked]))
  assert.match(gone, /warning +running +it does not run/)
})

test('a running ledger says how it is, at its folder', async () => {
  const bank = join(folder, 'bank')
  openFolder(bank, 'ledger')
  const away = await failureOf(CommandError, () => perform(['ledger', 'status', bank]))
  assert.is(away.hint, `chaffinch ledger run ${bank}`)
  const token = await tokenFrom(join(bank, 'token'))
  const ledger = {
    role: 'ledger',
    name: 'demo',
    entries: 7,
    answered: 3,
    refused: { BUSY: 1 },
    upSeconds: 90,
  }
  const routes = (app: Hono): void => void app.get('/status', context => context.json(ledger))
  const server = await serveLoopback({ port: 0, token, routes })
  const forget = tellPort(bank, server.port)
  const { out } = await printing(() => perform(['ledger', 'status', bank]))
  assert.is(
    out,
    'role       ledger demo, up 90s\nlog        7 entries\nquestions  3 answered, refused: BUSY 1',
  )
  const { out: json } = await printing(() => perform(['ledger', 'status', bank, '--json']))
  assert.equal(JSON.parse(json), ledger)
  await server.close()
  await forget()
})

test('each role in a few lines: what is wrong stands out', () => {
  const node = linesOf(mix)
  assert.match(node, /^role +mix (cd){32}, chaffinch 1.2.3, up 90s$/m)
  assert.match(node, /^consensus +of epoch 7 in epoch 7, signed by 2 of 3, over in 30s$/m)
  assert.match(node, /^standing +layer 1, listed, not reliable$/m)
  assert.match(node, /^refused +by authority efefefefefefefef: nobody answers \(NO_ANSWER\)$/m)
  assert.match(node, /^disk +CANNOT BE WRITTEN: journal$/m)
  assert.match(node, /^alarm /m)
  const well = linesOf({ ...mix, refusals: [], disk: { failing: [] }, alarm: { raised: false } })
  assert.not.match(well, /refused|CANNOT|alarm/)
  const voter = linesOf(authority)
  assert.is([...voter.matchAll(/SILENT/g)].length, 2)
  assert.match(voter, /0202020202020202 seen [^:]+T[\d:.]+Z$/m)
  assert.match(linesOf({ ...client, consensus: null }), /none yet, in epoch 7/)
})

test('the doctor says of a client whether it is ready, and of an authority who is silent', () => {
  const states = (of: object): string[] =>
    [
      ...checkReady(of as Record<string, unknown>),
      ...checkSilent(of as Record<string, unknown>, 100_000),
    ].map(({ state, says }) => `${state}: ${says}`)
  assert.match(states({ ...client, ready: false })[0] ?? '', /^warning: it is not ready: its mailbox/)
  assert.match(states({ ...client, ready: false, consensus: null })[0] ?? '', /has no consensus/)
  assert.equal(states(authority), [
    'warning: authority 0303030303030303 silent since 1970-01-01T00:00:10.000Z',
    'warning: authority 0404040404040404 has not answered since this one started',
  ])
  assert.equal(states(mix), [])
  const [ahead] = states({ ...mix, clockErrorMs: 2 * hour })
  assert.match(ahead ?? '', /^wrong: this computer's clock seems to be 2h ahead: no document/)
  assert.match(states({ ...authority, clockErrorMs: -hour })[0] ?? '', /1h behind: so most votes/)
})

test('an authority whose clock is not that of the others says so once, and once when it is right again', async () => {
  const clock = virtualClock()
  const said: string[] = []
  const say = (_: unknown, text: string): void => void said.push(text)
  let errorMs = 0
  const end = watchClock(() => errorMs, clock, { ...silent, warn: say, info: say })
  await clock.advance(minute)
  assert.equal(said, [])
  errorMs = -hour
  await clock.advance(minute)
  errorMs = 0
  await clock.advance(minute)
  assert.is(said.length, 2)
  assert.match(said[0] ?? '', /not that of most others/)
  end()
  errorMs = hour
  await clock.advance(minute)
  assert.is(said.length, 2)
})

test('an authority that falls silent is named once in the log, and once when it answers again', async () => {
  const clock = virtualClock(10 * minute)
  const others = [
    { id: '02'.repeat(32), seen: clock.now() as number | null },
    { id: '03'.repeat(32), seen: null as number | null },
  ]
  const said: string[] = []
  const say = (_: unknown, text: string): void => void said.push(text)
  const end = watchSilence(() => others, clock, { ...silent, warn: say, info: say })
  await clock.advance(50 * second)
  assert.equal(said, [], 'who has just started has heard of nobody yet')
  await clock.advance(5 * minute)
  assert.is(said.length, 2)
  assert.match(said.find(line => line.includes('0202')) ?? '', 'silent since 1970-01-01T00:10:00.000Z')
  ;(others[0] as { seen: number }).seen = clock.now()
  await clock.advance(20 * second)
  assert.equal(said.slice(2), ['authority: answers again'])
  end()
  await clock.advance(10 * minute)
  assert.is(said.length, 3)
})

test('a command or option that is misspelt is told what may have been meant', async () => {
  const says = async (...args: string[]): Promise<string> => (await printing(() => runCommandLine(args))).err
  assert.match(await says('sned'), /no command 'sned'\nhint: did you mean 'chaffinch send'\?/)
  assert.match(await says('xylophone'), /hint: chaffinch --help/)
  assert.match(
    await says('send', '--tp', 'x'),
    /unknown option '--tp'\nhint: did you mean --to\? chaffinch send/,
  )
  assert.match(await says('status', '--xylophone'), /hint: chaffinch status --help/)
})

test.run()
