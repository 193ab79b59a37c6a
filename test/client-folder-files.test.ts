// Whatever files of a client's folder are gone, empty or cut off, it opens whole or says that it is damaged: it never
// becomes somebody else, and never has fewer records without a word (docs/spec/client-store.md 11.5).

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkedValues } from '../client/folder/checked-values.ts'
import { openFolder } from '../client/folder/folder.ts'
import { openIdentity } from '../client/folder/identity.ts'
import type { Unlock } from '../client/folder/vault.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { seededRandom } from '../world/random.ts'
import { under } from '../world/store.ts'
import { same } from './client-apps.ts'

const root = mkdtempSync(join(tmpdir(), 'chaffinch-files-'))
test.after(() => rmSync(root, { recursive: true }))
const random = seededRandom(3)
const lifetimes = 2
const recordsEach = 5

const harms: Readonly<Record<string, (file: string) => void>> = {
  gone: file => rmSync(file, { force: true }),
  empty: file => truncateSync(file, 0),
  'cut off': file => truncateSync(file, Math.floor(statSync(file).size / 2)),
}

/** A folder with a table, a log, an identity and records. */
async function filled(name: string, unlock: Unlock | undefined): Promise<[string, Uint8Array]> {
  const folder = join(root, name)
  let mailbox = new Uint8Array(0)
  for (let life = 0; life < lifetimes; life++) {
    const store = await openFolder(folder, unlock)
    if (life === 0) await store.put('version', Uint8Array.of(1))
    mailbox = (await openIdentity(store, hpkeSealing, random)).mailboxKey.slice()
    for (let i = 0; i < recordsEach; i++) await store.put(`out/${life} ${i}`, random(100))
    await store.close()
  }
  return [folder, mailbox]
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

/** Each file of the store alone, with each beside it, and with all beside it but the lock. */
function choicesOf(files: readonly string[]): string[][] {
  const store = files.filter(name => /(CURRENT|MANIFEST-\d+|\.log|\.ldb)$/.test(name))
  const beside = files.filter(name => /\.(json|identity)$/.test(name) && !name.startsWith('vault'))
  return [
    ...[...store, ...beside].map(name => [name]),
    ...store.flatMap(name => [...beside.map(other => [name, other]), [name, ...beside]]),
    store,
    beside,
  ]
}

/** Tells what came of it: undefined where it says that it is damaged. */
async function opened(
  folder: string,
  unlock: Unlock | undefined,
): Promise<{ readonly mailbox: Uint8Array; readonly records: number } | undefined> {
  try {
    const store = await openFolder(folder, unlock)
    const { mailboxKey } = await openIdentity(store, hpkeSealing, random)
    const records = (await store.keys(under('out/')).all()).length
    await store.close()
    return { mailbox: mailboxKey, records }
  } catch (error) {
    assert.is((error as { code?: unknown }).code, 'STORE_DAMAGED', String(error))
    return undefined
  }
}

for (const [name, unlock] of [
  ['open', undefined],
  ['locked', { key: random(32) }],
] as const)
  test(`an ${name} folder that lacks something opens whole or says that it is damaged`, async () => {
    const [folder, mailbox] = await filled(name, unlock)
    const copy = join(root, 'copy')
    let whole = 0
    for (const [what, harm] of Object.entries(harms))
      for (const files of choicesOf(filesIn(folder))) {
        rmSync(copy, { recursive: true, force: true })
        cpSync(folder, copy, { recursive: true })
        for (const file of files) harm(join(copy, file))
        const found = await opened(copy, unlock)
        if (found === undefined) continue
        whole++
        same(found.mailbox, mailbox)
        assert.is(found.records, lifetimes * recordsEach, `${files.join(', ')} ${what}`)
      }
    // The identity beside the store alone may go, and is written anew
    assert.ok(whole > 0)
  })

for (const [name, unlock] of [
  ['open with a copy', undefined],
  ['locked with a copy', { key: random(32) }],
] as const)
  test(`the copy of its identity of a folder that is ${name} is mended when a bit of it changes`, async () => {
    const [folder, mailbox] = await filled(name, unlock)
    const file = join(folder, filesIn(folder).find(found => found.endsWith('.identity')) as string)
    const bad = readFileSync(file)
    bad[40] = (bad[40] as number) ^ 1
    writeFileSync(file, bad)
    const found = await opened(folder, unlock)
    same(found?.mailbox, mailbox)
    assert.is(found?.records, lifetimes * recordsEach)
    assert.equal(readFileSync(file.replace(/identity$/, 'damaged')), bad)
    // As the owner of a damaged store is told to do: all but the identity, and what unlocks it, goes
    const left = filesIn(folder).filter(one => !/\.identity$|vault\.json$/.test(one))
    for (const one of left) rmSync(join(folder, one))
    const alone = await opened(folder, unlock)
    same(alone?.mailbox, mailbox)
  })

test('what an open folder hands out is a copy once it is sliced, whatever kind of bytes the store has', () => {
  const stored = Buffer.from(checkedValues.encode('out-progress/0', Uint8Array.of(1)))
  const mine = checkedValues.decode('out-progress/0', stored).slice()
  mine[0] = 2
  assert.equal([...checkedValues.decode('out-progress/0', stored)], [1])
})

test.run()
