// trials/: each starts by its own name and through `npm run trial`, and says on wrong use what there is.
// tier: slow

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** Starts what `npm run SCRIPT` starts, without npm and without the build before it. */
function start(script: string, ...args: string[]): { status: number | null; err: string } {
  const [program, ...words] = (scripts[script] as string).split(' ')
  assert.is(program, 'node')
  const { status, stderr } = spawnSync(process.execPath, [...words, ...args], { cwd: root, encoding: 'utf8' })
  return { status, err: stderr }
}

test('a trial that does not exist, or none, ends with code 2 and the list', () => {
  const none = start('trial')
  assert.is(none.status, 2)
  const names = [...none.err.matchAll(/^ {2}(\w+) /gm)].map(match => match[1])
  assert.equal(names, [
    'attack',
    'bench',
    'chaos',
    'conformance',
    'probing',
    'reference',
    'resources',
    'soak',
  ])
  const unknown = start('trial', 'weather')
  assert.is(unknown.status, 2)
  assert.is(unknown.err, `trial: no trial weather\n${none.err}`)
  assert.is(start('trial', 'constructor').status, 2)
})

test('what follows the name is its own', () => {
  const chaos = start('trial', 'chaos', 'weather')
  assert.is(chaos.status, 2)
  assert.match(chaos.err, /^chaos: no harness weather\n/)
  const conformance = start('trial', 'conformance')
  assert.is(conformance.status, 2)
  assert.match(conformance.err, /usage: npm run conformance/)
})

test('each also starts by its own name', () => {
  for (const name of ['attack', 'bench', 'chaos', 'conformance', 'soak']) {
    const file = /trials\/[\w/]+\.ts/.exec(scripts[name] as string)?.[0] as string
    assert.ok(existsSync(join(root, file)), `${name}: ${file}`)
  }
  assert.match(start('chaos', 'weather').err, /^chaos: no harness weather\n/)
})

test('wrong use of any of them ends with code 2, and says so in its name', () => {
  const wrong = [
    ['attack'],
    ['attack', 'weather'],
    ['attack', 'cost', '--weather'],
    ['bench'],
    ['bench', 'weather'],
    ['bench', 'sphinx', '--weather'],
    ['chaos'],
    ['chaos', 'wire', '--weather'],
    ['chaos', 'wire', '--break', 'weather'],
    ['chaos', 'wire', '--seeds', 'many'],
    ['conformance', 'one', 'two'],
    ['soak', '--weather'],
    ['soak', '--minutes', '0'],
  ] as const
  for (const [name, ...args] of wrong) {
    const { status, err } = start(name, ...args)
    assert.is(status, 2, `${name} ${args.join(' ')}: ${err}`)
    assert.match(err, new RegExp(`^(${name}: |usage: npm run ${name})`), args.join(' '))
  }
})

test('chaos wire lists what it can plant, and is told through npm run trial too', () => {
  const own = start('chaos', 'wire', '--break', 'list')
  assert.is(own.status, 0, own.err)
  const told = start('trial', 'chaos', 'wire', '--break', 'weather')
  assert.is(told.status, 2)
  assert.match(told.err, /^chaos: wire: /)
})

test.run()
