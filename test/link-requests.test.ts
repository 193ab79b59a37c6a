// What every link promises to the roles (link/link.ts) of requests: the same checks on libp2p over TCP and in memory.
// tier: slow

import * as assert from 'uvu/assert'
import { code, nobody, onEveryLink, options, peerOf } from './link-beds.ts'

onEveryLink('requests', check => {
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
})
