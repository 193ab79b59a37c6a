// A Controller's storage and HTTP interface (docs/spec/cascade.md 8 and 13): what is accepted is on disk, once; the
// paths and fields of the mix-net API; and who may hand in how much.
// tier: slow

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Audit } from '../cascade/audit.ts'
import { Controller } from '../cascade/controller.ts'
import type { Journal, Written } from '../cascade/journal.ts'
import { entryOf, readCheckpoint } from '../cascade/log.ts'
import { remoteController } from '../cascade/remote.ts'
import { serveController } from '../cascade/server/serve.ts'
import { openStorage } from '../cascade/server/storage.ts'
import { type Fields, request, type Signer, sha256Hex, signerOf } from '../cascade/signed.ts'
import { concat, hex } from '../encoding/bytes.ts'
import { leafHash } from '../encoding/merkle.ts'
import { group, World } from '../simulator/cascade-world.ts'
import { systemClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'

const mixnet = 'mixnet.example'
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-cascade-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const random = seededRandom(5)

let files = 0
const place = (): string => join(folder, `storage-${files++}.sqlite`)

/** A PostgreSQL server of this machine, where there is one: CHAFFINCH_POSTGRES=postgres://USER:WORD@HOST/DATABASE. */
const postgres = process.env['CHAFFINCH_POSTGRES']
if (postgres === undefined) console.log('PostgreSQL: skipped, since CHAFFINCH_POSTGRES names none')

const person = signerOf(random(32))
const said = (i: number): Written => ({
  request: request(person, mixnet, i, { resource: 'negotiation', operation: 'create', nonce: String(i) }),
  blobs: [random(10 + i)],
})

for (const [name, at] of [
  ['an SQLite file', place()],
  ...(postgres === undefined ? [] : [['PostgreSQL', postgres] as const]),
] as const)
  test(`${name} keeps requests in their order and blobs by their hash, all of a batch or nothing`, async () => {
    const open = (): Promise<Journal> => openStorage(at)
    let journal = await open()
    const base = (await journal.entries(0, 1_000_000)).length
    const big = random(2_500_000)
    const batch = [said(1), { ...said(2), blobs: [big, random(3)] }, said(3)]
    await journal.append(base, batch)
    await journal.close()
    journal = await open()
    assert.equal(
      await journal.entries(base, 10),
      batch.map(each => each.request),
    )
    assert.equal(await journal.entries(base + 1, 1), [batch[1]?.request])
    const hash = sha256Hex(big)
    assert.equal(await journal.blob(hash), big)
    assert.is((await journal.lengths()).get(hash), big.length)
    for (const [from, to] of [
      [0, 5],
      [1_048_570, 1_048_580],
      [2_499_990, 9_999_999],
      [1_048_576, 2_097_152],
    ] as const)
      assert.equal(await journal.stretch(hash, from, to), big.subarray(from, to), `${from} to ${to}`)
    assert.is(await journal.blob('00'.repeat(32)), undefined)
    // A blob that is there already makes the last of this batch impossible: nothing of it may stay
    const twice = [said(4), { ...said(5), blobs: [big] }]
    assert.match(String(await journal.append(base + 3, twice).catch(() => 'refused')), 'refused')
    assert.is((await journal.entries(base + 3, 10)).length, 0)
    // Two Controllers over one storage: the one that is behind is refused
    const other = await open()
    await other.append(base + 3, [said(6)])
    assert.is(await journal.append(base + 3, [said(7)]).catch(() => 'refused'), 'refused')
    assert.is((await journal.entries(base, 10)).length, 4)
    await other.close()
    await journal.close()
  })

test('a Controller tells only what is written, and takes nothing more when it cannot write', async () => {
  let write: (() => void) | undefined
  let isFull = false
  const journal = await openStorage(place())
  const slow: Journal = {
    append: async (from, written) => {
      await new Promise<void>(resolve => {
        write = resolve
      })
      if (isFull) throw new Error('disk full')
      await journal.append(from, written)
    },
    entries: (from, most) => journal.entries(from, most),
    blob: hash => journal.blob(hash),
    stretch: (hash, from, to) => journal.stretch(hash, from, to),
    lengths: () => journal.lengths(),
    close: () => journal.close(),
  }
  const seed = random(32)
  const controller = await Controller.open({ mixnet, group, journal: slow, seed })
  const register = (signer: Signer) =>
    request(signer, mixnet, 1, {
      resource: 'peer',
      operation: 'create',
      name: 'x',
      peer_type: 'CLIENT',
      key_data: hex(signer.keyData),
    })
  const [a, b] = [signerOf(random(32)), signerOf(random(32))]
  const first = controller.post(register(a))
  const again = controller.post(register(a))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(controller.size, 0, 'not before it is written')
  assert.is((await controller.log(0)).entries.length, 0)
  write?.()
  assert.equal(await first, await again)
  assert.is(controller.size, 1)
  isFull = true
  const lost = controller.post(register(b)).catch(() => 'failed')
  await new Promise(resolve => setImmediate(resolve))
  write?.()
  assert.is(await lost, 'failed')
  assert.is(await controller.post(register(b)).catch(() => 'failed'), 'failed')
  const reopened = await Controller.open({ mixnet, group, journal, seed })
  assert.is(reopened.size, 1)
  assert.is((await reopened.post(register(b))).is, 'accepted')
  await journal.close()
})

test('a whole cycle goes over HTTP, with the paths and fields of the mix-net API', async () => {
  const seed = random(32)
  const storage = place()
  let server = await serveController({ mixnet, group, seed, storage, port: 0, clock: systemClock })
  const { port } = server
  const remote = remoteController({ url: server.url, fetch })
  const world = await World.of({ seed: 40, mixnet, controllerKey: server.controller.keyData, remote })
  for (const text of ['one', 'two', 'three']) world.addClient(text)
  await world.run(4)
  const at = async (path: string, init?: RequestInit): Promise<Response> =>
    await fetch(`${server.url}${path}`, init)
  const json = async (path: string): Promise<never> => (await at(path)).json() as Promise<never>
  const first = world.peers.at(-1) as string

  const peers = (await json('/peers?peer_type=MIX')) as Record<string, unknown>[]
  assert.is(peers.length, 3)
  assert.is(peers[0]?.['status'], 'READY')
  assert.is((await json(`/peers/${first}`))['consensus_id'], first)
  assert.is(((await json('/peers?limit=2&from=1')) as unknown[]).length, 2)
  const [open] = (await json(`/peers/${first}/cycles?status=OPEN`)) as Record<string, unknown>[]
  assert.equal([open?.['id'], open?.['size_current'], open?.['peer_id']], [1, 3, first])
  const inbox = (await json(`/peers/${first}/cycles/1/inbox`)) as Record<string, unknown>[]
  assert.equal(
    inbox.map(({ box, id, cycle_id, recipient }) => [box, id, cycle_id, recipient]),
    [1, 2, 3].map(i => [0, i, 1, first]),
  )
  assert.is((await at('/peers/00/cycles')).status, 404)
  assert.is((await at(`/peers/${first}/cycles/99`)).headers.get('content-type'), 'application/problem+json')
  const refused = await at(`/peers/${world.peers[0]}/cycles`, {
    method: 'POST',
    body: JSON.stringify(
      request(world.signers[0] as Signer, mixnet, 999, {
        resource: 'cycle',
        operation: 'create',
        peer_id: first,
      }),
    ),
  })
  assert.is(((await refused.json()) as { detail: string }).detail, 'peer_id: is not what the path says')

  // The server ends and comes back in the midst of it
  await server.close()
  await world.run(2)
  server = await serveController({ mixnet, group, seed, storage, port, clock: systemClock })
  await world.run(30)
  assert.equal(world.result(), ['one', 'three', 'two'])
  for (const client of world.clients) assert.is(client.progress(0), 'delivered')

  const whole = new Uint8Array(await (await at(`/peers/${first}/cycles/1/outbox.bin`)).arrayBuffer())
  assert.is(whole.length, 3 * 64)
  const part = await at(`/peers/${first}/cycles/1/outbox.bin`, { headers: { range: 'bytes=64-127' } })
  assert.is(part.status, 206)
  assert.equal(new Uint8Array(await part.arrayBuffer()), whole.subarray(64, 128))
  const outbox = (await json(`/peers/${first}/cycles/1/outbox`)) as { data: string; box: number }[]
  assert.is(outbox.map(({ data }) => data).join(''), hex(whole))
  assert.is(
    (await at(`/peers/${first}/cycles/1/proof.bin`)).headers.get('content-length'),
    String(32 * (5 * 3 + 9)),
  )
  const consensus = (await json(`/consensus/${first}`)) as Record<string, Fields>
  assert.is(Object.keys(consensus['signings'] as Fields).length, 6)
  const negotiation = (await json(`/negotiations/${consensus['negotiation_id']}`)) as Record<string, unknown>
  assert.equal([negotiation['status'], negotiation['hash']], ['DONE', first])

  const document = (await json('/openapi.json')) as { paths: Record<string, object>; openapi: string }
  assert.is(document.openapi, '3.1.0')
  for (const path of [
    '/peers',
    '/peers/{peer_id}',
    '/peers/{peer_id}/cycles',
    '/peers/{peer_id}/cycles/{cycle_id}',
    '/peers/{peer_id}/cycles/{cycle_id}/inbox',
    '/peers/{peer_id}/cycles/{cycle_id}/outbox',
    '/negotiations',
    '/negotiations/{id}',
    '/consensus/{id}',
  ])
    assert.ok(document.paths[path], path)

  // The tree's tiles and the checkpoint are of one log
  const head = readCheckpoint(mixnet, server.controller.keyData, await (await at('/log/checkpoint')).text())
  assert.is(head?.size, server.controller.size)
  const { entries } = await server.controller.log(0)
  const tile = new Uint8Array(await (await at('/log/tile/0/000.p/2')).arrayBuffer())
  assert.equal(tile, concat(entries.slice(0, 2).map(entry => leafHash(entryOf(entry)))))
  assert.is((await at('/log/tile/0/001')).status, 404)
  const events = await at('/events')
  const told = await events.body?.getReader().read()
  assert.match(new TextDecoder().decode(told?.value), `data: {"size":${server.controller.size}}`)

  // Whoever only reads finds the same
  const audit = new Audit(mixnet, server.controller.keyData, group, random)
  await audit.follow(remoteController({ url: server.url, fetch }).source)
  assert.equal(audit.findings, [])
  assert.is(audit.size, server.controller.size)
  await server.close()
})

test('only the processor whose turn it is brings blobs, and as many bytes as its step takes', async () => {
  const server = await serveController({
    mixnet,
    group,
    seed: random(32),
    storage: place(),
    port: 0,
    clock: systemClock,
  })
  const remote = remoteController({ url: server.url, fetch })
  const world = await World.of({ seed: 41, mixnet, controllerKey: server.controller.keyData, remote })
  for (const text of ['one', 'two']) world.addClient(text)
  world.closeAt = 0
  const first = world.peers.at(-1) as string
  for (let i = 0; i < 16 && server.controller.board.cycle(first, 1).status === 'OPEN'; i++)
    await world.run(1, member => member !== 0)
  assert.is(server.controller.board.cycle(first, 1).status, 'CLOSED')
  const post = async (signer: Signer, bytes: number): Promise<string> => {
    const blobs = [random(128), random(bytes)]
    const [outbox_hash, proof_hash] = blobs.map(sha256Hex) as [string, string]
    const fields = { resource: 'cycle', operation: 'action', action: 'process', peer_id: first, cycle_id: 1 }
    const made = request(signer, mixnet, 999, { ...fields, outbox_hash, proof_hash })
    const reply = await remote.post(made, blobs)
    return reply?.is === 'refused' ? reply.code : String(reply?.is)
  }
  const proof = 32 * (5 * 2 + 9)
  assert.is(await post(world.signers[1] as Signer, proof), 'FORBIDDEN')
  assert.is(await post(world.signers[0] as Signer, proof + 1), 'BAD_REQUEST')
  assert.is(await post(world.signers[0] as Signer, proof), 'accepted')
  await server.close()
})

test.run()
