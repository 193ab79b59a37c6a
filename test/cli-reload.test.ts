import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { reloaded, reloader, tellReloaded } from '../roles/reload.ts'
import type { Log } from '../world/log.ts'

const file = { log: 'info', family: 'mine', listen: ['/ip4/127.0.0.1/tcp/1'], id: new Uint8Array(32) }

/** Collects what a run logs, as `level text fields`. */
function said(run: (log: Log) => unknown): string[] {
  const lines: string[] = []
  const say =
    (level: string): Log['info'] =>
    (fields, text) =>
      lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
  run({ debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') })
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
  assert.equal(
    said(log => tellReloaded(log, 'mix.toml', result)),
    [
      'info read again, taken over {"file":"mix.toml","changed":"log"}',
      'warn read again: needs a restart {"file":"mix.toml","restart":"listen"}',
    ],
  )
})

test('a file with a mistake changes nothing; what needs a restart is told each time', () => {
  let read = (): typeof file => {
    throw new CommandError('CONFIG', 'mix.toml:3: lgo: unknown key')
  }
  const taken: string[] = []
  const lines: string[] = []
  const tell: Log['info'] = (_, text) => void lines.push(text)
  const log = { debug: tell, info: tell, warn: tell, error: tell }
  const reloading = reloader(log, 'mix.toml', file, () => read(), { log: to => void taken.push(to) })
  const reload = (): string[] => {
    reloading()
    return lines.splice(0)
  }
  assert.equal(reload(), ['mix.toml:3: lgo: unknown key: nothing was changed'])
  read = () => ({ ...file, log: 'debug', family: 'other' })
  for (const changed of [true, false]) {
    const told = reload()
    assert.is(told.length, changed ? 2 : 1)
    assert.is(told.at(-1), 'read again: needs a restart')
  }
  assert.equal(taken, ['debug'])
  read = () => ({ ...file, log: 'debug' })
  assert.equal(reload(), ['read again: nothing has changed'])
})

test.run()
