// docs/spec/gateway.md 8 and docs/spec/client-clocks.md 9.2: a gateway carries what it can, by what its own process
// takes; under load strangers go first, and no owner; clients choose by what gateways say, and one that lies gains
// little.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { pickGateway, weights } from '../client/incoming/choice.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { proofMessage, readGreeting, writeRequest } from '../link/protocol/mailbox.ts'
import { type Gateway, gateway } from '../node/gateway/gateway.ts'
import { Load, workOfClient } from '../node/gateway/load.ts'
import { type Mailboxes, openMailboxes } from '../node/gateway/mailbox.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'

/** Runs a gateway for so many samples: so much processor time each takes for so much work. */
function loaded(load: Load, cpuMs: number, work: number, everyMs: number = 5 * second, clients = 0): Load {
  for (let n = 0; n <= 40; n++) load.sample({ at: n * everyMs, cpuMs: n * cpuMs, work: n * work, clients })
  return load
}

test('capacity follows from the processor time of this process for its work, and not from how busy the machine is', () => {
  // One packet or page takes half a millisecond
  const alone = loaded(new Load(0.8), 1000, 2000)
  assert.ok(Math.abs(alone.costMs - 0.5) < 0.01)
  const each = (workOfClient(defaultParameters) * alone.costMs) / minute
  assert.is(alone.capacity(defaultParameters), Math.floor((0.8 - alone.used) / each))
  // Beside others the same work takes as much of this process, and twice as long
  const crowded = loaded(new Load(0.8), 1000, 2000, 10 * second)
  assert.is(crowded.costMs, alone.costMs)
  // Control: a measure of the time that goes by would have it twice as dear
  const byTime = loaded(new Load(0.8), 10 * second, 2000, 10 * second)
  assert.ok(byTime.costMs > 4 * alone.costMs)
})

test('what else the process does leaves room for fewer clients, never for less than one', () => {
  const idle = new Load(0.8)
  assert.is(
    idle.capacity(defaultParameters),
    Math.floor(0.8 / ((workOfClient(defaultParameters) * 0.4) / minute)),
  )
  const busy = loaded(new Load(0.8), 3500, 7000, 5 * second, 20)
  assert.ok(busy.capacity(defaultParameters) < 40, String(busy.capacity(defaultParameters)))
  assert.is(loaded(new Load(0.8), 20_000, 2000).capacity(defaultParameters), 1)
})

test('the class that a descriptor states stays while the capacity is near it', () => {
  const load = new Load(0.8)
  assert.is(load.class(defaultParameters), 7)
  loaded(load, 1000, 2400)
  assert.is(load.class(defaultParameters), 7)
  assert.is(loaded(new Load(0.8), 1000, 200).class(defaultParameters), 3)
})

interface Owned {
  readonly served: Gateway
  readonly boxes: Mailboxes
  readonly greet: (client: number) => Promise<string>
  readonly open: (client: number, seed: Uint8Array) => Promise<string>
}

const client = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const owner = (n: number): Uint8Array => new Uint8Array(32).fill(100 + n)

async function start(capacity: (() => number) | undefined, clients = 100): Promise<Owned> {
  const clock = virtualClock(5_000_000)
  const random = seededRandom(7)
  const limits = { entries: 100, minutes: 1000, boxes: 100, bytes: 1 << 20, waiting: 100 }
  const boxes = await openMailboxes({ store: memoryStore(), clock, payloadBytes: 64, limits })
  const id = client(255)
  const served = gateway({
    id,
    mailboxes: boxes,
    parameters: () => defaultParameters,
    board: (_cursor, _offset, bytes) => new Uint8Array(bytes),
    announce: () => true,
    payloadBytes: 64,
    clients,
    capacity,
    isConnected: () => true,
    clock,
    random,
  })
  const hello = async (n: number): Promise<ReturnType<typeof readGreeting>> =>
    readGreeting(await served.answer(client(n), writeRequest({ t: 'hello' })))
  return {
    served,
    boxes,
    greet: async n => (await hello(n)).status,
    async open(n, seed) {
      const { status, nonce } = await hello(n)
      if (status !== 'ok') return status
      const proof = ed25519Sign(seed, proofMessage(id, client(n), nonce))
      const answer = await served.answer(
        client(n),
        writeRequest({ t: 'open', key: ed25519PublicKey(seed), proof }),
      )
      return readGreeting(answer).status
    },
  }
}

test('under load strangers go, the newest first, and no owner; their mail is taken all along', async () => {
  let capacity = 10
  const { served, boxes, open } = await start(() => capacity)
  for (let n = 1; n <= 6; n++) {
    if (n <= 3) assert.is(await open(n, owner(n)), 'ok')
    else assert.is(served.admit(client(n), 1), 1)
  }
  capacity = 4
  served.shed()
  assert.is(served.clients, 4)
  assert.equal(
    [1, 2, 3, 4, 5, 6].map(n => served.admit(client(n), 1)),
    [1, 1, 1, 1, 0, 0],
  )
  capacity = 1
  served.shed()
  assert.equal(
    [1, 2, 3, 4].map(n => served.isOwner(client(n))),
    [true, true, true, false],
  )
  assert.is(served.counters.shed, 3)
  const mail = { kind: 'forward' as const, replyId: new Uint8Array(16), data: new Uint8Array(10) }
  const recipient = ed25519PublicKey(owner(1))
  assert.is(await new Promise(resolve => boxes.put({ ...mail, recipient }, resolve)), 'stored')
  // A newcomer is told to go elsewhere, with or without a mailbox of its own
  assert.is(served.admit(client(20), 1), 0)
  assert.is(await open(21, owner(21)), 'full')
  assert.is(served.clients, 3)
})

/** Fills a gateway with strangers who say hello; then the owner of a mailbox that it keeps comes back. */
async function comesBack(measured: boolean): Promise<string> {
  const { served, open, greet } = await start(measured ? () => 8 : undefined, measured ? 100 : 8)
  assert.is(await open(1, owner(1)), 'ok')
  served.gone(client(1))
  for (let n = 10; n < 40; n++) await greet(n)
  return open(2, owner(1))
}

test('strangers keep out nobody whose mail is here', async () => {
  assert.is(await comesBack(true), 'ok')
})

test('control: where places are only counted, they do', async () => {
  assert.is(await comesBack(false), 'full')
})

const gateways = (...classes: number[]): { readonly capacity: number }[] =>
  classes.map(capacity => ({ capacity }))

/** Counts how often the last of these gateways is taken, of 4,000 times. */
function share(all: readonly { readonly capacity: number }[]): number {
  const random = seededRandom(3)
  let taken = 0
  for (let n = 0; n < 4000; n++) if (pickGateway(random, all, all) === all.at(-1)) taken++
  return taken / 4000
}

test('clients choose gateways by what they can carry', () => {
  assert.equal(weights(gateways(6, 7, 7, 5), gateways(6, 7, 7, 5)), [32, 64, 64, 16])
  assert.ok(Math.abs(share(gateways(7, 7, 7, 6)) - 1 / 7) < 0.02)
  assert.equal(weights(gateways(0, 7), gateways(0, 7)), [64, 64], 'who says nothing counts as the middle')
  assert.equal(weights(gateways(0, 0), gateways(0, 0)), [1, 1])
})

test('a gateway that says too much gains at most twice the share of one in the middle; control: unbounded, all', () => {
  const all = gateways(7, 7, 7, 7, 7, 7, 7, 7, 7, 23)
  assert.ok(Math.abs(share(all) - 2 / 11) < 0.02)
  const unbounded = all.map(({ capacity }) => 2 ** (capacity - 1))
  assert.ok((unbounded.at(-1) as number) / unbounded.reduce((a, b) => a + b) > 0.99)
})

test.run()
