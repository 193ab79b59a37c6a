// What anybody can send to a mix-net whose people have not asked for it (docs/spec/cascade.md 2 to 8): none of it stops
// the Controller, keeps others from following the log, ends a client's program, or makes the server hold much.

import { mkdtempSync, rmSync } from 'node:fs'
import { request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Audit } from '../cascade/audit.ts'
import { Controller, type Reply, stretchBytesAtMost } from '../cascade/controller.ts'
import { CascadeError } from '../cascade/error.ts'
import { MemoryJournal } from '../cascade/journal.ts'
import { entryOf } from '../cascade/log.ts'
import { contribution } from '../cascade/negotiation.ts'
import type { Plan } from '../cascade/plan.ts'
import { contextOf, type Message, rowsBetween, rowsOf } from '../cascade/records.ts'
import { type Served, serveController } from '../cascade/server/serve.ts'
import { openStorage } from '../cascade/server/storage.ts'
import { type Fields, request, sha256Hex, signerOf } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import type { Json } from '../encoding/jcs.ts'
import { PublicElections } from '../roles/mixnet/public-elections.ts'
import { generator, makeBallot, proofBytes } from '../shuffle/index.ts'
import { group } from '../simulator/cascade-world.ts'
import { PacketWorld } from '../simulator/packet-world.ts'
import { systemClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'

const mixnet = 'strangers.example'
const random = seededRandom(14)
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-strangers-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Somebody with a key of its own, who says what it likes. */
class Stranger {
  readonly signer = signerOf(random(32))
  readonly #post: (...of: Parameters<Controller['post']>) => Promise<Reply>
  #sequence = 0

  constructor(controller: Pick<Controller, 'post'>) {
    this.#post = async (...of) => await controller.post(...of)
  }

  made(fields: Fields & { resource: string; operation: string }): ReturnType<typeof request> {
    return request(this.signer, mixnet, ++this.#sequence, fields)
  }

  /** @returns the id of what was made, or the code of a refusal */
  async say(fields: Parameters<Stranger['made']>[0], blobs: readonly Uint8Array[] = []): Promise<string> {
    const reply = await this.#post(this.made(fields), blobs)
    return reply.is === 'accepted' ? reply.id : reply.code
  }

  async register(more: Fields = {}): Promise<string> {
    const keys = { key_data: hex(this.signer.keyData), ...more }
    return await this.say({ resource: 'peer', operation: 'create', name: 'x', peer_type: 'CLIENT', ...keys })
  }

  /** Begins a negotiation with nobody but itself, or with others whose word it does not wait for. */
  async negotiation(): Promise<string> {
    const about = { participants: [this.signer.id], least: 1, nonce: hex(random(32)) }
    return await this.say({ resource: 'negotiation', operation: 'create', ...about })
  }

  async contribute(id: string, text: Fields, accepts: 'yes' | 'no'): Promise<string> {
    const { text_signature } = contribution(this.signer, { mixnet, id }, text, true)
    const said = { action: 'contribute', negotiation_id: id, text, accepts, text_signature }
    return await this.say({ resource: 'negotiation', operation: 'action', ...said })
  }

  async agree(text: Fields): Promise<string> {
    return await this.contribute(await this.negotiation(), text, 'yes')
  }

  /** Makes a mix and trustees of its own, with an open cycle. @returns the mix's id */
  async ownMix(): Promise<string> {
    const { id } = this.signer
    const common = { action: 'create peer', owners: [id], processor_count: 1, processor_1: id, threshold: 1 }
    const sizes = { width: 1, size_min: 1, size_max: 10, quorum: 1, key_data: hex(generator) }
    let next = ''
    for (const peer_type of ['TRUSTEES', 'MIX']) {
      const verification = peer_type === 'MIX' ? '' : hex(generator)
      const text = { ...common, ...sizes, peer_type, name: peer_type, verification, next }
      next = await this.say({
        resource: 'peer',
        operation: 'create',
        consensus_id: await this.agree(text),
      })
    }
    await this.say({ resource: 'cycle', operation: 'create', peer_id: next })
    return next
  }
}

const nested = (depth: number): Fields => {
  let at: Json = []
  for (let i = 0; i < depth; i++) at = [at]
  return { action: 'x', at }
}

test('a text of lists within lists is refused before it is in the log, and the Controller goes on', async () => {
  const journal = await openStorage(join(folder, 'nested.sqlite'))
  const controller = await Controller.open({ mixnet, group, journal, seed: random(32) })
  const stranger = new Stranger(controller)
  await stranger.register()
  const id = await stranger.negotiation()
  // Signed as if it were allowed: this program itself writes no such text
  for (const depth of [33, 1000, 4500, 20_000]) {
    const payload = {
      ...stranger.made({ resource: 'negotiation', operation: 'action' }).payload,
      ...{ action: 'contribute', negotiation_id: id, accepts: 'no', text_signature: 'ab'.repeat(64) },
      text: JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`) as Fields,
    }
    const reply = await controller.post({ payload, signature: 'ab'.repeat(64) })
    assert.is(reply.is === 'refused' && reply.code, 'BAD_REQUEST', `${depth} deep`)
  }
  assert.is(await stranger.contribute(id, nested(20), 'no'), '', 'control: what everybody can read')
  assert.is(controller.isBroken, false)
  await journal.close()
})

test('what is no canonical JSON is BAD_REQUEST over HTTP, since the same again would be no better', async () => {
  const served = await serve('json.sqlite')
  const { payload, signature } = new Stranger(served.controller).made({ resource: 'x', operation: 'y' })
  for (const more of [
    '1.5',
    '1e999',
    '"\\ud800"',
    '9007199254740993',
    `${'['.repeat(99)}${']'.repeat(99)}`,
  ]) {
    const body = `{"payload":${JSON.stringify(payload).slice(0, -1)},"more":${more}},"signature":"${signature}"}`
    const answer = await fetch(`${served.url}/peers`, { method: 'POST', body })
    assert.is(answer.status, 400, more)
    assert.is(((await answer.json()) as { code: string }).code, 'BAD_REQUEST', more)
  }
  await served.close()
})

test('however long entries are, an answer of the log is read by all, and all of them follow it to its end', async () => {
  const controller = await Controller.open({
    mixnet,
    group,
    journal: new MemoryJournal(),
    seed: random(32),
  })
  const stranger = new Stranger(controller)
  await stranger.register()
  let id = ''
  for (let i = 0; i < 70; i++) {
    if (i % 30 === 0) id = await stranger.negotiation()
    assert.is(await stranger.contribute(id, { action: 'x', i, long: 'x'.repeat(261_000) }, 'no'), '')
  }
  const lengths: number[] = []
  const audit = new Audit(mixnet, controller.keyData, group, random)
  await audit.follow({
    async log(from) {
      const stretch = await controller.log(from)
      lengths.push(stretch.entries.reduce((sum, entry) => sum + entryOf(entry).length, 0))
      return stretch
    },
    blob: hash => controller.blob(hash),
  })
  assert.is(audit.size, controller.size)
  assert.ok(Math.max(...lengths) <= stretchBytesAtMost, `at most ${stretchBytesAtMost} bytes: ${lengths}`)
  assert.equal(audit.findings, [])
  assert.is((await controller.log(0)).entries.length, 68, 'as many as fit')
  assert.is((await controller.log(controller.size)).entries.length, 0)
  assert.is((await controller.log(controller.size + 9)).entries.length, 0)
})

test('a negotiation takes texts of 8 MiB, since whoever asks for it is told all of them', async () => {
  const journal = new MemoryJournal()
  const controller = await Controller.open({ mixnet, group, journal, seed: random(32) })
  const stranger = new Stranger(controller)
  await stranger.register()
  const id = await stranger.negotiation()
  const said: string[] = []
  for (let i = 0; i < 34; i++)
    said.push(await stranger.contribute(id, { action: 'x', long: 'x'.repeat(261_000) }, 'no'))
  assert.equal([said.indexOf('FULL'), said.lastIndexOf('')], [32, 31])
  assert.is(await stranger.contribute(await stranger.negotiation(), nested(1), 'no'), '', 'control: another')
})

test('a sealing key that is no point is refused: a sender that would seal to it would end', async () => {
  const world = await PacketWorld.of({ seed: 31, covers: true })
  await world.run(12)
  const { eve } = world
  const about = { resource: 'peer', operation: 'create', name: 'eve', peer_type: 'CLIENT' } as const
  const register = async (sealing_key: string): Promise<string> => {
    const reply = await world.say(eve, { ...about, key_data: hex(eve.keyData), sealing_key })
    return reply.is === 'refused' ? reply.code : reply.is
  }
  for (const key of ['ff'.repeat(32), '00'.repeat(32), `01${'00'.repeat(31)}`])
    assert.is(await register(key), 'BAD_REQUEST', key)
  const senders = [1, 2, 3, 4].map(i => {
    const sender = world.addSender()
    for (const key of ['ff'.repeat(32), '00'.repeat(32), 'ff'])
      assert.throws(
        () => sender.send({ ...world.recipient(), sealing_key: key }, new Uint8Array(1)),
        (error: unknown) => error instanceof CascadeError && error.code === 'BAD_REQUEST',
      )
    sender.send(world.recipient(), new TextEncoder().encode(String(i)))
    return sender
  })
  await world.run(4)
  world.closeAt = 0
  await world.run(40)
  assert.equal(world.texts(), ['1', '2', '3', '4'])
  assert.ok(senders.every(sender => sender.progress(0) === 'delivered'))
  assert.is(await register(hex(generator)), 'accepted', 'control: a point')
})

test('rows are cut out without the others being made: any stretch is that of the whole', () => {
  const rows = fc.array(
    fc.tuple(fc.uint8Array({ minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 4 })),
  )
  fc.assert(
    fc.property(rows, fc.nat(60), fc.nat(60), (list, a, b) => {
      const messages = list.map(
        ([row, weight], i): Message => ({ id: i + 1, sender: '', row, weight, turn: 1 }),
      )
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      assert.equal(rowsBetween(messages, from, to), rowsOf(messages).subarray(from, to))
    }),
  )
})

test('of one step one body is read at a time, and of an election that nobody agreed on no large one', async () => {
  const served = await serve('bodies.sqlite')
  const stranger = new Stranger(served.controller)
  await stranger.register()
  const peer_id = await stranger.ownMix()
  const about = { context: contextOf(mixnet, 'message', peer_id), voter: fromHex(stranger.signer.id) }
  const ballot = makeBallot(group, { ...about, key: generator }, random(3), 1, random)
  const cycle = { peer_id, cycle_id: 1 }
  const row = { box: 0, data: hex(ballot.row), proof: hex(ballot.proof) }
  assert.is(await stranger.say({ resource: 'message', operation: 'create', ...cycle, ...row }), '1')
  const consensus_id = await stranger.agree({ action: 'close', ...cycle })
  const close = { resource: 'cycle', operation: 'action', action: 'close', ...cycle, consensus_id }
  assert.is(await stranger.say(close), 'CLOSED')
  const blobs = [random(64), random(proofBytes(1, 1))] as const
  const [outbox_hash, proof_hash] = blobs.map(sha256Hex) as [string, string]
  const step = { resource: 'cycle', operation: 'action', action: 'process', ...cycle }
  const field = Buffer.from(JSON.stringify(stranger.made({ ...step, outbox_hash, proof_hash })))
  const place = `${served.url}/peers/${peer_id}/cycles/1`
  const headers = {
    'content-length': String(64 + proofBytes(1, 1)),
    'cascade-request': field.toString('base64url'),
  }
  const first = opened(place, 'POST', headers)
  assert.is(await first.begun, undefined, 'waits for its body')
  assert.is((await opened(place, 'POST', headers).begun)?.status, 503, 'the same again')
  const whole = await first.ended(Buffer.concat(blobs))
  assert.is(whole.status, 201, 'control: the first one')
  const large = { 'content-length': String(500 * 1024 * 1024), 'content-type': 'application/json' }
  for (const kind of ['elections', 'surveys']) {
    const at = `${served.url}/${kind}/${'ab'.repeat(32)}`
    assert.is((await opened(at, 'PUT', large).begun)?.status, 409, kind)
    const endless = { 'transfer-encoding': 'chunked', 'content-type': 'application/json' }
    const streamed = opened(at, 'PUT', endless)
    assert.is(await streamed.begun, undefined)
    assert.is((await streamed.ended(Buffer.alloc(300 * 1024, ' '))).status, 413, kind)
    const small = await fetch(at, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    assert.is(small.status, 400, 'control: a small one is read')
  }
  await served.close()
})

/** Serves a mix-net with the elections and surveys of a plan. */
async function serve(storage: string): Promise<Served> {
  const person = (name: string) => ({ name, key_data: hex(signerOf(random(32)).keyData) })
  const plan: Plan = {
    mixnet,
    url: 'http://127.0.0.1:1/x',
    controller_key: '00'.repeat(32),
    mixers: [person('a')],
    trustees: [{ ...person('b'), sharing_key: hex(generator) }],
    ...{ threshold: 1, width: 1, size_min: 1, size_max: 10, quorum: 2, cycles: 1 },
    ...{ close_count: 0, close_after_ms: 0, close_at: '', patience_ms: 0 },
  }
  const elections = new PublicElections(plan, join(folder, `${storage}.public`))
  return await serveController({
    ...{ mixnet, group, seed: random(32), storage: join(folder, storage), port: 0, clock: systemClock },
    routes: (app, controller) => elections.routes(app, controller),
  })
}

interface Answered {
  readonly status: number
}

/** Sends the head of a request. `begun` gives an answer that comes before its body, if there is one within a while. */
function opened(
  url: string,
  method: string,
  headers: Record<string, string>,
): {
  readonly begun: Promise<Answered | undefined>
  ended(body: Buffer): Promise<Answered>
} {
  const sent = ask(url, { method, headers, agent: false })
  const answer = new Promise<Answered>((resolve, reject) => {
    sent.on('response', response => {
      response.resume()
      resolve({ status: response.statusCode ?? 0 })
    })
    sent.on('error', reject)
  })
  answer.then(
    () => sent.destroy(),
    () => {},
  )
  sent.flushHeaders()
  const begun = Promise.race([
    answer,
    new Promise<undefined>(resolve => setTimeout(resolve, 1500, undefined)),
  ])
  return {
    begun,
    async ended(body) {
      sent.end(body)
      return await answer
    },
  }
}

test.run()
