// npm run bench -- payment [--json] [--peers 3,10,20,50] [--dcnet]: what a join of n peers costs each of them, on the
// chaos harness's virtual network with nobody at fault. --dcnet: the net alone (docs/spec/payments-net.md 2), its slots
// compared with what PARI/GP finds where that is installed.

import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { x25519, x25519PublicKey } from '#crypto'
import { messageVector, type Pairs, slotOf, slotSums, slotVector } from '../../payment/net/dcnet.ts'
import { fromStream, p } from '../../payment/net/field.ts'
import { pairKeys } from '../../payment/net/pads.ts'
import { fromPowerSums, solve } from '../../payment/net/roots.ts'
import { readMessage } from '../../payment/rounds/message.ts'
import type { RoundState } from '../../payment/rounds/state.ts'
import { seededRandom } from '../../world/random.ts'
import type { Plant, World } from '../chaos-payment/cast.ts'
import { createWorld, pairMs, runWorld } from '../chaos-payment/world.ts'

/** The phase whose messages a peer takes in while it is in a state: what a step costs belongs to it. */
const phases = {
  pairing: 'PR',
  keys: 'KE',
  slots: 'SR',
  messages: 'DC',
  approving: 'OK',
  signing: 'CM',
  blaming: 'RS',
  submitting: 'CM',
} as const satisfies Partial<Record<RoundState['at'], string>>
const shown = ['PR', 'KE', 'SR', 'DC', 'OK', 'CM'] as const

interface Net {
  /** A native X25519 of the same run, CPU microseconds. */
  readonly x25519Us: number
  /** Keys of all pairs, pads, both vectors and the search for the slots, of one peer. */
  readonly padsAndSolveMs: number
  readonly padsAndSolveX25519: number
}

interface Figures extends Net {
  readonly n: number
  /** CPU milliseconds of one peer, every signature checked. */
  readonly cpuMs: Readonly<Record<(typeof shown)[number] | 'total', number>>
  /** Bytes of messages of the round, before the mixnet wraps them. */
  readonly bytes: { readonly sent: number; readonly received: number }
  /** Phases in which everybody publishes one message and waits for those of the others. */
  readonly rounds: number
  readonly runs: number
  /** From the end of pairing to the join in the ledger, on the virtual network: messages take 0.2 to 5 s. */
  readonly wallMs: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      dcnet: { type: 'boolean', default: false },
      peers: { type: 'string', default: '3,10,20,50' },
    },
  })
  const sizes = values.peers.split(',').map(Number)
  if (!sizes.every(n => Number.isInteger(n) && n >= 3 && n <= 64)) {
    console.error('bench: payment: --peers: want numbers from 3 to 64, with commas between')
    process.exitCode = 2
    return
  }
  if (values.dcnet) compare(sizes, values.json)
  else await measure(sizes, values.json)
}

async function measure(sizes: readonly number[], isJson: boolean): Promise<void> {
  // What is compiled on the way is not what a round costs.
  await figures(5)
  const peers: Figures[] = []
  for (const n of sizes) peers.push(await figures(n))
  if (isJson) return console.log(JSON.stringify({ x25519Us: peers[0]?.x25519Us, peers }))
  console.table(
    peers.map(({ n, cpuMs, padsAndSolveX25519, bytes, rounds, wallMs }) => ({
      n,
      ...cpuMs,
      'pads and solve (X25519)': padsAndSolveX25519,
      'bytes sent': bytes.sent,
      'bytes received': bytes.received,
      rounds,
      'wall s': Math.round(wallMs / 1000),
    })),
  )
  console.log(
    `CPU milliseconds of one peer, by phase; one native X25519 is ${peers[0]?.x25519Us} microseconds`,
  )
}

async function figures(n: number): Promise<Figures> {
  const spent: Record<string, number> = {}
  const world = await createWorld({
    seed: n,
    peers: n,
    faults: new Map(),
    crashes: new Map(),
    lossRate: 0,
    plant: firstPeer(spent),
  })
  const start = world.clock.now()
  await runWorld(world)
  const cpu = shown.map(phase => [phase, round((spent[phase] ?? 0) / 1000)] as const)
  const total = round(cpu.reduce((sum, [, ms]) => sum + ms, 0))
  return {
    n,
    cpuMs: { ...Object.fromEntries(cpu), total } as Figures['cpuMs'],
    ...net(n),
    bytes: bytesOf(world),
    rounds: new Set(world.trace.sent.map(({ message }) => message.body.kind)).size,
    runs: world.peers[0]?.onDisk?.attempts.length ?? 0,
    wallMs: lastDone(world) - start - pairMs,
  }
}

/** The first peer reads every message by itself, and what its steps cost is added up by phase. */
function firstPeer(spent: Record<string, number>): Plant {
  let peers = 0
  return parts => {
    if (peers++ > 0) return parts
    return {
      ...parts,
      config: { ...parts.config, read: readMessage },
      step(config, state, event, now) {
        const before = process.cpuUsage()
        const next = parts.step(config, state, event, now)
        const { user, system } = process.cpuUsage(before)
        if (state.at in phases) {
          const phase = phases[state.at as keyof typeof phases]
          spent[phase] = (spent[phase] ?? 0) + user + system
        }
        return next
      },
    }
  }
}

function bytesOf({ peers, trace }: World): Figures['bytes'] {
  const own = trace.sent.filter(({ peer }) => peer === peers[0])
  const size = (sent: World['trace']['sent']): number =>
    sent.reduce((sum, { message }) => sum + message.bytes.length, 0)
  return { sent: size(own), received: size(trace.sent) - size(own) }
}

function lastDone({ trace }: World): number {
  return Math.max(...trace.states.filter(({ state }) => state.at === 'done').map(({ at }) => at))
}

/** Measures what one peer of n computes in the net: the fastest of five, as the X25519 beside it. */
function net(n: number): Net {
  const { secrets, publicKeys, session, numbers, sent } = keysOf(n)
  const pairsOf = (me: number): Pairs =>
    publicKeys.map((other, i) => (i === me ? null : pairKeys(secrets[me] as Uint8Array, other, session)))
  const others = numbers.map((number, me) => (me === 0 ? [] : slotVector(number, pairsOf(me))))
  const work = (): void => {
    const pairs = pairsOf(0)
    const vectors = [slotVector(numbers[0] as bigint, pairs), ...others.slice(1)]
    const slot = slotOf(numbers[0] as bigint, solve(slotSums(vectors)))
    if (slot === null) throw new Error('bench: payment: no slot')
    messageVector(slot, sent, pairs)
  }
  const x25519Us = fastest(5, 200, () => x25519(secrets[0] as Uint8Array, publicKeys[1] as Uint8Array))
  const us = fastest(5, Math.ceil(60 / n), work)
  return {
    x25519Us: round(x25519Us),
    padsAndSolveMs: round(us / 1000),
    padsAndSolveX25519: Math.round(us / x25519Us),
  }
}

function keysOf(n: number) {
  const random = seededRandom(n)
  const secrets = Array.from({ length: n }, () => random(32))
  return {
    secrets,
    publicKeys: secrets.map(secret => x25519PublicKey(secret)),
    session: random(32),
    numbers: secrets.map(() => fromStream(random(16))),
    sent: random(32),
  }
}

/** CPU microseconds of one call. */
function fastest(rounds: number, times: number, run: () => void): number {
  run()
  const each = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < times; i++) run()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / times
  })
  return Math.min(...each)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** The net alone, and whether PARI/GP finds the same slots. */
function compare(sizes: readonly number[], isJson: boolean): void {
  const rows = sizes.map(n => ({ n, ...net(n), pari: pariAgrees(n) }))
  if (rows.some(({ pari }) => pari === null)) console.error('skipped: PARI/GP (gp) is not installed')
  if (rows.some(({ pari }) => pari === false)) process.exitCode = 1
  if (isJson) console.log(JSON.stringify({ x25519Us: rows[0]?.x25519Us, dcnet: rows }))
  else console.table(rows)
}

/** null without gp. */
function pariAgrees(n: number): boolean | null {
  const sums = slotSums(powersOf(keysOf(n).numbers))
  const f = fromPowerSums(sums)
  const program = `print(Vec(vecsort(lift(polrootsmod(Pol([1,${f.toReversed().join(',')}]),${p})))));quit\n`
  const { stdout, error } = spawnSync('gp', ['-q', '-f'], { input: program, encoding: 'utf8' })
  if (error !== undefined) return null
  const found = [...stdout.matchAll(/\d+/g)].map(match => BigInt(match[0]))
  const own = solve(sums)
  return found.length === n && own.every((root, i) => root === found[i])
}

/** Slot vectors without pads. */
function powersOf(numbers: readonly bigint[]): bigint[][] {
  const alone = numbers.map((): null => null)
  return numbers.map(number => slotVector(number, alone))
}
