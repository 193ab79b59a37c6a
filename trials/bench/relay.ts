// npm run bench -- relay [--json] [--seconds 20] [--threads n]: what it costs a relay to pass a packet on, against
// peeling and the link alone and against the least that it can cost, and how many it passes on in a second, with each
// number of threads that this machine has cores for, unless one is given. Source,
// relay and sink are three processes on loopback TCP with Noise; the relay is a mix with everything a mix has. Times
// are CPU microseconds of whole processes.

import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, quantileSorted } from 'simple-statistics'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import type { Peer } from '../../link/link.ts'

export interface Usage {
  readonly cpuUs: number
  readonly rssMiB: number
}

export interface Counts {
  readonly received: number
  readonly forwarded: number
  readonly dropped: Readonly<Record<string, number>>
}

/** Questions that the three processes are asked. */
export type Question =
  | { readonly ask: 'peer' | 'usage' | 'counts' | 'received' | 'arrived' }
  /** A sink: how many packets come, and whether a relay has peeled them. */
  | { readonly ask: 'expect'; readonly count: number; readonly peeled: boolean }
  /** A relay: to start as a node. */
  | { readonly ask: 'relay'; readonly source: Peer; readonly sink: Peer; readonly threads: number }
  /** A relay: what peeling costs by itself at a rate. */
  | { readonly ask: 'peel'; readonly perS: number; readonly seconds: number }
  /** A relay: the least that a packet can cost it. */
  | { readonly ask: 'floor' }
  /** A source: to make packets for the relay with this key, which passes them on to `next`. */
  | { readonly ask: 'build'; readonly key: Uint8Array; readonly next: Uint8Array; readonly count: number }
  /** A source: to send what it has made, at a rate. */
  | { readonly ask: 'send'; readonly to: Peer; readonly count: number; readonly perS: number }

export type Answer = Peer | Usage | Counts | Uint8Array | Float64Array | number | null

/** One of the three processes. */
interface Part {
  ask<T extends Answer>(question: Question): Promise<T>
  end(): void
}

/** The order and the names are agreed with whoever reads the JSON. */
interface Result {
  readonly packetsPerS: number
  /** The same by threads that peel besides the relay's own. */
  readonly byThreads: Readonly<Record<string, number>>
  readonly cpuUsPerPacket: number
  readonly peelUs: number
  readonly linkUsPerPacket: number
  readonly ratio: number
  /** Peeling a packet in place, opening one frame of Noise that is as long, and sealing one. */
  readonly floorUs: number
  /** The CPU for a packet at the highest rate, in floors. */
  readonly overFloor: number
  /** At the rate of a quiet network. */
  readonly at300: { readonly cpuUsPerPacket: number; readonly overFloor: number }
  readonly lost: number
  readonly addedP50Ms: number
  readonly addedP99Ms: number
  readonly rssMiB: number
}

/** The search doubles the rate from here on, and then halves the step this many times; each try is this short. */
const slowest = 1000
const bisections = 3
const trySeconds = 2
/** A rate that lasted so long but does not last is tried again a little lower. */
const lower = 0.85
const tries = 6
/** Packets a second of a quiet network. */
const quiet = 300
/** The share of the highest rate at which loss and latency are measured. */
const easy = 0.8
/**
 * A rate counts as sustained when nothing is lost and no queue stands: 99 of 100 packets come within this time, and the
 * last so soon after it was sent, milliseconds.
 */
const queueMs = 30

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '20' },
      threads: { type: 'string' },
    },
  })
  const seconds = wholeNumber('seconds', values.seconds, 1, 600)
  const threads = values.threads === undefined ? 0 : wholeNumber('threads', values.threads, 0, 64)
  const most = values.threads === undefined ? availableParallelism() - 1 : threads
  const say = values.json ? () => {} : (line: string) => console.log(line)
  const measured = await withRelay(threads, say, relayed => measure(relayed, seconds))
  const byThreads: Record<string, number> = { [threads]: measured.packetsPerS }
  for (let more = threads + 1; more <= most; more++) {
    say(`with ${more} threads that peel:`)
    byThreads[more] = Math.round(await withRelay(more, say, highestRate))
  }
  const result: Result = { ...measured, byThreads }
  if (values.json) console.log(JSON.stringify(result))
  else {
    const { at300, byThreads, ...table } = result
    const named = Object.entries({ at300, byThreads }).flatMap(([name, of]) =>
      Object.entries(of).map(([key, value]) => [`${name}.${key}`, value] as const),
    )
    console.table({ ...table, ...Object.fromEntries(named) })
  }
}

/** A relay between its source and its sink, ready for packets. */
interface Relayed extends Parts {
  /** Sends so many a second for so long through the relay. */
  through(perS: number, forSeconds: number): Promise<Run>
  /** Sends them from source to sink. */
  straight(count: number, perS: number): Promise<Run>
}

async function withRelay<T>(
  threads: number,
  say: (line: string) => void,
  use: (relayed: Relayed) => Promise<T>,
): Promise<T> {
  const started: Part[] = []
  try {
    for (const role of ['source', 'relay', 'sink']) started.push(await start(role))
    const [source, relay, sink] = started as [Part, Part, Part]
    const parts = { source, relay, sink }
    const peers = {
      source: await source.ask<Peer>({ ask: 'peer' }),
      relay: await relay.ask<Peer>({ ask: 'peer' }),
      sink: await sink.ask<Peer>({ ask: 'peer' }),
    }
    const key = await relay.ask<Uint8Array>({ ask: 'relay', ...peers, threads })
    return await use({
      ...parts,
      async through(perS, forSeconds) {
        const count = Math.ceil(perS * forSeconds)
        await source.ask({ ask: 'build', key, next: peers.sink.id, count })
        const done = await run(parts, peers.relay, count, perS, true)
        const ms = `${usual(done, 0.5).toFixed(1)} ms, 99 of 100 within ${usual(done, 0.99).toFixed(1)} ms`
        const word = sustained(done) ? 'sustained' : 'not sustained'
        say(`${perS.toFixed(0)} a second for ${forSeconds} s: lost ${done.lost}, ${ms}: ${word}`)
        return done
      },
      straight: (count, perS) => run(parts, peers.sink, count, perS, false),
    })
  } finally {
    for (const part of started) part.end()
  }
}

/** Searches for the highest rate that lasts for a short time, packets a second. */
async function highestRate({ through }: Relayed): Promise<number> {
  let perS = slowest
  // the first tries find the compiler cold
  const twice = async (rate: number): Promise<boolean> =>
    sustained(await through(rate, trySeconds)) || sustained(await through(rate, trySeconds))
  while (await twice(perS * 2)) perS *= 2
  for (let i = 0, step = perS / 2; i < bisections; i++, step /= 2)
    if (sustained(await through(perS + step, trySeconds))) perS += step
  return perS
}

async function start(role: string): Promise<Part> {
  const script = join(import.meta.dirname, 'relay-process.ts')
  const child = fork(script, [role], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let settle: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | undefined
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
  child.on('message', message => settle?.resolve(message))
  child.on('exit', () => settle?.reject(new Error(`bench: the process of the ${role} has ended`)))
  await answer()
  return {
    ask<T extends Answer>(question: Question): Promise<T> {
      child.send(question)
      return answer() as Promise<T>
    },
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}

async function measure(relayed: Relayed, seconds: number): Promise<Omit<Result, 'byThreads'>> {
  const { relay, through, straight } = relayed
  // A shared machine is twice as fast in one minute as in the next: the least is measured right before and after
  const besideFloor = async (perS: number): Promise<{ readonly done: Run; readonly floorUs: number }> => {
    const before = await relay.ask<number>({ ask: 'floor' })
    const done = await through(perS, seconds)
    return { done, floorUs: (before + (await relay.ask<number>({ ask: 'floor' }))) / 2 }
  }

  let perS = await highestRate(relayed)
  let { done: highest, floorUs } = await besideFloor(perS)
  for (let i = 1; i < tries && !sustained(highest); i++) {
    perS *= lower
    ;({ done: highest, floorUs } = await besideFloor(perS))
  }
  if (!sustained(highest))
    throw new CommandError(
      'FAILED',
      'no rate was sustained',
      'measure while nothing else keeps the machine busy',
    )
  // The same cells once more, straight to the sink, while the relay peels as many packets and does nothing else: what
  // a relay costs beyond both shows only when the machine is as busy as it was with the relay.
  const [link, peelUs] = await Promise.all([
    straight(highest.count, perS),
    relay.ask<number>({ ask: 'peel', perS, seconds }),
  ])

  const calm = await through(perS * easy, seconds)
  const direct = await straight(calm.count, perS * easy)

  const slow = await besideFloor(quiet)

  const cpuUsPerPacket = highest.cpuUs.relay / highest.count
  const slowUs = slow.done.cpuUs.relay / slow.done.count
  const linkUsPerPacket = (link.cpuUs.source + link.cpuUs.sink) / link.count
  return {
    packetsPerS: Math.round(perS),
    cpuUsPerPacket: round(cpuUsPerPacket),
    peelUs: round(peelUs),
    linkUsPerPacket: round(linkUsPerPacket),
    ratio: round(cpuUsPerPacket / (peelUs + linkUsPerPacket)),
    floorUs: round(floorUs),
    overFloor: round(cpuUsPerPacket / floorUs),
    at300: { cpuUsPerPacket: round(slowUs), overFloor: round(slowUs / slow.floorUs) },
    lost: calm.lost,
    addedP50Ms: round(usual(calm, 0.5) - usual(direct, 0.5)),
    addedP99Ms: round(usual(calm, 0.99) - usual(direct, 0.99)),
    rssMiB: round(calm.rssMiB),
  }
}

interface Run {
  readonly count: number
  readonly lost: number
  /** From the last packet sent to the last that came, milliseconds. */
  readonly settledMs: number
  /** Milliseconds, sorted, of the packets that came: one list for each second in which they were sent. */
  readonly latencies: readonly Float64Array[]
  readonly cpuUs: { readonly source: number; readonly relay: number; readonly sink: number }
  /** The relay's memory at the end. */
  readonly rssMiB: number
}

function sustained(run: Run): boolean {
  return run.lost === 0 && run.settledMs < queueMs && usual(run, 0.99) < queueMs
}

/**
 * A quantile of the latency in the usual second: the median over seconds, so that a pause of the machine counts as one.
 */
function usual(run: Run, share: number): number {
  return median(run.latencies.map(second => quantileSorted([...second], share)))
}

type Parts = Readonly<Record<'source' | 'relay' | 'sink', Part>>

const noUsage: Usage = { cpuUs: 0, rssMiB: 0 }

/** Sends the source's packets, through the relay or not, and waits until all have come or nothing comes any more. */
async function run(parts: Parts, to: Peer, count: number, perS: number, through: boolean): Promise<Run> {
  const { source, relay, sink } = parts
  const usage = async (): Promise<Record<keyof Parts, Usage>> => ({
    source: await source.ask({ ask: 'usage' }),
    relay: through ? await relay.ask({ ask: 'usage' }) : noUsage,
    sink: await sink.ask({ ask: 'usage' }),
  })
  await sink.ask({ ask: 'expect', count, peeled: through })
  const before = await usage()
  const sentAt = await source.ask<Float64Array>({
    ask: 'send',
    to,
    count,
    perS,
  })
  let received = 0
  for (let still = 0; still < 20; still++) {
    const now = await sink.ask<number>({ ask: 'received' })
    if (now === count) break
    if (now > received) still = 0
    received = now
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  const after = await usage()
  const arrivedAt = await sink.ask<Float64Array>({ ask: 'arrived' })

  const came = arrivedAt.filter(at => at > 0)
  const last = came.reduce((latest, at) => Math.max(latest, at), 0)
  const cost = (part: keyof Parts): number => after[part].cpuUs - before[part].cpuUs
  return {
    count,
    lost: count - came.length,
    settledMs: last - (sentAt.at(-1) as number),
    latencies: bySecond(sentAt, arrivedAt),
    cpuUs: { source: cost('source'), relay: cost('relay'), sink: cost('sink') },
    rssMiB: after.relay.rssMiB,
  }
}

function bySecond(sentAt: Float64Array, arrivedAt: Float64Array): Float64Array[] {
  const seconds: number[][] = []
  arrivedAt.forEach((at, i) => {
    if (at === 0) return
    const sent = sentAt[i] as number
    const second = Math.floor((sent - (sentAt[0] as number)) / 1000)
    seconds[second] ??= []
    seconds[second].push(at - sent)
  })
  return seconds.filter(second => second !== undefined).map(second => Float64Array.from(second).sort())
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
