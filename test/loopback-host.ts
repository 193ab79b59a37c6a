// A host on TCP of this machine, as tests of the link start it: real sockets, the system's clock and dice, no log.

import { type HostInit, startHost } from '../link/libp2p/host.ts'
import type { Host } from '../link/link.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'

/** A node with an identity of its own on a free port, that lets everybody send it cells. */
export function startLoopback(init: Partial<HostInit> & Pick<HostInit, 'cellBytes'>): Promise<Host> {
  return startHost({
    seed: undefined,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => true,
    role: 'node',
    ...init,
  })
}
