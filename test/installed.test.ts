// How much is installed with this package: docs/record/performance.md 9 has it, and `npm run install-check` compares.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grown, writtenDown } from '../scripts/tools/installed.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/record/performance.md'), 'utf8')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
interface Locked {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly engines?: { readonly node?: string }
}
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}

test('growth of a tenth is noticed, of packages and of bytes, and so is a page that is out of date', () => {
  const was = { packages: 200, megabytes: 90 }
  assert.equal(grown(was, was), [])
  assert.equal(grown(was, { packages: 219, megabytes: 98 }), [])
  assert.match(
    grown(was, { packages: 221, megabytes: 90 }).join(),
    /^221 packages.*says 200: look what came in/,
  )
  assert.match(grown(was, { packages: 200, megabytes: 99.5 }).join(), /^99.5 megabytes/)
  assert.match(grown(was, { packages: 100, megabytes: 90 }).join(), /write it down/)
  assert.throws(() => writtenDown('nothing'))
})

test('the page says what the lock file says, give or take what only some platforms have', () => {
  const { packages } = writtenDown(page)
  const shipped = Object.entries(lock.packages).filter(
    ([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true,
  )
  assert.ok(
    Math.abs(shipped.length - packages) <= packages / 5,
    `${shipped.length}, and the page says ${packages}`,
  )
})

/** Says whether a range of `engines` takes Node 20.19.0, by the first numbers of its alternatives. */
function takesNode20(range: string): boolean {
  return range.split('||').some(part => {
    const [, how, major = '', minor = '0'] = /^\s*(>=|\^|)\s*(\d+|\*)(?:\.(\d+))?/.exec(part) ?? []
    if (how === '>=') return 20 * 100 + 19 >= Number(major) * 100 + Number(minor)
    return major === '*' || (major === '20' && Number(minor) <= 19)
  })
}

test('a clone has no package that asks for a newer Node than this one does', () => {
  assert.equal(
    ['>=20', '>= 20.19.0', '18 || 20 || >=22', '^20.19.0 || >=23', '>=22', '^22.12.0'].map(takesNode20),
    [true, true, true, true, false, false],
  )
  const asking = Object.entries(lock.packages).filter(
    ([, { engines }]) => engines?.node !== undefined && !takesNode20(engines.node),
  )
  assert.equal(
    asking.map(([name]) => name),
    [],
  )
})

test('nothing is built on the machine of who installs it', () => {
  const { scripts } = manifest
  for (const name of ['prepare', 'preinstall', 'install', 'postinstall']) assert.not(name in scripts, name)
  assert.is(scripts['prepack'], 'npm run build')
})

test('the gate installs it', () => {
  assert.match(readFileSync(join(root, '.ci/run'), 'utf8'), /^npm run install-check$/m)
})

test.run()
