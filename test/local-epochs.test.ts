// A whole network in memory: ten epochs on the virtual clock, accidents included, twice with one seed.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { type LocalNetwork, localNetwork } from '../simulator/local.ts'

const epochMs = 12_000
const epochs = 10

interface Life {
  readonly trace: string
  readonly sights: number
  readonly digest: string
  readonly asked: number
  readonly answered: number
  readonly lost: number
}

/** Everybody writes to their neighbour once an epoch and is answered; a mix, an authority and a gateway die. */
async function live(seed: number): Promise<Life> {
  const parameters = { payloadPerMinute: 200, readPerMinute: 120, pageEntries: 8 }
  const local = await localNetwork({ link: 'memory', seed, epochMs, clients: 4, parameters })
  const cpu = process.cpuUsage()
  const bytes = new Map<string, string>()
  const answers = new Set<string>()
  const seen = new Map<string, number>()
  const listen = (client: Client): void => {
    void (async () => {
      for await (const received of client.messages()) {
        seen.set(received.id, (seen.get(received.id) ?? 0) + 1)
        if (received.inReplyTo !== undefined) answers.add(received.inReplyTo)
        else if (bytes.get(received.id) === received.text)
          await client.reply(received, `re: ${received.text}`)
      }
    })()
  }
  for (const client of local.clients) listen(client)
  const addresses = local.clients.map(client => client.address)
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (epoch === 3) await local.kill('mix 1')
    if (epoch === 4) await local.kill('authority 2')
    if (epoch === 5) await local.restart('authority 2')
    if (epoch === 6) await local.kill('gateway 0')
    for (const [i, client] of local.clients.entries()) {
      const words = `epoch ${epoch} from ${i} ${'.'.repeat(epoch * 400)}`
      const message = await client.send(addresses[(i + 1) % addresses.length] as string, words, {
        replies: true,
      })
      bytes.set(message.id, words)
    }
    await local.advance(epochMs / 4)
    if (epoch === 6) await local.restart('gateway 0')
    await local.advance((epochMs * 3) / 4)
  }
  await local.advance(epochMs)
  assertCounters(local)
  const { sights, digest } = local.traffic()
  const trace = local.trace.map(({ at, who, what }) => `${at} ${who}: ${what}`).join('\n')
  await local.stop()
  const { user, system } = process.cpuUsage(cpu)
  console.log(`CPU ${((user + system) / 1e6).toFixed(1)} s, ${sights} sends on ${epochs + 1} epochs`)
  const lost = [...bytes.keys()].filter(id => seen.get(id) !== 1).length
  return { trace, sights, digest, asked: bytes.size, answered: answers.size, lost }
}

function assertCounters(local: LocalNetwork): void {
  for (const name of local.names) {
    const status = local.status(name) as NodeStatusLike | undefined
    if (status?.packets === undefined || status.role === 'client') continue
    const { received, forwarded, stored, served, dropped, held } = status.packets
    const ends = forwarded + stored + served + held + Object.values(dropped).reduce((sum, n) => sum + n, 0)
    assert.is(received, ends, `${name}: received = forwarded + stored + served + dropped + held`)
  }
}

interface NodeStatusLike {
  readonly role: string
  readonly packets?: {
    readonly received: number
    readonly forwarded: number
    readonly stored: number
    readonly served: number
    readonly dropped: Readonly<Record<string, number>>
    readonly held: number
  }
}

test('ten epochs with accidents lose no message and no reply, and one seed gives one trace', async () => {
  const first = await live(5)
  assert.is(first.asked, 4 * epochs)
  assert.is(first.lost, 0)
  assert.is(first.answered, first.asked)
  for (let epoch = 0; epoch < epochs; epoch++)
    assert.ok(first.trace.includes(`consensus ${epoch} `), `a consensus of epoch ${epoch}`)
  const again = await live(5)
  assert.is(again.trace, first.trace)
  assert.is(again.digest, first.digest)
})

test('another seed gives another trace', async () => {
  const traffic = async (seed: number): Promise<string> => {
    const local = await localNetwork({ link: 'memory', seed, mixes: 3, gateways: 1, clients: 1 })
    await local.advance(1000)
    const { digest } = local.traffic()
    await local.stop()
    return digest
  }
  assert.is.not(await traffic(1), await traffic(2))
})

test.run()
