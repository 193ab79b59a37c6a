// docs/threats.md 3.1: an adversary at one hop marks a packet and looks for the mark further on.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as backend from '#crypto'
import { body } from '../sphinx/body.ts'
import { SphinxError } from '../sphinx/error.ts'
import { geometry } from '../sphinx/geometry.ts'
import { type Peeled, peel } from '../sphinx/peel.ts'
import type { Suite } from '../sphinx/suite.ts'
import { x25519Suite } from '../sphinx/suite-x25519.ts'
import { type Hop, wrap } from '../sphinx/wrap.ts'
import { seededRandom } from '../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const strong = x25519Suite(backend)
/** Each defence taken away: no header MAC; a stream cipher for the payload. */
const withoutMac: Suite = { ...strong, equal: (a, b) => a.length === g.macBytes || strong.equal(a, b) }
const streamPayload = (key: Uint8Array, data: Uint8Array): void => strong.headerXor(key.subarray(0, 32), data)
const withStreamCipher: Suite = { ...strong, payloadEncrypt: streamPayload, payloadDecrypt: streamPayload }

const random = seededRandom(7)
const secrets = Array.from({ length: g.hops }, () => random(32))
const path: Hop[] = secrets.map(secret => ({
  id: random(32),
  key: backend.x25519PublicKey(secret),
  delayMs: 0,
}))
const user = random(g.userBytes)
const sent = body(g, { flags: 0, ack: random(g.replyBlockBytes), user })

const fresh = (): boolean => false
const peelAt = (hop: number, packet: Uint8Array, suite: Suite): Peeled =>
  peel(g, secrets[hop] as Uint8Array, packet, fresh, suite)

/** Lets the packet run through hops `from` to the last, or says with which code it died and where. */
function run(packet: Uint8Array, from: number, suite: Suite): { died: string; at: number } | Peeled {
  for (let hop = from; ; hop++) {
    try {
      const peeled = peelAt(hop, packet, suite)
      if (peeled.at !== 'forward') return peeled
      packet = peeled.packet
    } catch (error) {
      if (!(error instanceof SphinxError)) throw error
      return { died: error.code, at: hop }
    }
  }
}

function flipped(packet: Uint8Array, bit: number): Uint8Array {
  const out = packet.slice()
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7))
  return out
}

/** The packet as the second hop gets it: what a corrupt first hop can change. */
const afterFirst = (suite: Suite): Uint8Array => {
  const peeled = peelAt(0, wrap(g, path, random(32), sent, random, suite), suite)
  if (peeled.at !== 'forward') throw new Error('the first of five hops forwards')
  return peeled.packet
}

test('every bit of the header: the next hop drops the packet and passes nothing on', () => {
  const packet = afterFirst(strong)
  // The top bit of the ciphertext is not part of X25519's point, yet it is part of what is authenticated.
  for (let bit = 0; bit < g.headerBytes * 8; bit++) {
    const outcome = run(flipped(packet, bit), 1, strong)
    assert.ok('died' in outcome && outcome.at === 1, `bit ${bit} survived the hop`)
    assert.ok(['BAD_AD', 'BAD_MAC', 'BAD_POINT'].includes(outcome.died), `bit ${bit}: ${outcome.died}`)
  }
})

test('control: without the MAC a changed header goes on', () => {
  const packet = afterFirst(strong)
  const lastSlot = (g.adBytes + g.kemBytes + g.routingBytes - 1) * 8
  const outcome = run(flipped(packet, lastSlot), 1, withoutMac)
  assert.not.ok('died' in outcome && outcome.at === 1)
})

test('a flipped payload bit comes out as noise that the last hop refuses', () => {
  const packet = afterFirst(strong)
  const damage: number[] = []
  for (let i = 0; i < 40; i++) {
    const bit = (g.headerBytes + Math.floor((i * g.payloadBytes) / 40)) * 8 + (i % 8)
    const outcome = run(flipped(packet, bit), 1, strong)
    assert.equal(outcome, { died: 'BAD_PAYLOAD', at: g.hops - 1 })
    damage.push(distance(onward(packet), onward(flipped(packet, bit))))
  }
  // Half of the bits change, wherever the flip was: nothing of the mark is left to recognise.
  const bits = g.payloadBytes * 8
  const sigma = Math.sqrt(bits) / 2
  for (const changed of damage) assert.ok(Math.abs(changed - bits / 2) < 5 * sigma, `${changed} of ${bits}`)
})

test('control: under a stream cipher the flipped bit arrives as that one bit', () => {
  const packet = afterFirst(withStreamCipher)
  const at = (g.headerBytes + g.payloadBytes - 1) * 8
  const outcome = run(flipped(packet, at), 1, withStreamCipher)
  assert.ok('at' in outcome && outcome.at === 'deliver')
  assert.is(distance((outcome as Peeled & { at: 'deliver' }).body, sent), 1)
})

/** The payload that hop 1 passes on. */
function onward(packet: Uint8Array): Uint8Array {
  const peeled = peelAt(1, packet, strong)
  if (peeled.at !== 'forward') throw new Error('the second of five hops forwards')
  return peeled.packet.subarray(g.headerBytes)
}

/** Bits in which two byte strings of one length differ. */
function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0
  for (let i = 0; i < a.length; i++)
    for (let x = (a[i] as number) ^ (b[i] as number); x > 0; x >>= 1) bits += x & 1
  return bits
}

test.run()
