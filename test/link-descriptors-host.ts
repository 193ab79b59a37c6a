// A host in a process with few file descriptors (link-descriptors.test.ts): it listens, and opens a file when asked.

import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { startHost } from '../link/libp2p/host.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'
import { minute } from '../world/units.ts'

/** Takes nearly all descriptors away: for the control when its bounds are set already. */
function makeFew(): void {
  spawnSync('prlimit', ['--pid', `${process.pid}`, '--nofile=100:100'])
}

if (process.argv[2] === 'lowered') makeFew()
const host = await startHost({
  seed: new Uint8Array(32).fill(1),
  listen: ['/ip4/127.0.0.1/tcp/0'],
  cellBytes: 100,
  clock: systemClock,
  log: { ...silent, warn: (_: unknown, text?: string) => console.log(text) },
  random: systemRandom,
  limits: {
    handshakeMs: minute,
    handshakesPerNetwork: 1000,
    connectionsPerSecond: 1000,
    connectionsPerAddress: 1000,
  },
  admits: () => true,
  role: 'node',
})
if (process.argv[2] !== 'lowered') makeFew()
console.log(`port ${/tcp\/(\d+)/.exec(host.addresses[0] as string)?.[1]}`)
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    closeSync(openSync(import.meta.filename, 'r'))
    console.log('a file opens')
  } catch (error) {
    console.log(String(error))
  }
}
await host.close()
