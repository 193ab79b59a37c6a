// docs/spec/payments-keys.md 7.3: what a client's folder keeps of payments is under the folder's lock, bound to its
// keys, and noticed where something of it is lost.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFolder } from '../client/folder/folder.ts'
import { lockFolder } from '../client/folder/index.ts'
import { hex } from '../encoding/bytes.ts'
import { entropyOf } from '../payment/words.ts'
import { lockPayments, openPayments, wordsIn } from '../roles/files/payments-folder.ts'
import { newLevel } from '../world/store-node.ts'

const root = mkdtempSync(join(tmpdir(), 'chaffinch-payments-'))
test.after(() => rmSync(root, { recursive: true }))
const key = { key: new Uint8Array(32).fill(1) }
const other = { key: new Uint8Array(32).fill(2) }
let folders = 0

/** A client's folder, locked or not, that has paid. */
async function filled(unlock: typeof key | undefined): Promise<string> {
  const folder = join(root, `${++folders}`)
  await (await openFolder(join(folder, 'store'), unlock)).close()
  const { store } = await openPayments(folder, unlock)
  await store.batch([
    { type: 'put', key: 'note/1', value: Uint8Array.of(1) },
    { type: 'put', key: 'note/2', value: Uint8Array.of(2) },
    { type: 'put', key: 'note/3', value: Uint8Array.of(3) },
  ])
  await store.close()
  return folder
}

/** All that lies in a folder, as one text and as bytes in hex. */
function everythingIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name))
  return files
    .filter(file => statSync(file).isFile())
    .map(file => readFileSync(file))
    .map(bytes => `${bytes.toString('latin1')} ${bytes.toString('hex')}`)
    .join(' ')
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  return await run().then(
    () => 'done',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
}

test('in a locked folder the seed stands nowhere in the clear, and the lock opens it', async () => {
  const folder = await filled(key)
  const words = await wordsIn(folder, key)
  assert.not.ok(everythingIn(folder).includes(hex(entropyOf(words.join(' ')))))
  assert.match(await codeOf(() => wordsIn(folder)), /^LOCKED/)
  assert.match(await codeOf(() => wordsIn(folder, other)), /^LOCKED/)
  await lockFolder(join(folder, 'store'), other, key)
  assert.equal(await wordsIn(folder, other), words, 'under another lock the same')
})

test('control: in an open folder it does', async () => {
  const folder = await filled(undefined)
  const words = await wordsIn(folder)
  assert.ok(everythingIn(folder).includes(hex(entropyOf(words.join(' ')))))
})

test('a folder that is locked later takes its payments along, and again where it ended between two files', async () => {
  const folder = await filled(undefined)
  const words = await wordsIn(folder)
  const open = readFileSync(join(folder, 'payments.seed'))
  await lockFolder(join(folder, 'store'), key)
  lockPayments(folder, key)
  assert.not.ok(everythingIn(folder).includes(hex(entropyOf(words.join(' ')))))
  assert.equal(await wordsIn(folder, key), words)
  writeFileSync(join(folder, 'payments.seed'), open, { mode: 0o600 })
  assert.equal(await wordsIn(folder, key), words)
  assert.not.ok(everythingIn(folder).includes(hex(entropyOf(words.join(' ')))))
  // Another one is nobody's to throw away
  const foreign = join(await filled(undefined), 'payments.seed')
  writeFileSync(join(folder, 'payments.seed'), readFileSync(foreign), { mode: 0o600 })
  assert.match(await codeOf(() => wordsIn(folder, key)), /is another one than/)
  assert.equal(readFileSync(join(folder, 'payments.seed')), readFileSync(foreign))
})

test('a value that is moved to another key, and one that is changed, does not open there', async () => {
  const folder = await filled(undefined)
  const level = newLevel(join(folder, 'payments'))
  await level.open()
  const [one, two] = [await level.get('note/1'), await level.get('note/2')] as [Uint8Array, Uint8Array]
  await level.batch([
    { type: 'put', key: 'note/1', value: two },
    { type: 'put', key: 'note/2', value: one },
  ])
  await level.close()
  const { store } = await openPayments(folder)
  assert.match(await codeOf(() => store.get('note/1')), /note\/1 was changed, moved/)
  await store.close()
})

test('what is lost inside the store is noticed when it is opened, and nothing begins anew', async () => {
  const folder = await filled(undefined)
  const [log] = readdirSync(join(folder, 'payments')).filter(name => name.endsWith('.log'))
  const file = join(folder, 'payments', log as string)
  const bytes = readFileSync(file)
  for (const part of [0.05, 0.5, 0.95]) {
    const changed = Buffer.from(bytes)
    const at = Math.floor(part * bytes.length)
    changed[at] = (changed[at] as number) ^ 0x20
    writeFileSync(file, changed)
    assert.match(await codeOf(() => openPayments(folder)), /^DAMAGED/, String(part))
  }
  rmSync(join(folder, 'payments'), { recursive: true })
  assert.match(await codeOf(() => openPayments(folder)), /^DAMAGED .*its store is gone/)
})

test.run()
