// What a client at the usual rates, which sends and reads though it has nothing to say, costs the gateways and mixes of
// a network: two networks of real processes that differ in their clients alone.

import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { usualOptions } from '../../simulator/processes/options.ts'
import { type PlannedProcess, planNetwork } from '../../simulator/processes/plan.ts'
import { compiled, type Role, supervisor } from '../../simulator/processes/process.ts'
import { newRecord, startAll } from '../../simulator/processes/run.ts'
import { watchNetwork } from '../../simulator/processes/watch.ts'
import { second } from '../../world/units.ts'

/** Holds what one client costs all gateways, all mixes and itself, percent of a core. */
export interface ClientCost {
  readonly gatewaysCpuPercent: number
  readonly mixesCpuPercent: number
  readonly clientCpuPercent: number
}

const few = 2
const settleMs = 10 * second
const endWithinMs = 15 * second

/** Measures for so long each. @param many clients of the second network, more than two */
export async function clientCost(many: number, measureMs: number): Promise<ClientCost> {
  const less = await cpuOf(few, measureMs)
  const more = await cpuOf(many, measureMs)
  const each = (role: Role): number => round((more[role] - less[role]) / (many - few))
  return {
    gatewaysCpuPercent: each('gateway'),
    mixesCpuPercent: each('mix'),
    clientCpuPercent: round(more.client / many),
  }
}

type Percents = Readonly<Record<Role, number>>

/** Percent of a core that all processes of a role take together in a network of so many clients. */
async function cpuOf(clients: number, measureMs: number): Promise<Percents> {
  const options = { ...usualOptions, clients, messages: 0, kill: [], usualRates: true }
  const plan = await planNetwork(options, Date.now())
  const processes = supervisor(({ name }, log) => console.error(`${name} ended: ${log}`), compiled)
  const abandon = (): void => processes.abandon()
  process.once('exit', abandon)
  try {
    const record = newRecord(plan)
    const watch = watchNetwork(plan, processes, record, Date.now)
    const { signal } = new AbortController()
    await startAll({ plan, processes, watch, record, now: Date.now, tell: () => {}, signal })
    await pause(settleMs)
    const from = performance.now()
    const before = await secondsOf(plan.processes)
    await pause(measureMs)
    const after = await secondsOf(plan.processes)
    const took = (performance.now() - from) / second
    const percent = (role: Role): number => (100 * (after[role] - before[role])) / took
    const [authority, mix, gateway] = [percent('authority'), percent('mix'), percent('gateway')]
    return { authority, mix, gateway, member: 0, client: percent('client') }
  } finally {
    await processes.stopAll(endWithinMs)
    process.off('exit', abandon)
    rmSync(plan.folder, { recursive: true, force: true })
  }
}

/** Seconds of processor time so far, by role. */
async function secondsOf(planned: readonly PlannedProcess[]): Promise<Percents> {
  const sums = { authority: 0, mix: 0, gateway: 0, member: 0, client: 0 }
  const all = await Promise.all(planned.map(async each => [each.role, await processorSeconds(each)] as const))
  for (const [role, seconds] of all) sums[role] += seconds
  return sums
}

/** Reads it as Prometheus does. */
async function processorSeconds({ name, httpPort, tokenFile }: PlannedProcess): Promise<number> {
  const token = readFileSync(tokenFile, 'utf8').trim()
  const answer = await fetch(`http://127.0.0.1:${httpPort}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const found = /^process_cpu_seconds_total ([\d.e+-]+)/m.exec(await answer.text())
  if (found === null) throw new Error(`${name} does not tell its processor time`)
  return Number(found[1])
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
