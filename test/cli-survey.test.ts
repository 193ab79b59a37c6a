// chaffinch survey with real processes (docs/guide/survey.md): a Controller and three mixers, of whom one goes away for
// good when the survey is closed; seven participants, of whom one answers twice and one not at all; and figures.
// tier: slow
// needs: dist

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../simulator/processes/plan.ts'
import { cascadeProcesses, program, until } from './cascade-processes.ts'

const root = join(import.meta.dirname, '..')
const { folder, running, say, start, stop } = cascadeProcesses('survey')

function refusal(...args: string[]): { readonly code: number | null; readonly why: string } {
  const { status, stderr } = spawnSync(process.execPath, [program, 'survey', ...args], {
    cwd: folder,
    encoding: 'utf8',
    input: '',
  })
  return { code: status, why: stderr }
}

const guide = readFileSync(join(root, 'docs/guide/survey.md'), 'utf8')
const [, asked = ''] = /```toml\n([\s\S]*?)```/.exec(guide) ?? []
const toml = asked.replace('= 10\n', '= 5\nsettle_ms = 500\n')
const names = ['mixer1', 'mixer2', 'mixer3']
const plan = ['--plan', 'board/mixnet.json']

test('a survey goes from a form to figures, though a mixer goes away; no name is anywhere', async () => {
  const [port] = (await freePorts(1)) as [number]
  const mixers = names.flatMap(name => ['--mixer', say('cascade', 'init', 'mixer', name)])
  const address = `http://127.0.0.1:${port}`
  const usual = ['--url', address, '--packets', '1024', '--settle', '1s', '--cycles', '0', '--patience', '8s']
  const controller = say(
    'cascade',
    'init',
    'mixnet',
    'board',
    '--name',
    'road',
    ...usual,
    '--close-count',
    '2',
    ...mixers,
  )

  writeFileSync(join(folder, 'survey.toml'), toml.replace('max = 1', 'max = 3'))
  const init = ['init', 'poll', '--from', 'survey.toml', ...plan, '--key', 'holder']
  assert.match(refusal(...init).why, /survey.toml: question 1: max/)
  assert.not(existsSync(join(folder, 'holder')), 'nothing is made of what is wrong')
  writeFileSync(join(folder, 'survey.toml'), toml)
  const id = say('survey', ...init)
  assert.match(id, /^[0-9a-f]{64}$/)
  const people = ['Ada', 'Bo', 'Cy', 'Di', 'Ed', 'Flo', 'Gus']
  writeFileSync(join(folder, 'people.csv'), `name,mail\n${people.map(name => `${name} Ray,\n`).join('')}`)
  const drawn = ['credentials', 'poll', '--participants', 'people.csv', '--codes', 'codes.csv']
  assert.is(say('survey', ...drawn), '7 participants')
  assert.is(statSync(join(folder, 'codes.csv')).mode & 0o777, 0o600)
  const codes = readFileSync(join(folder, 'codes.csv'), 'utf8')
    .trim()
    .split('\r\n')
    .slice(1)
    .map(line => line.split(',').at(-1) as string)

  start('controller', 'controller', 'board')
  for (const name of names) start(name, 'mixer', name, ...plan, '--survey', 'poll')
  const cycles = async (): Promise<boolean> => {
    const peers = (await (await fetch(`${controller}/peers?peer_type=SPHINX`)).json()) as {
      name: string
      peer_id: string
    }[]
    const first = peers.find(({ name }) => name === `${id} 1 1`)
    const open = (await (
      await fetch(`${controller}/peers/${first?.peer_id}/cycles?status=OPEN`)
    ).json()) as object[]
    return open.length === 1
  }
  await until('the survey is open', cycles)

  const answer = (who: number, where: string, far: string, keep = `answer${who}`, text = ''): string => {
    writeFileSync(join(folder, 'code'), codes[who] as string)
    const said = ['--answer', `1=${where}`, '--answer', `2=${far}`, '--answer', `3=${text}`]
    return say(
      'survey',
      'answer',
      'poll',
      '--controller',
      controller,
      '--code',
      'code',
      '--keep',
      keep,
      ...said,
    )
  }
  assert.match(
    refusal('answer', 'poll', '--controller', controller, '--keep', 'x', '--answer', '2=far').why,
    /want a number/,
  )
  for (const [who, where] of ['outside', '1', '1', 'in the town', 'in the town', ''].entries())
    assert.match(answer(who, where, `${who}.5`), /the answer is accepted/)
  assert.match(answer(0, '1', '10', 'again', 'fewer cars'), /the answer is accepted/)
  const state = (keep: string, ...more: string[]): string =>
    (
      JSON.parse(say('survey', 'receipt', keep, 'poll', '--controller', controller, '--json', ...more)) as {
        state: string
      }
    ).state
  assert.is(state('answer0'), 'replaced')
  assert.match(refusal('collect', 'poll', '--controller', controller, '--key', 'holder').why, /is not over/)

  await stop('mixer2', 'SIGKILL')
  for (const member of ['mixer1', 'mixer3']) say('survey', 'close', 'poll', '--member', member)
  // The others leave the mixer out after eight seconds; the participants' programs send their answers again
  const keeps = ['again', ...[1, 2, 3, 4, 5].map(who => `answer${who}`)]
  const waiting = keeps.map(keep => {
    const child = spawn(
      process.execPath,
      [program, 'survey', 'receipt', keep, 'poll', '--controller', controller, '--wait', '--json'],
      { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    running.set(keep, child)
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk
    })
    return new Promise<string>(resolve => child.once('close', () => resolve(out)))
  })
  const collected = spawn(
    process.execPath,
    [program, 'survey', 'collect', 'poll', '--controller', controller, '--key', 'holder', '--wait'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  running.set('collect', collected)
  const code = await new Promise<number | null>(resolve => collected.once('close', resolve))
  assert.is(code, 0)
  for (const out of await Promise.all(waiting))
    assert.is((JSON.parse(out) as { state: string }).state, 'delivered')

  const found = JSON.parse(say('survey', 'results', 'poll', '--key', 'holder', '--by', '1', '--json')) as {
    participants: number
    invited: number
    figures: { questions: ({ options?: number[]; sum?: string; median?: string } | null)[] }
    groups: { option: string; figures?: { participants: number } }[]
  }
  assert.equal([found.invited, found.participants], [7, 6])
  const [where, far, text] = found.figures.questions
  assert.equal(where?.options, [5, 0])
  assert.equal([far?.sum, far?.median], ['27.5', '3.5'])
  assert.is(text, null, 'one alone has written something')
  assert.equal(
    found.groups.map(({ option, figures }) => [option, figures?.participants]),
    [
      ['in the town', undefined],
      ['outside', undefined],
      ['', undefined],
    ],
    'one has said nothing there: all less those in the town would tell who',
  )
  assert.match(
    say('survey', 'results', 'poll', '--key', 'holder', '--csv'),
    /^group,question,kind,item,figure\r\n/,
  )
  assert.match(say('survey', 'results', 'poll', '--key', 'holder'), /6 of 7 answered/)

  const files = ['board', 'poll', 'mixer1', 'mixer3'].flatMap(name =>
    readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name)),
  )
  for (const file of files) {
    const bytes = readFileSync(file)
    for (const secret of [...people.map(name => `${name} Ray`), ...codes, 'fewer cars'])
      assert.not(bytes.includes(secret), `${file} has ${secret}`)
  }
  for (const name of [...keeps, 'collect']) running.delete(name)
  for (const name of [...running.keys()]) await stop(name, 'SIGTERM')
})

test.run()
