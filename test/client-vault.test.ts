// docs/spec/client-store.md 11.1 and 11.2: a locked folder shows nothing and opens with its secret only, whenever
// locking it was cut short; an exported identity is the same person elsewhere.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { exportIdentity, importIdentity } from '../client/folder/export.ts'
import { lockFolder, lockOf, openFolder } from '../client/folder/folder.ts'
import { openIdentity } from '../client/folder/identity.ts'
import { makeVault, openVault, readVault, sealedValues } from '../client/folder/vault.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, openStore } from '../world/store.ts'
import { assertCode, same } from './client-apps.ts'
import { codeOf } from './refusals.ts'

const root = mkdtempSync(join(tmpdir(), 'chaffinch-vault-'))
test.after(() => rmSync(root, { recursive: true }))
const random = seededRandom(1)
const key = { key: random(32) }
const otherKey = { key: random(32) }
/** Quick: the tests are of the vault, not of argon2id. */
const cheap = { t: 1, m: 64, p: 1 }
const marked = new TextEncoder().encode('words that nobody may read on this disk')

/** Tells whether any file below the folder holds the bytes. */
function shows(folder: string, bytes: Uint8Array): boolean {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .some(entry => readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(bytes)))
}

async function openWith(folder: string, records: number): Promise<void> {
  const store = await openStore(folder)
  for (let i = 0; i < records; i++) await store.put(`in/${i}`, marked)
  await store.close()
}

const code = (run: () => unknown): string => codeOf(run, ClientError)

test('a vault opens with its passphrase however it was typed, and with nothing else', () => {
  const content = random(32)
  const vault = makeVault(content, { passphrase: 'Grüße aus dem Wald' }, random, cheap)
  assert.equal(openVault(vault, { passphrase: 'Gru\u0308\u00dfe aus dem Wald'.normalize('NFD') }), content)
  assert.is(
    code(() => openVault(vault, { passphrase: 'Grüße aus dem wald' })),
    'LOCKED',
  )
  assert.is(
    code(() => openVault(vault, key)),
    'LOCKED',
  )
  assert.is(
    code(() => makeVault(content, { passphrase: 'short' }, random, cheap)),
    'BAD_OPTION',
  )
  assert.is(
    code(() => makeVault(content, { key: random(31) }, random)),
    'BAD_OPTION',
  )
})

test('a vault reads back as it was written; any other text is refused by name, before any work is done', () => {
  const vault = makeVault(random(32), key, random)
  assert.equal(readVault(JSON.stringify(vault), 'vault.json'), vault)
  assert.is(
    code(() => readVault(JSON.stringify({ ...vault, version: 2 }), 'vault.json')),
    'STORE_NEWER',
  )
  const greedy = { ...vault, kdf: { name: 'argon2id', t: 3, m: 2 ** 30, p: 1, salt: '' } }
  assert.throws(() => readVault(JSON.stringify(greedy), 'vault.json'), /vault.json: kdf.m: /)
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), text => {
      assert.is(
        code(() => readVault(text, 'x')),
        'STORE_DAMAGED',
      )
    }),
  )
})

test('a sealed value reads back, and any change of it is noticed', () => {
  const { encode, decode } = sealedValues(random(32), random)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (value, at) => {
      const sealed = encode(value)
      assert.equal(decode(sealed), value)
      const changed = sealed.slice()
      changed[at % changed.length] = (changed[at % changed.length] as number) ^ 1
      assert.is(
        code(() => decode(changed)),
        'STORE_DAMAGED',
      )
    }),
  )
  assert.is(
    code(() => decode(new Uint8Array(39))),
    'STORE_DAMAGED',
  )
})

test('locking an open folder seals every record; the control shows them on the disk', async () => {
  const folder = join(root, 'open')
  await openWith(folder, 600)
  assert.ok(shows(folder, marked))
  await lockFolder(folder, key)
  assert.not(shows(folder, marked))
  await assertCode(openFolder(folder, undefined), 'LOCKED')
  await assertCode(openFolder(folder, otherKey), 'LOCKED')
  const store = await openFolder(folder, key)
  assert.ok(same(await store.get('in/599'), marked))
  assert.is((await store.keys().all()).length, 600)
  await store.put('in/600', marked)
  await store.close()
  assert.not(shows(folder, marked))
})

test('another lock takes the place of the one before', async () => {
  const folder = join(root, 'changed')
  await openWith(folder, 1)
  await lockFolder(folder, key)
  await assertCode(lockFolder(folder, otherKey), 'LOCKED')
  await assertCode(lockFolder(folder, otherKey, otherKey), 'LOCKED')
  await lockFolder(folder, otherKey, key)
  await assertCode(openFolder(folder, key), 'LOCKED')
  await (await openFolder(folder, otherKey)).close()
})

test('a new folder can be locked from the start, an open one is not taken for locked', async () => {
  const folder = join(root, 'new')
  assert.is(lockOf(folder), undefined)
  const store = await openFolder(folder, key)
  await store.put('in/0', marked)
  await store.close()
  assert.is(lockOf(folder), 'key')
  assert.not(shows(folder, marked))
  const open = join(root, 'still-open')
  await openWith(open, 1)
  await assertCode(openFolder(open, key), 'LOCKED')
})

test('a process that ends while it locks leaves a folder that opens as before, or a locked one', async () => {
  const folder = join(root, 'cut')
  await openWith(folder, 3)
  // Before the vault stands there: half a copy lies about
  const half = await openStore(join(folder, 'sealed'))
  await half.put('in/0', random(50))
  await half.close()
  const store = await openFolder(folder, undefined)
  assert.ok(same(await store.get('in/2'), marked))
  await store.close()
  await lockFolder(folder, key)
  // Behind it: the open files are not all gone
  writeFileSync(join(folder, '000003.log'), marked)
  const locked = await openFolder(folder, key)
  assert.ok(same(await locked.get('in/2'), marked))
  await locked.close()
  assert.not(existsSync(join(folder, '000003.log')))
})

test('an exported identity is the same address elsewhere, in its own network and an empty folder only', async () => {
  const store = memoryStore()
  const text = (): Promise<string> => exportIdentity(store, 'demo', key, random)
  await assertCode(text(), 'NO_IDENTITY')
  const identity = await openIdentity(store, hpkeSealing, random)
  const file = { text: await text(), where: 'me.json' }
  const elsewhere = memoryStore()
  await assertCode(importIdentity(elsewhere, 'demo', file, otherKey), 'LOCKED')
  await assertCode(importIdentity(elsewhere, 'other', file, key), 'WRONG_NETWORK')
  await importIdentity(elsewhere, 'demo', file, key)
  assert.equal(await openIdentity(elsewhere, hpkeSealing, random), identity)
  await assertCode(importIdentity(elsewhere, 'demo', file, key), 'BAD_OPTION')
  const vault = JSON.stringify(makeVault(random(40), key, random))
  await assertCode(importIdentity(memoryStore(), 'demo', { ...file, text: vault }, key), 'STORE_DAMAGED')
})

test.run()
