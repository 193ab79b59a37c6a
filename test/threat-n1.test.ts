// docs/threats.md 3.14: somebody keeps everything else from a mix until what was in it has left, then lets one packet
// in and takes what comes out for it. While loops are missing (docs/spec/node.md 4.3) the mix holds longer and sends
// cover, among which the target leaves. Control: at a loop a second it comes out alone.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { same } from '../encoding/bytes.ts'
import { poisson } from '../node/mixing/poisson.ts'
import { type Action, held, newRelay, step } from '../node/relay/relay.ts'
import { geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { wrap } from '../sphinx/wrap.ts'
import { exponential, seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'
import { type Place, world } from './node-world.ts'

const { hopDelayMs, nodeLoopPerMinute } = defaultParameters
/** Twice the time in which one packet inside has left with a probability of 99 % (docs/spec/node.md 4.2). */
const emptyMs = 2 * Math.log(100) * hopDelayMs

interface Hands {
  receive(from: Uint8Array, cells: readonly Uint8Array[]): void
  send(to: { readonly id: Uint8Array }, cell: Uint8Array): boolean
}

interface Outcome {
  /** One over the packets that came out from when the target went in until it came out. */
  readonly guess: number
  readonly cover: number
  /** Two seconds after the attack. */
  readonly isWary: boolean
  readonly pushedOut: number
}

/** Makes one attack in each of so many worlds: in one so small each makes all nodes wary, and teaches patience. */
async function attacks(loops: number, worlds: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let seed = 1; seed <= worlds; seed++) outcomes.push(await attack(loops, seed))
  return outcomes
}

async function attack(loops: number, seed: number): Promise<Outcome> {
  const w = await world({ parameters: { nodeLoopPerMinute: loops }, epochMs: 1200 * second, seed })
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const [gate, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const mix = mixes[0] as Place
  const key = ((await mix.files.read('packet-0.key', 64)) as Uint8Array).subarray(0, 32)
  const hands = mix.link as unknown as Hands
  const [receive, send] = [hands.receive.bind(mix.link), hands.send.bind(mix.link)]
  let keepsAway = false
  let out: Uint8Array[] = []
  hands.receive = (from, cells) => void (keepsAway || receive(from, cells))
  hands.send = (to, cell) => {
    out.push(cell.slice())
    return send(to, cell)
  }
  await w.clock.advance(5 * second)
  keepsAway = true
  await w.clock.advance(emptyMs)
  const delays = [0, 0, 0, 0].map(() => Math.round(exponential(w.random, hopDelayMs)))
  const path = w.path([...mixes, far], delays)
  const body = new Uint8Array(w.geometry.bodyBytes)
  const target = wrap(w.geometry, path, new Uint8Array(32).fill(3), body, w.random)
  const peeled = peel(w.geometry, key, target.slice(), () => false)
  if (peeled.at !== 'forward') throw new Error('the target goes on')
  out = []
  receive(gate.link.id, [target])
  while (!out.some(cell => same(cell, peeled.packet))) await w.clock.advance(1)
  const guess = 1 / out.length
  keepsAway = false
  await w.clock.advance(2 * second)
  const { alarm, loops: counts, packets } = mix.node.status()
  await w.close()
  return { guess, cover: counts.cover, isWary: alarm.wary, pushedOut: packets.dropped.HOLD_FULL ?? 0 }
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length

test('the target comes out among cover, and all is as before when loops return', async () => {
  const all = await attacks(nodeLoopPerMinute, 8)
  const guesses = all.map(({ guess }) => guess)
  assert.ok(mean(guesses) < 1 / 3, `guessed with ${mean(guesses)}: ${guesses}`)
  for (const { cover, isWary, pushedOut } of all) {
    assert.ok(cover > 0)
    assert.not(isWary)
    assert.is(pushedOut, 0)
  }
})

test('the control: at a loop a second it comes out alone', async () => {
  const guesses = (await attacks(60, 8)).map(({ guess }) => guess)
  assert.ok(mean(guesses) > 2 / 3, `guessed with ${mean(guesses)}: ${guesses}`)
})

/** Packets through a relay that holds longer from the first to the last, or never. @returns when each left */
function through(
  holdsOn: boolean,
  limit = 10_000,
): { readonly left: readonly number[]; readonly dropped: number } {
  const random = seededRandom(5)
  const relay = newRelay({
    geometry: geometry({ suite: 'x25519', hops: 3, userBytes: 200 }),
    self: new Uint8Array(32),
    keepsMail: false,
    passingLimit: 10_000,
    maxDelayMs: 10_000,
    hold: poisson({ random, limit }),
  })
  if (holdsOn) relay.holdOn = () => exponential(random, 4 * hopDelayMs)
  const packet = new Uint8Array(1)
  const left: number[] = []
  let now = 0
  const carryOut = (actions: readonly Action[]): void => {
    for (const action of actions) {
      if (action.do === 'record')
        carryOut(step(relay, { type: 'recorded', batch: action.batch, ok: true }, now))
      else if (action.do === 'forward') {
        left.push(now)
        carryOut(step(relay, { type: 'ended', end: 'forwarded' }, now))
      }
    }
  }
  const next = new Uint8Array(32)
  carryOut(step(relay, { type: 'arrived', from: 'a', packets: Array(2000).fill(packet) }, now))
  const results = Array.from({ length: 2000 }, () => ({
    peeled: {
      at: 'forward' as const,
      next,
      delayMs: Math.min(10_000, Math.round(exponential(random, hopDelayMs))),
      packet,
    },
  }))
  carryOut(step(relay, { type: 'peeled', results }, now))
  for (; held(relay) > 0; now++) carryOut(step(relay, { type: 'due' }, now))
  const dropped = [...relay.counters.dropped.values()].reduce((sum, count) => sum + count, 0)
  return { left, dropped }
}

test('who provokes it gains a delay of four hops on average, once a packet, and nothing else', () => {
  const [longer, usual] = [through(true), through(false)]
  for (const { left, dropped } of [longer, usual]) {
    assert.is(left.length, 2000)
    assert.is(dropped, 0)
  }
  const more = (mean(longer.left) - mean(usual.left)) / hopDelayMs
  assert.ok(more > 3.6 && more < 4.4, `${more} delays more`)
})

test.run()
