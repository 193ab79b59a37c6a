// docs/threats.md 3.57: what an entry and a home see of a client does not depend on whether anybody writes to it, it
// writes, or it answers: at the entry nothing at all, at the home the numbers. Each with its control. What is left is
// looked at by `npm run attack -- gateway`. The seats are its own: clients and gateways run their own code.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { Arrivals } from '../client/outgoing/arrivals.ts'
import { CoverPackets } from '../client/outgoing/cover-packets.ts'
import { forwardPacket } from '../client/packets/packets.ts'
import { easyCover } from '../trials/attack/easy-cover.ts'
import { type Seats, type Sight, startSeats, type Watched } from '../trials/attack/seats.ts'
import { exponential, type Random, seededRandom } from '../world/random.ts'
import { minute, second } from '../world/units.ts'

const watchedMs = minute / 2
const settledMs = 5 * second

interface Seen {
  readonly from: number
  readonly clients: readonly Watched[]
  close(): Promise<void>
}

/** Two clients for half a minute, of whom `talk` has the first write to the second. */
async function watch(talk: ((net: Seats, random: Random) => Promise<void>) | undefined): Promise<Seen> {
  const realCover = easyCover()
  const net = await startSeats({ seed: 4, gateways: 4, clients: 2, homes: 1 })
  const from = net.clock.now()
  if (talk === undefined) await net.clock.advance(watchedMs)
  else await talk(net, seededRandom(9))
  // Until what was owed is settled
  await net.clock.advance(settledMs)
  realCover()
  return { from, clients: net.watched, close: net.close }
}

/** The first writes to the second, on average once in so many milliseconds; each message asks for an answer, or not. */
function writing(everyMs: number, asks: boolean): (net: Seats, random: Random) => Promise<void> {
  return async ({ clock, watched }, random) => {
    const [alice, bob] = watched.map(({ client }) => client) as [Client, Client]
    const stop = new AbortController()
    if (asks) void answerAll(bob, stop.signal)
    for (const end = clock.now() + watchedMs; clock.now() < end; ) {
      await clock.advance(Math.min(end - clock.now(), exponential(random, everyMs)))
      await alice.send(bob.address, 'hello', asks ? { replies: 3 } : {})
    }
    stop.abort()
  }
}

/** The first makes work for the second: floods it, begins what it never ends, and uses up its reply blocks. */
async function pestering({ clock, watched }: Seats, random: Random): Promise<void> {
  const [hostile, victim] = watched.map(({ client }) => client) as [Client, Client]
  await victim.send(hostile.address, 'who are you?', { replies: true })
  const stop = new AbortController()
  void (async () => {
    for await (const message of hostile.messages({ signal: stop.signal }))
      for (let i = 0; i < 20; i++) await hostile.reply(message, random(900)).catch(() => {})
  })()
  for (const end = clock.now() + watchedMs; clock.now() < end; ) {
    const unfinished = new AbortController()
    await hostile.send(victim.address, random(20_000), { signal: unfinished.signal })
    await hostile.send(victim.address, random(50), { replies: 2, receipt: true })
    await clock.advance(second / 2)
    unfinished.abort()
  }
  stop.abort()
}

async function answerAll(client: Client, signal: AbortSignal): Promise<void> {
  for await (const message of client.messages({ signal })) await client.reply(message, 'yes')
}

function count(sights: readonly Sight[], what: Sight['what'], from: number): number {
  return sights.filter(sight => sight.what === what && sight.at >= from).length
}

/** Messages, or what comes back, at the home of one who is watched. */
function came({ clients, from }: Seen, client: 0 | 1, what: 'message' | 'return'): number {
  return count((clients[client] as Watched).atHome, what, from)
}

/** Bounds what is under way, or owed, at the end. */
const underWay = 8

let silent: Seen
test.before(async () => {
  silent = await watch(undefined)
})
test.after(() => silent.close())

test('an entry sees the same, to the millisecond, whether a client writes, is written to and answers, or not', async () => {
  const busy = await watch(writing(2 * second, true))
  for (const i of [0, 1]) {
    const [one, other] = [silent, busy].map(({ clients }) => (clients[i] as Watched).atEntry)
    assert.ok((one as Sight[]).length > 500)
    assert.equal(one, other)
  }
  // The control: at the home it is another run
  assert.not.equal(silent.clients[1]?.atHome, busy.clients[1]?.atHome)
  await busy.close()
})

test('nor does it show at the entry that somebody hostile has a client work', async () => {
  const busy = await watch(pestering)
  const [one, other] = [silent, busy].map(({ clients }) => (clients[1] as Watched).atEntry)
  assert.equal(one, other)
  // The control: at the home it shows
  const [without, with_] = [came(silent, 1, 'message'), came(busy, 1, 'message')]
  assert.ok(with_ > without + 10 * underWay, `${without} and ${with_}`)
  await busy.close()
})

test('as many messages and acknowledgements come to a home, whether anybody writes or answers', async () => {
  const busy = await watch(writing(2 * second, true))
  for (const client of [0, 1] as const)
    for (const what of ['message', 'return'] as const) {
      const [without, withMail] = [came(silent, client, what), came(busy, client, what)]
      assert.ok(Math.abs(withMail - without) <= underWay, `${what}: ${without} and ${withMail}`)
    }
  await busy.close()
})

test('without the substitution what comes shows at the home: the control', async () => {
  const { takesPlace } = Arrivals.prototype
  Arrivals.prototype.takesPlace = () => false
  try {
    const busy = await watch(writing(2 * second, true))
    assert.ok(came(busy, 1, 'message') > came(silent, 1, 'message') + 2 * underWay, 'messages')
    assert.ok(came(busy, 0, 'return') > came(silent, 0, 'return') + underWay, 'answers')
    await busy.close()
  } finally {
    Arrivals.prototype.takesPlace = takesPlace
  }
})

test('an acknowledgement that follows a message to oneself, and no other, would show at the home', async () => {
  assert.ok(Math.abs(following(silent) - 1) < 0.08, 'no more than by chance')
  const { make } = CoverPackets.prototype
  CoverPackets.prototype.make = (around, name, now) => {
    if (name !== 'loop') return { made: CoverPackets.drop(around, now), comesBack: true }
    const to = { gateway: around.home, recipient: around.mailbox }
    return { made: forwardPacket(around, to, around.random(around.g.userBytes), now), comesBack: true }
  }
  try {
    const before = await watch(undefined)
    assert.ok(following(before) > 1.08, 'the control')
    await before.close()
  } finally {
    CoverPackets.prototype.make = make
  }
})

/** Counts what comes back shortly after messages, in proportion to what does by chance. */
function following({ clients, from }: Seen): number {
  const { atHome } = clients[1] as Watched
  const at = (what: Sight['what']): number[] =>
    atHome.filter(sight => sight.what === what && sight.at >= from).map(sight => sight.at)
  const [messages, returns] = [at('message'), at('return')]
  // Five delays have a mean of 250
  const withinMs = 400
  const follow = messages.flatMap(m => returns.filter(r => r > m && r <= m + withinMs)).length
  return follow / ((messages.length * withinMs * returns.length) / (watchedMs + settledMs))
}

test.run()
