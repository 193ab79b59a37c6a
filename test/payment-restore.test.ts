// docs/spec/payments-keys.md 7.3 to 7.5: a client's folder gives its words to a terminal alone, and comes back
// from them, whatever moment a process is killed at.
// tier: slow

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { Keychain } from '../payment/keychain.ts'
import { writeGenesis } from '../payment/ledger/log.ts'
import { restoring } from '../payment/person/restore.ts'
import { keepKeys } from '../payment/person/wallet.ts'
import { wordsOf } from '../payment/words.ts'
import { exportFrom, openPayments, restoreInto, wordsIn } from '../roles/files/payments-folder.ts'
import { backUp, bringBack, exportOld, type Terminal } from '../scripts/ask/pay-backup.ts'
import { watchSteps } from './disk-steps.ts'
import { genesis } from './payment-world.ts'

const entropy = new Uint8Array(32).fill(3)
const words = wordsOf(entropy)
const made: string[] = []

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-words-'))
  writeFileSync(join(folder, 'payments.ledger'), `${hex(writeGenesis(genesis))}\nch1ledger\n`)
  made.push(folder)
  return folder
}

test.after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

interface Screen extends Terminal {
  readonly shown: string[]
}

/** A person who types what `answers` says. */
function person(answers: (shown: string) => string, isPrivate = true): Screen {
  const shown: string[] = []
  return {
    isPrivate,
    shown,
    show: text => void shown.push(text),
    clear: () => void shown.splice(0, shown.length),
    ask: async () => answers(shown.join('\n')),
  }
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  return await run().then(
    () => 'done',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
}

test('the words are shown, taken away and typed back; who types others is told where', async () => {
  const folder = newFolder()
  const own = await wordsIn(folder)
  const seen: string[] = []
  const careful = person(shown => {
    seen.push(shown)
    return own.join(' ')
  })
  await backUp(folder, careful)
  assert.ok(own.every(word => seen[0]?.includes(word)))
  assert.is(seen[1], '', 'they are gone when they are asked for')
  assert.match(careful.shown.join(), /they are right/)
  const careless = person(() => own.with(6, 'zoo').join(' '))
  assert.match(await codeOf(() => backUp(folder, careless)), /did not come back/)
  assert.match(careless.shown.join(), /word 7 /)
})

test('without a terminal nothing is shown, and no file of the folder can be read by others or has the words', async () => {
  const folder = newFolder()
  const own = await wordsIn(folder)
  const pipe = person(() => '', false)
  assert.match(await codeOf(() => backUp(folder, pipe)), /^FAILED .*terminal/)
  assert.is(pipe.shown.length, 0)
  const files = readdirSync(folder).filter(name => name.startsWith('payments.') && name !== 'payments.ledger')
  assert.equal(files.sort(), ['payments.json', 'payments.key', 'payments.seed'])
  for (const name of files) {
    assert.is(statSync(join(folder, name)).mode & 0o077, 0, name)
    assert.not.ok(readFileSync(join(folder, name), 'utf8').includes(own.slice(0, 3).join(' ')))
  }
})

/** Does what follows a restore that ended somewhere: a client starts, then the same restore runs again. */
async function goOn(folder: string, where: string): Promise<void> {
  // A client that starts first must not begin at the first key again
  const opened = await openPayments(folder).catch((error: { code: string }) => error.code)
  if (typeof opened === 'string') assert.is(opened, 'DAMAGED', where)
  else {
    const isSought = (await restoring(opened.store)) !== null
    await opened.store.close()
    if (!isSought) return assert.is.not((await wordsIn(folder)).join(), words.join(), where)
  }
  await restoreInto(folder, entropy, 50)
  const { store } = await openPayments(folder)
  assert.is((await restoring(store))?.gap, 50, where)
  await store.close()
  assert.equal(await wordsIn(folder), words, where)
}

test('ended before each of its steps on disk, a restore goes on when it is asked for again', async () => {
  let steps = Number.POSITIVE_INFINITY
  for (let at = 0; at < steps; at++) {
    const folder = newFolder()
    const watched = watchSteps(step => {
      if (step >= at) throw new Error('the process is gone')
    })
    const done = await bringBack(folder, words.join('\n'), 50).then(
      () => true,
      () => false,
    )
    watched.end()
    if (done) steps = at
    await goOn(folder, `step ${at}`)
  }
  assert.ok(steps >= 8 && steps < 100, `${steps} steps`)
})

test('kill -9 is no other end', async () => {
  for (const at of [3, 7]) {
    const folder = newFolder()
    const child = join(import.meta.dirname, 'payment-restore-child.ts')
    const options = ['--conditions=chaffinch-source', '--import', 'tsx', child, folder, String(at)]
    const { signal, stderr } = spawnSync(process.execPath, options, {
      input: words.join('\n'),
      encoding: 'utf8',
    })
    assert.is(signal, 'SIGKILL', stderr)
    await goOn(folder, `step ${at}`)
  }
})

test('words of others are refused, lost ones are put back by the right ones, and nothing else is made in their place', async () => {
  const folder = newFolder()
  await restoreInto(folder, entropy, 50)
  assert.match(await codeOf(() => restoreInto(folder, new Uint8Array(32), 50)), /^WRONG_STATE .*other words/)
  rmSync(join(folder, 'payments.seed'))
  assert.match(await codeOf(() => openPayments(folder)), /^DAMAGED .*pay restore/)
  assert.not.ok(existsSync(join(folder, 'payments.seed')))
  assert.match(
    await codeOf(() => bringBack(folder, wordsOf(new Uint8Array(32)).join(' '), 50)),
    /other words/,
  )
  await bringBack(folder, words.join(' '), 50)
  assert.equal(await wordsIn(folder), words)
})

test('while a client holds the payments, a restore says so', async () => {
  const folder = newFolder()
  const { store } = await openPayments(folder)
  assert.match(
    await codeOf(() => bringBack(folder, words.join(' '), 50)),
    /client of this folder is running|other words/,
  )
  await store.close()
})

test('keys from before there were words go into a sealed file, and come back from it with the words alone', async () => {
  const folder = newFolder()
  const before = await openPayments(folder)
  const old = [1, 2, 3].map(byte => new Uint8Array(32).fill(byte))
  await keepKeys(before.store, 'key', old)
  const keychain = await Keychain.open(before.store, before.seed, new Uint8Array(32))
  await before.store.close()
  assert.is(keychain.numberOf('paid'), 0)
  const file = join(folder, 'old.keys')
  assert.ok(await exportOld(folder, file))
  assert.is(statSync(file).mode & 0o077, 0)
  const own = await wordsIn(folder)
  const other = newFolder()
  assert.match(await codeOf(() => bringBack(other, words.join(' '), 50, file)), /belong to other words/)
  const right = newFolder()
  await bringBack(right, own.join(' '), 50, file)
  const { store } = await openPayments(right)
  const found = await store.keys({ gte: 'key/', lt: 'key0' }).all()
  await store.close()
  assert.is(found.length, old.length)
  assert.is(await exportFrom(newFolder()), null, 'a folder of words alone has nothing to export')
})

test.run()
