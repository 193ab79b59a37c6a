// npm run bench -- sphinx [--json] [--rounds 15]: what a packet of the default geometry costs, and how that compares
// with one native X25519 of the same run. Times are CPU microseconds of the whole process, medians of rounds.

import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { parseArgs } from 'node:util'
import sodium from 'sodium-native'
import * as node from '#crypto'
import { body } from '../../sphinx/body.ts'
import type { Crypto } from '../../sphinx/crypto.ts'
import * as browser from '../../sphinx/crypto-portable.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { peel } from '../../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock } from '../../sphinx/reply.ts'
import { x25519Suite } from '../../sphinx/suite-x25519.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { seededRandom } from '../../world/random.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

/** One thing to measure: `run` is called `times` times a round. */
interface Task {
  readonly times: number
  readonly run: () => void
}

interface Figures {
  readonly peelUs: number
  readonly wrapUs: number
  readonly replyUs: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' } },
  })
  const rounds = Math.max(1, Number.parseInt(values.rounds, 10) || 1)

  // One loop over all tasks, round by round, so that a slow moment of the machine strikes all alike.
  const native = measure(rounds, {
    sodium: { times: 400, run: sodiumX25519() },
    openssl: { times: 400, run: opensslX25519() },
    ...tasks(node, 400, 60),
  })
  const script = measure(rounds, tasks(browser, 10, 2))
  const x25519Us = Math.min(native['sodium'] as number, native['openssl'] as number)
  const [ofNode, ofBrowser] = [figures(native), figures(script)]
  const result = {
    x25519Us,
    peelUs: ofNode.peelUs,
    ratio: Math.round((ofNode.peelUs / x25519Us) * 1000) / 1000,
    wrapUs: ofNode.wrapUs,
    replyUs: ofNode.replyUs,
    packetBytes: g.packetBytes,
    payloadBytes: g.payloadBytes,
    backends: { node: ofNode, browser: ofBrowser },
  }
  if (!values.json) print(result.backends, x25519Us, result.ratio)
  else console.log(JSON.stringify(result))
}

function print(backends: { node: Figures; browser: Figures }, x25519Us: number, ratio: number): void {
  console.log(`packet ${g.packetBytes} bytes, payload ${g.payloadBytes}, ${g.hops} hops; CPU microseconds`)
  console.log(`one native X25519: ${x25519Us}; peeling costs ${ratio} times that`)
  console.table(backends)
}

function figures(medians: Readonly<Record<string, number>>): Figures {
  return {
    peelUs: medians['peel'] as number,
    wrapUs: medians['wrap'] as number,
    replyUs: medians['reply'] as number,
  }
}

/** Peeling, wrapping, and making and using a reply block, with one backend. */
function tasks(crypto: Crypto, peels: number, wraps: number): Record<string, Task> {
  const suite = x25519Suite(crypto)
  const random = seededRandom(1)
  const secrets = Array.from({ length: g.hops }, () => random(32))
  const path = secrets.map(secret => ({ id: random(32), key: crypto.x25519PublicKey(secret), delayMs: 50 }))
  const to = random(32)
  const content = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  const destination = { recipient: to, replyId: random(16) }
  const packet = wrap(g, path, to, content, random, suite)
  const [first] = secrets as [Uint8Array]
  return {
    peel: { times: peels, run: () => peel(g, first, packet, () => false, suite) },
    wrap: { times: wraps, run: () => wrap(g, path, to, content, random, suite) },
    reply: {
      times: wraps,
      run: () => useReplyBlock(g, makeReplyBlock(g, path, destination, random, suite).block, content, suite),
    },
  }
}

function sodiumX25519(): () => void {
  const random = seededRandom(2)
  const [out, secret] = [Buffer.alloc(32), Buffer.from(random(32))]
  const point = Buffer.from(node.x25519PublicKey(random(32)))
  return () => sodium.crypto_scalarmult(out, secret, point)
}

function opensslX25519(): () => void {
  const random = seededRandom(3)
  const [mine, theirs] = [random(32), random(32)]
  const privateKey = createPrivateKey({ key: jwk(mine, true), format: 'jwk' })
  const publicKey: KeyObject = createPublicKey({ key: jwk(theirs, false), format: 'jwk' })
  return () => diffieHellman({ privateKey, publicKey })
}

function jwk(secret: Uint8Array, isPrivate: boolean): Record<string, string> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const open = { kty: 'OKP', crv: 'X25519', x: text(node.x25519PublicKey(secret)) }
  return isPrivate ? { ...open, d: text(secret) } : open
}

/** The median over all rounds of what one call of each task costs, in CPU microseconds. */
function measure<Name extends string>(
  rounds: number,
  all: Readonly<Record<Name, Task>>,
): Record<Name, number> {
  const entries = Object.entries<Task>(all) as [Name, Task][]
  const samples = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
  // the first rounds warm the compiler up and do not count
  for (let round = -3; round < rounds; round++)
    for (const [name, { times, run }] of entries) {
      const before = process.cpuUsage()
      for (let i = 0; i < times; i++) run()
      const spent = process.cpuUsage(before)
      if (round >= 0) samples.get(name)?.push((spent.user + spent.system) / times)
    }
  return Object.fromEntries([...samples].map(([name, values]) => [name, median(values)])) as Record<
    Name,
    number
  >
}

function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
  return Math.round(middle * 100) / 100
}
