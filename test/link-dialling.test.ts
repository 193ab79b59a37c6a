// link/libp2p/dialling.ts: whatever a peer's other addresses do, the one where it answers is found, in the time that
// all of them have together (docs/spec/link.md 1.1).
// tier: slow

import net from 'node:net'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DialOrder, headStart, mostAddresses } from '../link/dial-order.ts'
import { publicKeyOf } from '../link/identity.ts'
import { peerIdOf } from '../link/libp2p/connections.ts'
import { Dialling, type Reach } from '../link/libp2p/dialling.ts'
import { createHost, listenOn } from '../link/libp2p/libp2p.ts'
import { addressesIn, lookUpName } from '../link/libp2p/names.ts'
import { defaultLimits } from '../link/limits.ts'
import { type Host, LinkError } from '../link/link.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { startLoopback } from './loopback-host.ts'

const orders = suite('the order')

orders(
  'after each failure another address comes first, and each does within as many tries as there are',
  () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 }), addresses => {
        const order = new DialOrder()
        const first = new Set<string | undefined>()
        for (let i = 0; i < addresses.length; i++) {
          const tried = order.of('peer', addresses)
          assert.is(new Set(tried).size, Math.min(addresses.length, mostAddresses))
          first.add(tried[0])
          order.failed('peer')
        }
        assert.is(first.size, addresses.length)
      }),
    )
  },
)

orders('the address that answered last comes first, until it is doubted', () => {
  const order = new DialOrder()
  order.worked('peer', 'c')
  assert.equal(order.of('peer', ['a', 'b', 'c', 'c']), ['c', 'a', 'b'])
  order.failed('peer')
  assert.equal(order.of('peer', ['a', 'b', 'c']), ['c', 'b', 'a'])
  order.doubt('peer')
  assert.equal(order.of('peer', ['a', 'b', 'c']), ['c', 'a', 'b'])
  order.doubt('peer')
  assert.equal(order.of('another', ['a', 'b', 'c']), ['a', 'b', 'c'])
  for (let i = 0; i < 2000; i++) order.worked(`peer ${i}`, 'b')
  assert.equal(order.of('peer', ['a', 'b', 'c']), ['a', 'b', 'c'], 'the oldest is forgotten')
})

orders('all of any number of addresses begin within the first half of the time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: mostAddresses }),
      fc.integer({ min: 400, max: 60_000 }),
      (count, within) => {
        let begun = 0
        for (let left = count - 1; left > 0; left--) begun += headStart(left, within / 2 - begun)
        assert.ok(begun <= within / 2 + 1e-6, `${begun}`)
      },
    ),
  )
})

orders.run()

const races = suite('dialling')
const seed = new Uint8Array(32).fill(7)
const id = publicKeyOf(seed)
const peer = peerIdOf(id)

/** Describes what an address does when it is dialled. */
type Manner = { readonly does: 'answer' | 'refuse'; readonly afterMs: number } | { readonly does: 'nothing' }

interface Bed {
  readonly dialling: Dialling
  readonly clock: ReturnType<typeof virtualClock>
  /** Connections that were made, by address, and whether they were ended. */
  readonly made: { readonly at: string; ended: boolean }[]
  /** Addresses that are being dialled. */
  readonly open: Set<string>
}

function bed(manners: Readonly<Record<string, Manner>>, limits = defaultLimits): Bed {
  const clock = virtualClock(0)
  const made: Bed['made'] = []
  const open = new Set<string>()
  const reach: Reach = (to, { signal }) =>
    new Promise((resolve, reject) => {
      const at = to.toString().replace(/\/p2p\/.*/, '')
      open.add(at)
      const manner = manners[at] ?? { does: 'nothing' }
      signal.addEventListener('abort', () => {
        open.delete(at)
        // one that is just there comes all the same
        if (manner.does !== 'answer') reject(signal.reason)
      })
      if (manner.does === 'nothing') return
      clock.after(manner.afterMs, () => {
        open.delete(at)
        if (manner.does === 'refuse') return reject(new Error('refused'))
        const connection = { at, ended: false, status: 'open', abort: () => end() }
        const end = (): void => {
          connection.ended = true
        }
        made.push(connection)
        resolve(connection as unknown as Connection)
      })
    })
  const lookUp = async (_kind: string, name: string): Promise<Uint8Array[]> => {
    if (name === 'nothing.example') throw new Error('no such name')
    if (name === 'silent.example') return new Promise<never>(() => {})
    return [Uint8Array.of(192, 0, 2, 250), Uint8Array.of(192, 0, 2, 251)]
  }
  const lookUpAddresses = async (name: string): Promise<readonly string[]> => {
    if (name === 'nothing.example') throw new Error('no such name')
    if (name === 'silent.example') return new Promise<never>(() => {})
    return ['/ip4/192.0.2.250/tcp/4001', '/ip4/192.0.2.251/tcp/443/tls/ws']
  }
  const parts = { reach, lookUp, lookUpAddresses, clock, limits }
  return { dialling: new Dialling(parts), clock, made, open }
}

/** Dials, and gives what came of it, and when. */
async function dialled(
  { dialling, clock }: Bed,
  addresses: readonly string[],
): Promise<{ at: string | undefined; ms: number }> {
  let result: { at: string | undefined; ms: number } | undefined
  dialling.dial({ id, addresses }, peer, new AbortController().signal).then(
    ({ address }) => {
      result = { at: address, ms: clock.elapsed() }
    },
    () => {
      result = { at: undefined, ms: clock.elapsed() }
    },
  )
  for (let i = 0; result === undefined; i++) {
    assert.ok(i < 1000, 'it comes to an end')
    await clock.advance(10)
  }
  return result
}

const manner: fc.Arbitrary<Manner> = fc.oneof(
  fc.record({ does: fc.constant('answer' as const), afterMs: fc.nat(2400) }),
  fc.record({ does: fc.constant('refuse' as const), afterMs: fc.nat(4000) }),
  fc.constant({ does: 'nothing' as const }),
)

races(
  'an address that answers is found among silent, refusing and slow ones, in time, and nothing else stays',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(manner, { minLength: 1, maxLength: mostAddresses }), async list => {
        const manners = Object.fromEntries(list.map((one, i) => [`/ip4/192.0.2.${i}/tcp/4001`, one]))
        const one = bed(manners)
        const { at, ms } = await dialled(one, Object.keys(manners))
        assert.is(
          at !== undefined,
          list.some(({ does }) => does === 'answer'),
        )
        assert.ok(ms <= defaultLimits.dialMs + 20, `${ms} ms`)
        if (at !== undefined) assert.is(manners[at]?.does, 'answer')
        await one.clock.advance(10_000)
        assert.equal([...one.open], [])
        assert.is(one.dialling.pending, 0)
        assert.equal(
          one.made.filter(({ ended }) => !ended).map(found => found.at),
          at === undefined ? [] : [at],
        )
      }),
      { numRuns: 150 },
    )
  },
)

races('more addresses than are tried at once are all tried, in turn', async () => {
  const addresses = Array.from({ length: 40 }, (_, i) => `/ip4/192.0.2.${i}/tcp/4001`)
  const one = bed({ '/ip4/192.0.2.39/tcp/4001': { does: 'answer', afterMs: 5 } })
  let tries = 1
  while ((await dialled(one, addresses)).at === undefined) tries++
  assert.ok(tries <= 40, `${tries} tries`)
})

races(
  'names are looked up when dialled; one that stands for nothing, or never answers, keeps nobody',
  async () => {
    const good = { '/ip4/192.0.2.251/tcp/4001': { does: 'answer', afterMs: 5 } } as const
    const one = bed(good)
    const found = await dialled(one, [
      '/dns4/silent.example/tcp/4001',
      '/dns/nothing.example/tcp/4001',
      '/dns4/good.example/tcp/4001',
    ])
    assert.is(found.at, '/ip4/192.0.2.251/tcp/4001')
    // the name that led there comes first from now on, though its first address says nothing
    const began = one.clock.elapsed()
    await dialled(one, ['/dns4/silent.example/tcp/4001', '/dns4/good.example/tcp/4001'])
    assert.ok(one.clock.elapsed() - began < 600)
  },
)

races('two who dial one peer share a connection; the one that gives up leaves it to the other', async () => {
  const { dialling, clock, made } = bed({ '/ip4/192.0.2.1/tcp/1': { does: 'answer', afterMs: 1000 } })
  const to = { id, addresses: ['/ip4/192.0.2.1/tcp/1'] }
  const one = new AbortController()
  const first = dialling.dial(to, peer, one.signal).catch(() => 'given up')
  const second = dialling.dial(to, peer, new AbortController().signal)
  const anew = dialling.dial(to, peer, new AbortController().signal, true)
  await clock.advance(100)
  one.abort()
  await clock.advance(2000)
  assert.is(await first, 'given up')
  assert.is((await second).address, '/ip4/192.0.2.1/tcp/1')
  assert.is.not((await anew).connection, (await second).connection)
  assert.is(made.length, 2)
})

races('what is dialled to prove addresses takes no place from other dials; places come back', async () => {
  const limits = { ...defaultLimits, dials: 2, dialsAnew: 2 }
  const one = bed({ '/ip4/192.0.2.1/tcp/1': { does: 'answer', afterMs: 5 } }, limits)
  for (let i = 0; i < 20; i++) {
    const addresses = Array.from({ length: 8 }, (_, j) => `/ip4/198.51.${i}.${j}/tcp/1`)
    one.dialling.dial({ id, addresses }, peer, new AbortController().signal, true).catch(() => {})
  }
  await one.clock.advance(100)
  assert.is(one.open.size, 2)
  const began = one.clock.elapsed()
  assert.is((await dialled(one, ['/ip4/192.0.2.1/tcp/1'])).at, '/ip4/192.0.2.1/tcp/1')
  assert.ok(one.clock.elapsed() - began < 100)
  await one.clock.advance(6000)
  assert.equal([one.dialling.pending, one.open.size], [0, 0])
})

races('closing calls off what is under way', async () => {
  const one = bed({})
  const dial = one.dialling.dial(
    { id, addresses: ['/ip4/192.0.2.1/tcp/1'] },
    peer,
    new AbortController().signal,
  )
  one.dialling.close()
  assert.is(
    await dial.then(
      () => 'answered',
      () => 'called off',
    ),
    'called off',
  )
})

races.run()

const sockets = suite('dialling over TCP and WebSocket')
const echo = '/test/echo/1'
const late1 = '/test/late/1'
const ends: (() => unknown)[] = []
sockets.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function start(role: 'node' | 'client', listen: readonly string[], dialMs = 5000): Promise<Host> {
  const host = await startLoopback({ cellBytes: 100, listen, role, limits: { dialMs } })
  host.serve(echo, 10, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

/** Takes sockets and says nothing. */
async function silent(): Promise<number> {
  const taken: net.Socket[] = []
  const server = net.createServer(socket => {
    taken.push(socket.on('error', () => {}))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of taken) socket.destroy()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

const options = { timeoutMs: 8000, maxBytes: 10 }
const ask = (
  from: Host,
  to: Host,
  addresses: readonly string[],
  { protocol = echo, ...more }: { readonly protocol?: string; readonly [option: string]: unknown } = {},
): Promise<string> =>
  from.request({ id: to.id, addresses }, protocol, Uint8Array.of(7), { ...options, ...more }).then(
    () => 'answered',
    (error: LinkError) => error.code,
  )

sockets('silent, refused and wrong addresses before the good one, over both transports', async () => {
  const host = await start('node', ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])
  const other = await start('node', ['/ip4/127.0.0.1/tcp/0'])
  const [a, b] = [await silent(), await silent()]
  const bad = [
    `/ip4/127.0.0.1/tcp/${a}`,
    `/ip4/127.0.0.1/tcp/${b}/ws`,
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/127.0.0.1/tcp/2/ws',
    '/ip6/::1/tcp/3',
    '/dns4/nobody.invalid/tcp/4',
    '/unix/tmp/x',
    ...other.addresses,
  ]
  for (const good of host.addresses) {
    const client = await start('client', [])
    const began = performance.now()
    assert.is(await ask(client, host, [...bad, good]), 'answered')
    assert.ok(performance.now() - began < 4500, `${performance.now() - began} ms`)
  }
})

sockets(
  'who answers late is not dialled anew for each question, and is after a dial without a word',
  async () => {
    const late = await start('node', ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])
    late.serve(late1, 10, () => new Promise(() => {}))
    const connectionsAfter = async (address: string, dialMs: number): Promise<number> => {
      const before = late.counters().connections
      const asker = await start('client', [], dialMs)
      for (let n = 0; n < 4; n++)
        assert.is(await ask(asker, late, [address], { protocol: late1, timeoutMs: 100 }), 'TIMEOUT')
      return late.counters().connections - before
    }
    for (const address of late.addresses) {
      assert.is(await connectionsAfter(address, 5000), 1, address)
      // The control: where a dial's time is over with each question each gets a connection of its own
      assert.ok((await connectionsAfter(address, 100)) > 1, address)
    }
  },
)

sockets('a name is dialled, over both transports and of either family', async () => {
  const host = await start('node', ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])
  for (const kind of ['dns', 'dns4']) {
    for (const address of host.addresses) {
      const client = await start('client', [])
      let at = ''
      const named = address.replace('/ip4/127.0.0.1', `/${kind}/localhost`)
      const more = {
        dialAnew: true,
        reached: (where: string) => {
          at = where
        },
      }
      assert.is(await ask(client, host, [named], more), 'answered')
      assert.is(at, address)
    }
  }
})

sockets('localhost is this machine without asking anybody, and what has no address is told', async () => {
  const { signal } = new AbortController()
  assert.equal(await lookUpName('dns4', 'localhost', signal), [Uint8Array.of(127, 0, 0, 1)])
  assert.equal(await lookUpName('dns4', 'a.localhost', signal), [Uint8Array.of(127, 0, 0, 1)])
  const off = new AbortController()
  const asked = lookUpName('dns', 'nobody.invalid', off.signal).then(
    () => 'found',
    () => 'none',
  )
  off.abort()
  assert.is(await asked, 'none')
})

sockets('a name of /dnsaddr leads to whole addresses of this peer, few, and to no other name', () => {
  const records = [
    'dnsaddr=/ip4/192.0.2.1/tcp/4001',
    'dnsaddr=/ip6/2001:DB8::1/tcp/443/tls/ws/p2p/12D3KooWus',
    'dnsaddr=/ip4/192.0.2.2/tcp/4001/p2p/12D3KooWother',
    'dnsaddr=/dns4/elsewhere.example/tcp/4001',
    'dnsaddr=/dnsaddr/again.example',
    'dnsaddr=/unix/tmp',
    'v=spf1 -all',
  ]
  assert.equal(addressesIn(records, '12D3KooWus'), [
    '/ip4/192.0.2.1/tcp/4001',
    '/ip6/2001:db8::1/tcp/443/tls/ws',
  ])
  const many = Array.from({ length: 40 }, (_, i) => `dnsaddr=/ip4/192.0.2.${i}/tcp/4001`)
  assert.is(addressesIn(many, '12D3KooWus').length, 4)
  assert.throws(() => addressesIn(records.slice(2), '12D3KooWus'))
})

races(
  'what a name of /dnsaddr stands for is dialled, beside other addresses, and bounded in time',
  async () => {
    const at = '/ip4/192.0.2.251/tcp/443/tls/ws'
    const one = bed({
      '/ip4/192.0.2.250/tcp/4001': { does: 'refuse', afterMs: 5 },
      [at]: { does: 'answer', afterMs: 5 },
    })
    assert.is(
      (await dialled(one, ['/dnsaddr/silent.example', '/dnsaddr/nothing.example', '/dnsaddr/mix.example']))
        .at,
      at,
    )
    assert.is(one.open.size, 0)
    assert.is((await dialled(bed({}), ['/dnsaddr/silent.example'])).at, undefined)
  },
)

/** By address, whether a peer's answer proves it, when all of them are proven at once. */
async function proven(
  dial: (address: string) => Promise<unknown>,
  addresses: readonly string[],
): Promise<boolean[]> {
  return await Promise.all(
    addresses.map(address =>
      dial(address).then(
        () => true,
        () => false,
      ),
    ),
  )
}

sockets(
  'an answer proves the address that was dialled and no other; control: libp2p’s dials prove all',
  async () => {
    const host = await start('node', ['/ip4/127.0.0.1/tcp/0'])
    const addresses = [
      host.addresses[0] as string,
      `/ip4/127.0.0.1/tcp/${await silent()}`,
      '/ip4/127.0.0.1/tcp/1',
    ]
    const asker = await start('node', [])
    const prove = async (address: string): Promise<void> => {
      const answer = await ask(asker, host, [address], { dialAnew: true, timeoutMs: 2500 })
      if (answer !== 'answered') throw new LinkError('UNREACHABLE', answer)
    }
    assert.equal(await proven(prove, addresses), [true, false, false])
    const libp2p = await createHost({
      seed: new Uint8Array(32).fill(3),
      listen: [],
      announce: [],
      localAddress: undefined,
      clock: systemClock,
      limits: defaultLimits,
      lets: () => true,
    })
    await listenOn(libp2p, [])
    ends.push(() => libp2p.stop())
    const hostId = peerIdOf(host.id)
    const joined = (address: string): Promise<unknown> =>
      libp2p.dial(multiaddr(`${address}/p2p/${hostId}`), { force: true, signal: AbortSignal.timeout(2500) })
    assert.equal(await proven(joined, addresses), [true, true, true])
  },
)

sockets('in memory too it is said which address answered', async () => {
  const clock = virtualClock(0)
  const names = new Map([['gate.example', Uint8Array.of(198, 51, 100, 7)]])
  const network = memoryNetwork({ clock, random: seededRandom(1), names })
  const init = { cellBytes: 100, admits: () => true }
  const host = network.host({ ...init, role: 'node', addresses: ['/dns4/gate.example/tcp/4001'] })
  host.serve(echo, 10, async (_from, body) => body)
  const asker = network.host({ ...init, role: 'authority' })
  const at: string[] = []
  const more = { dialAnew: true, reached: (address: string) => void at.push(address) }
  const asked = ask(asker, host, ['/ip4/192.0.2.1/tcp/1', '/dns4/gate.example/tcp/4001'], more)
  for (let i = 0; i < 20; i++) await clock.advance(10)
  assert.is(await asked, 'answered')
  assert.equal(at, ['/ip4/198.51.100.7/tcp/4001'])
})

sockets.run()
