// npm run attack -- cost [--json] [--packets 10000] [--seed 1]: does it cost a relay another time to pass on a message
// than a loop or a drop, and does a gateway behave otherwise when a drop reaches it than when a message does? All kinds
// come mixed, so that what the machine does besides strikes all alike. The control is a relay that stops before the
// payload of what is not a message.

import { parseArgs } from 'node:util'
import { x25519PublicKey } from '#crypto'
import { wholeNumber } from '../../encoding/command-line.ts'
import { poisson } from '../../node/mixing/poisson.ts'
import { type Mixed, newRelay, type RelayEvent, step } from '../../node/relay/relay.ts'
import { body } from '../../sphinx/body.ts'
import { DROP_RECIPIENT } from '../../sphinx/commands.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { discard, openHeader, peel } from '../../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock } from '../../sphinx/reply.ts'
import { type Hop, wrap } from '../../sphinx/wrap.ts'
import { exponential, type Random, seededRandom, shuffle } from '../../world/random.ts'
import { holm, pValue } from './ks.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
/** A difference counts as seen below it. */
const level = 0.01
const meanDelayMs = 50
/** Packets of each kind that are made and peeled before the next are made. */
const batch = 100

const kinds = ['message', 'loop', 'drop'] as const
type Kind = (typeof kinds)[number]
type Samples = Readonly<Record<Kind, number[]>>

export async function attack(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, packets: text, seed: text },
  })
  const packets =
    values.packets === undefined ? 10_000 : wholeNumber('packets', values.packets, 100, 1_000_000)
  const random = seededRandom(values.seed === undefined ? 1 : wholeNumber('seed', values.seed, 0, 2 ** 31))

  const { real, control } = relayTimes(packets, random)
  const exits = { message: exitDelays(packets, false, random), drop: exitDelays(packets, true, random) }
  const p = holm([
    pValue(real.message, real.loop),
    pValue(real.message, real.drop),
    pValue(real.loop, real.drop),
    pValue(exits.message, exits.drop),
  ])
  const controlP = Math.max(pValue(control.message, control.loop), pValue(control.message, control.drop))
  const holds = Math.min(...p) > level && controlP < level
  const result = { packets, p: p.map(round), controlP: round(controlP), holds }
  if (values.json) console.log(JSON.stringify(result))
  else console.table({ ...result, p: result.p.join(' ') })
  return holds ? 0 : 1
}

/**
 * Measures how long peeling takes a relay, microseconds, `packets` of each kind: as it is, and as the control does it.
 */
function relayTimes(packets: number, random: Random): { real: Samples; control: Samples } {
  const real: Samples = { message: [], loop: [], drop: [] }
  const control: Samples = { message: [], loop: [], drop: [] }
  const secret = random(32)
  const here = { id: random(32), key: x25519PublicKey(secret) }
  const others = Array.from({ length: 4 }, () => ({ id: random(32), key: x25519PublicKey(random(32)) }))
  const make = (kind: Kind): Uint8Array => {
    const path = [here, ...others].map(hop => ({
      ...hop,
      delayMs: Math.round(exponential(random, meanDelayMs)),
    }))
    return packetOf(kind, path, random)
  }
  const once = (kind: Kind, packet: Uint8Array, into: Samples, asIs: boolean): void => {
    const before = process.hrtime.bigint()
    if (asIs || kind === 'message') peel(g, secret, packet, () => false)
    else discard(openHeader(g, secret, packet))
    into[kind].push(Number(process.hrtime.bigint() - before) / 1000)
  }
  for (let done = -batch; done < packets; done += batch) {
    // In the order in which they are peeled, and copied as a link copies them: neither where a packet lies in memory
    // nor how lately it was made may tell its kind.
    const order = shuffle(
      random,
      kinds.flatMap(kind => Array.from({ length: batch }, () => kind)),
    )
    const mixed = order.map(kind => ({ kind, packet: new Uint8Array(make(kind)) }))
    // the first batch warms the compiler up
    const [first, second] = done < 0 ? [noSamples(), noSamples()] : [real, control]
    for (const { kind, packet } of mixed) once(kind, packet, first, true)
    for (const { kind, packet } of mixed) once(kind, packet, second, false)
  }
  return { real, control }
}

function noSamples(): Samples {
  return { message: [], loop: [], drop: [] }
}

function packetOf(kind: Kind, path: readonly Hop[], random: Random): Uint8Array {
  if (kind === 'loop') {
    const { block } = makeReplyBlock(g, path, { recipient: random(32), replyId: random(16) }, random)
    return useReplyBlock(g, block, new Uint8Array(g.bodyBytes)).packet
  }
  const plain = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  return wrap(g, path, kind === 'drop' ? DROP_RECIPIENT : random(32), plain, random)
}

/**
 * From the arrival of a packet at its last hop, a gateway, to the acknowledgement that leaves: milliseconds of its
 * clock.
 */
function exitDelays(packets: number, drop: boolean, random: Random): number[] {
  const self = random(32)
  const back = { id: random(32), key: x25519PublicKey(random(32)), delayMs: 0 }
  const relay = newRelay({
    geometry: g,
    self,
    keepsMail: true,
    passingLimit: 1000,
    maxDelayMs: 10_000,
    hold: poisson<Mixed>({ random, limit: 1000 }),
  })
  const { block } = makeReplyBlock(g, [back], { recipient: random(32), replyId: random(16) }, random)
  const plain = body(g, { flags: 0, ack: block, user: random(g.userBytes) })
  const delays: number[] = []
  let [now, came] = [0, 0]
  const happen = (event: RelayEvent): void => {
    for (const action of step(relay, event, now)) {
      if (action.do === 'record') happen({ type: 'recorded', batch: action.batch, ok: true })
      else if (action.do === 'store') happen({ type: 'ended', end: 'stored', thanks: action.thanks })
      else if (action.do === 'serve') happen({ type: 'ended', end: 'served', thanks: action.thanks })
      else if (action.do === 'forward') {
        delays.push(now - came)
        happen({ type: 'ended', end: 'forwarded' })
      }
    }
  }
  for (let i = 0; i < packets; i++) {
    now += 10_000
    came = now
    const delayMs = Math.round(exponential(random, meanDelayMs))
    const recipient = drop ? DROP_RECIPIENT : self
    relay.peeling++
    happen({ type: 'peeled', results: [{ peeled: { at: 'deliver', recipient, delayMs, body: plain } }] })
    for (let due = relay.hold.wakeAt(); due !== undefined; due = relay.hold.wakeAt()) {
      now = due
      happen({ type: 'due' })
    }
  }
  // a packet that nothing left for would be the most telling of all
  while (delays.length < packets) delays.push(Number.POSITIVE_INFINITY)
  return delays
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
