// docs/spec/bulletin.md 5 over libp2p: gossipsub among real hosts on loopback.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import type { Gossip, Verdict } from '../link/gossip.ts'
import { mostRejected } from '../link/gossip.ts'
import type { Host, LinkError } from '../link/link.ts'
import { systemClock } from '../world/clock.ts'
import { sleep } from '../world/wait.ts'
import { startLoopback } from './loopback-host.ts'

interface Member {
  readonly host: Host
  readonly gossip: Gossip
  readonly heard: string[]
}

const topic = '/test/topic'

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let n = 0; n < 200; n++) {
    if (holds()) return
    await sleep(systemClock, 50)
  }
  assert.unreachable(what)
}

const start = (role: 'node' | 'client'): Promise<Host> => startLoopback({ cellBytes: 100, role })

test('messages reach every node once, what is refused goes no further, clients take no part', async () => {
  const hosts = await Promise.all(['node', 'node', 'node', 'node'].map(role => start(role as 'node')))
  const client = await start('client')
  const nodes = new Set(hosts.map(({ id }) => hex(id)))
  // a line: each is told of the next one only
  const members = hosts.map((host, i): Member => {
    const heard: string[] = []
    const judge = (_from: Uint8Array, _topic: string, message: Uint8Array): Verdict => {
      const text = new TextDecoder().decode(message)
      heard.push(text)
      return text.startsWith('bad') ? 'reject' : text.startsWith('old') ? 'ignore' : 'accept'
    }
    const next = hosts[i + 1]
    const peers = (): Host[] => (next === undefined ? [] : [next])
    const gossip = host.gossip({ peers, admits: id => nodes.has(hex(id)), judge })
    gossip.follow([topic])
    return { host, gossip, heard }
  })
  const [first, second, third, last] = members as [Member, Member, Member, Member]
  assert.throws(
    () => client.gossip({ peers: () => [], admits: () => true, judge: () => 'accept' }),
    (error: LinkError) => error.code === 'WRONG_STATE',
  )
  assert.throws(
    () => first.host.gossip({ peers: () => [], admits: () => true, judge: () => 'accept' }),
    (error: LinkError) => error.code === 'WRONG_STATE',
  )
  await until(
    () => members.every(({ gossip }, i) => gossip.peers.length === (i === 0 || i === 3 ? 1 : 2)),
    'neighbours',
  )
  // gossipsub builds its mesh at its first heartbeats; what is said before may not go far
  await sleep(systemClock, 1500)

  first.gossip.publish(topic, new TextEncoder().encode('hello'))
  last.gossip.publish(topic, new TextEncoder().encode('from the other end'))
  await until(() => last.heard.includes('hello') && first.heard.length > 0, 'two messages')
  first.gossip.publish(topic, new TextEncoder().encode('old news'))
  await until(() => second.heard.includes('old news'), 'ignored message')
  assert.not.ok(third.heard.includes('old news'))

  for (let n = 0; n < mostRejected; n++) first.gossip.publish(topic, new TextEncoder().encode(`bad ${n}`))
  await until(() => second.gossip.counters.expelled === 1, 'expelled')
  await until(() => !second.gossip.peers.some(id => hex(id) === hex(first.host.id)), 'gone')
  first.gossip.publish(topic, new TextEncoder().encode('let me in'))
  second.gossip.publish(topic, new TextEncoder().encode('without the first'))
  await until(() => last.heard.includes('without the first'), 'the others go on')
  await sleep(systemClock, 200)
  assert.not.ok(second.heard.includes('let me in'))
  assert.is(last.heard.filter(text => text === 'hello').length, 1)
  assert.not.ok(last.heard.some(text => text.startsWith('bad')))
  await Promise.all([...hosts, client].map(host => host.close()))
})

test.run()
