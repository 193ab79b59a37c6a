import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { reloaded, reloadedLines, reloader } from '../simulator/roles/reload.ts'

const file = { log: 'info', family: 'mine', listen: ['/ip4/127.0.0.1/tcp/1'], id: new Uint8Array(32) }

/** Collects what a run says on standard error. */
function said(run: () => unknown): string[] {
  const { error } = console
  const lines: string[] = []
  console.error = line => lines.push(String(line))
  try {
    run()
  } finally {
    console.error = error
  }
  return lines
}

test('what can change is taken over, what cannot is named', () => {
  let level = 'info'
  const after = { ...file, log: 'debug', listen: ['/ip4/127.0.0.1/tcp/2'], id: new Uint8Array(32) }
  const result = reloaded(file, after, {
    log: to => {
      level = to
    },
  })
  assert.equal(result, { changed: ['log'], restart: ['listen'] })
  assert.is(level, 'debug')
  assert.equal(reloadedLines('mix.toml', result), [
    'chaffinch: mix.toml was read again, taken over: log',
    'chaffinch: mix.toml: needs a restart: listen',
  ])
})

test('a file with a mistake changes nothing; what needs a restart is told each time', () => {
  let read = (): typeof file => {
    throw new CommandError('CONFIG', 'mix.toml:3: lgo: unknown key')
  }
  const taken: string[] = []
  const reload = reloader('mix.toml', file, () => read(), { log: to => void taken.push(to) })
  assert.equal(said(reload), ['chaffinch: mix.toml:3: lgo: unknown key: nothing was changed'])
  read = () => ({ ...file, log: 'debug', family: 'other' })
  for (const changed of [true, false]) {
    const lines = said(reload)
    assert.is(lines.length, changed ? 2 : 1)
    assert.is(lines.at(-1), 'chaffinch: mix.toml: needs a restart: family')
  }
  assert.equal(taken, ['debug'])
  read = () => ({ ...file, log: 'debug' })
  assert.equal(said(reload), ['chaffinch: mix.toml was read again: nothing has changed'])
})

test.run()
