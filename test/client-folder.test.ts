// A client's folder keeps what it was given: synced, bound to its keys, and whole or not at all
// (docs/spec/client-store.md 11.5).

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lockFolder, openFolder } from '../client/folder/folder.ts'
import { Homes } from '../client/folder/homes.ts'
import { openIdentity } from '../client/folder/identity.ts'
import { sealedValues, type Unlock } from '../client/folder/vault.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { seededRandom } from '../world/random.ts'
import { openStore } from '../world/store.ts'
import { newLevel } from '../world/store-node.ts'
import { assertCode, same } from './client-apps.ts'

const root = mkdtempSync(join(tmpdir(), 'chaffinch-folder-'))
test.after(() => rmSync(root, { recursive: true }))
const random = seededRandom(1)
const key = { key: random(32) }
const letter = new TextEncoder().encode('private letter from Bob')
let folders = 0
const newFolder = (): string => join(root, `${++folders}`, 'me')

/** A folder with an identity and as many records. */
async function filled(unlock: Unlock | undefined, records = 40): Promise<string> {
  const folder = newFolder()
  const store = await openFolder(folder, unlock)
  await openIdentity(store, hpkeSealing, random)
  for (let i = 0; i < records; i++) await store.batch([{ type: 'put', key: `out/${i}`, value: random(3000) }])
  await store.close()
  return folder
}

function logOf(folder: string): string {
  const [log] = readdirSync(folder).filter(name => name.endsWith('.log'))
  return join(folder, log as string)
}

for (const [name, unlock] of [
  ['an open', undefined],
  ['a locked', key],
] as const) {
  const within = (folder: string): string => (unlock === undefined ? folder : join(folder, 'sealed'))

  test(`in ${name} folder one byte that goes bad is noticed wherever it is, and nothing begins anew`, async () => {
    for (const part of [0, 0.02, 0.3, 0.55, 0.9, 0.999]) {
      const folder = await filled(unlock)
      const log = logOf(within(folder))
      const bytes = readFileSync(log)
      const at = Math.floor(part * bytes.length)
      bytes[at] = (bytes[at] as number) ^ 0x20
      writeFileSync(log, bytes)
      for (let i = 0; i < 2; i++) await assertCode(openFolder(folder, unlock), 'STORE_DAMAGED')
    }
  })

  test(`of ${name} folder whose store is gone the identity goes on, when its owner says so`, async () => {
    const folder = await filled(unlock, 1)
    const before = await openFolder(folder, unlock)
    const identity = await openIdentity(before, hpkeSealing, random)
    await before.close()
    const beside = join(folder, unlock === undefined ? 'kept' : 'sealed')
    for (const file of readdirSync(within(folder)))
      if (!file.startsWith('kept')) rmSync(join(within(folder), file), { recursive: true })
    await assertCode(openFolder(folder, unlock), 'STORE_DAMAGED')
    rmSync(`${beside}.json`)
    const store = await openFolder(folder, unlock)
    const again = await openIdentity(store, hpkeSealing, random)
    assert.ok(same(again.mailboxSeed, identity.mailboxSeed))
    await store.close()
  })

  test(`${name} folder that is whole opens again, after a kill too`, async () => {
    const folder = await filled(unlock)
    for (let life = 0; life < 3; life++) {
      const store = await openFolder(folder, unlock)
      assert.is((await store.keys().all()).length, 41 + life)
      await store.put(`in/${life}`, letter)
      await store.close()
    }
  })
}

test('the control: a store without the counters opens as if nothing had been there', async () => {
  const folder = newFolder()
  const store = await openStore(join(folder, 'bare'))
  await store.put('identity', letter)
  await store.close()
  const log = logOf(join(folder, 'bare'))
  const bad = readFileSync(log)
  bad[20] = 0xff
  writeFileSync(log, bad)
  const again = await openStore(join(folder, 'bare'))
  assert.is(await again.get('identity'), undefined)
  await again.close()
})

/** Does something to a folder's LevelDB behind its back. */
async function raw<T>(
  folder: string,
  change: (level: ReturnType<typeof newLevel>) => Promise<T>,
): Promise<T> {
  const level = newLevel(folder)
  await level.open()
  const done = await change(level)
  await level.close()
  return done
}

test('in an open folder a bit that changes inside a table is noticed: nobody becomes somebody else', async () => {
  for (const name of ['identity', 'out/7']) {
    const folder = await filled(undefined)
    await raw(folder, async level => {
      const value = new Uint8Array((await level.get(name)) as Uint8Array)
      value[40] = (value[40] as number) ^ 1
      await level.put(name, value)
    })
    const reading = openFolder(folder, undefined).then(
      async store => await store.get(name).finally(() => store.close()),
    )
    await assertCode(reading, 'STORE_DAMAGED')
  }
})

test('an open folder from before values had checksums opens, and has them from then on', async () => {
  const folder = await filled(undefined, 2)
  const before = await openFolder(folder, undefined)
  const { mailboxSeed } = await openIdentity(before, hpkeSealing, random)
  await before.close()
  const plain = await raw(folder, async level => {
    const all = (await level.iterator().all()).filter(([, { length }]) => length > 0)
    const bare = all.map(([name, value]) => [name, value.slice(0, -4)] as const)
    await level.batch(bare.map(([name, value]) => ({ type: 'put', key: name, value })))
    return new Map(bare)
  })
  writeFileSync(join(folder, 'kept.identity'), plain.get('identity') as Uint8Array)
  const json = join(folder, 'kept.json')
  writeFileSync(json, JSON.stringify({ ...JSON.parse(readFileSync(json, 'utf8')), version: 1 }))
  for (let life = 0; life < 2; life++) {
    const store = await openFolder(folder, undefined)
    assert.ok(same((await openIdentity(store, hpkeSealing, random)).mailboxSeed, mailboxSeed))
    assert.ok(same(await store.get('out/1'), plain.get('out/1') as Uint8Array))
    await store.close()
  }
})

test('a first start that ends between the identity beside the store and the one in it is gone on with', async () => {
  const folder = newFolder()
  const store = await openFolder(folder, undefined)
  await store.put('version', Uint8Array.of(1))
  const before = await openIdentity(store, hpkeSealing, random)
  await store.close()
  await raw(folder, level => level.del('identity'))
  const again = await openFolder(folder, undefined)
  assert.ok(same((await openIdentity(again, hpkeSealing, random)).mailboxSeed, before.mailboxSeed))
  await again.close()
})

test('a value that is moved to another key does not open there; sealed without its key, it does', async () => {
  const folder = newFolder()
  const store = await openFolder(folder, key)
  await store.put('in-bytes/1', letter)
  await store.put('out-content/7', new Uint8Array(3))
  await store.close()
  await move(join(folder, 'sealed'))
  const again = await openFolder(folder, key)
  await assertCode(again.get('out-content/7'), 'STORE_DAMAGED')
  await again.close()
  const control = join(root, 'unbound')
  const values = sealedValues(random(32), random)
  const unbound = await openStore(control, values)
  await unbound.put('in-bytes/1', letter)
  await unbound.close()
  await move(control)
  const moved = await openStore(control, values)
  assert.ok(same(await moved.get('out-content/7'), letter))
  await moved.close()
})

async function move(folder: string): Promise<void> {
  const raw = newLevel(folder)
  await raw.open()
  await raw.put('out-content/7', (await raw.get('in-bytes/1')) as Uint8Array)
  await raw.close()
}

test('what others keep in the folder stays there, locked or not, and while it is locked', async () => {
  const theirs = ['my-app-settings.json', 'notes.log', 'kept.txt', '000123.txt']
  const folder = await filled(undefined, 2)
  for (const name of theirs) writeFileSync(join(folder, name), 'mine')
  await lockFolder(folder, key)
  for (let i = 0; i < 2; i++) await (await openFolder(folder, key)).close()
  assert.equal(
    theirs.filter(name => existsSync(join(folder, name))),
    theirs,
  )
  assert.not(existsSync(join(folder, 'CURRENT')) || existsSync(join(folder, 'kept.identity')))
  const fresh = newFolder()
  const store = await openFolder(fresh, key)
  await store.close()
  writeFileSync(join(fresh, 'mine.txt'), 'mine')
  await (await openFolder(fresh, key)).close()
  assert.ok(existsSync(join(fresh, 'mine.txt')))
})

test('writes that wait are made together, in order, each with its own outcome', async () => {
  const folder = newFolder()
  const store = await openFolder(folder, undefined)
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(`k/${i % 10}`, Uint8Array.of(i))))
  assert.is((await store.get('k/9'))?.[0], 99)
  await store.close()
  const raw = await openStore(folder)
  // The first by itself, or with all others
  assert.ok((await raw.keys({ gte: '~commit/' }).all()).length <= 3)
  await raw.close()
})

for (const [name, unlock] of [
  ['an open', undefined],
  ['a locked', key],
] as const)
  test(`beside ${name} folder another's identity, or what is none, is refused and stays as it lies`, async () => {
    const beside = unlock === undefined ? 'kept.identity' : 'sealed.identity'
    const [folder, other] = [await filled(unlock, 1), await filled(unlock, 1)]
    const [own, foreign] = [readFileSync(join(folder, beside)), readFileSync(join(other, beside))]
    for (const wrong of [foreign, Buffer.from('no identity at all'), Buffer.alloc(0)]) {
      writeFileSync(join(folder, beside), wrong)
      await assertCode(openFolder(folder, unlock), 'STORE_DAMAGED')
      assert.ok(same(readFileSync(join(folder, beside)), wrong))
    }
    writeFileSync(join(folder, beside), own)
    await (await openFolder(folder, unlock)).close()
  })

test('an identity that lies apart with other gateways than in the store gives way: of two writes only one was whole', async () => {
  const folder = await filled(undefined, 1)
  const before = readFileSync(join(folder, 'kept.identity'))
  const store = await openFolder(folder, undefined)
  const identity = await openIdentity(store, hpkeSealing, random)
  await (await Homes.open(store)).change(identity, [random(32)], [], 1)
  await store.close()
  const after = readFileSync(join(folder, 'kept.identity'))
  assert.not.ok(same(before, after))
  writeFileSync(join(folder, 'kept.identity'), before)
  await (await openFolder(folder, undefined)).close()
  assert.ok(same(readFileSync(join(folder, 'kept.identity')), after))
})

test.run()
