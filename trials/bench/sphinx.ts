// npm run bench -- sphinx [--json] [--rounds 15]: what a packet of the default geometry costs, and how that compares
// with one native X25519 of the same run. Times are CPU microseconds of the whole process, medians of rounds.

import { parseArgs } from 'node:util'
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
import { measure, opensslX25519, sodiumX25519, type Task } from './cpu.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

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
