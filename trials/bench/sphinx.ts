// npm run bench -- sphinx [--json] [--rounds 60]: what a packet of the default geometry costs in each suite, and how
// that compares with one native X25519 of the same run. Times are CPU microseconds of the whole process, medians of
// rounds.

import { parseArgs } from 'node:util'
import * as node from '#crypto'
import { body } from '../../sphinx/body.ts'
import type { Crypto } from '../../sphinx/crypto.ts'
import * as browser from '../../sphinx/crypto-portable.ts'
import { type Geometry, geometry } from '../../sphinx/geometry.ts'
import { discard, openHeader, takeOff } from '../../sphinx/peel.ts'
import { makeReplyBlock, useReplyBlock } from '../../sphinx/reply.ts'
import type { Suite } from '../../sphinx/suite.ts'
import { type SuiteName, suiteNames } from '../../sphinx/suite-names.ts'
import { x25519Suite } from '../../sphinx/suite-x25519.ts'
import { x25519Suite2 } from '../../sphinx/suite-x25519-2.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { systemRandom as random } from '../../world/random.ts'
import { measure, opensslX25519, sodiumX25519, type Task } from './cpu.ts'

const makers: Readonly<Record<SuiteName, (crypto: Crypto) => Suite>> = {
  x25519: x25519Suite,
  'x25519-2': x25519Suite2,
}

const jobs = ['peel', 'wrap', 'reply'] as const
type Job = (typeof jobs)[number]

interface Figures {
  readonly peelUs: number
  readonly wrapUs: number
  readonly replyUs: number
}

/** Figures of one suite in Node, and how many X25519 of the same run they are. */
interface SuiteFigures extends Figures {
  readonly ratio: number
  readonly wrapRatio: number
  readonly replyRatio: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '60' } },
  })
  const rounds = Math.max(1, Number.parseInt(values.rounds, 10) || 1)

  // Many short rounds over all tasks, so that a slow moment of the machine strikes all alike.
  const native = measure(rounds, {
    sodium: { times: 100, run: sodiumX25519() },
    openssl: { times: 100, run: opensslX25519() },
    ...tasks('x25519', node, 100, 15),
    ...tasks('x25519-2', node, 100, 15),
  })
  const script = measure(Math.ceil(rounds / 4), tasks('x25519', browser, 10, 2))
  const x25519Us = Math.min(native['sodium'] as number, native['openssl'] as number)
  const suites = Object.fromEntries(
    suiteNames.map(name => [name, inX25519(figures(name, native), x25519Us)]),
  ) as Record<SuiteName, SuiteFigures>
  const usual = suites.x25519
  const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
  const result = {
    x25519Us,
    peelUs: usual.peelUs,
    ratio: usual.ratio,
    wrapUs: usual.wrapUs,
    replyUs: usual.replyUs,
    packetBytes: g.packetBytes,
    payloadBytes: g.payloadBytes,
    suites,
    backends: { node: figures('x25519', native), browser: figures('x25519', script) },
  }
  if (values.json) console.log(JSON.stringify(result))
  else print(g, result)
}

function print(
  g: Geometry,
  { x25519Us, suites, backends }: { x25519Us: number; suites: object; backends: object },
): void {
  console.log(`packet ${g.packetBytes} bytes, payload ${g.payloadBytes}, ${g.hops} hops; CPU microseconds`)
  console.log(`one native X25519: ${x25519Us}; ratios are to it`)
  console.table(suites)
  console.table(backends)
}

const nameOf = (suite: SuiteName, job: Job): string => `${suite} ${job}`

function figures(suite: SuiteName, medians: Readonly<Record<string, number>>): Figures {
  const [peelUs, wrapUs, replyUs] = jobs.map(job => medians[nameOf(suite, job)] as number) as [
    number,
    number,
    number,
  ]
  return { peelUs, wrapUs, replyUs }
}

function inX25519(of: Figures, x25519Us: number): SuiteFigures {
  const [ratio, wrapRatio, replyRatio] = [of.peelUs, of.wrapUs, of.replyUs].map(
    us => Math.round((us / x25519Us) * 1000) / 1000,
  ) as [number, number, number]
  return { ...of, ratio, wrapRatio, replyRatio }
}

/**
 * Peeling as a relay does, in the packet's own bytes; wrapping with the dice of a client; making and using a reply
 * block.
 */
function tasks(name: SuiteName, crypto: Crypto, peels: number, wraps: number): Record<string, Task> {
  const g = geometry({ suite: name, hops: 5, userBytes: 2000 })
  const suite = makers[name](crypto)
  const secrets = Array.from({ length: g.hops }, () => random(32))
  const path = secrets.map(secret => ({ id: random(32), key: crypto.x25519PublicKey(secret), delayMs: 50 }))
  const to = random(32)
  const content = body(g, { flags: 0, ack: random(g.replyBlockBytes), user: random(g.userBytes) })
  const destination = { recipient: to, replyId: random(16) }
  const packet = wrap(g, path, to, content, random, suite)
  const packets = Array.from({ length: peels }, () => packet.slice())
  let next = 0
  return {
    [nameOf(name, 'peel')]: {
      times: peels,
      prepare() {
        for (const each of packets) each.set(packet)
        next = 0
      },
      run() {
        const each = packets[next++] as Uint8Array
        const opened = openHeader(g, secrets[0] as Uint8Array, each, suite)
        takeOff(opened, each)
        discard(opened)
      },
    },
    [nameOf(name, 'wrap')]: { times: wraps, run: () => wrap(g, path, to, content, random, suite) },
    [nameOf(name, 'reply')]: {
      times: wraps,
      run: () => useReplyBlock(g, makeReplyBlock(g, path, destination, random, suite).block, content, suite),
    },
  }
}
