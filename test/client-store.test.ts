// What a client keeps on disk: nothing lost or doubled whenever the process ends or a write fails, bounds kept, and a
// folder of a newer version left alone.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { Homes } from '../client/folder/homes.ts'
import { openIdentity } from '../client/folder/identity.ts'
import { checkFormat } from '../client/folder/schema.ts'
import type { Arriving, InboxEntry } from '../client/incoming/arrivals.ts'
import { Inbox, type InboxLimits } from '../client/incoming/inbox.ts'
import { Outbox } from '../client/outgoing/outbox.ts'
import { OwnBlocks } from '../client/outgoing/own-blocks.ts'
import { blockWindow, TheirBlocks, turnMs } from '../client/outgoing/their-blocks.ts'
import { partOf } from '../client/packets/fragments.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { below, seededRandom, shuffle } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'

const limits: InboxLimits = {
  partial: { messages: 50, bytes: 1e6, ageMs: 1e9 },
  seen: 1000,
  messages: 100,
  bytes: 1e6,
}
const size = 124
const room = 100

/** The disk as it is now: what a killed process leaves. */
async function diskOf(store: Store): Promise<Store> {
  const copy = memoryStore()
  const entries = await store.iterator().all()
  await copy.batch(entries.map(([key, value]) => ({ type: 'put', key, value: value.slice() })))
  return copy
}

/** A store of which every nth batch fails. */
function failing(store: Store, fails: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'batch' && fails()) return () => Promise.reject(new Error('disk full'))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function fragmentsOf(id: string, content: Uint8Array): Arriving[] {
  const count = Math.max(1, Math.ceil(content.length / room))
  return Array.from({ length: count }, (_, index) => {
    const data = partOf(content, index, size)
    return { kind: 'message', id: fromHex(id), index, count, attempt: 1, data }
  })
}

/** Takes pages as a client does: a page that fails comes again; what is whole is handed over. */
class Reader {
  store: Store
  inbox: Inbox
  constructor(store: Store, inbox: Inbox) {
    this.store = store
    this.inbox = inbox
  }

  async take(page: readonly Arriving[]): Promise<void> {
    for (;;) {
      try {
        const { whole } = await this.inbox.takePage(page, [], 0)
        for (const each of whole) await this.#settle(each)
        return
      } catch (error) {
        assert.is((error as Error).message, 'disk full')
      }
    }
  }

  async restart(): Promise<void> {
    this.store = await diskOf(this.store)
    this.inbox = await Inbox.open(this.store, limits, 0)
    for (const each of await this.inbox.unsettled()) await this.#settle(each)
  }

  async #settle(whole: Parameters<Inbox['settle']>[0]): Promise<void> {
    await this.inbox.settle(whole, { bytes: whole.content, wantsRead: false, app: '', blocks: 0, at: 0 }, [])
  }
}

test('whatever comes in whatever order, and whenever the process ends, every message is there once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.nat({ max: 450 }), { minLength: 1, maxLength: 6 }),
      async (seed, lengths) => {
        const random = seededRandom(seed)
        const contents = new Map(lengths.map(length => [hex(random(16)), random(length)]))
        const all = [...contents].flatMap(([id, content]) => fragmentsOf(id, content))
        // Each fragment up to three times
        const arriving = shuffle(random, [...all, ...all.filter(() => below(random, 3) === 0), ...all])
        const store = memoryStore()
        const reader = new Reader(store, await Inbox.open(store, limits, 0))
        while (arriving.length > 0) {
          await reader.take(arriving.splice(0, 1 + below(random, 5)))
          if (below(random, 4) === 0) await reader.restart()
        }
        const entries = reader.inbox.after(-1)
        assert.equal(entries.map(({ id }) => id).sort(), [...contents.keys()].sort())
        for (const { id, seq } of entries) assert.equal(await reader.inbox.bytes(seq), contents.get(id))
        assert.equal((await reader.store.keys({ gte: 'part/', lt: 'part0' }).all()).length, 0)
      },
    ),
    { numRuns: 40 },
  )
})

test('a disk that fails now and then costs nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async seed => {
      const random = seededRandom(seed)
      const contents = new Map([0, 50, 250, 900].map(length => [hex(random(16)), random(length)]))
      const arriving = shuffle(
        random,
        [...contents].flatMap(([id, content]) => fragmentsOf(id, content)),
      )
      let failures = 0
      const disk = memoryStore()
      const store = failing(disk, () => below(random, 4) === 0 && failures++ < 20)
      const reader = new Reader(store, await Inbox.open(store, limits, 0))
      while (arriving.length > 0) await reader.take(arriving.splice(0, 3))
      await reader.take([])
      const entries = reader.inbox.after(-1)
      assert.equal(entries.map(({ id }) => id).sort(), [...contents.keys()].sort())
      for (const { id, seq } of entries) assert.equal(await reader.inbox.bytes(seq), contents.get(id))
      const again = await Inbox.open(disk, limits, 0)
      assert.equal(again.after(-1).map(known), entries.map(known))
    }),
    { numRuns: 40 },
  )
})

test('in each share of the inbox read messages make room, unread ones do not, and a full one says so', async () => {
  const store = memoryStore()
  // Of 24 three for names that nobody asked for, seven for messages to no app, as many of contacts, and for replies
  const bounds = { ...limits, messages: 24 }
  let inbox = await Inbox.open(store, bounds, 0)
  let next = 0
  const arrive = async (app: string): Promise<InboxEntry | 'refused' | undefined> => {
    const id = hex(new Uint8Array(16).fill(++next))
    const bytes = new Uint8Array(1)
    const { whole } = await inbox.takePage(fragmentsOf(id, bytes), [], 0)
    const forApp = { bytes, wantsRead: false, app, blocks: 0, at: 0 }
    return await inbox.settle(whole[0] as Parameters<Inbox['settle']>[0], forApp, [])
  }
  // A stranger's, for a name that nobody reads
  for (let i = 0; i < 3; i++) assert.is.not(await arrive('nobody'), 'refused')
  for (let i = 0; i < 20; i++) assert.is(await arrive(`nobody-${i}`), 'refused')
  assert.equal(inbox.full, ['*'])
  assert.equal((await store.keys({ gte: 'part/', lt: 'part0' }).all()).length, 0)
  // That costs the owner nothing
  for (let i = 0; i < 7; i++) assert.is.not(await arrive(''), 'refused')
  assert.is(await arrive(''), 'refused')
  assert.equal(inbox.full, ['*', 'to '])
  const oldest = inbox.after(-1, '')[0] as InboxEntry
  await inbox.markRead(oldest.seq)
  assert.is.not(await arrive(''), 'refused')
  assert.not.ok(inbox.find(oldest.id))
  const again = await Inbox.open(store, bounds, 0)
  assert.equal(again.after(-1).map(known), inbox.after(-1).map(known))
  // Somebody asks for the app: it has shares of its own, and has them after a restart
  await inbox.know('nobody')
  inbox = await Inbox.open(store, bounds, 0)
  // What came for it before is more than a share now; of what was read the oldest makes room
  assert.equal(inbox.full, ['to nobody', 'to '])
  for (const { seq } of inbox.after(-1, 'nobody')) await inbox.markRead(seq)
  assert.is.not(await arrive('nobody'), 'refused')
  assert.is.not(await arrive('nobody-else'), 'refused')
})

test('a message is on disk before it counts as accepted, and comes back with its progress', async () => {
  const store = memoryStore()
  const bounds = { messages: 2, bytes: 1000, finished: 2, copies: 1000 }
  const outbox = await Outbox.open(store, bounds)
  const message = {
    id: 'aa'.repeat(16),
    kind: 'message',
    to: 'somebody',
    count: 9,
    bytes: 3,
    acceptedAt: 5,
    deadline: 50,
    wantsRead: false,
    app: '',
  } as const
  await outbox.add(message, Uint8Array.of(1, 2, 3), [])
  outbox.move(message.id, 'sent', undefined)
  await outbox.saveProgress(new Map([[message.id, Uint8Array.of(0b101, 0)]]))
  const again = await Outbox.open(await diskOf(store), bounds)
  const [unfinished] = again.unfinished()
  assert.equal(unfinished, { ...message, seq: 0, state: 'sent' })
  assert.equal(new Uint8Array(again.content(message.id) as Uint8Array), Uint8Array.of(1, 2, 3))
  assert.equal([...((await again.progress(unfinished!)) ?? [])], [0b101, 0])
  assert.is(again.move(message.id, 'queued', undefined), undefined)

  await again.move(message.id, 'stored', undefined)?.written
  assert.is(again.content(message.id), undefined)
  assert.throws(() => again.reserve(1001), hasCode('QUEUE_FULL'))
  await again.add({ ...message, id: 'bb'.repeat(16) }, new Uint8Array(900), [])
  assert.throws(() => again.reserve(101), hasCode('QUEUE_FULL'))
  await again.add({ ...message, id: 'cc'.repeat(16) }, new Uint8Array(1), [])
  assert.throws(() => again.reserve(1), hasCode('QUEUE_FULL'))
  // What is over is listed up to the limit
  for (const id of ['bb', 'cc']) await again.move(id.repeat(16), 'failed', 'ABORTED')?.written
  assert.is(again.get(message.id), undefined)
  assert.equal(
    [...again.all()].map(({ state }) => state),
    ['failed', 'failed'],
  )
})

test('a disk that refuses a message leaves nothing of it', async () => {
  const store = failing(memoryStore(), () => true)
  const outbox = await Outbox.open(store, { messages: 2, bytes: 1000, finished: 2, copies: 1000 })
  const id = 'aa'.repeat(16)
  const message = {
    id,
    kind: 'message',
    to: '',
    count: 1,
    bytes: 0,
    acceptedAt: 0,
    deadline: 1,
    wantsRead: false,
    app: '',
  } as const
  try {
    await outbox.add(message, new Uint8Array(1000), [])
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'disk full')
  }
  assert.is(outbox.get(id), undefined)
  outbox.reserve(1000)
})

test('identity and address outlive the process; other gateways make another address of the same keys', async () => {
  const store = memoryStore()
  const random = seededRandom(1)
  const made = await openIdentity(store, hpkeSealing, random)
  const gateways = [random(32)]
  await (await Homes.open(store)).change(made, gateways, [], 0)
  const again = await openIdentity(await diskOf(store), hpkeSealing, random)
  assert.equal(hex(again.mailboxKey), hex(made.mailboxKey))
  assert.equal(hex(again.sealingKey.public), hex(made.sealingKey.public))
  assert.equal(again.gateways.map(hex), gateways.map(hex))
})

test('a folder of a newer version is refused and left as it was', async () => {
  const store = memoryStore()
  await checkFormat(store)
  await checkFormat(store)
  await store.put('version', Uint8Array.of(2))
  const net = new FakeNetwork()
  await assertRejects(net.client('newer', { store }), 'STORE_NEWER')
  assert.equal(await store.keys().all(), ['version'])
})

test('a damaged record is named', async () => {
  for (const [key, value] of [
    ['identity', Uint8Array.of(1, 2, 3)],
    ['out/0000000000000000', Uint8Array.of(0xa0)],
    ['in/0000000000000000', Uint8Array.of(0xff)],
    ['asked/00', new Uint8Array(0)],
    ['block/00/1', Uint8Array.of(1)],
    ['cursor/00', Uint8Array.of(1)],
  ] as const) {
    const store = memoryStore()
    await checkFormat(store)
    await store.put(key, value)
    await assertRejects(new FakeNetwork().client('damaged', { store }), 'STORE_DAMAGED')
  }
})

test("others' reply blocks: each once, the earliest epoch first and of it the last, bounded, and gone from disk before it is used", async () => {
  const net = new FakeNetwork()
  const store = memoryStore()
  const bounds = { perMessage: 4, messages: 2 }
  const theirs = await TheirBlocks.open(store, bounds)
  const block = (epoch: number, byte: number): { epoch: number; block: Uint8Array } => ({
    epoch,
    block: new Uint8Array(700).fill(byte),
  })
  const add = async (id: string, blocks: ReturnType<typeof block>[]): Promise<void> => {
    const { operations, commit } = theirs.add(id, blocks)
    await store.batch(operations)
    commit()
  }
  await add('m1', [block(1, 1), block(0, 2), block(0, 3), block(2, 4), block(2, 5)])
  assert.is(theirs.left('m1'), 4)
  const use = {
    windowOf: (epoch: number): ReturnType<typeof blockWindow> => blockWindow(net.network, epoch, 1000),
    isReachable: (): boolean => true,
  }
  const start = net.network.genesis
  assert.is(theirs.draw('m1', start + 5000, use), undefined)
  await theirs.reach('m1', start + 5000, use)
  const killed = await diskOf(store)
  assert.is(theirs.left('m1'), 4)
  assert.is(theirs.draw('m1', start + 5000, use)?.block[0], 3)
  assert.is(theirs.draw('m1', start + 5000, use), undefined)
  const again = await TheirBlocks.open(killed, bounds)
  await again.reach('m1', start + 5000, use)
  assert.is(again.draw('m1', start + 5000, use)?.block[0], 2)
  await again.reach('m1', start + 5000, use)
  assert.is(again.draw('m1', start + 5000, use), undefined)
  assert.is(again.nextWindow('m1', use), start + 20_000 - 2500)
  await again.expire(start + 45_000, use.windowOf)
  assert.ok(again.expiredSome('m1'))
  assert.is(again.left('m1'), 1)
  await add('m2', [block(0, 1)])
  await add('m3', [block(0, 1)])
  assert.equal([theirs.knows('m1'), theirs.knows('m2'), theirs.knows('m3')], [false, true, true])
})

test('every block of a reply has its turn before its epoch is over, however slow the way has been', async () => {
  const { network } = new FakeNetwork()
  const windowOf = (epoch: number): ReturnType<typeof blockWindow> => blockWindow(network, epoch, 1000)
  const use = { windowOf, isReachable: () => true }
  const end = windowOf(0).until
  const usedInTime = async (waitMs: (theirs: TheirBlocks, now: number) => number): Promise<number> => {
    const theirs = await TheirBlocks.open(memoryStore(), { perMessage: 16, messages: 2 })
    const epochs = [0, 0, 0, 0, 1, 1, 1]
    theirs
      .add(
        'm1',
        epochs.map(epoch => ({ epoch, block: new Uint8Array(700) })),
      )
      .commit()
    let used = 0
    for (let now = end - 12_000; now <= end && used < 4; now += Math.max(second, waitMs(theirs, now))) {
      await theirs.reach('m1', now, use)
      if (theirs.draw('m1', now, use)?.epoch === 0) used++
    }
    return used
  }
  const none = { until: end, blocks: 0 }
  assert.is(await usedInTime((theirs, now) => turnMs(theirs.soonest('m1', now, use) ?? none, now, 1)), 4)
  // The control: what a receipt is given where the way was slow for a while, with 250 ms a hop in the mean
  assert.is(await usedInTime(() => 13_000 + 3750), 1)
  // Of a long reply each block carries another fragment: none is hurried
  assert.ok(turnMs({ until: end, blocks: 3 }, end - 10_000, 300) > 9800)
})

test('blocks that a correspondent asks for take their part of the secrets, and those of an answered request go', async () => {
  const store = memoryStore()
  const own = await OwnBlocks.open(store, { perMessage: 2048, secrets: 64 })
  const make = async (id: string, to: string, count: number): Promise<void> => {
    const secret = { shared: [new Uint8Array(32)], seed: new Uint8Array(32) }
    const blocks = Array.from({ length: count }, (_, i) => {
      const replyId = Buffer.from(`${id}${i}`.padEnd(16, '.'))
      return { epoch: 0, block: new Uint8Array(700), replyId, secret, nodes: [], drawnMs: 1 }
    })
    const { operations, commit } = own.add({ id, to, until: 1000 }, blocks)
    await store.batch(operations)
    commit()
  }
  await make('a', 'mallory', 3)
  assert.equal([own.mayFollow('mallory', 1), own.mayFollow('mallory', 2)], [true, false])
  assert.ok(own.mayFollow('bob', 4))
  await make('b', 'bob', 29)
  // Half is left, and it is the owner's
  assert.not.ok(own.mayFollow('carol', 1))
  await make('c', 'carol', 32)
  await own.over('b', 50)
  await own.expire(50)
  assert.ok(own.asked('b') === undefined && own.asked('a') !== undefined)
  assert.ok(own.mayFollow('bob', 4) === false)
  const again = await OwnBlocks.open(store, { perMessage: 2048, secrets: 200 })
  assert.equal([again.mayFollow('carol', 1), again.mayFollow('mallory', 9)], [false, true])
})

test('own reply blocks: found until they are spent or their time is over', async () => {
  const store = memoryStore()
  const bounds = { perMessage: 3, secrets: 5 }
  const own = await OwnBlocks.open(store, bounds)
  const random = seededRandom(4)
  const made = (): Parameters<OwnBlocks['add']>[1][0] => ({
    epoch: 1,
    block: random(700),
    replyId: random(16),
    nodes: [],
    drawnMs: 77,
    secret: { shared: [1, 2, 3, 4, 5].map(() => random(32)), seed: random(32) },
  })
  const blocks = [made(), made()]
  const { operations, commit } = own.add({ id: 'm', to: 'bob', until: 100 }, blocks)
  await store.batch(operations)
  commit()
  assert.throws(() => own.add({ id: 'm', to: 'bob', until: 100 }, [made(), made()]), hasCode('TOO_LARGE'))
  assert.throws(
    () =>
      own.add(
        { id: 'n', to: 'bob', until: 100 },
        [made(), made(), made(), made()].slice(0, 3).concat(made()),
      ),
    (error: unknown) => error instanceof ClientError,
  )
  const again = await OwnBlocks.open(await diskOf(store), bounds)
  const replyId = hex(blocks[0]!.replyId)
  const found = again.find(replyId)
  assert.equal([found?.asked.to, found?.drawnMs], ['bob', 77])
  assert.equal(found?.secret.seed, blocks[0]!.secret.seed)
  assert.is(again.spend(replyId).length, 1)
  again.forget(replyId)
  assert.is(again.find(replyId), undefined)
  await again.expire(101)
  assert.is(again.find(hex(blocks[1]!.replyId)), undefined)
})

function known({ seq, id, read, length }: InboxEntry): unknown {
  return { seq, id, read, length }
}

async function assertRejects(promise: Promise<unknown>, code: string): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof ClientError, String(error))
    return assert.is(error.code, code)
  }
  assert.unreachable(`want ${code}`)
}

function hasCode(code: string): (error: unknown) => boolean {
  return error => error instanceof ClientError && error.code === code
}

test.run()
