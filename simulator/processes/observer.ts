// Somebody who sees every link: a loopback TCP proxy before each port, outside of the product. It keeps what such
// an observer learns of each chunk: when, from whom, to whom, how many bytes.

import { createServer, connect as dial, type Server, type Socket } from 'node:net'

export interface Sighting {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly from: string
  readonly to: string
  readonly bytes: number
}

export interface Tap {
  readonly name: string
  /** Where others dial, and where it really listens, both on 127.0.0.1. */
  readonly port: number
  readonly target: number
}

export interface Observer {
  readonly sightings: readonly Sighting[]
  /** Seen after the ledger was full. */
  readonly overflow: number
  close(): Promise<void>
}

/**
 * @param nameOf the process that dials from an address of this machine
 * @param limit sightings kept at most
 * @param saw hears of each sighting, also of those that are not kept
 */
export async function observe(
  taps: readonly Tap[],
  nameOf: (address: string) => string,
  now: () => number,
  limit = 1_000_000,
  saw: (sighting: Sighting) => void = () => {},
): Promise<Observer> {
  const sightings: Sighting[] = []
  const sockets = new Set<Socket>()
  let overflow = 0
  const see = (from: string, to: string, bytes: number): void => {
    const sighting = { at: now(), from, to, bytes }
    saw(sighting)
    if (sightings.length < limit) sightings.push(sighting)
    else overflow++
  }
  const servers = await Promise.all(
    taps.map(tap =>
      listen(tap.port, near => {
        const source = (near.remoteAddress ?? '').replace(/^::ffff:/, '')
        const dialler = nameOf(source)
        // The node behind the tap sees the dialler's own address, as it would without us.
        const far = dial({ host: '127.0.0.1', port: tap.target, localAddress: source })
        for (const socket of [near, far]) {
          sockets.add(socket)
          socket.setNoDelay(true)
          socket.on('close', () => sockets.delete(socket))
        }
        pass(near, far, bytes => see(dialler, tap.name, bytes))
        pass(far, near, bytes => see(tap.name, dialler, bytes))
      }),
    ),
  )
  return {
    sightings,
    get overflow() {
      return overflow
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map(server => new Promise(done => server.close(done))))
    },
  }
}

function pass(from: Socket, to: Socket, see: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    see(chunk.length)
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

function listen(port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer({ allowHalfOpen: true }, onSocket)
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => done(server))
  })
}
