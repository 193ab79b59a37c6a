// When packets leave a client says nothing: not what came in, not what its owner does, not what its disk does
// (docs/spec/client-clocks.md 8). Departures of a client under all of that are those of the same seed without it.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAddress } from '../client/packets/address.ts'
import { type TaggedBlock, writeMessage } from '../client/packets/content.ts'
import { fragmentBytes, fragmentCount, partOf, writeFragment } from '../client/packets/fragments.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { geometry, suiteOf } from '../sphinx/geometry.ts'
import { below, type Random, seededRandom } from '../world/random.ts'
import { keysUnder, memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const size = fragmentBytes(g, 'forward', hpkeSealing.overhead)

type Event =
  /** A stranger's bytes in the mailbox: noise, sealed noise, a fragment, a message with reply blocks. */
  | { readonly type: 'noise' | 'sealed' | 'fragment' | 'blocks' | 'badBlocks'; readonly seed: number }
  /** Deeds of the owner. */
  | { readonly type: 'send' | 'reply' | 'read' | 'cancel' | 'serve' }
  /** The disk refuses what it is given for a while. */
  | { readonly type: 'disk' }

const events = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constantFrom('noise', 'sealed', 'fragment', 'blocks', 'badBlocks'),
      seed: fc.nat(),
    }),
    fc.record({ type: fc.constantFrom('send', 'reply', 'read', 'cancel', 'serve', 'disk') }),
  ),
  { minLength: 4, maxLength: 14 },
) as fc.Arbitrary<Event[]>

/** A store whose writes fail while `fails` says so. */
function failing(store: Store, fails: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'batch' && fails()) return () => Promise.reject(new Error('disk full'))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

class World {
  readonly net = new FakeNetwork({
    epochMs: 600_000,
    parameters: { payloadPerMinute: 240, readPerMinute: 120, pageEntries: 8 },
  })
  readonly times: number[] = []
  diskFails = false
  #alice: RunningClient | undefined
  #bob: RunningClient | undefined

  async start(cover: 'default' | 'off'): Promise<void> {
    const store = failing(memoryStore(), () => this.diskFails)
    const [home, other] = this.net.gateways.map(({ id }) => id) as [Uint8Array, Uint8Array]
    this.#alice = await this.net.client('alice', { store, cover, gateways: [home] })
    this.#bob = await this.net.client('bob', { gateways: [other] })
    const { link } = this.#alice
    const send = link.send.bind(link)
    link.send = (to, cell) => {
      this.times.push(this.net.clock.elapsed())
      return send(to, cell)
    }
    await this.net.clock.advance(2 * second)
  }

  async run(happens: readonly Event[], cover: 'default' | 'off' = 'default'): Promise<readonly number[]> {
    await this.start(cover)
    for (let i = 0; i < 14; i++) {
      const event = happens[i]
      if (event !== undefined) this.#happen(event)
      await this.net.clock.advance(1500)
      this.diskFails = false
    }
    return this.times
  }

  async blocks(): Promise<number> {
    return (await keysUnder((this.#alice as RunningClient).store, 'block/')).length
  }

  #happen(event: Event): void {
    const { client } = this.#alice as RunningClient
    const quiet = (): void => {}
    switch (event.type) {
      case 'send':
        client
          .send((this.#bob as RunningClient).client.address, new Uint8Array(9000), { replies: true })
          .catch(quiet)
        return
      case 'reply':
        for (const { id } of client.chores.inbox()) client.reply(id, 'who are you?').catch(quiet)
        return
      case 'read':
        client.inbox().catch(quiet)
        return
      case 'cancel':
        for (const { id } of client.chores.queue()) client.message(id)?.cancel()
        return
      case 'serve':
        client.serve('echo', ({ bytes }) => bytes)
        return
      case 'disk':
        this.diskFails = true
        return
      default:
        this.#arrive(event.type, seededRandom(event.seed))
    }
  }

  #arrive(type: 'noise' | 'sealed' | 'fragment' | 'blocks' | 'badBlocks', random: Random): void {
    const { client } = this.#alice as RunningClient
    const { mailboxKey, sealingKey } = readAddress(client.address, 'fake')
    const [home] = this.net.gateways as [Parameters<FakeNetwork['deliver']>[0]]
    const put = (plain: Uint8Array): void =>
      this.net.deliver(home, mailboxKey, hpkeSealing.seal(sealingKey, plain, random))
    if (type === 'noise') this.net.deliver(home, mailboxKey, random(below(random, g.payloadBytes)))
    if (type === 'sealed') put(random(below(random, size)))
    if (type === 'fragment') {
      const data = random(size - 24)
      put(writeFragment({ kind: 'blocks', id: random(16), index: 0, count: 1, attempt: 1, data }, size))
    }
    if (type !== 'blocks' && type !== 'badBlocks') return
    const block = (): TaggedBlock => {
      const bytes = random(g.replyBlockBytes).slice()
      bytes.set(home.id, g.headerBytes)
      // Of a good version: it makes a packet, which nobody can open
      if (type === 'blocks') bytes.set(suiteOf(g).ad, 0)
      return { epoch: 0, block: bytes }
    }
    const blocks = Array.from({ length: 10 }, block)
    const asks = { wantsRead: true, wantsReceived: true, from: undefined } as const
    const content = writeMessage(g, { ...asks, app: 'echo', blocks, bytes: Uint8Array.of(1) })
    const count = fragmentCount(content.length, size)
    const id = random(16)
    for (let index = 0; index < count; index++) {
      const data = partOf(content, index, size)
      put(writeFragment({ kind: 'message', id, index, count, attempt: 1, data }, size))
    }
  }
}

test('whatever comes in, whatever is done and whatever the disk refuses, packets leave as without', async () => {
  const still = await new World().run([])
  assert.ok(still.length > 80)
  await fc.assert(
    fc.asyncProperty(events, async happens => {
      assert.equal(await new World().run(happens), still)
    }),
    { numRuns: 12 },
  )
})

test('control: without cover the same departures tell that something was said', async () => {
  const still = await new World().run([], 'off')
  assert.not.equal(await new World().run([{ type: 'send' }], 'off'), still)
})

test('a stranger who brings reply blocks of another version has brought none', async () => {
  const world = new World()
  await world.run([{ type: 'badBlocks', seed: 5 }])
  const good = new World()
  await good.run([{ type: 'blocks', seed: 5 }])
  assert.equal([await world.blocks(), await good.blocks()], [0, 10])
})

test.run()
