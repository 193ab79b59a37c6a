// docs/spec/gateway.md 2: proof, pages, takeover, rates, hostile requests; over the in-memory link.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { type Link, LinkError } from '../link/link.ts'
import {
  type MailboxRequest,
  mailboxProtocol,
  type Page,
  pageBytes,
  proofMessage,
  readGreeting,
  readPage,
  writeRequest,
} from '../link/protocol/mailbox.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { type Place, type World, type WorldOptions, world } from './node-world.ts'

const seed = new Uint8Array(32).fill(11)
const owner = ed25519PublicKey(seed)

const small = (options: WorldOptions = {}): Promise<World> => world({ layers: 1, gateways: 2, ...options })
const gate = (w: World, i = 0): Place => w.places.filter(place => place.role === 'gateway')[i] as Place

/** One request and its answer; the clock moves until it is there. */
async function ask(w: World, from: Link, to: Place, request: Uint8Array): Promise<Uint8Array> {
  const answer = from.request(to.link, mailboxProtocol, request, { timeoutMs: 5 * second, maxBytes: 1 << 20 })
  answer.catch(() => {})
  await w.clock.advance(100)
  return answer
}

async function greet(w: World, from: Link, to: Place, request: MailboxRequest): Promise<string> {
  return readGreeting(await ask(w, from, to, writeRequest(request))).status
}

async function nonceFor(w: World, from: Link, to: Place): Promise<Uint8Array> {
  return readGreeting(await ask(w, from, to, writeRequest({ t: 'hello' }))).nonce
}

async function openBox(w: World, from: Link, to: Place): Promise<string> {
  const nonce = await nonceFor(w, from, to)
  return greet(w, from, to, {
    t: 'open',
    key: owner,
    proof: ed25519Sign(seed, proofMessage(to.link.id, from.id, nonce)),
  })
}

async function read(w: World, from: Link, to: Place, after = 0, done = 0): Promise<Page> {
  return readPage(
    await ask(w, from, to, writeRequest({ t: 'read', after, done, board: 0, boardOffset: 0 })),
    w.geometry.payloadBytes,
  )
}

/** Stores one packet in the owner's mailbox at the gateway. */
async function mail(w: World, to: Place, text: number): Promise<void> {
  const g = w.geometry
  const mix = w.places[0] as Place
  const ack = makeReplyBlock(
    g,
    w.path([to, mix, gate(w, 1)], [0, 0, 0]),
    { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16) },
    w.random,
  )
  const plain = body(g, { flags: 0, ack: ack.block, user: new Uint8Array(g.userBytes).fill(text) })
  mix.link.send(to.link, wrap(g, w.path([to], [0]), owner, plain, w.random))
  await w.clock.advance(100)
}

test('an owner opens its mailbox, reads pages of one size, and deletes by its done cursor', async () => {
  const w = await small()
  const client = w.client()
  assert.is((await read(w, client, gate(w))).status, 'not-open')
  assert.is(await openBox(w, client, gate(w)), 'ok')
  const size = pageBytes({ places: 8, payloadBytes: w.geometry.payloadBytes, boardBytes: 1024 })
  const empty = await ask(
    w,
    client,
    gate(w),
    writeRequest({ t: 'read', after: 0, done: 0, board: 0, boardOffset: 0 }),
  )
  assert.is(empty.length, size)
  for (let n = 1; n <= 10; n++) await mail(w, gate(w), n)
  const full = await ask(
    w,
    client,
    gate(w),
    writeRequest({ t: 'read', after: 0, done: 0, board: 0, boardOffset: 0 }),
  )
  assert.is(full.length, size)
  const first = readPage(full, w.geometry.payloadBytes)
  assert.equal(
    first.entries.map(entry => entry.payload[0]),
    [1, 2, 3, 4, 5, 6, 7, 8],
  )
  assert.is(first.waiting, 2)
  const last = first.entries.at(-1)?.cursor as number
  const second_ = await read(w, client, gate(w), last, last)
  assert.equal(
    second_.entries.map(entry => entry.payload[0]),
    [9, 10],
  )
  assert.is(gate(w).node.status().mail?.entries, 2)
  await w.close()
})

test('a proof holds for one gateway, one connection and one nonce', async () => {
  const w = await small()
  const [client, thief] = [w.client(), w.client()]
  const [here, there] = [gate(w, 0), gate(w, 1)]
  const proofFor = (to: Place, from: Link, nonce: Uint8Array): MailboxRequest => ({
    t: 'open',
    key: owner,
    proof: ed25519Sign(seed, proofMessage(to.link.id, from.id, nonce)),
  })
  const nonce = await nonceFor(w, client, here)
  assert.is(await greet(w, thief, here, proofFor(here, client, nonce)), 'not-open')
  await nonceFor(w, thief, here)
  assert.is(await greet(w, thief, here, proofFor(here, client, nonce)), 'bad-proof')
  assert.is(await greet(w, client, here, proofFor(there, client, nonce)), 'bad-proof')
  // a nonce is for one attempt
  assert.is(await greet(w, client, here, proofFor(here, client, nonce)), 'not-open')
  const fresh = await nonceFor(w, client, here)
  assert.is(await greet(w, client, here, proofFor(here, client, fresh)), 'ok')
  const other = { t: 'open' as const, key: new Uint8Array(32).fill(1), proof: new Uint8Array(64) }
  await nonceFor(w, thief, here)
  assert.is(await greet(w, thief, here, other), 'bad-proof')
  assert.is((await read(w, thief, here)).status, 'not-open')
  await w.close()
})

test('the newest connection has the mailbox, and nothing of a client is kept when it has gone', async () => {
  const w = await small()
  const [old, young] = [w.client(), w.client()]
  assert.is(await openBox(w, old, gate(w)), 'ok')
  assert.is(await openBox(w, young, gate(w)), 'ok')
  assert.is((await read(w, old, gate(w))).status, 'not-open')
  assert.is((await read(w, young, gate(w))).status, 'ok')
  await old.close()
  await w.clock.advance(second)
  assert.is((await read(w, young, gate(w))).status, 'ok')
  assert.is(gate(w).node.status().mail?.clients, 1)
  await young.close()
  await w.clock.advance(second)
  assert.is(gate(w).node.status().mail?.clients, 0)
  await w.close()
})

test('mail outlives a gateway that is killed, and its owner opens the mailbox again', async () => {
  const w = await small()
  const client = w.client()
  await openBox(w, client, gate(w))
  await mail(w, gate(w), 5)
  w.kill(gate(w))
  await w.clock.advance(second)
  await w.restart(gate(w))
  await w.clock.advance(second)
  assert.is((await read(w, client, gate(w))).status, 'not-open')
  assert.is(await openBox(w, client, gate(w)), 'ok')
  assert.equal(
    (await read(w, client, gate(w))).entries.map(entry => entry.payload[0]),
    [5],
  )
  await w.close()
})

test('requests over the rate are told to slow down, and clients over the limit that it is full', async () => {
  const w = await small({ parameters: { readPerMinute: 6 }, limits: { clients: 2 } })
  const client = w.client()
  assert.is(await openBox(w, client, gate(w)), 'ok')
  const seen = new Map<string, number>()
  for (let n = 0; n < 20; n++) {
    const { status } = await read(w, client, gate(w))
    seen.set(status, (seen.get(status) ?? 0) + 1)
  }
  assert.equal(
    [...seen],
    [
      ['ok', 14],
      ['slow-down', 6],
    ],
  )
  await w.clock.advance(10 * second)
  assert.is((await read(w, client, gate(w))).status, 'ok')
  await greet(w, w.client(), gate(w), { t: 'hello' })
  assert.is(await greet(w, w.client(), gate(w), { t: 'hello' }), 'full')
  await w.close()
})

test('any bytes for a request are answered or refused, and the gateway goes on', async () => {
  const w = await small()
  const client = w.client()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async bytes => {
      try {
        await ask(w, client, gate(w), bytes)
      } catch (error) {
        assert.instance(error, LinkError)
        assert.is((error as LinkError).code, 'REFUSED')
      }
    }),
    { numRuns: 50 },
  )
  await w.clock.advance(60 * second)
  assert.is(await openBox(w, client, gate(w)), 'ok')
  await w.close()
})

test('only the owner of an open mailbox announces; the answer is a page like any other', async () => {
  const w = await small()
  const client = w.client()
  const announce = async (name: string): Promise<[string, number]> => {
    const request = writeRequest({ t: 'announce', name, sealingKey: new Uint8Array(32).fill(3) })
    const bytes = await ask(w, client, gate(w), request)
    return [readPage(bytes, w.geometry.payloadBytes).status, bytes.length]
  }
  const [before, size] = await announce('echo')
  assert.is(before, 'not-open')
  assert.is(await openBox(w, client, gate(w)), 'ok')
  assert.equal(await announce('echo'), ['ok', size])
  assert.equal(await announce('Echo!'), ['full', size])
  await w.close()
})

test.run()
