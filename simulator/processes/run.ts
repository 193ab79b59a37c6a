// A run of a local network: its processes are started, and in the end ended.

import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { CommandError } from '../../encoding/command-line.ts'
import { second } from '../../world/units.ts'
import type { Happened } from './happened.ts'
import { comparedDelayMs } from './passages.ts'
import type { Plan } from './plan.ts'
import { isOpen, type Role, type Supervisor } from './process.ts'
import type { RunRecord } from './record.ts'
import type { Watch } from './watch.ts'

/** Each process loads its libraries first, some 0.7 s of CPU, and a busy machine has less to give.
 * A process that ends before it is ready is seen at once and does not wait for this. */
const startWithinMs = (processes: number): number => 120 * second + 2 * processes * second
/** Draining takes a node as long as the longest hop delay. */
const endWithinMs = 15 * second

export interface Run {
  readonly plan: Plan
  readonly processes: Supervisor
  readonly watch: Watch
  readonly record: RunRecord
  readonly now: () => number
  /** Is told what happens, for people. */
  readonly tell: (happened: Happened) => void
  /** Ends everything early. */
  readonly signal: AbortSignal
}

export function newRecord(plan: Plan): RunRecord {
  return {
    threshold: plan.threshold,
    layers: plan.options.layers,
    wantedKills: plan.options.kill,
    consensus: [],
    documents: [],
    messages: [],
    strangers: [],
    exposed: [],
    nodes: [],
    paths: [],
    layerOf: new Map(),
    gateways: new Set(),
    latencies: [],
    kills: [],
    late: [],
    endings: [],
    byHand: new Map(),
    openPorts: [],
    wantedPayments: plan.options.payments,
    join: undefined,
    wantedPaid: plan.options.payments > 0 && plan.options.ledger === 'embedded',
    paid: undefined,
    wantedCrowd: plan.options.crowd !== undefined,
    crowd: undefined,
    wantedRounds: plan.options.rounds,
    rounds: undefined,
    comparedDelayMs: comparedDelayMs(plan.options),
    mixes: [],
    busyMixes: [],
    processes: plan.processes.length,
    epochs: 0,
    stopped: false,
  }
}

/** The later ones load their libraries while the earlier ones find each other. */
const startingOrder: readonly Role[] = ['authority', 'mix', 'gateway', 'member', 'client']
/** So many load their libraries at once: more would only keep those from their work who have loaded theirs. */
const startingAtOnce = availableParallelism()
const askEveryMs = 250

/** Starts every process and waits until each client can send. @throws CommandError FAILED */
export async function startAll(run: Run): Promise<void> {
  const { plan, processes, watch, now, tell } = run
  const until = now() + startWithinMs(plan.processes.length)
  const left = startingOrder.flatMap(wanted => plan.processes.filter(({ role }) => role === wanted))
  let signed = false
  const look = (): void => {
    const consensus = plan.processes.map(({ name }) => watch.last(name)?.consensus).find(found => found)
    if (signed || !consensus) return
    const { epoch, signers, hash } = consensus
    tell({ event: 'consensus', epoch, signers: signers.length, hash: hash.slice(0, 16) })
    signed = true
  }
  const startInTurn = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      processes.start(next.name, next.role, next.configFile, next.logFile)
      await waitFor(run, [next], until, look, status => status !== undefined)
    }
  }
  tell({ event: 'starting', processes: left.length, atOnce: startingAtOnce })
  await Promise.all(Array.from({ length: startingAtOnce }, startInTurn))
  tell({ event: 'started', processes: plan.processes.length })
  await waitFor(run, plan.processes, until, look, isReady)
  tell({ event: 'ready' })
}

/** Asks those of whom it is not known again and again. @throws CommandError FAILED */
async function waitFor(
  { processes, watch, now, signal }: Run,
  group: Plan['processes'],
  until: number,
  look: () => void,
  holds: (status: ReturnType<Watch['last']>) => boolean,
): Promise<void> {
  for (let waiting = group; ; ) {
    await Promise.all(waiting.map(({ name }) => watch.ask(name)))
    look()
    waiting = waiting.filter(({ name }) => !holds(watch.last(name)))
    if (waiting.length === 0) return
    const failed = waiting.find(({ name }) => !processes.alive(name))
    if (failed !== undefined) throw new CommandError('FAILED', `${failed.name} ended while it was starting`)
    if (now() >= until) {
      throw new CommandError('FAILED', `not ready in time: ${waiting.map(({ name }) => name).join(', ')}`)
    }
    await pause(askEveryMs, undefined, { signal })
  }
}

function isReady(status: ReturnType<Watch['last']>): boolean {
  if (status === undefined || status.consensus === null) return false
  if (status.role === 'member') return status.listed
  return status.role !== 'client' || status.ready
}

/** Ends every process and looks for what is left of them. */
export async function endAll({ plan, processes, record, tell }: Run): Promise<void> {
  tell({ event: 'ending' })
  await processes.stopAll(endWithinMs)
  tell({ event: 'ended' })
  record.endings.push(...processes.endings)
  for (const { name, httpPort, listenPort, webSocketPort } of plan.processes) {
    for (const port of [httpPort, listenPort, webSocketPort]) {
      if (port !== undefined && (await isOpen('127.0.0.1', port)))
        record.openPorts.push(`${name} 127.0.0.1:${port}`)
    }
  }
}
