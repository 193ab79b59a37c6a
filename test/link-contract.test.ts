// What every link promises to the roles (link/link.ts): the same checks on libp2p over TCP and in memory.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock, virtualClock } from '../link/clock.ts'
import { startHost } from '../link/host.ts'
import { hexOf, publicKeyOf } from '../link/identity.ts'
import { defaultLimits, type LinkLimits } from '../link/limits.ts'
import type { Host, Peer } from '../link/link.ts'
import { LinkError } from '../link/link.ts'
import { silent } from '../link/log.ts'
import { memoryNetwork } from '../link/memory.ts'
import { seededRandom, systemRandom } from '../sphinx/random.ts'

const cellBytes = 1000

interface HostOptions {
  seed?: number
  role?: 'node' | 'client'
  admits?: (from: Uint8Array) => boolean
  limits?: Partial<LinkLimits>
  addresses?: readonly string[]
}

/** A place where links run, and how time passes there. */
interface Bed {
  host(options?: HostOptions): Promise<Host>
  /** Lets time pass until the promise settles. */
  of<T>(promise: Promise<T>): Promise<T>
  wait(ms: number): Promise<void>
  end(): Promise<void>
}

function memoryBed(): Bed {
  const clock = virtualClock(1_000_000)
  const network = memoryNetwork({ clock, random: seededRandom(7), latencyMs: { min: 1, max: 3 } })
  return {
    host: async ({ seed, role = 'node', admits = () => true, limits = {}, addresses } = {}) =>
      network.host({
        seed: seed === undefined ? undefined : seedOf(seed),
        cellBytes,
        role,
        admits,
        limits,
        ...(addresses === undefined ? {} : { addresses }),
      }),
    of: async promise => {
      let settled = false
      const done = (): void => {
        settled = true
      }
      promise.then(done, done)
      for (let step = 0; step < 10_000 && !settled; step++) await clock.advance(5)
      assert.ok(settled, 'not settled after 50 s')
      return promise
    },
    wait: ms => clock.advance(ms),
    end: async () => {},
  }
}

function libp2pBed(): Bed {
  const hosts: Host[] = []
  return {
    host: async ({ seed, role = 'node', admits = () => true, limits = {}, addresses } = {}) => {
      const host = await startHost({
        seed: seed === undefined ? undefined : seedOf(seed),
        listen: addresses ?? ['/ip4/127.0.0.1/tcp/0'],
        cellBytes,
        clock: systemClock,
        log: silent,
        random: systemRandom,
        limits,
        admits,
        role,
      })
      hosts.push(host)
      return host
    },
    of: promise => promise,
    wait: ms => new Promise(resolve => setTimeout(resolve, ms)),
    end: async () => {
      for (const host of hosts) await host.close()
    },
  }
}

const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
const peerOf = (host: Host): Peer => ({ id: host.id, addresses: host.addresses })
const nobody: Peer = { id: publicKeyOf(seedOf(250)), addresses: ['/ip4/127.0.0.1/tcp/1'] }
const cell = (number: number): Uint8Array => {
  const bytes = new Uint8Array(cellBytes).fill(number % 251)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
const options = { timeoutMs: 3000, maxBytes: 100_000 }

async function code(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof LinkError) return error.code
    throw error
  }
  return 'no error'
}

for (const [name, makeBed] of [
  ['in memory', memoryBed],
  ['over libp2p', libp2pBed],
] as const) {
  const test = suite(`link ${name}`)

  const check = (what: string, run: (bed: Bed, until: Until) => Promise<void>): void => {
    test(what, async () => {
      const bed = makeBed()
      const until: Until = async condition => {
        for (let waited = 0; !condition(); waited += 10) {
          assert.ok(waited < 8000, 'did not come about within 8 s')
          await bed.wait(10)
        }
      }
      try {
        await run(bed, until)
      } finally {
        await bed.end()
      }
    })
  }

  check('cells arrive once, in order and intact, and the receiver may keep them', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    const got: Uint8Array[] = []
    b.onCells((from, cells) => {
      assert.equal(from, a.id)
      got.push(...cells)
    })
    for (let n = 0; n < 1500; n++) assert.ok(a.send(peerOf(b), cell(n)))
    await until(() => got.length === 1500)
    assert.equal(
      got.map(numberOf),
      Array.from({ length: 1500 }, (_, n) => n),
    )
    assert.equal(got[700], cell(700))
    assert.equal(got[0]?.buffer.byteLength, cellBytes)
    const [to] = a.neighbours()
    assert.equal(to?.state, 'open')
    assert.equal(to?.sent, 1500)
    assert.equal(b.counters().cellsReceived, 1500)
  })

  check('a cell of another size is refused at once', async bed => {
    const a = await bed.host()
    assert.throws(
      () => a.send(nobody, new Uint8Array(cellBytes - 1)),
      (error: LinkError) => error.code === 'BAD_CELL',
    )
  })

  check('cells from a peer that is not admitted stay with it', async (bed, until) => {
    let admitted = false
    const a = await bed.host({ limits: { cellAgeMs: 60_000 } })
    const b = await bed.host({ admits: () => admitted })
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    for (let n = 0; n < 50; n++) a.send(peerOf(b), cell(n))
    await until(() => b.counters().streamsRefused >= 2)
    assert.equal(got, 0)
    assert.equal(a.neighbours()[0]?.queued, 50)
    admitted = true
    await until(() => got === 50)
    admitted = false
    a.send(peerOf(b), cell(50))
    await bed.wait(100)
    assert.equal(got, 50)
  })

  check('a full queue drops one cell at random and counts it', async bed => {
    const a = await bed.host({ limits: { queueCells: 10 } })
    let kept = 0
    for (let n = 0; n < 200; n++) if (a.send(nobody, cell(n))) kept++
    const [to] = a.neighbours()
    assert.equal(to?.queued, 10)
    assert.equal(to?.dropped['queue-full'], 190)
    // The new cell is the victim once in eleven.
    assert.ok(kept > 140 && kept < 200, `${kept} kept`)
    assert.equal(a.counters().cellsDropped['queue-full'], 190)
  })

  check('cells that have waited too long are dropped and counted', async bed => {
    const a = await bed.host({ limits: { cellAgeMs: 200 } })
    for (let n = 0; n < 5; n++) a.send(nobody, cell(n))
    await bed.wait(350)
    const [to] = a.neighbours()
    assert.equal(to?.queued, 0)
    assert.equal(to?.dropped['too-old'], 5)
  })

  check('what was queued for a neighbour that starts again reaches it', async (bed, until) => {
    const a = await bed.host()
    const b = await bed.host({ seed: 2 })
    const peer = peerOf(b)
    const got: number[] = []
    const collect = (_from: Uint8Array, cells: readonly Uint8Array[]): void => {
      got.push(...cells.map(numberOf))
    }
    b.onCells(collect)
    a.send(peer, cell(0))
    await until(() => got.length === 1)
    let gone = 0
    a.onGone(id => {
      assert.equal(id, b.id)
      gone++
    })
    await bed.of(b.close())
    await until(() => gone === 1)
    for (let n = 1; n <= 20; n++) a.send(peer, cell(n))
    await bed.wait(250)
    assert.equal(a.neighbours()[0]?.queued, 20)
    const again = await bed.host({ seed: 2, addresses: peer.addresses })
    again.onCells(collect)
    assert.equal(again.id, peer.id)
    await until(() => got.length === 21)
    assert.equal(
      got,
      Array.from({ length: 21 }, (_, n) => n),
    )
  })

  check('a dead neighbour costs the others nothing', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    for (let n = 0; n < 100; n++) {
      a.send(nobody, cell(n))
      a.send(peerOf(b), cell(n))
    }
    await until(() => got === 100)
    const dead = a.neighbours().find(({ id }) => id.join() === nobody.id.join())
    assert.equal(dead?.queued, 100)
    assert.ok(dead?.state === 'dialling' || dead?.state === 'waiting')
  })

  check(
    'a request that dials anew proves the address; on an open connection any address will do',
    async bed => {
      const [a, b] = [await bed.host(), await bed.host()]
      b.serve('/test/1', 10, async () => new Uint8Array(1))
      const ask = (addresses: readonly string[], dialAnew: boolean): Promise<Uint8Array> =>
        bed.of(
          a.request({ id: b.id, addresses }, '/test/1', new Uint8Array(1), {
            timeoutMs: 2000,
            maxBytes: 10,
            dialAnew,
          }),
        )
      const [wrong] = nobody.addresses
      await ask(b.addresses, true)
      await ask(b.addresses, false)
      await ask([wrong as string], false)
      const code = await ask([wrong as string], true).then(
        () => 'answered',
        (error: unknown) => (error as LinkError).code,
      )
      assert.is(code, 'UNREACHABLE')
    },
  )

  check('a cell to oneself comes back, but not inside send', async (bed, until) => {
    const a = await bed.host()
    const got: number[] = []
    let inside = false
    a.onCells((from, cells) => {
      assert.not(inside)
      assert.equal(from, a.id)
      got.push(...cells.map(numberOf))
      if (got.length < 5) {
        inside = true
        a.send(peerOf(a), cell(got.length))
        inside = false
      }
    })
    a.send({ id: a.id, addresses: [] }, cell(0))
    assert.equal(got, [])
    await until(() => got.length === 5)
    assert.equal(got, [0, 1, 2, 3, 4])
  })

  check('a handler that throws loses its batch and nothing else', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let calls = 0
    b.onCells(() => {
      calls++
      if (calls === 1) throw new Error('a fault of the role')
    })
    a.send(peerOf(b), cell(1))
    await until(() => calls === 1)
    a.send(peerOf(b), cell(2))
    await until(() => calls === 2)
  })

  check('a request brings its answer', async bed => {
    const [a, b] = [await bed.host({ role: 'client' }), await bed.host()]
    assert.equal(a.addresses, [])
    b.serve('/test/echo/1', 70_000, async (from, body) => {
      assert.equal(from, a.id)
      return body
    })
    for (const length of [0, 1, 100, 70_000]) {
      const body = new Uint8Array(length).fill(length % 250)
      assert.equal(await bed.of(a.request(peerOf(b), '/test/echo/1', body, options)), body)
    }
    assert.equal(b.counters().requests.answered, 4)
  })

  check('requests made at once get each its own answer', async bed => {
    const [a, b] = [await bed.host(), await bed.host()]
    b.serve('/test/echo/1', 100, async (_from, body) => {
      await bed.wait(0)
      return body
    })
    const ask = (n: number): Promise<Uint8Array> =>
      a.request(peerOf(b), '/test/echo/1', Uint8Array.of(n), options)
    const answers = await bed.of(Promise.all(Array.from({ length: 12 }, (_, n) => ask(n))))
    assert.equal(
      answers.map(answer => answer[0]),
      Array.from({ length: 12 }, (_, n) => n),
    )
  })

  check('what goes wrong with a request has a code', async bed => {
    const [a, b] = [await bed.host(), await bed.host()]
    b.serve('/test/fails/1', 10, async () => {
      throw new Error('no')
    })
    b.serve('/test/long/1', 10, async () => new Uint8Array(1001))
    b.serve('/test/never/1', 10, () => new Promise(() => {}))
    const ask = (protocol: string, bytes = 1, with_: object = {}): Promise<string> =>
      bed.of(
        code(a.request(peerOf(b), protocol, new Uint8Array(bytes), { ...options, maxBytes: 1000, ...with_ })),
      )
    assert.is(await ask('/test/fails/1'), 'REFUSED')
    assert.is(await ask('/test/unknown/1'), 'REFUSED')
    assert.is(await ask('/test/never/1', 11), 'REFUSED')
    assert.is(await ask('/test/long/1'), 'TOO_LARGE')
    assert.is(await ask('/test/never/1', 1, { timeoutMs: 100 }), 'TIMEOUT')
    const stop = new AbortController()
    const called = ask('/test/never/1', 1, { signal: stop.signal })
    stop.abort()
    assert.is(await called, 'ABORTED')
    assert.is(await ask('/test/never/1', 1, { signal: AbortSignal.abort() }), 'ABORTED')
    assert.is(await bed.of(code(a.request(nobody, '/test/x/1', new Uint8Array(1), options))), 'UNREACHABLE')
    const { id } = nobody
    const lost = a.request({ id, addresses: ['junk'] }, '/test/x/1', new Uint8Array(1), options)
    assert.is(await bed.of(code(lost)), 'UNREACHABLE')
    assert.is(b.counters().requests.failed, 1)
    assert.is(b.counters().requests['too-large'], 1)
  })

  check('requests end when the link or the peer does', async bed => {
    const [a, b, c] = [await bed.host(), await bed.host(), await bed.host()]
    for (const host of [b, c]) host.serve('/test/never/1', 10, () => new Promise(() => {}))
    const fromB = code(a.request(peerOf(b), '/test/never/1', new Uint8Array(1), options))
    const fromC = code(a.request(peerOf(c), '/test/never/1', new Uint8Array(1), options))
    await bed.wait(150)
    await bed.of(b.close())
    assert.ok(['UNREACHABLE', 'REFUSED'].includes(await bed.of(fromB)))
    await bed.of(a.close())
    assert.is(await bed.of(fromC), 'CLOSED')
    assert.is(await code(a.request(peerOf(c), '/test/never/1', new Uint8Array(1), options)), 'CLOSED')
  })

  check('a peer has only so many requests under way', async bed => {
    const [a, b] = [await bed.host(), await bed.host({ limits: { requestsPerPeer: 2 } })]
    const free: (() => void)[] = []
    b.serve('/test/slow/1', 10, (_from, body) => new Promise(resolve => free.push(() => resolve(body))))
    const asked = Array.from({ length: 5 }, () =>
      code(a.request(peerOf(b), '/test/slow/1', new Uint8Array(1), options)),
    )
    await bed.wait(300)
    assert.is(free.length, 2)
    assert.is(b.counters().requests.busy, 3)
    for (const answer of free) answer()
    const codes = await bed.of(Promise.all(asked))
    assert.equal(codes.toSorted(), ['REFUSED', 'REFUSED', 'REFUSED', 'no error', 'no error'])
    const after = code(a.request(peerOf(b), '/test/slow/1', new Uint8Array(1), options))
    await bed.wait(300)
    free[2]?.()
    assert.is(await bed.of(after), 'no error')
  })

  check('a handler that takes too long is given up', async bed => {
    const [a, b] = [await bed.host(), await bed.host({ limits: { handleMs: 100, requestsPerPeer: 1 } })]
    b.serve('/test/never/1', 10, () => new Promise(() => {}))
    const ask = (): Promise<string> => code(a.request(peerOf(b), '/test/never/1', new Uint8Array(1), options))
    assert.is(await bed.of(ask()), 'REFUSED')
    assert.is(await bed.of(ask()), 'REFUSED')
    assert.is(b.counters().requests['too-slow'], 2)
  })

  check('one may ask oneself', async bed => {
    const a = await bed.host()
    a.serve('/test/echo/1', 10, async (_from, body) => body)
    const answer = a.request(peerOf(a), '/test/echo/1', Uint8Array.of(9), options)
    assert.equal(await bed.of(answer), Uint8Array.of(9))
    const long = a.request(peerOf(a), '/test/echo/1', new Uint8Array(11), options)
    assert.is(await bed.of(code(long)), 'REFUSED')
  })

  check(
    'a client that is connected can be asked without an address, and is gone when it goes',
    async (bed, until) => {
      const [client, gateway] = [await bed.host({ role: 'client' }), await bed.host()]
      const gone: Uint8Array[] = []
      gateway.onGone(id => gone.push(id))
      client.serve('/test/echo/1', 10, async (_from, body) => body)
      gateway.serve('/test/echo/1', 10, async (_from, body) => body)
      const ask = (): Promise<Uint8Array> =>
        gateway.request(peerOf(client), '/test/echo/1', Uint8Array.of(1), options)
      assert.is(await bed.of(code(ask())), 'UNREACHABLE')
      await bed.of(client.request(peerOf(gateway), '/test/echo/1', Uint8Array.of(1), options))
      assert.equal(await bed.of(ask()), Uint8Array.of(1))
      await bed.of(client.close())
      await until(() => gone.length === 1)
      assert.equal(gone[0], client.id)
      assert.is(await bed.of(code(ask())), 'UNREACHABLE')
    },
  )

  check(
    'a peer of whose cells too many are of no use is shut out for a while, and others are not',
    async (bed, until) => {
      const conduct = { ...defaultLimits.conduct, mostOwed: 100, forgivenPerSecond: 1, firstOutMs: 400 }
      const [a, other, b] = [await bed.host(), await bed.host(), await bed.host({ limits: { conduct } })]
      let [bad, good] = [0, 0]
      let useless = true
      b.onCells((from, cells) => {
        const isBad = useless && numberOf(from) === numberOf(a.id)
        if (isBad) bad += cells.length
        else good += cells.length
        b.judge(from, isBad ? { fitting: 0, misfits: cells.length } : { fitting: cells.length, misfits: 0 })
      })
      b.serve('/test/echo/1', 10, async (_from, body) => body)
      for (let n = 0; n < 90; n++) a.send(peerOf(b), cell(n))
      await until(() => bad === 90)
      assert.equal(b.shut(), { times: 0, out: [] })
      for (let n = 0; n < 20; n++) a.send(peerOf(b), cell(n))
      await until(() => b.shut().times === 1)
      assert.equal(
        b.shut().out.map(({ id }) => id),
        [hexOf(a.id)],
      )
      await until(() => b.counters().connections === 0)
      const ask = (from: Host): Promise<Uint8Array> =>
        bed.of(from.request(peerOf(b), '/test/echo/1', Uint8Array.of(1), options))
      assert.is(await bed.of(code(ask(a))), 'UNREACHABLE')
      assert.is(
        await bed.of(code(b.request(peerOf(a), '/test/echo/1', Uint8Array.of(1), options))),
        'UNREACHABLE',
      )
      assert.equal(await ask(other), Uint8Array.of(1))
      other.send(peerOf(b), cell(0))
      await until(() => good === 1)
      // what it sent meanwhile has waited, and comes when its time is over
      useless = false
      a.send(peerOf(b), cell(7))
      await until(() => b.shut().out.length === 0)
      await until(() => good === 2)
      assert.is(b.shut().times, 1)
    },
  )

  check('only named neighbours keep their queues', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    a.send(peerOf(b), cell(0))
    a.send(nobody, cell(1))
    await until(() => got === 1)
    a.keepNeighbours([b.id])
    assert.equal(
      a.neighbours().map(({ id }) => id),
      [b.id],
    )
    assert.is(a.counters().cellsDropped.closed, 1)
    a.keepNeighbours([])
    assert.equal(a.neighbours(), [])
    assert.is(a.counters().cellsSent, 1)
    a.send(peerOf(b), cell(2))
    await until(() => got === 2)
  })

  check('flush waits for the queues, and no longer than it may', async (bed, until) => {
    const [a, b] = [await bed.host(), await bed.host()]
    let got = 0
    b.onCells((_from, cells) => {
      got += cells.length
    })
    await bed.of(a.flush(1000))
    for (let n = 0; n < 500; n++) a.send(peerOf(b), cell(n))
    await bed.of(a.flush(5000))
    assert.is(a.neighbours()[0]?.queued, 0)
    await until(() => got === 500)
    a.send(nobody, cell(1))
    await bed.of(a.flush(100))
    assert.is(a.counters().cellsSent, 500)
  })

  check(
    'two that end together do not wait for each other: nobody waits for who is gone',
    async (bed, until) => {
      const a = await bed.host()
      a.send(nobody, cell(1))
      let flushed = false
      void a.flush(60_000).then(() => {
        flushed = true
      })
      await until(() => flushed)
      assert.is(a.neighbours()[0]?.queued, 1)
    },
  )

  check('a closed link sends nothing and says so', async bed => {
    const [a, b] = [await bed.host(), await bed.host()]
    a.send(nobody, cell(1))
    await bed.of(a.close())
    await bed.of(a.close())
    assert.not(a.send(peerOf(b), cell(2)))
    assert.is(a.counters().cellsDropped.closed, 2)
    assert.equal(a.neighbours(), [])
  })

  test.run()
}

type Until = (condition: () => boolean) => Promise<void>
