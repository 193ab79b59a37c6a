// libp2p without a host's manners: what peers that mean harm are made of in tests. Not a test itself.

import type { Libp2p } from '@libp2p/interface'
import { createHost, listenOn } from '../link/libp2p/libp2p.ts'
import { defaultLimits } from '../link/limits.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'

/** Started; whoever asks for it stops it. */
export async function rawHost(listen: readonly string[] = []): Promise<Libp2p> {
  const host = await createHost({
    seed: systemRandom(32),
    listen,
    announce: [],
    localAddress: undefined,
    clock: systemClock,
    limits: defaultLimits,
    lets: () => true,
  })
  await listenOn(host, listen)
  return host
}
