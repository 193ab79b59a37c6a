// docs/spec/client-store.md 11.3: several identities in one client. What two of them show on the wire has nothing in
// common, and one can never use what is the other's. The controls link two that share what they must not share.
// tier: slow

import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { serveClient } from '../client/api/daemon.ts'
import { mostIdentities } from '../client/folder/identity-list.ts'
import { type Identities, openIdentities } from '../client/identities.ts'
import { readAddress } from '../client/packets/address.ts'
import { hex } from '../encoding/bytes.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { assertCode } from './client-apps.ts'
import { FakeLink, FakeNetwork } from './client-network.ts'
import { storesInMemory } from './stores-in-memory.ts'

/** Notes of an observer of a link, and of the gateway behind it. */
interface Seen {
  readonly peer: string
  readonly at: number[]
  readonly gateways: Set<string>
  /** Mailbox keys that were opened from there. */
  readonly keys: Set<string>
}

class Tap extends FakeLink {
  readonly seen: Seen
  readonly #net: FakeNetwork
  constructor(net: FakeNetwork, id: Uint8Array) {
    super(net, id)
    this.#net = net
    this.seen = { peer: hex(id), at: [], gateways: new Set(), keys: new Set() }
  }
  override send(to: { readonly id: Uint8Array }, cell: Uint8Array): boolean {
    this.#note(to.id)
    return super.send(to, cell)
  }
  override request(to: { readonly id: Uint8Array }, protocol: string, body: Uint8Array): Promise<Uint8Array> {
    this.#note(to.id)
    // An open: byte 0 is 2, the mailbox key behind it (docs/spec/gateway.md 2.1)
    if (body[0] === 2) this.seen.keys.add(hex(body.subarray(1, 33)))
    return super.request(to, protocol, body)
  }
  #note(to: Uint8Array): void {
    this.seen.at.push(this.#net.clock.now())
    this.seen.gateways.add(hex(to))
  }
}

interface World {
  readonly net: FakeNetwork
  readonly identities: Identities
  readonly taps: Map<string, Tap>
  readonly disk: Disk
}

interface Disk {
  readonly main: Store
  readonly others: Map<string, Store>
}

function emptyDisk(): Disk {
  return { main: memoryStore(), others: new Map() }
}

async function world(
  seed: number,
  disk: Disk = emptyDisk(),
  shared: { readonly link?: boolean; readonly dice?: boolean } = {},
): Promise<World> {
  const slow = { payloadPerMinute: 240, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 120 }
  const net = new FakeNetwork({ seed, parameters: slow })
  const taps = new Map<string, Tap>()
  const diceOf = (name: string): Random => {
    const bytes = new Uint8Array(32).fill(seed)
    if (shared.dice !== true) new TextEncoder().encodeInto(name, bytes)
    return seededRandom(bytes)
  }
  const tapOf = (name: string): Tap => {
    const tap = (shared.link === true ? taps.get('main') : undefined) ?? new Tap(net, diceOf(name)(32))
    taps.set(name, tap)
    return tap
  }
  const partsOf = (name: string) => ({ link: tapOf(name), directory: net.directory(), random: diceOf(name) })
  await disk.main.open()
  const identities = await openIdentities({
    network: net.network,
    clock: net.clock,
    store: disk.main,
    stores: storesInMemory(disk.others),
    parts: partsOf,
    spreadMs: 5 * second,
    ...partsOf('main'),
  })
  return { net, identities, taps, disk }
}

async function ended({ net, identities }: World): Promise<void> {
  const closed = identities.close()
  for (let i = 0; i < 8; i++) await net.clock.advance(second)
  await closed
}

/** Lists what two taps have in common: how an observer links them. */
function links(a: Seen, b: Seen): string[] {
  const common = (one: Set<string>, other: Set<string>): boolean => [...one].some(each => other.has(each))
  const moments = new Set(a.at)
  const together = b.at.filter(at => moments.has(at)).length
  return [
    ...(a.peer === b.peer ? ['peer'] : []),
    ...(common(a.gateways, b.gateways) ? ['gateway'] : []),
    ...(common(a.keys, b.keys) ? ['mailbox'] : []),
    ...(a.at[0] === b.at[0] ? ['start'] : []),
    // Clocks of their own meet in the same millisecond now and then
    ...(together > b.at.length / 10 ? ['clocks'] : []),
  ]
}

function pairOf({ taps }: World): [Seen, Seen] {
  return [(taps.get('main') as Tap).seen, (taps.get('work') as Tap).seen]
}

test('on the wire two identities have neither peer id, gateway, mailbox, clock nor start in common', async () => {
  for (const seed of [1, 2]) {
    const first = await world(seed)
    await first.identities.create('work')
    await first.net.clock.advance(2 * second)
    await ended(first)
    // Again from disk: now both start with the process
    const again = await world(seed, first.disk)
    assert.equal(again.identities.names, ['main', 'work'])
    await again.net.clock.advance(40 * second)
    const [main, work] = pairOf(again)
    assert.ok(main.at.length > 150 && work.at.length > 60, `${main.at.length} and ${work.at.length} cells`)
    assert.equal(links(main, work), [])
    // No order: either goes before the other
    const clients = again.identities.names.map(name =>
      readAddress(again.identities.client(name).address, 'fake'),
    )
    const parts = clients.flatMap(({ sealingKey, mailboxKey, gateways }) => [
      sealingKey,
      mailboxKey,
      ...gateways,
    ])
    assert.is(new Set(parts.map(hex)).size, parts.length, 'addresses have nothing in common')
    await ended(again)
  }
})

test('control: with one link, or one set of dice, they are linked', async () => {
  const byLink = await world(4, emptyDisk(), { link: true })
  await byLink.identities.create('work')
  await byLink.net.clock.advance(20 * second)
  assert.ok(links(...pairOf(byLink)).includes('peer'))
  await ended(byLink)
  const seed = await world(5)
  await seed.identities.create('work')
  await ended(seed)
  const byDice = await world(5, seed.disk, { dice: true })
  await byDice.net.clock.advance(20 * second)
  await byDice.identities.create('more')
  await byDice.net.clock.advance(20 * second)
  assert.ok(
    links((byDice.taps.get('main') as Tap).seen, (byDice.taps.get('more') as Tap).seen).includes('peer'),
  )
  await ended(byDice)
})

test('neither reply blocks, messages, inboxes nor services of one are the other’s', async () => {
  const one = await world(6)
  const { net, identities } = one
  const work = await identities.create('work')
  const bob = await net.client('bob')
  await net.clock.advance(3 * second)
  const sent = await work.send(bob.client.address, 'who is there?', { replies: true })
  const blocks = await storedKeys(one, 'work', 'secret/')
  assert.ok(blocks.length > 0)
  assert.equal(await storedKeys(one, 'main', 'secret/'), [])
  await net.clock.advance(8 * second)
  const [asked] = await bob.client.inbox()
  await bob.client.reply(asked?.id ?? '', 'me')
  await bob.client.send(work.address, 'and you?', { replies: true })
  await net.clock.advance(10 * second)
  assert.equal((await work.inbox()).map(({ text }) => text).toSorted(), ['and you?', 'me'])
  assert.equal(await identities.main.inbox(), [])
  const question = (await work.inbox()).find(({ canReply }) => canReply)
  // The other has neither the message nor the blocks that came with it
  await assertCode(identities.main.reply(question?.id ?? '', 'from the wrong one'), 'UNKNOWN_MESSAGE')
  assert.is(identities.main.message(sent.id), undefined)
  assert.equal(await storedKeys(one, 'main', 'block/'), [])
  assert.ok((await storedKeys(one, 'work', 'block/')).length > 0)
  // Answered from the right one, over blocks that enter at its own gateway
  const answer = await work.reply(question?.id ?? '', 'from the right one')
  await net.clock.advance(10 * second)
  assert.is(answer.state, 'received')
  await bob.client.close()
  await ended(one)
})

async function storedKeys({ disk }: World, name: 'main' | 'work', prefix: string): Promise<string[]> {
  const store = name === 'main' ? disk.main : ([...disk.others.values()][0] as Store)
  return (await store.keys().all()).filter(key => key.startsWith(prefix))
}

test('starts and ends are drawn apart; nothing shows before an identity’s time', async () => {
  const first = await world(7)
  for (const name of ['work', 'club', 'home']) await first.identities.create(name)
  await first.net.clock.advance(second)
  await ended(first)
  const again = await world(7, first.disk)
  await again.net.clock.advance(25 * second)
  const starts = [...again.taps.values()].map(({ seen }) => seen.at[0] as number)
  assert.is(new Set(starts).size, 4)
  const sorted = starts.toSorted((a, b) => a - b)
  assert.ok(
    sorted.every((at, i) => i === 0 || at - (sorted[i - 1] as number) > 50),
    sorted.join(' '),
  )
  const closing = again.identities.close()
  const ends = new Map<string, number>()
  for (let step = 0; step < 400; step++) {
    await again.net.clock.advance(10)
    // It is over when its clocks send nothing any more
    for (const [name, { seen }] of again.taps) ends.set(name, seen.at.at(-1) as number)
  }
  await closing
  assert.is(new Set(ends.values()).size, 4, 'last cells')
})

test('a message may be handed over before the start, and leaves after it', async () => {
  const first = await world(9)
  await first.identities.create('work')
  await first.net.clock.advance(second)
  await ended(first)
  const again = await world(9, first.disk)
  const bob = await again.net.client('bob')
  await again.net.clock.advance(100)
  const work = again.identities.client('work')
  const message = await work.send(bob.client.address, 'early')
  assert.is(message.state, 'queued')
  assert.equal((again.taps.get('work') as Tap).seen.at, [])
  await again.net.clock.advance(25 * second)
  assert.is(message.state, 'stored')
  await bob.client.close()
  await ended(again)
})

test('names are checked, the first stays, and what is removed is gone', async () => {
  const one = await world(11)
  const { identities, disk } = one
  for (const name of ['', 'main', 'A', 'a b', '../x', 'x'.repeat(33)])
    await assertCode(identities.create(name), 'BAD_OPTION')
  await identities.create('work')
  await assertCode(identities.create('work'), 'BAD_OPTION')
  await assertCode(identities.remove('main'), 'BAD_OPTION')
  await assertCode(identities.remove('nobody'), 'NO_IDENTITY')
  assert.is(disk.others.size, 1)
  await identities.remove('work')
  assert.is(disk.others.size, 0)
  assert.equal(identities.names, ['main'])
  assert.throws(() => identities.client('work'), /no|none/)
  for (let i = 0; i < mostIdentities; i++) await identities.create(`i${i}`)
  await assertCode(identities.create('one-more'), 'BAD_OPTION')
  await ended(one)
  await assertCode(identities.create('late'), 'CLOSED')
})

test('over HTTP: /as/NAME, an app’s token that is bound to one, and the owner’s chores', async () => {
  const one = await world(12)
  const { net, identities } = one
  await identities.create('work')
  await net.clock.advance(3 * second)
  const api = await serveClient({
    client: identities.main,
    identities,
    port: 0,
    token: 'owner',
    apps: new Map([['chat', 'chat-token']]),
    appIdentities: new Map([['chat', 'work']]),
  })
  const ask = async (
    path: string,
    { token = 'owner', ...init }: RequestInit & { token?: string } = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${api.url}${path}`, { ...init, headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const main = identities.main.address
  const work = identities.client('work').address
  assert.is((await ask('/status')).body['address'], main)
  assert.is((await ask('/as/work/status')).body['address'], work)
  assert.is((await ask('/as/main/status')).body['address'], main)
  assert.is((await ask('/as/nobody/status')).status, 404)
  // The app is its identity's, whether it says so or not, and nobody else's
  assert.is((await ask('/status', { token: 'chat-token' })).body['address'], work)
  assert.is((await ask('/as/work/status', { token: 'chat-token' })).body['address'], work)
  assert.is((await ask('/as/main/status', { token: 'chat-token' })).status, 403)
  assert.is((await ask('/identities', { token: 'chat-token' })).status, 403)
  assert.is((await ask('/as/work/status', { token: 'wrong' })).status, 401)
  // Bodies go through too
  const body = JSON.stringify({ to: main, text: 'x'.repeat(100_000) })
  const sent = await ask('/as/work/messages', { method: 'POST', body })
  assert.is(sent.status, 202, JSON.stringify(sent.body))
  assert.is(identities.client('work').message(String(sent.body['id']))?.state, 'queued')
  assert.is(identities.main.message(String(sent.body['id'])), undefined)
  const made = await ask('/identities', { method: 'POST', body: JSON.stringify({ name: 'club' }) })
  assert.is(made.status, 201)
  const { identities: listed } = (await ask('/identities')).body as { identities: { name: string }[] }
  assert.equal(
    listed.map(({ name }) => name),
    ['main', 'work', 'club'],
  )
  assert.is((await ask('/identities/club', { method: 'DELETE' })).status, 200)
  assert.is((await ask('/identities', { method: 'POST', body: JSON.stringify({ name: 'A B' }) })).status, 400)
  assert.is((await ask('/openapi.json')).status, 200)
  // A socket is of one identity, and hears of nothing else
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/as/work/socket`, {
    headers: { authorization: 'Bearer owner' },
  })
  const heard: Record<string, unknown>[] = []
  socket.on('message', data => heard.push(JSON.parse(String(data)) as Record<string, unknown>))
  await once(socket, 'open')
  const fromMain = await ask('/messages', { method: 'POST', body: JSON.stringify({ to: main, text: 'x' }) })
  socket.send(JSON.stringify({ ref: 1, do: 'send', to: main, text: 'y' }))
  const answer = (): Record<string, unknown> | undefined => heard.find(({ event }) => event === 'answer')
  while (answer() === undefined) await new Promise(resolve => setTimeout(resolve, 5))
  assert.is(answer()?.['ok'], true, JSON.stringify(answer()))
  await net.clock.advance(20 * second)
  assert.ok(heard.some(({ event }) => event === 'state'))
  assert.not(JSON.stringify(heard).includes(String(fromMain.body['id'])))
  socket.terminate()
  await api.close()
  await ended(one)
})

test.run()
