// docs/spec/sphinx.md 4: a whole network in memory in each suite: what its clients write and answer comes, over nodes
// that drop nothing.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { type LocalNetwork, localNetwork } from '../simulator/local.ts'
import { suiteNames } from '../sphinx/suite-names.ts'

/** Answers the first message, and gives its text. */
async function answerOne(client: Client): Promise<string> {
  for await (const received of client.messages()) {
    await client.reply(received, `re: ${received.text}`)
    return received.text
  }
  throw new Error('no message')
}

async function firstText(client: Client): Promise<string> {
  for await (const received of client.messages()) return received.text
  throw new Error('no message')
}

interface NodeStatus {
  readonly packets: { readonly forwarded: number; readonly dropped: Readonly<Record<string, number>> }
}

/** Packets that all nodes forwarded, and those that they dropped for being no packets of theirs. */
function passed(local: LocalNetwork): { forwarded: number; strange: number } {
  const nodes = local.names
    .filter(name => /^(mix|gateway) /.test(name))
    .map(name => local.status(name) as Partial<NodeStatus> | undefined)
    .flatMap(status => status?.packets ?? [])
  const strangeIn = (dropped: NodeStatus['packets']['dropped']): number =>
    ['BAD_AD', 'BAD_MAC', 'BAD_LENGTH'].reduce((sum, code) => sum + (dropped[code] ?? 0), 0)
  return {
    forwarded: nodes.reduce((sum, { forwarded }) => sum + forwarded, 0),
    strange: nodes.reduce((sum, { dropped }) => sum + strangeIn(dropped), 0),
  }
}

for (const suite of suiteNames)
  test(`a message and its reply come in a network of suite ${suite}`, async () => {
    const sizes = { authorities: 1, mixes: 3, gateways: 1, clients: 2 }
    const local = await localNetwork({ link: 'memory', suite, ...sizes })
    try {
      assert.is(local.network.suite, suite)
      const [alice, bob] = local.clients as [Client, Client]
      assert.is(alice.geometry.suite, suite)
      const [asked, answered] = [answerOne(bob), firstText(alice)]
      const words = 'x'.repeat(3000)
      await alice.send(bob.address, words, { replies: true })
      assert.is(await local.until(asked), words)
      assert.is(await local.until(answered), `re: ${words}`)
      const { forwarded, strange } = passed(local)
      assert.ok(forwarded > 20, `${forwarded} packets`)
      assert.is(strange, 0)
    } finally {
      await local.stop()
    }
  })

test.run()
