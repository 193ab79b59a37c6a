// The accidents of a run: SIGKILL in the middle, while messages are under way.

import { setTimeout as pause } from 'node:timers/promises'
import type {
  KillKind,
  KillRecord,
  Plan,
  Role,
  Run,
  RunRecord,
  Supervisor,
  Watch,
} from '../../simulator/processes/index.ts'
import { pick, type Random } from '../../world/random.ts'
import { comesBack } from './claims.ts'

/** A gateway or authority starts again after so long. */
export const restartMs = 3000
/** The time that a restarted process may take until its status answers. */
const backWithinMs = 20_000
const betweenKillsMs = 1000
/** So long is waited for a process that the network can spare, epochs. */
const spareWithinEpochs = 3

export interface Accidents {
  readonly plan: Plan
  readonly processes: Supervisor
  readonly watch: Watch
  readonly record: RunRecord
  readonly random: Random
  readonly now: () => number
  readonly epochNow: () => number
  /** Last chance to ask an authority. */
  readonly beforeOrphaned: () => Promise<void>
  readonly tell: Run['tell']
  readonly signal: AbortSignal
}

/**
 * Kills one process of each kind that was asked for, or all authorities; resolves when those that come back are back.
 */
export async function causeAccidents(accidents: Accidents): Promise<void> {
  const returning: Promise<void>[] = []
  for (const [i, kind] of accidents.plan.options.kill.entries()) {
    if (i > 0) await pause(betweenKillsMs, undefined, { signal: accidents.signal })
    const candidates = await untilSpare(accidents, kind)
    await untilInFlight(accidents)
    if (kind === 'authorities') await accidents.beforeOrphaned()
    const chosen =
      kind === 'authorities' || candidates.length === 0 ? candidates : [pick(accidents.random, candidates)]
    for (const name of chosen) {
      const kill = await killOne(accidents, kind, name)
      if (comesBack(kind)) returning.push(bringBack(accidents, kill))
    }
  }
  await Promise.all(returning)
}

/** Accepted and not read. */
export function inFlight(record: RunRecord): number {
  return record.messages.filter(({ acceptedAt, readAt }) => acceptedAt !== undefined && readAt.length === 0)
    .length
}

/** An early document may have one mix a layer, which nobody can spare: the next ones have the others. */
async function untilSpare(accidents: Accidents, kind: KillKind): Promise<string[]> {
  const { plan, now, signal } = accidents
  const until = now() + spareWithinEpochs * plan.options.epochMs
  for (;;) {
    const candidates = victims(accidents, kind)
    if (candidates.length > 0 || now() >= until) return candidates
    await pause(250, undefined, { signal })
  }
}

/** Where all messages were read already, nothing will be in flight any more: the claim says so. */
async function untilInFlight({ record, signal }: Accidents): Promise<void> {
  const isOver = (): boolean => record.messages.every(({ readAt }) => readAt.length > 0)
  while (inFlight(record) === 0 && !isOver()) await pause(50, undefined, { signal })
}

async function killOne(
  { processes, record, now, epochNow, tell }: Accidents,
  kind: KillKind,
  name: string,
): Promise<KillRecord> {
  const kill: KillRecord = { kind, name, at: now(), epoch: epochNow(), inFlight: inFlight(record) }
  record.kills.push(kill)
  await processes.kill(name)
  tell({ event: 'killed', name, inFlight: kill.inFlight })
  return kill
}

/** Processes of a kind whose loss leaves the network whole: of the mixes, those that share their layer. */
function victims({ plan, processes, watch }: Accidents, kind: KillKind): string[] {
  const alive = plan.processes
    .filter(({ name, role }) => role === roleOf(kind) && processes.alive(name))
    .map(({ name }) => name)
  if (kind !== 'mix') return alive
  const layerOf = (name: string): number => {
    const status = watch.last(name)
    return status?.role === 'mix' ? status.layer : -1
  }
  return alive.filter(name => {
    const layer = layerOf(name)
    return layer >= 0 && alive.some(other => other !== name && layerOf(other) === layer)
  })
}

function roleOf(kind: KillKind): Role {
  return kind === 'authorities' ? 'authority' : kind
}

async function bringBack(
  { processes, watch, now, tell, signal }: Accidents,
  kill: KillRecord,
): Promise<void> {
  await pause(restartMs, undefined, { signal })
  processes.restart(kill.name)
  for (const until = now() + backWithinMs; now() < until; ) {
    await pause(200, undefined, { signal })
    if ((await watch.ask(kill.name)) === undefined) continue
    kill.backAt = now()
    tell({ event: 'back', name: kill.name })
    return
  }
}
