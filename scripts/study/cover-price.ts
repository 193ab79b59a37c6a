// What a level of cover costs a client, with what its packets take of this machine's processor.

import { type CoverCost, coverHides } from '../../client/index.ts'
import { body, type Geometry, geometry, makeReplyBlock, wrap, x25519PublicKey } from '../../sphinx/index.ts'
import { systemRandom as random } from '../../world/random.ts'

const secondsPerDay = 24 * 60 * 60

/** A level with what it takes of one core of this machine. */
export type Priced = CoverCost & { readonly cpuPercent: number; readonly hides: string }

/** The packets of a network that was made with nothing else said. */
export const usualGeometry: Geometry = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

/** Says what levels of cover take of one core of this machine, which is measured. */
export function price(costs: readonly CoverCost[]): Priced[] {
  const packetUs = packetMicroseconds()
  return costs.map(cost => {
    const cpuPercent = (100 * cost.packetsPerDay * packetUs) / (secondsPerDay * 1e6)
    return { ...cost, cpuPercent: Math.round(cpuPercent * 100) / 100, hides: coverHides[cost.level] }
  })
}

/**
 * Measures the cost of a packet with its acknowledgement block on this machine, CPU microseconds: the median of a few.
 */
function packetMicroseconds(): number {
  const path = Array.from({ length: usualGeometry.hops }, () => ({
    id: random(32),
    key: x25519PublicKey(random(32)),
    delayMs: 50,
  }))
  const once = (): number => {
    const before = process.cpuUsage()
    for (let i = 0; i < 10; i++) {
      const { block } = makeReplyBlock(
        usualGeometry,
        path,
        { recipient: random(32), replyId: random(16) },
        random,
      )
      wrap(
        usualGeometry,
        path,
        random(32),
        body(usualGeometry, { flags: 0, ack: block, user: random(usualGeometry.userBytes) }),
        random,
      )
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 10
  }
  return Array.from({ length: 9 }, once).sort((a, b) => a - b)[4] as number
}
