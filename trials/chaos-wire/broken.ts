// Broken bytes of each kind, which begin as an honest host's and end as nobody's.

import {
  directoryProtocol,
  writeRequest as writeDirectoryRequest,
} from '../../directory/documents/exchange.ts'
import { presenceProtocol } from '../../directory/documents/joining.ts'
import { writeFrame } from '../../link/frame.ts'
import { cellProtocol } from '../../link/libp2p/cells.ts'
import { dhtProtocol } from '../../link/libp2p/dht-kad.ts'
import { boardProtocol, writeCatchRequest } from '../../link/protocol/bulletin.ts'
import { mailboxProtocol, writeRequest as writeMailboxRequest } from '../../link/protocol/mailbox.ts'
import {
  channelNameBytes,
  type Errand,
  entryProtocol,
  homeProtocol,
  sealedBytes,
  writeBatch,
  writeCell,
  writeErrand,
} from '../../link/protocol/relaying.ts'
import { below, fraction, pick, type Random } from '../../world/random.ts'

/**
 * Names how far a conversation is honest. What the sockets carry from the first byte on, by hand: `socket` nothing is
 * honest, `upgrade` (WebSocket) the request or answer of the upgrade is broken, `frames` (WebSocket) the upgrade is
 * honest and frames are broken, `negotiation` names of protocols are, `handshake` Noise is chosen and its messages are
 * broken. Within a true handshake: `identity` what it says of who one is, `muxer` no muxer that there is. Behind it:
 * `sealed` what is not sealed as it was agreed, `yamux` broken frames, `stream` broken names on a new stream,
 * `protocol` a protocol is chosen and what follows is broken.
 */
export const bareStages = ['socket', 'upgrade', 'frames', 'negotiation', 'handshake'] as const
export const securedStages = ['identity', 'muxer', 'sealed', 'yamux', 'stream', 'protocol'] as const
export type BareStage = (typeof bareStages)[number]
export type SecuredStage = (typeof securedStages)[number]

const meshsub = '/meshsub/1.2.0'
export const protocols: readonly string[] = [
  cellProtocol,
  directoryProtocol,
  mailboxProtocol,
  entryProtocol,
  homeProtocol,
  boardProtocol,
  presenceProtocol,
  dhtProtocol,
  meshsub,
]

/** The broken part of what is said behind or within a handshake. */
export function securedBytes(random: Random, stage: SecuredStage, protocol: string): Uint8Array {
  switch (stage) {
    case 'identity':
      return identity(random)
    case 'sealed':
      return framed16(random, noise(random, 400))
    case 'yamux':
      return yamuxFrames(random)
    case 'muxer':
    case 'stream':
      return names(random)
    case 'protocol':
      return spoken(random, protocol)
  }
}

/** The broken part of what goes over a socket, behind what is honest of it. */
export function bareBytes(random: Random, stage: BareStage): Uint8Array {
  switch (stage) {
    case 'socket':
      return noise(random, 3000)
    case 'upgrade':
      return upgrade(random)
    case 'frames':
      return webSocketFrames(random)
    case 'negotiation':
      return names(random)
    case 'handshake':
      return changed(random, framed16(random, noise(random, 400)))
  }
}

const endlessBytes = 400_000

const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

function noise(random: Random, most: number): Uint8Array {
  return random(1 + below(random, most))
}

/** Flips, cuts, repeats, or leaves as it is. */
function changed(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes
  const at = below(random, bytes.length)
  switch (below(random, 6)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return join(bytes, bytes.subarray(at))
    case 2:
      return join(bytes.subarray(0, at), noise(random, 64), bytes.subarray(at))
    case 3:
      return bytes
    default: {
      const out = bytes.slice()
      for (let flips = 1 + below(random, 8); flips > 0; flips--)
        out[below(random, out.length)] = pick(random, [0, 1, 0x7f, 0x80, 0xff, below(random, 256)])
      return out
    }
  }
}

/** As a transport cuts it: at most eight chunks. */
export function split(random: Random, bytes: Uint8Array): Uint8Array[] {
  const cuts = Array.from({ length: below(random, 4) }, () => below(random, bytes.length + 1)).sort(
    (a, b) => a - b,
  )
  const edges = [0, ...cuts, bytes.length]
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
}

/** A Noise message: its length in two bytes, true or not, and what may be a key. */
function framed16(random: Random, bytes: Uint8Array): Uint8Array {
  const length = below(random, 4) === 0 ? below(random, 65_536) : bytes.length
  return join(Uint8Array.of(length >> 8, length & 255), bytes)
}

/** Says who one is as a handshake does, true of nobody: a key of any kind (1), a signature (2), muxers (4 2). */
function identity(random: Random): Uint8Array {
  const field = (number: number, body: Uint8Array): Uint8Array =>
    join(Uint8Array.of((number << 3) | 2, ...varint(body.length)), body)
  const key = join(Uint8Array.of(8, below(random, 5)), field(2, noise(random, pick(random, [32, 33, 300]))))
  const parts = [
    field(1, pick(random, [key, noise(random, 40)])),
    field(2, random(pick(random, [0, 63, 64, 200]))),
    field(4, field(below(random, 4), ascii(pick(random, ['', '/yamux/1.0.0', '/mplex/6.7.0'])))),
  ]
  return changed(random, join(...parts.slice(below(random, 2), 1 + below(random, 3))))
}

/** Names of multistream-select, as a host sends them and as nobody does. */
function names(random: Random): Uint8Array {
  const known = ['/multistream/1.0.0', '/noise', '/yamux/1.0.0', 'ls', 'na', '', ...protocols]
  const one = (): Uint8Array => {
    const name =
      below(random, 5) === 0 ? Buffer.from(noise(random, 1200)).toString('latin1') : pick(random, known)
    const length = name.length + 1
    const prefix = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
    return join(Uint8Array.from(prefix), ascii(`${name}\n`))
  }
  const all = join(...Array.from({ length: 1 + below(random, 24) }, one))
  // A length that never ends
  if (below(random, 8) === 0) return new Uint8Array(1 + below(random, 2000)).fill(0x80 | below(random, 128))
  if (below(random, 100) === 0) return new Uint8Array(endlessBytes).fill(0x80 | below(random, 128))
  return changed(random, all)
}

function upgrade(random: Random): Uint8Array {
  const key = Buffer.from(random(16)).toString('base64')
  const head = pick(random, [
    `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`,
    `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n`,
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n',
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n',
    'CONNECT h:1 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n',
    'GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n',
  ])
  const more = pick(random, [
    '',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n',
    'Sec-WebSocket-Extensions: ;;;,,"\r\n',
    'Sec-WebSocket-Protocol: ,,;\r\n',
    `X: ${'y'.repeat(below(random, 20_000))}\r\n`,
  ])
  return changed(
    random,
    join(ascii(`${head}${more}\r\n`), below(random, 2) === 0 ? noise(random, 50) : new Uint8Array(0)),
  )
}

/** Frames of RFC 6455 as no browser sends them. */
function webSocketFrames(random: Random): Uint8Array {
  const one = (): Uint8Array => {
    const body = pick(random, [
      new Uint8Array(0),
      noise(random, 3),
      noise(random, 300),
      ascii('\x13/multistream/1.0.0\n'),
    ])
    const first = pick(random, [
      0x82,
      0x81,
      0x80,
      0x00,
      0x02,
      0x88,
      0x89,
      0x8a,
      0x8b,
      0xf2,
      below(random, 256),
    ])
    return webSocketFrame(random, first, body)
  }
  if (below(random, 12) === 0) {
    // Many small ones: fragments that never end, pings, or nothing at all
    const small = webSocketFrame(random, pick(random, [0x02, 0x00, 0x89]), noise(random, 2), true)
    return join(...Array.from({ length: 1 + below(random, 2000) }, () => small))
  }
  return join(...Array.from({ length: 1 + below(random, 5) }, one))
}

/** @param honest its length is true and it is masked */
export function webSocketFrame(random: Random, first: number, body: Uint8Array, honest = false): Uint8Array {
  const masked = honest || below(random, 6) > 0 ? 0x80 : 0
  const told =
    honest || below(random, 8) > 0
      ? BigInt(body.length)
      : pick(random, [2n ** 63n - 1n, 2n ** 40n, 2n ** 32n, 70_000n])
  const head = told < 126n ? [first, masked | Number(told)] : undefined
  if (head !== undefined) return join(Uint8Array.from(head), new Uint8Array(masked === 0 ? 0 : 4), body)
  const long = new Uint8Array(10)
  long.set([first, masked | 127])
  new DataView(long.buffer).setBigUint64(2, told)
  return join(long, new Uint8Array(masked === 0 ? 0 : 4), body)
}

/** Yamux: version (1) || type (1) || flags (2) || stream (4) || length (4). */
function yamuxFrames(random: Random): Uint8Array {
  const one = (): Uint8Array => {
    const frame = new Uint8Array(12)
    const view = new DataView(frame.buffer)
    view.setUint8(0, below(random, 8) === 0 ? below(random, 256) : 0)
    view.setUint8(1, below(random, 6))
    view.setUint16(2, pick(random, [0, 1, 2, 4, 8, 15, below(random, 65_536)]))
    view.setUint32(4, pick(random, [0, 1, 2, 3, 2 ** 32 - 1, below(random, 100)]))
    view.setUint32(8, pick(random, [0, 1, 100, 2 ** 20 + 1, 2 ** 31, 2 ** 32 - 1, below(random, 5000)]))
    return join(frame, below(random, 2) === 0 ? noise(random, 200) : new Uint8Array(0))
  }
  return join(...Array.from({ length: 1 + below(random, below(random, 10) === 0 ? 1500 : 6) }, one))
}

/** Makes what a protocol's own messages look like, changed. */
function spoken(random: Random, protocol: string): Uint8Array {
  const framed = (body: Uint8Array): Uint8Array => {
    const frame = writeFrame(body)
    if (below(random, 5) === 0)
      new DataView(frame.buffer).setUint32(0, pick(random, [0, 1, 2 ** 31, 2 ** 32 - 1, body.length + 1]))
    return frame
  }
  const messages: Readonly<Record<string, () => Uint8Array>> = {
    [cellProtocol]: () => noise(random, 8000),
    [directoryProtocol]: () => framed(changed(random, directoryRequest(random))),
    [mailboxProtocol]: () => framed(changed(random, mailboxRequest(random))),
    [entryProtocol]: () => framed(changed(random, writeErrand(random(32), errand(random)))),
    [homeProtocol]: () =>
      framed(changed(random, writeBatch(Array.from({ length: below(random, 4) }, () => errand(random))))),
    [boardProtocol]: () => framed(changed(random, writeCatchRequest(below(random, 2 ** 31)))),
    [presenceProtocol]: () => framed(changed(random, random(32))),
    [dhtProtocol]: () => protobuf(random, 2000),
    [meshsub]: () => protobuf(random, 4000),
  }
  const make = messages[protocol] as () => Uint8Array
  return join(...Array.from({ length: 1 + below(random, 3) }, make))
}

function directoryRequest(random: Random): Uint8Array {
  const bytes = noise(random, 400)
  return writeDirectoryRequest(
    pick(random, [
      { ask: 'document', epoch: below(random, 100) },
      { ask: 'document', epoch: null },
      { ask: 'change', after: null },
      { ask: 'difference', from: random(32), epoch: below(random, 9) },
      { ask: 'note', epoch: below(random, 9) },
      { ask: 'pointer', epoch: 0 },
      { ask: 'upload', descriptor: bytes },
      { ask: 'join', request: bytes },
      { ask: 'leave', note: bytes },
      { ask: 'report', statistics: bytes },
      { ask: 'time' },
      { ask: 'evidence' },
      { ask: 'hello' },
      { ask: 'missing', epoch: 1, have: [random(32)] },
      { ask: 'body', hash: random(32) },
      { ask: 'voting', message: bytes },
      { ask: 'noting', message: bytes },
    ]),
  )
}

function errand(random: Random): Errand {
  const kind = pick(random, ['begin', 'sealed'] as const)
  const cell = writeCell({ kind, number: below(random, 9), sealed: random(sealedBytes) })
  return { channel: random(channelNameBytes), cell }
}

function mailboxRequest(random: Random): Uint8Array {
  return writeMailboxRequest(
    pick(random, [
      { t: 'hello' },
      { t: 'open', key: random(32), proof: random(64) },
      {
        t: 'read',
        after: below(random, 99),
        done: below(random, 99),
        board: 0,
        boardOffset: below(random, 9),
      },
    ]),
  )
}

/** A protobuf behind its length, with fields of any number and any type. */
function protobuf(random: Random, most: number): Uint8Array {
  const field = (): Uint8Array => {
    const bytes = noise(random, 60)
    const type = pick(random, [0, 1, 2, 2, 2, 5, below(random, 8)])
    return join(Uint8Array.of(((1 + below(random, 12)) << 3) | type, Math.min(127, bytes.length)), bytes)
  }
  const body = changed(random, join(...Array.from({ length: 1 + below(random, most / 100) }, field)))
  const told = fraction(random) < 0.2 ? below(random, 2 ** 28) : body.length
  return join(Uint8Array.from(varint(told)), body)
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))]
}
