// chaffinch cover: what each level of cover traffic costs and hides, so that one can choose before one pays.

import { existsSync } from 'node:fs'
import { type CoverCost, coverCosts, coverHides } from '../../client/index.ts'
import { defaultParameters } from '../../directory/index.ts'
import { roleFileAt, runningClient } from '../../roles/files/index.ts'
import { body, geometry, makeReplyBlock, wrap, x25519PublicKey } from '../../sphinx/index.ts'
import { systemRandom as random } from '../../world/random.ts'
import { columns } from '../columns.ts'

const secondsPerDay = 24 * 60 * 60

/** A level with what it takes of one core of this machine. */
export type Priced = CoverCost & { readonly cpuPercent: number; readonly hides: string }

export interface CoverOptions {
  readonly config?: string
  readonly json?: true
}

export async function run(values: CoverOptions): Promise<undefined> {
  const file = roleFileAt('client', values.config)
  const asked = values.config ?? (existsSync(file) ? file : undefined)
  const costs = asked === undefined ? [] : (await runningClient(asked).status()).cover.costs
  const known = costs.length > 0
  const priced = price(known ? costs : coverCosts(defaultParameters, g), packetMicroseconds())
  if (values.json === true) console.log(JSON.stringify(priced))
  else {
    if (!known)
      console.log('of a network that votes for nothing else (with --config: of a running client’s):')
    for (const line of table(priced)) console.log(line)
  }
}

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

function price(costs: readonly CoverCost[], packetUs: number): Priced[] {
  return costs.map(cost => {
    const cpuPercent = (100 * cost.packetsPerDay * packetUs) / (secondsPerDay * 1e6)
    return { ...cost, cpuPercent: Math.round(cpuPercent * 100) / 100, hides: coverHides[cost.level] }
  })
}

/**
 * Measures the cost of a packet with its acknowledgement block on this machine, CPU microseconds: the median of a few.
 */
function packetMicroseconds(): number {
  const path = Array.from({ length: g.hops }, () => ({
    id: random(32),
    key: x25519PublicKey(random(32)),
    delayMs: 50,
  }))
  const once = (): number => {
    const before = process.cpuUsage()
    for (let i = 0; i < 10; i++) {
      const { block } = makeReplyBlock(g, path, { recipient: random(32), replyId: random(16) }, random)
      wrap(g, path, random(32), body(g, { flags: 0, ack: block, user: random(g.userBytes) }), random)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 10
  }
  return Array.from({ length: 9 }, once).sort((a, b) => a - b)[4] as number
}

function table(priced: readonly Priced[]): string[] {
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
  const rows = priced.map(({ level, upBytesPerDay, downBytesPerDay, cpuPercent, hides }) => [
    level,
    mebibytes(upBytesPerDay),
    mebibytes(downBytesPerDay),
    `${cpuPercent} %`,
    hides,
  ])
  return columns(['level', 'up a day', 'down a day', 'of a core', 'hides'], rows)
}
