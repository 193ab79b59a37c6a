// docs/spec/client-clocks.md 8.4: a network of rounds in memory. Every client sends one packet in every round from a
// common start on, whether or not it has something to say, and what it says arrives and is answered.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { type LocalNetwork, localNetwork } from '../simulator/local.ts'
import { second } from '../world/units.ts'

const roundMs = second
const epochMs = 24 * second
const clients = 4
/** Half of what comes to a mix in a round: packets and acknowledgements. */
const parameters = {
  ...{ batchMs: roundMs, batchPackets: clients, nodeLoopPerMinute: 0 },
  ...{ payloadPerMinute: 48, loopPerMinute: 6, dropPerMinute: 6 },
}

const sent = (client: Client): number => {
  const { payload, loop, drop } = client.status().packets
  return payload + loop + drop
}

/** Lets rounds pass one by one, each looked at when it is over. @returns for each what each client sent in it */
async function roundsOf(local: LocalNetwork, rounds: number): Promise<number[][]> {
  const seen: number[][] = []
  for (let i = 0; i < rounds; i++) {
    const before = local.clients.map(sent)
    await local.advance(roundMs - (local.now() % roundMs))
    seen.push(local.clients.map((client, at) => sent(client) - (before[at] as number)))
  }
  return seen
}

test('every client sends one packet a round from a common start on, and messages are read and answered', async () => {
  const local = await localNetwork({
    link: 'memory',
    seed: 5,
    mixing: 'round',
    ...{ mixes: 3, clients, epochMs, parameters },
  })
  try {
    assert.ok(
      local.clients.every(client => sent(client) === 0),
      'nobody began before the others',
    )
    const [alice, bob] = local.clients as [Client, Client]
    void (async () => {
      for await (const received of bob.messages())
        if (received.canReply) await bob.reply(received, `re: ${received.text}`)
    })()
    const answers: string[] = []
    void (async () => {
      for await (const received of alice.messages()) answers.push(received.text ?? '')
    })()
    await alice.send(bob.address, 'first', { replies: true })
    await alice.send(bob.address, 'x'.repeat(6000))

    const epoch = Math.floor((local.now() - local.network.genesis) / epochMs)
    const next = local.network.genesis + (epoch + 1) * epochMs
    const quiet = await roundsOf(local, Math.ceil((next - local.now()) / roundMs) - 1)
    assert.ok(
      quiet.flat().every(count => count === 0),
      'all wait for the next epoch',
    )
    // The round in which the epoch begins
    await roundsOf(local, 1)
    const seen = await roundsOf(local, 60)
    assert.equal(
      seen.filter(round => round.some(count => count !== 1)),
      [],
    )
    assert.ok(alice.status().packets.payload > 4 && alice.status().packets.loop > 0)
    assert.equal(answers, ['re: first'])
    const there = (): number => {
      const { stored, acknowledged, read } = alice.status().messages
      return stored + acknowledged + read
    }
    assert.is(there(), 2)
    // Five hops there and five back, a round each, its turn to leave, and a page to be read
    await alice.send(bob.address, 'again')
    let rounds = 0
    for (; there() === 2; rounds++) await roundsOf(local, 1)
    assert.ok(rounds >= 10 && rounds <= 10 + 6, `${rounds} rounds`)
  } finally {
    await local.stop()
  }
})

test.run()
