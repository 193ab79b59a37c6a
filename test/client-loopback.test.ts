// The client's loopback interface on its port, spoken to in bytes: what RFC 9110 calls equal is equal, text that is not
// UTF-8 is refused by name, the WebSocket has the bounds of HTTP, and nobody holds what they do not read.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { serveClient } from '../client/api/daemon.ts'
import { mostUnderWay } from '../client/api/socket.ts'
import type { Client } from '../client/client.ts'
import { virtualClock } from '../world/clock.ts'
import type { Loopback } from '../world/http.ts'
import { second } from '../world/units.ts'

const token = 'abcdefghijklmnopqrstuvwxyz'
const owner = `Authorization: Bearer ${token}`

interface Sent {
  readonly bytes: Uint8Array | string
  readonly accept: () => void
}

/** A client that takes what is sent when it is told to, tells what the test tells, and holds one large message. */
class StandIn {
  readonly sent: Sent[] = []
  readonly listeners = new Set<(message: unknown) => void>()
  isSlow = false
  readonly client: Client = {
    status: () => ({ ready: true, consensus: { epoch: 1 }, gateway: 'aa' }),
    consensus: () => undefined,
    on: (event: string, listener: (message: unknown) => void) => {
      if (event !== 'state') return () => {}
      this.listeners.add(listener)
      return () => this.listeners.delete(listener)
    },
    send: (_: string, bytes: Uint8Array) =>
      new Promise(resolve => {
        const accept = (): void => resolve({ id: 'a'.repeat(32), state: 'queued', reason: undefined })
        this.sent.push({ bytes, accept })
        if (!this.isSlow) accept()
      }),
    contacts: { change: async (name: string) => ({ name }) },
    inbox: async () => [
      {
        id: 'b'.repeat(32),
        seq: 0,
        at: 0,
        app: '',
        canReply: false,
        bytes: new Uint8Array(12 * 2 ** 20).fill(0xff),
      },
    ],
  } as unknown as Client

  tell(message: unknown): void {
    for (const listener of this.listeners) listener(message)
  }
}

async function served(
  run: (api: Loopback, one: StandIn, clock: ReturnType<typeof virtualClock>) => Promise<void>,
) {
  const [one, clock] = [new StandIn(), virtualClock()]
  const api = await serveClient({ client: one.client, port: 0, token, clock })
  try {
    await run(api, one, clock)
  } finally {
    await api.close()
  }
}

/** Sends bytes, with the port where they say PORT; gives the status and body of the answer. */
async function ask(
  port: number,
  head: string,
  body: Uint8Array | string = '',
): Promise<{ status: number; body: string }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const bytes = Buffer.from(body as string)
  const length = bytes.length === 0 ? '' : `Content-Length: ${bytes.length}\r\n`
  const text = `${head.replaceAll('PORT', String(port)).replaceAll('\n', '\r\n')}\r\nConnection: close\r\n${length}\r\n`
  socket.write(Buffer.concat([Buffer.from(text, 'latin1'), bytes]))
  let answer = ''
  for await (const piece of socket) answer += piece
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? []
  return { status: Number(status), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) }
}

const get = (fields: string, path = '/status'): string => `GET ${path} HTTP/1.1\n${fields}`
const host = 'Host: 127.0.0.1:PORT'

const heads: readonly (readonly [why: string, head: string, status: number])[] = [
  ['as everybody writes it', get(`${host}\n${owner}`), 200],
  ['names of fields in any case', get(`hOsT: 127.0.0.1:PORT\nAUTHORIZATION: Bearer ${token}`), 200],
  ['schemes in any case', get(`${host}\nAuthorization: bearer ${token}`), 200],
  ['schemes in any case', get(`${host}\nAuthorization: BEARER ${token}`), 200],
  ['spaces between scheme and token', get(`${host}\nAuthorization: Bearer   ${token}`), 200],
  ['white space around a value', get(`${host}\nAuthorization: \t Bearer ${token} \t`), 200],
  ['another scheme', get(`${host}\nAuthorization: Basic ${token}`), 401],
  ['no space behind the scheme', get(`${host}\nAuthorization: Bearer${token}`), 401],
  ['letters of a token are not alike', get(`${host}\nAuthorization: Bearer ${token.toUpperCase()}`), 401],
  ['two tokens', get(`${host}\n${owner}\n${owner}`), 401],
  ['a host in any case', get(`Host: LocalHost:PORT\n${owner}`), 200],
  ['a host with the dot of the root', get(`Host: localhost.:PORT\n${owner}`), 200],
  ['a port with a zero in front', get(`Host: 127.0.0.1:0PORT\n${owner}`), 200],
  ['an address of IPv6', get(`Host: [::1]:PORT\n${owner}`), 200],
  ['another port', get(`Host: 127.0.0.1:1\n${owner}`), 403],
  ['no port, which is 80', get(`Host: 127.0.0.1\n${owner}`), 403],
  ['another host', get(`Host: 127.0.0.1.example:PORT\n${owner}`), 403],
  ['a list of hosts, which is no host', get(`Host: 127.0.0.1:PORT, 127.0.0.1:PORT\n${owner}`), 400],
]

test('fields of a request are compared as RFC 9110 says', () =>
  served(async api => {
    for (const [why, head, status] of heads) assert.is((await ask(api.port, head)).status, status, why)
  }))

const to = 'to=chaffinch_b'
const octets: readonly (readonly [type: string, isOctets: boolean])[] = [
  ['application/octet-stream', true],
  ['Application/Octet-Stream', true],
  ['application/octet-stream; x=1', true],
  ['application/octet-stream ;charset="binary"', true],
  ['application/octet-streams', false],
  ['application/json', false],
]

test('a media type is what it is in letters of any case and with parameters', () =>
  served(async (api, one) => {
    for (const [type, isOctets] of octets) {
      const head = `POST /messages?${to} HTTP/1.1\n${host}\n${owner}\nContent-Type: ${type}`
      const { status } = await ask(api.port, head, Uint8Array.of(0xff, 0xfe))
      assert.is(status, isOctets ? 202 : 400, type)
    }
    assert.is(one.sent.length, 4)
  }))

test('a compressed body is refused as that', () =>
  served(async api => {
    const post = (coding: string): string =>
      `POST /messages HTTP/1.1\n${host}\n${owner}\nContent-Type: application/json\nContent-Encoding: ${coding}`
    const body = '{"to":"chaffinch_b","text":"x"}'
    assert.is((await ask(api.port, post(' Identity , '), body)).status, 202)
    assert.match((await ask(api.port, post('identity, GZIP'), body)).body, 'gzip is not understood')
  }))

const json = (text: string, type = 'application/json'): readonly [string, Uint8Array] => [
  `POST /messages HTTP/1.1\n${host}\n${owner}\nContent-Type: ${type}`,
  Buffer.from(text, 'latin1'),
]
const put = (path: string): readonly [string, Uint8Array] => [
  `PUT ${path} HTTP/1.1\n${host}\n${owner}\nContent-Type: application/json`,
  Buffer.from('{}'),
]
const body = (text: string): string => `{"to":"chaffinch_b","text":"${text}"}`

const broken: readonly (readonly [why: RegExp, request: readonly [string, Uint8Array]])[] = [
  [/the body is not UTF-8 \(byte 32\)/, json(body('abcd\xff'))],
  [/the body is not UTF-8/, json(body('a\xc3\x28'))],
  [/the body is not UTF-8/, json(body('\xed\xa0\x80'))],
  [/the body is not UTF-8/, json(body('\xc0\xaf'))],
  [/the body is not UTF-8/, json(`${body('a')}\xe2\x82`)],
  [/the body is not UTF-8/, json(body('Gr\xfc\xdfe'), 'application/x-www-form-urlencoded')],
  [/the body is in iso-8859-1/, json(body('a'), 'application/json; charset=ISO-8859-1')],
  [/text: half a character \(a lone surrogate\)/, json(body('a\\ud800b'))],
  [/the path is not UTF-8/, put('/contacts/%FF')],
  [/the path is not UTF-8/, put('/contacts/%ED%A0%80')],
  [/the query is not UTF-8/, put('/contacts/bob?x=%C3')],
  [/the header x-note is not UTF-8/, [get(`${host}\n${owner}\nX-Note: \xff`), new Uint8Array()]],
]

test('text that is not UTF-8 is refused and named: in bodies, paths, queries and headers', () =>
  served(async (api, one) => {
    for (const [why, [head, bytes]] of broken) {
      const answer = await ask(api.port, head, bytes)
      assert.is(answer.status, 400, `${why} ${answer.body}`)
      assert.is(JSON.parse(answer.body).code, 'BAD_TEXT')
      assert.match(JSON.parse(answer.body).detail, why)
    }
    assert.is(one.sent.length, 0, 'nothing went out')
  }))

test('text that is UTF-8 goes through unchanged, wherever it stands', () =>
  served(async (api, one) => {
    const note = Buffer.from('Grüße', 'utf8').toString('latin1')
    const [head, bytes] = json(Buffer.from(body('Grüße 🐦 \\ud83d\\udc26')).toString('latin1'))
    assert.is((await ask(api.port, `${head}; charset="UTF-8"\nX-Note: ${note}`, bytes)).status, 202)
    assert.is(Buffer.from(one.sent[0]?.bytes as Uint8Array).toString(), 'Grüße 🐦 🐦')
    assert.match((await ask(api.port, ...put('/contacts/J%C3%BCrgen'))).body, '"name":"Jürgen"')
  }))

async function opened(api: Loopback): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/socket`, {
    headers: { authorization: `bearer ${token}` },
  })
  await once(socket, 'open')
  return socket
}

const note = (ref: number, text: string): string =>
  JSON.stringify({ ref, do: 'send', to: 'chaffinch_b', text })

test('over the socket so many requests are worked on at a time, and no more is read meanwhile', () =>
  served(async (api, one) => {
    one.isSlow = true
    const socket = await opened(api)
    const large = 'x'.repeat(2 ** 18)
    for (let i = 0; i < 4 * mostUnderWay; i++) socket.send(note(i, large))
    while (one.sent.length < mostUnderWay) await new Promise(resolve => setImmediate(resolve))
    // Long enough for all the rest, were it read
    for (let i = 0; i < 2000; i++) await new Promise(resolve => setImmediate(resolve))
    assert.is(one.sent.length, mostUnderWay)
    assert.ok(socket.bufferedAmount > 0, 'what is not read waits with whoever sent it')
    one.isSlow = false
    let answers = 0
    socket.on('message', data => {
      if (String(data).includes('"answer"')) answers++
    })
    for (const { accept } of one.sent) accept()
    while (answers < 4 * mostUnderWay) await once(socket, 'message')
    socket.terminate()
  }))

test('a binary message over the socket, and half a character, are named as what they are', () =>
  served(async api => {
    const socket = await opened(api)
    const answers: string[] = []
    socket.on('message', data => String(data).includes('"answer"') && answers.push(String(data)))
    socket.send(Buffer.from(note(1, 'x')))
    socket.send(note(2, 'a').replace('"a"', '"\\udfff"'))
    while (answers.length < 2) await once(socket, 'message')
    assert.match(answers[0] as string, 'the message is binary')
    assert.match(answers[1] as string, 'BAD_TEXT')
    socket.terminate()
  }))

test('bytes over the socket that are no UTF-8 end it, as RFC 6455 says', () =>
  served(async api => {
    const socket = await opened(api)
    const raw = (socket as unknown as { readonly _socket: Socket })._socket
    raw.write(Uint8Array.of(0x81, 0x81, 0, 0, 0, 0, 0xff))
    const [code] = await once(socket, 'close')
    assert.is(code, 1007)
  }))

for (const path of ['/events', '/socket'])
  test(`who listens at ${path} and does not read is dropped at 1,000 events`, () =>
    served(async (api, one) => {
      const socket = connect(api.port, '127.0.0.1')
      await once(socket, 'connect')
      const upgrade =
        path === '/events'
          ? ''
          : 'Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n${owner}\r\n${upgrade}\r\n`)
      await once(socket, 'data')
      socket.pause()
      while (one.listeners.size === 0) await new Promise(resolve => setImmediate(resolve))
      const told = { id: 'a'.repeat(32), state: 'queued', reason: 'x'.repeat(400), app: '' }
      // What the system's buffers hold, and then 1,000
      for (let i = 0; i < 50_000 && one.listeners.size > 0; i++) {
        one.tell(told)
        if (i % 100 === 0) await new Promise(resolve => setImmediate(resolve))
      }
      assert.is(one.listeners.size, 0)
      socket.destroy()
    }))

test('an answer that nobody reads is cut off after a while, one that is read slowly is not', () =>
  served(async (api, _, clock) => {
    const dial = (): Socket => connect(api.port, '127.0.0.1').on('error', () => {})
    const [stuck, slow] = [dial(), dial()]
    // a reset comes as an error, which `once` would throw
    const isCut = new Promise(resolve => stuck.once('close', resolve))
    const question = `GET /messages HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n${owner}\r\n\r\n`
    for (const socket of [stuck, slow]) {
      socket.write(question)
      await once(socket, 'readable')
    }
    let bytes = 0
    let isWhole = false
    const read = async (most: number): Promise<void> => {
      for (let i = 0; i < most && !isWhole; i++) {
        const piece = slow.read() as Buffer | null
        if (piece === null) await once(slow, 'readable')
        else bytes += piece.length
        isWhole = bytes > 16 * 2 ** 20
      }
    }
    await read(20)
    await clock.advance(60 * second)
    await read(Number.POSITIVE_INFINITY)
    assert.ok(isWhole)
    await clock.advance(300 * second)
    let taken = 0
    stuck.on('data', (piece: Buffer) => {
      taken += piece.length
    })
    await isCut
    assert.ok(taken < 16 * 2 ** 20, `${taken} bytes`)
    slow.destroy()
  }))

test.run()
