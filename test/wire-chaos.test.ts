// npm run chaos -- wire: a short version of it. A conversation is what its seed says, every kind of them is drawn, what
// is said by hand before the broken part is what hosts understand, broken bytes end no process, and planted defects
// are found.
// tier: slow

import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat } from '../encoding/bytes.ts'
import { writeFrame } from '../link/frame.ts'
import { startHost } from '../link/libp2p/host.ts'
import type { Host } from '../link/link.ts'
import { portOf } from '../trials/chaos-wire/bare.ts'
import { bareStages, protocols, securedStages } from '../trials/chaos-wire/broken.ts'
import { defects } from '../trials/chaos-wire/defects.ts'
import { newIdentity } from '../trials/chaos-wire/handshake.ts'
import { Pipe } from '../trials/chaos-wire/pipe.ts'
import { drawConversation, endings, roles, type Transport, transports } from '../trials/chaos-wire/plan.ts'
import { run } from '../trials/chaos-wire/run.ts'
import { Lane, type Secured } from '../trials/chaos-wire/secured.ts'
import { nameOf, Session } from '../trials/chaos-wire/session.ts'
import { Streams } from '../trials/chaos-wire/streams.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

test('a seed says all of a conversation, and a thousand of them are of every kind', () => {
  assert.equal(drawConversation(7), drawConversation(7))
  const drawn = seeds(1000).map(drawConversation)
  const seen = new Set(
    drawn.flatMap(c => [
      c.side,
      c.role,
      c.transport,
      c.stage,
      c.ending,
      c.kind === 'secured' ? c.protocol : '',
    ]),
  )
  for (const kind of [
    ...roles,
    ...transports,
    ...bareStages,
    ...securedStages,
    ...endings,
    ...protocols,
    'listener',
    'dialler',
  ])
    assert.ok(seen.has(kind), kind)
})

const protocol = '/wire/echo/1'
const body = Uint8Array.of(1, 2, 3)

/**
 * Talks by hand with a host that answers, over each transport.
 *
 * @param talk gets how to wait until the host is asked next
 */
async function honestly(
  talk: (host: Host, transport: Transport, asked: () => Promise<Uint8Array>) => Promise<void>,
): Promise<void> {
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  const surroundings = { clock: systemClock, log: silent, random: systemRandom }
  const given = { ...surroundings, seed: undefined, listen, cellBytes: 100, admits: () => false }
  const host = await startHost({ ...given, role: 'authority' })
  let onAsked: (body: Uint8Array) => void = () => {}
  host.serve(protocol, 100, async (_from, asked) => {
    onAsked(asked)
    return asked
  })
  const asked = (): Promise<Uint8Array> => new Promise(resolve => (onAsked = resolve))
  try {
    for (const transport of transports) await talk(host, transport, asked)
  } finally {
    await host.close()
  }
}

test('what attackers say by hand is understood by a host that they dial, whichever way they shake hands', () =>
  honestly(async (host, transport, asked) => {
    for (const early of [true, false]) {
      const socket = connect(portOf(host.addresses, transport), '127.0.0.1')
      const pipe = await Pipe.upgraded(socket, transport, 'asks')
      const session = await Session.begin(pipe, 'asks', newIdentity(), { early })
      const streams = new Streams(session)
      streams.start(() => {})
      const heard = asked()
      streams.open().send(concat([nameOf('/multistream/1.0.0'), nameOf(protocol), writeFrame(body)]))
      assert.equal(await Promise.race([heard, session.closed]), body)
      session.close()
    }
  }))

test('what attackers answer by hand is understood by a host that dials them', () =>
  honestly(async (host, transport) => {
    // two seeds: a muxer within the handshake or behind it
    for (let seed = 0; seed < 2; seed++) {
      const lane = await Lane.open()
      const conversation: Secured = {
        ...{
          kind: 'secured',
          stage: 'protocol',
          side: 'dialler',
          role: 'gateway',
          seed,
          protocol,
          transport,
        },
        ...{ chunks: [writeFrame(body)], gapMs: 0, ending: 'silence' },
      }
      let answer: Uint8Array | undefined
      await lane.hear(conversation, async (to, id) => {
        const options = { timeoutMs: 10_000, maxBytes: 100 }
        answer = await host.request({ id, addresses: [to] }, protocol, Uint8Array.of(9), options)
        lane.hangUp()
      })
      assert.equal(answer, body)
      lane.close()
    }
  }))

test('broken bytes end no process and leave nothing behind', async () => {
  const { conversations, violations, first } = await run({ seeds: seeds(800), defect: undefined })
  assert.equal([conversations, violations, first], [800, 0, undefined])
})

test('sockets whose errors nobody hears are found out', async () => {
  assert.ok(Object.keys(defects).length >= 5)
  const { ended, first } = await run({ seeds: seeds(2000), defect: 'socket-errors-unheard' })
  assert.is(ended, 1)
  // Which error comes first goes by the pace of the machine: of a frame, an answer that is not HTTP, a hang-up
  assert.match(first?.why ?? '', /a process ended with 1 .*Error: /)
})

test.run()
