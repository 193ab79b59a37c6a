// Bad links for `npm run chaos -- node`: a loopback TCP proxy before each port, which is slow or lossy when told to.
// What TCP makes of lost segments is what the ends see of a lossy link: silence until they are sent again, and now and
// then a connection that is given up.

import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Tap } from '../../simulator/processes/observer.ts'
import { below, fraction, type Random } from '../../world/random.ts'

export type Weather = 'fair' | 'slow' | 'lossy'

export interface BadLinks {
  /** All connections to this port, until something else is said. */
  set(name: string, weather: Weather): void
  close(): Promise<void>
}

/** A slow link: so long one way, and so many bytes a second. */
const slowMs = 300
const slowBytesPerS = 200_000
/** A lossy link: how often a chunk waits for a retransmission, how long, and how often the connection is reset. */
const stallRate = 0.08
const stallMs = { least: 200, most: 1500 }
const resetRate = 0.004

export async function badLinks(taps: readonly Tap[], random: Random): Promise<BadLinks> {
  const weather = new Map<string, Weather>()
  const sockets = new Set<Socket>()
  const servers = await Promise.all(
    taps.map(({ name, port, target }) =>
      listen(port, near => {
        const far = dial({ host: '127.0.0.1', port: target, localAddress: near.remoteAddress ?? '127.0.0.1' })
        for (const socket of [near, far]) {
          sockets.add(socket)
          socket.setNoDelay(true)
          socket.on('close', () => sockets.delete(socket))
        }
        const now = (): Weather => weather.get(name) ?? 'fair'
        void pass(near, far, now, random)
        void pass(far, near, now, random)
      }),
    ),
  )
  return {
    set: (name, now) => void weather.set(name, now),
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map(server => new Promise(done => server.close(done))))
    },
  }
}

/** One chunk after the other, each as late as the weather makes it; the sender waits meanwhile. */
async function pass(from: Socket, to: Socket, weather: () => Weather, random: Random): Promise<void> {
  // The loop below ends with it.
  from.on('error', () => {})
  try {
    // The way back stays open when the way there has ended.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const wait = waitOf(weather(), chunk.length, random)
      if (wait === undefined) return void from.resetAndDestroy()
      if (wait > 0) await pause(wait)
      if (to.destroyed) return void from.destroy()
      if (!to.write(chunk)) await drained(to)
    }
    to.end()
  } catch {
    to.destroy()
  }
}

/** @returns milliseconds; undefined where the connection is given up */
function waitOf(weather: Weather, bytes: number, random: Random): number | undefined {
  if (weather === 'slow') return slowMs + (1000 * bytes) / slowBytesPerS
  if (weather === 'fair') return 0
  if (fraction(random) < resetRate) return undefined
  return fraction(random) < stallRate ? stallMs.least + below(random, stallMs.most - stallMs.least) : 0
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })
}

function listen(port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer({ allowHalfOpen: true }, onSocket)
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => done(server))
  })
}
