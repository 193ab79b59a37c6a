// A hop's work on a packet: docs/spec/sphinx.md 7. The order of the steps is part of the design: a
// packet is remembered only once its header is authentic, and its payload is not touched before that.

import { readCommands } from './commands.ts'
import { SphinxError } from './error.ts'
import { type Geometry, suiteOf, zeroBytes } from './geometry.ts'
import { type HopKeys, newKeys, type Suite } from './suite.ts'

/** The content that a hop finds under its layer: where the packet goes next, or for whom it was. */
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
      /** The time until the acknowledgement is sent. */
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
  return peeledOf(suite, openLayer(suite, g, secretKey, packet, isReplay))
}

/**
 * 7.7: what a layer that was taken off is.
 *
 * @throws SphinxError BAD_PAYLOAD
 */
export function peeledOf(suite: Suite, layer: Layer): Peeled {
  const delayMs = layer.delayMs ?? 0
  if (layer.to === 'next') return { at: 'forward', next: layer.next, delayMs, packet: layer.packet }
  const { recipient, replyId, payload } = layer
  if (replyId !== undefined) return { at: 'reply', recipient, replyId, delayMs, payload }
  return { at: 'deliver', recipient, delayMs, body: bodyOf(suite, payload) }
}

/** A packet with one layer off, before anything is made of it. */
export type Layer =
  | {
      readonly to: 'next'
      readonly delayMs: number | undefined
      readonly next: Uint8Array
      readonly packet: Uint8Array
    }
  | {
      readonly to: 'recipient'
      readonly delayMs: number | undefined
      readonly recipient: Uint8Array
      readonly replyId: Uint8Array | undefined
      readonly payload: Uint8Array
    }

/** Peels as `peel` does, without the check of the last hop's payload. */
export function openLayer(
  suite: Suite,
  g: Geometry,
  secretKey: Uint8Array,
  packet: Uint8Array,
  isReplay: (tag: Uint8Array) => boolean,
): Layer {
  const opened = openHeader(g, secretKey, packet, suite)
  try {
    // 7.4: the replay check
    if (isReplay(opened.tag.slice())) throw new SphinxError('REPLAY', 'sphinx packet: seen before')
    // a copy even of a Buffer, whose slice is a view
    return takeOff(opened, new Uint8Array(packet))
  } finally {
    discard(opened)
  }
}

/**
 * A packet whose header is authentic, before its replay check: the first half of `peel`, for who makes that check
 * elsewhere. It holds secrets until `discard`, which has to come once, and nothing of it may be used after that.
 */
export interface Opened {
  readonly suite: Suite
  readonly geometry: Geometry
  /** 32 bytes: to be copied by who keeps it. */
  readonly tag: Uint8Array
}

/**
 * Steps 7.1 to 7.3: is this packet for this key, and its header unchanged?
 *
 * @param secretKey 32 bytes, as for `peel`
 * @param packet g.packetBytes; left as it is
 * @throws SphinxError BAD_LENGTH, BAD_AD, BAD_POINT, BAD_MAC
 */
export function openHeader(
  g: Geometry,
  secretKey: Uint8Array,
  packet: Uint8Array,
  suite: Suite = suiteOf(g),
): Opened {
  // 7.1
  if (packet.length !== g.packetBytes)
    throw new SphinxError('BAD_LENGTH', `sphinx packet: want ${g.packetBytes} bytes, have ${packet.length}`)
  for (let i = 0; i < g.adBytes; i++)
    if (packet[i] !== suite.ad[i]) throw new SphinxError('BAD_AD', 'sphinx packet: another version or suite')

  const work = takeWork(suite, g)
  try {
    work.header.whole.set(packet.subarray(0, g.headerBytes))
    const fits = headerFits(work, secretKey)
    // an array that has come to hold another key is looked at once more
    if (!fits && !(suite.forgetsAnother(secretKey) && headerFits(work, secretKey)))
      throw new SphinxError('BAD_MAC', 'sphinx header: wrong mac')
    return work
  } catch (error) {
    giveBack(work)
    throw error
  }
}

/** Fills the keys, and says whether they made the header's MAC. */
function headerFits({ suite, shared, keys, mac, header }: Work, secretKey: Uint8Array): boolean {
  // 7.2: decapsulate
  suite.decapsulate(secretKey, header.kem, shared)
  suite.deriveKeys(shared, keys)
  // 7.3: the MAC, before anything is decrypted
  suite.mac(keys.mac, header.authentic, mac)
  return suite.equal(mac, header.mac)
}

/**
 * Steps 7.5 and 7.6, in place: the packet for the next hop, or the payload, takes the room of the packet.
 *
 * @param packet the one that `openHeader` was given
 * @throws SphinxError BAD_COMMAND
 */
export function takeOff(opened: Opened, packet: Uint8Array): Layer {
  const { suite, geometry: g, keys, header } = opened as Work

  // 7.5: this hop's slot, and the routing field of the next one with a slot's zeros appended
  header.appended.fill(0)
  suite.headerXor(keys.header, header.routing)
  const commands = readCommands(header.commands, g.macBytes)
  const { delayMs } = commands

  // 7.6: the payload
  const payload = packet.subarray(g.headerBytes)
  suite.payloadDecrypt(keys.payload, payload)
  if (commands.to === 'next') {
    packet.set(header.onward, g.adBytes)
    packet.set(commands.mac, g.headerBytes - g.macBytes)
    return { to: 'next', delayMs, next: commands.next.slice(), packet }
  }
  const { recipient, replyId } = commands
  return { to: 'recipient', delayMs, recipient: recipient.slice(), replyId: replyId?.slice(), payload }
}

/** Wipes what an opened header holds. */
export function discard(opened: Opened): void {
  giveBack(opened as Work)
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

/** Room for one packet's secrets, made once for many, since a view costs more than copying what it shows. */
interface Work extends Opened {
  readonly shared: Uint8Array
  readonly keys: HopKeys
  readonly mac: Uint8Array
  readonly header: HeaderRoom
}

/** A copy of the header, and its parts before and after the layer is off. */
interface HeaderRoom {
  /** As long as the header with one more slot in place of the MAC. */
  readonly whole: Uint8Array
  readonly kem: Uint8Array
  /** All that the MAC is about. */
  readonly authentic: Uint8Array
  readonly mac: Uint8Array
  /** The zeros that 7.5 appends; they take the MAC's place. */
  readonly appended: Uint8Array
  /** The routing field with what is appended. */
  readonly routing: Uint8Array
  readonly commands: Uint8Array
  /** The ciphertext and the routing field of the next hop. */
  readonly onward: Uint8Array
}

function headerRoom(g: Geometry): HeaderRoom {
  const routingAt = g.adBytes + g.kemBytes
  const macAt = routingAt + g.routingBytes
  const whole = new Uint8Array(macAt + g.slotBytes)
  const commandsEnd = routingAt + g.commandBytes
  return {
    whole,
    kem: whole.subarray(g.adBytes, routingAt),
    authentic: whole.subarray(0, macAt),
    mac: whole.subarray(macAt, g.headerBytes),
    appended: whole.subarray(macAt),
    routing: whole.subarray(routingAt),
    commands: whole.subarray(routingAt, commandsEnd),
    onward: whole.subarray(commandsEnd),
  }
}

/** Wiped, by geometry and for one suite each; as many as were in use at once. */
const spares = new WeakMap<Geometry, Work[]>()

function takeWork(suite: Suite, geometry: Geometry): Work {
  const work = spares.get(geometry)?.pop()
  if (work !== undefined && work.suite === suite) return work
  const keys = newKeys(suite)
  return {
    suite,
    geometry,
    tag: keys.tag,
    shared: new Uint8Array(suite.sharedBytes),
    keys,
    mac: new Uint8Array(suite.macBytes),
    header: headerRoom(geometry),
  }
}

function giveBack(work: Work): void {
  const { suite, geometry, shared, keys, header } = work
  suite.wipe(shared)
  suite.wipe(keys.all)
  suite.wipe(header.whole)
  const waiting = spares.get(geometry)
  if (waiting === undefined) spares.set(geometry, [work])
  else waiting.push(work)
}
