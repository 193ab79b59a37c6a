// The processes of a local network say how they are: they are asked again and again, and noted in the record.

import { type Plan, type PlannedProcess, remoteOf } from './plan.ts'
import type { Supervisor } from './process.ts'
import type { RunRecord } from './record.ts'
import type { Status } from './status.ts'

export interface Watch {
  /** The newest answer of a process, also after its death; undefined before the first. */
  last(name: string): Status | undefined
  /** Asks every living process once; a call while one is under way joins it. */
  poll(): Promise<void>
  /** Asks one; undefined when it does not answer. */
  ask(name: string): Promise<Status | undefined>
}

export function watchNetwork(plan: Plan, processes: Supervisor, record: RunRecord, now: () => number): Watch {
  const last = new Map<string, Status>()
  const noted = new Set<string>()
  const byName = new Map(plan.processes.map(planned => [planned.name, planned]))

  const noteLate = (process: string, late: { readonly worksUntil: number } | null): void => {
    if (late === null || record.late.some(said => said.process === process)) return
    record.late.push({ process, at: now(), worksUntil: late.worksUntil })
  }
  const note = (name: string, status: Status): void => {
    last.set(name, status)
    record.epochs = Math.max(record.epochs, status.epoch + 1)
    if (status.role !== 'authority') noteLate(name, status.directory.late)
    if (status.consensus === null) return
    const { epoch, hash } = status.consensus
    const key = `${name} ${epoch} ${hash}`
    if (noted.has(key)) return
    noted.add(key)
    record.consensus.push({ process: name, epoch, hash })
  }
  const ask = async (name: string): Promise<Status | undefined> => {
    try {
      const status = (await remoteOf(byName.get(name) as PlannedProcess).ask('/status')) as Status
      note(name, status)
      return status
    } catch {
      // It is starting, ending or dead: the supervisor knows which.
      return undefined
    }
  }
  let polling: Promise<void> | undefined
  const askAll = async (): Promise<void> => {
    const alive = plan.processes.filter(({ name }) => processes.alive(name))
    await Promise.all(alive.map(({ name }) => ask(name)))
  }
  return {
    last: name => last.get(name),
    ask,
    poll() {
      polling ??= askAll().finally(() => {
        polling = undefined
      })
      return polling
    },
  }
}
