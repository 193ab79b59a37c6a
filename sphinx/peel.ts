// What a hop does with a packet: docs/sphinx.md, section 7. The order of the steps is part of the design: a
// packet is remembered only once its header is authentic, and its payload is not touched before that.

import { readCommands } from './commands.ts'
import { SphinxError } from './error.ts'
import { type Geometry, suiteOf, zeroBytes } from './geometry.ts'
import { type HopKeys, newKeys, type Suite } from './suite.ts'

export type Peeled =
  | {
      readonly at: 'forward'
      /** 32 bytes: the node to send `packet` to, after the delay. */
      readonly next: Uint8Array
      /** As the sender asked, 0 to 2^32 - 1; the caller caps it. */
      readonly delayMs: number
      /** g.packetBytes */
      readonly packet: Uint8Array
    }
  | {
      readonly at: 'deliver'
      /** 32 bytes; may be DROP_RECIPIENT. */
      readonly recipient: Uint8Array
      /** How long until the acknowledgement is sent. */
      readonly delayMs: number
      /** g.bodyBytes: see `readBody`. */
      readonly body: Uint8Array
    }
  | {
      readonly at: 'reply'
      /** 32 bytes */
      readonly recipient: Uint8Array
      /** 16 bytes */
      readonly replyId: Uint8Array
      readonly delayMs: number
      /** g.payloadBytes: only the reply block's owner can read or check it, with `openReply`. */
      readonly payload: Uint8Array
    }

/**
 * Takes one layer off a packet. The input is left as it is, and nothing of it is kept.
 *
 * @param secretKey 32 bytes. The public key that belongs to it is remembered with this very array: pass the same one
 * @param packet g.packetBytes
 * @param isReplay told the packet's tag (32 bytes, the callee's to keep) once the header has proved authentic; it
 *   records the tag and says whether it was there before
 * @throws SphinxError, in this order: BAD_LENGTH, BAD_AD, BAD_POINT, BAD_MAC, REPLAY, BAD_COMMAND, and for the last
 *   hop of a forward packet BAD_PAYLOAD
 */
export function peel(
  g: Geometry,
  secretKey: Uint8Array,
  packet: Uint8Array,
  isReplay: (tag: Uint8Array) => boolean,
  suite: Suite = suiteOf(g),
): Peeled {
  const layer = openLayer(suite, g, secretKey, packet, isReplay)
  const delayMs = layer.delayMs ?? 0
  if (layer.to === 'next') return { at: 'forward', next: layer.next, delayMs, packet: layer.packet }
  const { recipient, replyId, payload } = layer
  if (replyId !== undefined) return { at: 'reply', recipient, replyId, delayMs, payload }
  return { at: 'deliver', recipient, delayMs, body: bodyOf(suite, payload) }
}

/** A packet with one layer off, before anything is made of it. */
export type Layer =
  | { to: 'next'; delayMs?: number; next: Uint8Array; packet: Uint8Array }
  | { to: 'recipient'; delayMs?: number; recipient: Uint8Array; replyId?: Uint8Array; payload: Uint8Array }

/** What `peel` does, without the check of the last hop's payload. */
export function openLayer(
  suite: Suite,
  g: Geometry,
  secretKey: Uint8Array,
  packet: Uint8Array,
  isReplay: (tag: Uint8Array) => boolean,
): Layer {
  // 7.1
  if (packet.length !== g.packetBytes)
    throw new SphinxError('BAD_LENGTH', `sphinx packet: want ${g.packetBytes} bytes, have ${packet.length}`)
  for (let i = 0; i < g.adBytes; i++)
    if (packet[i] !== suite.ad[i]) throw new SphinxError('BAD_AD', 'sphinx packet: another version or suite')

  const kemAt = g.adBytes
  const routingAt = kemAt + g.kemBytes
  const macAt = routingAt + g.routingBytes
  const work = takeWork(suite, g)
  const { shared, keys, mac, routing } = work
  try {
    // 7.2: decapsulate
    suite.decapsulate(secretKey, packet.subarray(kemAt, routingAt), shared)
    suite.deriveKeys(shared, keys)

    // 7.3: the MAC, before anything is decrypted
    suite.mac(keys.mac, packet.subarray(0, macAt), mac)
    if (!suite.equal(mac, packet.subarray(macAt, g.headerBytes)))
      throw new SphinxError('BAD_MAC', 'sphinx header: wrong mac')

    // 7.4: the replay check
    if (isReplay(keys.tag.slice())) throw new SphinxError('REPLAY', 'sphinx packet: seen before')

    // 7.5: this hop's slot, and the routing field of the next one with a slot's zeros appended
    routing.set(packet.subarray(routingAt, macAt))
    routing.fill(0, g.routingBytes)
    suite.headerXor(keys.header, routing)
    const commands = readCommands(routing.subarray(0, g.commandBytes), g.macBytes)
    const delay = commands.delayMs === undefined ? {} : { delayMs: commands.delayMs }

    // 7.6: the payload
    if (commands.to === 'next') {
      const onward = new Uint8Array(g.packetBytes)
      onward.set(suite.ad)
      onward.set(routing.subarray(g.commandBytes, g.slotBytes), kemAt)
      onward.set(routing.subarray(g.slotBytes), routingAt)
      onward.set(commands.mac, macAt)
      onward.set(packet.subarray(g.headerBytes), g.headerBytes)
      suite.payloadDecrypt(keys.payload, onward.subarray(g.headerBytes))
      return { to: 'next', ...delay, next: commands.next.slice(), packet: onward }
    }
    const payload = new Uint8Array(g.payloadBytes)
    payload.set(packet.subarray(g.headerBytes))
    suite.payloadDecrypt(keys.payload, payload)
    const reply = commands.replyId === undefined ? {} : { replyId: commands.replyId.slice() }
    return { to: 'recipient', ...delay, recipient: commands.recipient.slice(), ...reply, payload }
  } finally {
    giveBack(work)
  }
}

const zeros = new Uint8Array(zeroBytes)

/**
 * 7.7: the body behind the zeros that prove it undamaged.
 *
 * @throws SphinxError BAD_PAYLOAD
 */
export function bodyOf(suite: Suite, payload: Uint8Array): Uint8Array {
  if (!suite.equal(payload.subarray(0, zeroBytes), zeros))
    throw new SphinxError('BAD_PAYLOAD', 'sphinx payload: changed on its way')
  return payload.subarray(zeroBytes)
}

/** Room for one packet's secrets, in one buffer, so that one call wipes them. */
interface Work {
  readonly suite: Suite
  readonly geometry: Geometry
  readonly shared: Uint8Array
  readonly keys: HopKeys
  readonly mac: Uint8Array
  readonly routing: Uint8Array
}

/** One wiped Work a geometry waits here. It is away while in use, so that `isReplay` may call `peel`. */
const spare = new WeakMap<Geometry, Work>()

function takeWork(suite: Suite, geometry: Geometry): Work {
  const work = spare.get(geometry)
  if (work !== undefined && work.suite === suite) {
    spare.delete(geometry)
    return work
  }
  return {
    suite,
    geometry,
    shared: new Uint8Array(suite.sharedBytes),
    keys: newKeys(suite),
    mac: new Uint8Array(suite.macBytes),
    routing: new Uint8Array(geometry.routingBytes + geometry.slotBytes),
  }
}

function giveBack(work: Work): void {
  const { suite, shared, keys, routing } = work
  suite.wipe(shared)
  suite.wipe(keys.all)
  suite.wipe(routing)
  spare.set(work.geometry, work)
}
