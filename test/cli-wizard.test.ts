import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { wizard } from '../scripts/files/init-wizard.ts'

/** Answers one question after the other; what was asked is kept. */
function answers(...given: string[]): { ask: (question: string) => Promise<string>; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    ask: async question => {
      asked.push(question)
      return given.shift() ?? ''
    },
  }
}

test('empty answers are the documented defaults, and stay comments in the file', async () => {
  const { ask, asked } = answers()
  assert.equal(await wizard(ask, undefined), ['mix', 'mix', '--listen', '/ip4/0.0.0.0/tcp/4201'])
  assert.ok(asked.some(question => question === 'its folder [mix]: '))
})

test('what is answered becomes the same command line; what cannot be is asked again', async () => {
  const given = answers(
    'door',
    'net.toml',
    'nonsense',
    '/dnsaddr/a.example',
    '/ip4/192.0.2.7/tcp/1',
    '/dns4/a.example/tcp/1',
    '7301',
    'mine',
    'me',
  )
  assert.equal(await wizard(given.ask, 'gateway'), [
    ...['gateway', 'door', '--network', 'net.toml', '--listen', '/ip4/192.0.2.7/tcp/1'],
    ...[
      '--announce',
      '/dns4/a.example/tcp/1',
      '--status-port',
      '7301',
      '--family',
      'mine',
      '--contact',
      'me',
    ],
  ])
  for (const said of ['want a multiaddr', 'nobody can listen on /dnsaddr'])
    assert.ok(given.asked.some(question => question.startsWith(said)))
  const network = answers('', 'demo', '20 years', '20s', 'A', 'B', '')
  assert.equal(await wizard(network.ask, 'network'), [
    ...[
      'network',
      'network.toml',
      '--name',
      'demo',
      '--epoch',
      '20s',
      '--authority',
      'A',
      '--authority',
      'B',
    ],
  ])
})

test('it does not ask for ever, and knows what it can write', async () => {
  for (const [what, given] of [
    ['mix', ['x', 'n', ...Array<string>(9).fill('nonsense')]],
    ['cake', []],
  ] as const) {
    try {
      await wizard(answers(...given).ask, what)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, CommandError)
      assert.is((error as CommandError).exitCode, 2)
    }
  }
})

test.run()
