// docs/threats.md 3.7: an emitter whose 'error' nobody hears ends the process when it has one. Every emitter that
// is made while hosts talk over TCP and WebSocket, are dialled and hung up on, and serve HTTP, is looked at a moment
// later; the control finds one that is deaf.
// tier: slow

import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { systemClock } from '../world/clock.ts'
import { serveLoopback } from '../world/http.ts'
import { sleep } from '../world/wait.ts'
import { startLoopback } from './loopback-host.ts'
import { rawHost } from './raw-host.ts'

/** These have an 'error' of their own: a socket, server, request or thread that fails. Others are listed below. */
const fallible = /Socket$|Server$|^WebSocket|Worker$|ClientRequest$|ChildProcess$|Receiver$|Sender$|Resolver$/
/** Node hears the errors of its own: pipes and terminals of the process. */
const ofNode: ReadonlySet<unknown> = new Set([process.stdin, process.stdout, process.stderr])

type Init = { init(this: EventEmitter, ...rest: unknown[]): void }

/** Runs, and names the emitters that are alive and deaf at some moment after the turn in which they were made. */
async function deafAfter(run: () => Promise<void>): Promise<string[]> {
  const emitters = EventEmitter as unknown as Init
  const { init } = emitters
  const made = new Map<EventEmitter, number>()
  let turn = 0
  emitters.init = function (...rest) {
    init.apply(this, rest)
    made.set(this, turn)
  }
  const deaf = new Set<string>()
  let over = false
  const look = (): void => {
    turn++
    for (const [emitter, since] of made) {
      const name = emitter.constructor.name
      if (turn - since < 2 || !fallible.test(name) || ofNode.has(emitter)) continue
      const { destroyed, readyState } = emitter as { destroyed?: boolean; readyState?: unknown }
      if (destroyed === true || readyState === 3 || emitter.listenerCount('error') > 0) continue
      deaf.add(name)
    }
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  try {
    await run()
  } finally {
    over = true
    emitters.init = init
  }
  return [...deaf].sort()
}

test('every emitter that talking, dialling, hanging up and serving make has a listener for its errors', async () => {
  const deaf = await deafAfter(async () => {
    const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
    const host = await startLoopback({ cellBytes: 100, listen })
    host.serve('/echo/1', 1000, async (_from, body) => body)
    for (const address of host.addresses) {
      const client = await startLoopback({ cellBytes: 100, role: 'client', listen: [] })
      const asked = client.request({ id: host.id, addresses: [address] }, '/echo/1', new Uint8Array(9), {
        timeoutMs: 30_000,
        maxBytes: 1000,
      })
      assert.is((await asked).length, 9)
      await client.close()
    }
    // who hangs up at once, who says what is no protocol, and a dial that is called off
    const ports = host.addresses.map(address => Number(/tcp\/(\d+)/.exec(address)?.[1]))
    for (const port of ports)
      for (const bytes of ['', 'GET / HTTP/1.1\r\n\r\n', '\u0013/multistream/1.0.0\n']) {
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        await once(socket, 'connect')
        socket.write(bytes)
        await sleep(systemClock, 50)
        socket.resetAndDestroy()
      }
    const raw = await rawHost()
    const silentPeer = {
      id: new Uint8Array(32).fill(9),
      addresses: ['/ip4/127.0.0.1/tcp/9', '/ip4/127.0.0.1/tcp/9/ws'],
    }
    const nobody = host.request(silentPeer, '/echo/1', new Uint8Array(1), { timeoutMs: 500, maxBytes: 10 })
    await nobody.catch(() => {})
    await raw.stop()
    const served = await serveLoopback({
      port: 0,
      token: 'x'.repeat(32),
      routes: app => void app.get('/a', c => c.text('a')),
      sockets: true,
    })
    await (await fetch(`${served.url}/a`, { headers: { authorization: `Bearer ${'x'.repeat(32)}` } })).text()
    const web = new WebSocket(served.url.replace('http', 'ws')).on('error', () => {})
    await new Promise(resolve => web.on('close', resolve))
    web.terminate()
    await served.close()
    await host.close()
  })
  assert.equal(deaf, [])
})

test('control: a socket without a listener is found', async () => {
  const host = await startLoopback({ cellBytes: 100 })
  const port = Number(/tcp\/(\d+)/.exec(host.addresses[0] as string)?.[1])
  const deaf = await deafAfter(async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect', {})
    await sleep(systemClock, 50)
    socket.on('error', () => {}).destroy()
  })
  assert.ok(deaf.includes('Socket'), deaf.join())
  await host.close()
})

test.run()
