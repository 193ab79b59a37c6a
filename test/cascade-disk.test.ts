// What the programs of a mix-net keep on disk (docs/spec/cascade.md 8 and 15), where it is damaged, gone, full or older
// than what was said: damage is noticed before anything is said, and nothing is taken for a beginning that is none.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@libsql/client/sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Controller } from '../cascade/controller.ts'
import { CascadeError } from '../cascade/error.ts'
import { MemoryJournal } from '../cascade/journal.ts'
import { readCheckpoint } from '../cascade/log.ts'
import type { Plan } from '../cascade/plan.ts'
import { serveController } from '../cascade/server/serve.ts'
import { openStorage } from '../cascade/server/storage.ts'
import { request, signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { readKey, writeKey } from '../roles/files/index.ts'
import { FileShelf } from '../roles/mixnet/folder.ts'
import { again } from '../roles/mixnet/loop.ts'
import { keepHead, readHead } from '../roles/mixnet/signed-head.ts'
import { runVerify } from '../roles/mixnet/verify.ts'
import { generator } from '../shuffle/index.ts'
import { group } from '../simulator/cascade-world.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { printing } from './printing.ts'

const mixnet = 'disk.example'
const random = seededRandom(15)
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-disk-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const at = (...names: string[]): string => join(folder, ...names)

const register = (): ReturnType<typeof request> => {
  const signer = signerOf(random(32))
  const fields = { name: 'x', peer_type: 'CLIENT', key_data: hex(signer.keyData) }
  return request(signer, mixnet, 1, { resource: 'peer', operation: 'create', ...fields })
}

async function filled(seed: Uint8Array, journal: MemoryJournal, entries: number): Promise<Controller> {
  const controller = await Controller.open({ mixnet, group, journal, seed })
  for (let i = 0; i < entries; i++) assert.is((await controller.post(register())).is, 'accepted')
  return controller
}

const refusal = async (opening: Promise<unknown>): Promise<string> =>
  await opening.then(
    () => 'it is opened',
    (error: unknown) => (error instanceof CascadeError ? error.message : `fault: ${error}`),
  )

test('a Controller whose journal does not go on from what it signed does not begin', async () => {
  const seed = random(32)
  const journal = new MemoryJournal()
  const controller = await filled(seed, journal, 5)
  const file = at('signed-head')
  await keepHead(file, controller, silent)()
  const signed = readHead(file, mixnet, controller.keyData)
  assert.is(signed?.size, 5)
  const open = (other: MemoryJournal): Promise<unknown> =>
    Controller.open({ mixnet, group, journal: other, seed, signed })
  assert.match(await refusal(open(new MemoryJournal())), /has 0 of 5 requests that were signed/)
  const older = new MemoryJournal()
  await older.append(
    0,
    (await journal.entries(0, 4)).map(entry => ({ request: entry, blobs: [] })),
  )
  assert.match(await refusal(open(older)), /has 4 of 5/)
  const other = new MemoryJournal()
  await filled(seed, other, 6)
  assert.match(await refusal(open(other)), /has other requests than the 5 that were signed/)
  assert.is((await controller.post(register())).is, 'accepted')
  assert.is(await refusal(open(journal)), 'it is opened', 'control: the same, and one more')
  assert.is(readHead(at('none'), mixnet, controller.keyData), undefined, 'control: before there was any')
  writeFileSync(file, readFileSync(file, 'utf8').replace('5', '4'))
  assert.throws(() => readHead(file, mixnet, controller.keyData), /is no checkpoint of this log/)
})

test('a blob that is not what was handed in is found at the start, before anybody is handed it', async () => {
  const place = at('blobs.sqlite')
  const seed = random(32)
  const journal = await openStorage(place)
  const blob = random(1_500_000)
  await journal.append(0, [{ request: register(), blobs: [blob] }])
  await journal.close()
  const open = async (): Promise<string> => {
    const opened = await openStorage(place)
    const said = await refusal(Controller.open({ mixnet, group, journal: opened, seed }))
    await opened.close()
    return said
  }
  assert.is(await open(), 'it is opened', 'control')
  const database = createClient({ url: `file:${place}` })
  const [row] = (await database.execute('select bytes from cascade_parts where part = 1')).rows
  const bytes = new Uint8Array(row?.['bytes'] as ArrayBuffer)
  bytes[1000] = (bytes[1000] as number) ^ 4
  await database.execute({ sql: 'update cascade_parts set bytes = ? where part = 1', args: [bytes] })
  assert.match(await open(), /blob [0-9a-f]{64}: is not what was handed in/)
  await database.execute('delete from cascade_parts where part = 1')
  assert.match(await open(), /is not what was handed in/)
  database.close()
})

test('a Controller that cannot write says so once, to whoever ends it', async () => {
  const journal = new MemoryJournal()
  const controller = await filled(random(32), journal, 1)
  let told: unknown
  void controller.broken.then(error => {
    told = error
  })
  journal.append = async () => await Promise.reject(new Error('SQLITE_FULL: database or disk is full'))
  assert.is(told, undefined)
  assert.match(String(await controller.post(register()).catch(error => error)), /disk is full/)
  await pause(1)
  assert.match(String(told), /disk is full/)
})

test('one bit that changes in what a client or member keeps is noticed, and so are an empty file and a folder', () => {
  const shelf = new FileShelf(at('shelf'))
  const text = JSON.stringify([{ text: 'a message', request: 'none' }])
  shelf.put('messages', text)
  const file = at('shelf', 'messages')
  assert.is(shelf.get('messages'), text)
  assert.is(shelf.get('nothing'), undefined)
  const whole = readFileSync(file)
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const bytes = Uint8Array.from(whole)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    writeFileSync(file, bytes)
    assert.throws(() => shelf.get('messages'), /messages: is not what was written there/, `bit ${bit}`)
  }
  writeFileSync(file, '')
  assert.throws(() => shelf.get('messages'), /is not what was written there/)
  rmSync(file)
  mkdirSync(file)
  assert.throws(() => shelf.get('messages'), /messages: is a folder/)
  assert.throws(() => shelf.put('messages', text), /messages: /)
  rmSync(file, { recursive: true })
  shelf.put('messages', '')
  assert.is(shelf.get('messages'), '', 'control: an empty text is one')
})

test('a disk that takes a part of a file leaves what was there before', () => {
  const shelf = new FileShelf(at('full'))
  shelf.put('messages', 'before')
  const child = `
    import { FileShelf } from ${JSON.stringify(new URL('../roles/mixnet/folder.ts', import.meta.url).href)}
    const shelf = new FileShelf(${JSON.stringify(at('full'))})
    try { shelf.put('messages', 'x'.repeat(200_000)); console.log('taken') } catch (error) { console.log(error.name, error.message) }`
  writeFileSync(at('full.mts'), child)
  // The system takes 16 KiB of a file from this process: a disk that is full in the midst of it
  const limited = [
    '-c',
    'ulimit -f 16 && exec "$0" "$@"',
    process.execPath,
    ...process.execArgv,
    at('full.mts'),
  ]
  const { stdout, stderr } = spawnSync('bash', limited, {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  })
  assert.match(stdout, /CommandError .*messages: /, stderr)
  assert.is(shelf.get('messages'), 'before')
})

test('what goes wrong in a step is said when it begins and when it is over, and the next step is made', async () => {
  let isFull = true
  let steps = 0
  const said: string[] = []
  const log = { ...silent, error: (fields: object) => void said.push(JSON.stringify(fields)) }
  const steady = again(
    async () => {
      steps++
      if (isFull) throw new CommandError('FAILED', 'shelf: the disk is full')
      return false
    },
    { ...log, warn: () => void said.push('over') },
    1,
  )
  for (let i = 0; i < 500 && steps < 5; i++) await pause(5)
  assert.ok(steps >= 5)
  assert.match(String(steady.fault), /the disk is full/)
  isFull = false
  for (let i = 0; i < 500 && steady.fault !== undefined; i++) await pause(5)
  await steady.end()
  assert.is(steady.fault, undefined)
  assert.equal(said, ['{"why":"shelf: the disk is full"}', 'over'])
})

test('one bit that changes in a key file gives no other identity: the same key, or an error that names the file', () => {
  const file = at('identity.key')
  const seed = writeKey(file, 'mix identity', secret => signerOf(secret).keyData)
  const whole = readFileSync(file)
  let refused = 0
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const bytes = Uint8Array.from(whole)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    writeFileSync(file, bytes)
    chmodSync(file, 0o600)
    try {
      assert.equal(readKey(file), seed, `bit ${bit} of byte ${bit >> 3}`)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      assert.match(error.message, /identity\.key: key file: /)
      refused++
    }
  }
  assert.ok(refused >= 64 * 8, `${refused} refused`)
  writeFileSync(file, `${hex(seed)}\n`)
  assert.equal(readKey(file), seed, 'control: a file without comments')
})

test('a copy of a log stays where the Controller has a shorter one, another one, or none', async () => {
  const seed = random(32)
  const place = at('copied.sqlite')
  const serve = (storage: string) =>
    serveController({ mixnet, group, seed, storage, port: 0, clock: systemClock })
  let server = await serve(place)
  const person = { name: 'a', key_data: hex(signerOf(random(32)).keyData) }
  const plan = (url: string): Plan => ({
    mixnet,
    url,
    controller_key: hex(server.controller.keyData),
    mixers: [person],
    trustees: [
      { ...person, name: 'b', key_data: hex(signerOf(random(32)).keyData), sharing_key: hex(generator) },
    ],
    ...{ threshold: 1, width: 1, size_min: 1, size_max: 10, quorum: 2, cycles: 1 },
    ...{ close_count: 0, close_after_ms: 0, close_at: '', patience_ms: 0 },
  })
  const copy = at('copy')
  const verify = async (url = server.url): Promise<string> => {
    writeFileSync(at('mixnet.json'), JSON.stringify(plan(url)))
    let why = ''
    await printing(async () => {
      why = await runVerify({ plan: at('mixnet.json'), save: copy }).then(
        () => 'it holds',
        (error: Error) => error.message,
      )
    })
    return why
  }
  for (let i = 0; i < 3; i++) await server.controller.post(register())
  assert.match(await verify(), /has not been founded/)
  const kept = readFileSync(join(copy, 'log.jsonl'), 'utf8')
  assert.is(kept.trim().split('\n').length, 3)
  const stays = (): void => {
    assert.is(readFileSync(join(copy, 'log.jsonl'), 'utf8'), kept)
    const head = readCheckpoint(
      mixnet,
      server.controller.keyData,
      readFileSync(join(copy, 'checkpoint'), 'utf8'),
    )
    assert.is(head?.size, 3)
  }
  await server.close()
  assert.match(await verify(), /its log could not be read/)
  stays()
  server = await serve(at('shorter.sqlite'))
  await server.controller.post(register())
  assert.match(await verify(), /its log has 1 entries, and had 3 before: the copy in .* stays/)
  stays()
  for (let i = 0; i < 4; i++) await server.controller.post(register())
  assert.match(await verify(), /shows different logs/)
  stays()
  await server.close()
  server = await serve(place)
  await server.controller.post(register())
  assert.match(await verify(), /has not been founded/)
  assert.is(
    readFileSync(join(copy, 'log.jsonl'), 'utf8').trim().split('\n').length,
    4,
    'control: a longer one',
  )
  await server.close()
})

test.run()
