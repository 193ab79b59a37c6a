// An election with times in its definition, by programs that run as processes (docs/spec/voting.md 5.2): nobody says
// when it begins or is over, and it is closed and opened all the same.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyId } from '../cascade/index.ts'
import { fromHex } from '../encoding/bytes.ts'
import { freePorts } from '../simulator/processes/plan.ts'
import { cascadeProcesses, program, until } from './cascade-processes.ts'
import { electionToml } from './election-command.ts'

const { folder, running, say, start, stop } = cascadeProcesses('dates')
const second = 1000

interface Plan {
  readonly controller_key: string
  readonly mixers: readonly { readonly key_data: string }[]
  readonly trustees: readonly { readonly key_data: string }[]
}

test('it opens and ends by itself at the times of its definition', async () => {
  const [port] = (await freePorts(1)) as [number]
  const members = { mia: 'mixer', tom: 'trustee', tea: 'trustee' } as const
  const lines = Object.entries(members).flatMap(([name, what]) => [
    `--${what}`,
    say('cascade', 'init', what, name),
  ])
  const at = ['--name', 'poll', '--url', `http://127.0.0.1:${port}`]
  const controller = say('cascade', 'init', 'mixnet', 'board', ...at, '--quorum', '2', ...lines)
  const plan = JSON.parse(readFileSync(join(folder, 'board/mixnet.json'), 'utf8')) as Plan
  const ids = (of: readonly { readonly key_data: string }[]): string[] =>
    of.map(({ key_data }) => keyId(fromHex(key_data)))
  const opens = Math.ceil(Date.now() / second) * second + 60 * second
  const closes = opens + 45 * second
  const written = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
  writeFileSync(
    join(folder, 'election.toml'),
    electionToml(
      {
        mixnet: 'poll',
        controllerKey: plan.controller_key,
        mixers: ids(plan.mixers),
        trustees: ids(plan.trustees),
      },
      `opens_at = ${written(opens)}`,
      `closes_at = ${written(closes)}`,
    ),
  )
  say('election', 'init', 'election', '--from', 'election.toml')
  writeFileSync(join(folder, 'voters.csv'), 'name,mail,weight\nAda,,1\nBo,,1\n')
  say('election', 'credentials', 'election', '--voters', 'voters.csv', '--codes', 'codes.csv')
  const codes = readFileSync(join(folder, 'codes.csv'), 'utf8').trimEnd().split('\r\n').slice(1)
  start('controller', 'controller', 'board')
  const withElection = ['--plan', 'board/mixnet.json', '--election', 'election']
  for (const [name, what] of Object.entries(members)) start(name, what, name, ...withElection)

  const vote = (voter: number, whom: string): string => {
    writeFileSync(join(folder, 'code'), codes[voter]?.split(',').at(-1) ?? '')
    const args = ['vote', 'election', '--controller', controller, '--code', 'code', '--answer', `1=${whom}`]
    const { stdout, stderr } = spawnSync(process.execPath, [program, 'election', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`
  }
  await until('it is founded', async () => vote(0, 'Bo').includes(`opens at ${written(opens)}`), 60)
  assert.ok(Date.now() < opens + second, 'and takes no ballots before its time')
  await until('it takes ballots', async () => vote(0, 'Bo').includes('was taken'), 90)
  assert.ok(Date.now() >= opens)
  assert.match(vote(1, 'Bo'), /was taken/)
  assert.match(vote(0, 'Anna'), /was taken/)
  assert.match(
    spawnSync(process.execPath, [program, 'election', 'close', 'election', '--member', 'mia'], {
      cwd: folder,
      encoding: 'utf8',
    }).stderr,
    /the definition says when it is closed/,
  )
  say('election', 'tally', 'election', '--controller', controller, '--wait')
  assert.ok(Date.now() >= closes, 'nobody has closed it before')
  const checked = say('election', 'verify', 'election')
  assert.match(checked, /2 ballots, 2 votes, 0 blank, 0 invalid/)
  assert.match(vote(1, 'Anna'), /takes no ballots now/)
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

test.run()
