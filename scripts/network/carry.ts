// What happens in a run of the local network between start and end: traffic, accidents, account.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DirectoryError, epochAt, type Network } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { readNetwork } from '../../roles/files/index.ts'
import {
  longestMessage,
  type Plan,
  type Run,
  type RunRecord,
  remoteOf,
  settleWithinMs,
} from '../../simulator/processes/index.ts'
import { seededRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { inquire } from '../inquire.ts'
import { layerKey } from './claims.ts'
import { causeAccidents } from './kills.ts'
import { type Ledgers, latencies, paths } from './ledger.ts'
import { planMessages } from './messages.ts'
import { isSettled, noteStored, readAll, recordOf, sendAll, type Traffic } from './traffic.ts'

/**
 * The share of the messages after which processes are killed. Early: a killed mix stays in the documents until one is
 * made without it, and the sooner that is, the fewer packets take it for their way.
 */
const accidentsAfter = 0.15

/**
 * Sends, kills and reads until all is settled or the time is over, and reads on until `then` is done too: what is late
 * for the first is not lost.
 */
export async function carryMessages(run: Run, then: (run: Run) => Promise<void>): Promise<void> {
  const { plan, watch, record, now, tell, signal } = run
  const random = seededRandom(plan.options.seed)
  const clients = plan.processes.filter(({ role }) => role === 'client').map(({ name }) => name)
  const messages = planMessages(random, clients, plan.options.messages, longestMessage(plan.options))
  record.messages.push(...messages.map(recordOf))
  const over = new AbortController()
  const traffic: Traffic = {
    plan,
    messages,
    record,
    addressOf: name => {
      const status = watch.last(name)
      return status?.role === 'client' ? status.address : ''
    },
    now,
    tell,
    signal: AbortSignal.any([signal, over.signal]),
  }
  const spreadMs = spread(messages.length)
  const reading = readAll(traffic)
  const network = readNetwork(plan.networkFile)
  const accidents = pause(spreadMs * accidentsAfter, undefined, { signal }).then(() =>
    causeAccidents({
      ...run,
      random,
      epochNow: () => epochAt(network, now()),
      beforeOrphaned: () => noteDocuments(run, network),
      signal: traffic.signal,
    }),
  )
  const orphaned = plan.options.kill.includes('authorities')
  try {
    // The last message waits until the network has no fresh document any more.
    const soon = orphaned ? messages.slice(0, -1) : messages
    await Promise.all([sendAll({ ...traffic, messages: soon }, spreadMs), accidents])
    if (orphaned) {
      await untilLate(run, network.epochMs)
      await sendAll({ ...traffic, messages: messages.slice(-1) }, 0)
    }
    tell({ event: 'handed' })
    const patience = settleWithinMs(plan.options, record.kills.length > 0)
    for (const until = now() + patience; now() < until; ) {
      await noteStored(traffic)
      if (isSettled(record) && record.epochs >= epochsWanted(record)) break
      await pause(1000, undefined, { signal })
    }
    await then(run)
    await noteStored(traffic)
  } finally {
    over.abort()
    await reading
  }
}

/** Two; and where an authority was killed, until the rounds that it missed and came back to show in their documents. */
function epochsWanted({ kills }: RunRecord): number {
  return Math.max(2, ...kills.filter(({ kind }) => kind === 'authority').map(({ epoch }) => epoch + 3))
}

/** Until every process that lives has said that no new document has come. */
async function untilLate(
  { processes, watch, record, now, tell, signal }: Run,
  epochMs: number,
): Promise<void> {
  tell({ event: 'orphaned' })
  for (const until = now() + 3 * epochMs; now() < until; await pause(500, undefined, { signal })) {
    await watch.poll()
    const said = new Set(record.late.map(({ process }) => process))
    if (processes.names().some(name => processes.alive(name) && !said.has(name))) continue
    const worksUntil = Math.min(...record.late.map(late => late.worksUntil))
    tell({ event: 'late', worksUntil })
    return
  }
}

/** A second between messages where there are few; all within half a minute where there are many. */
function spread(messages: number): number {
  return Math.min(30 * second, second * messages)
}

/** Asks every living process for its last word, and the authorities for their documents. */
export async function takeAccount({ plan, processes, watch, record, tell }: Run): Promise<void> {
  const network = readNetwork(plan.networkFile)
  await watch.poll()
  for (const { name } of plan.processes) {
    const status = watch.last(name)
    if (status === undefined || !processes.alive(name)) continue
    if (status.role === 'mix' || status.role === 'gateway')
      record.nodes.push({ name, packets: status.packets })
  }
  if (!plan.options.kill.includes('authorities')) await noteDocuments({ record, tell }, network)
  const ledgers = await readLedgers(plan)
  writeFileSync(join(plan.folder, 'ledgers.json'), JSON.stringify(Object.fromEntries(ledgers)))
  record.paths.push(...paths(ledgers, at => epochAt(network, at)))
  record.latencies.push(...latencies(ledgers, record.messages))
}

/** Fetches the documents of all epochs up to now, and of the next one where it is made. */
async function noteDocuments(
  { record, tell }: Pick<Run, 'record' | 'tell'>,
  network: Network,
): Promise<void> {
  await inquire(network, async inquiry => {
    for (let epoch = 0; epoch <= record.epochs; epoch++) {
      const fetched = await inquiry.consensus(epoch).catch((error: unknown) => {
        if (!(error instanceof DirectoryError)) throw error
        if (epoch < record.epochs) tell({ event: 'no-document', epoch, why: error.message })
      })
      if (fetched === undefined) continue
      const { view } = fetched
      record.documents.push({ epoch, signatures: view.signers.length })
      for (const [layer, mixes] of view.layers.entries())
        for (const { id } of mixes) record.layerOf.set(layerKey(epoch, hex(id)), layer)
      for (const { id } of view.gateways) record.gateways.add(hex(id))
    }
  })
}

export async function readLedgers(plan: Plan): Promise<Ledgers> {
  const clients = plan.processes.filter(({ role }) => role === 'client')
  return new Map(
    await Promise.all(
      clients.map(async planned => [planned.name, await remoteOf(planned).ledger()] as const),
    ),
  )
}
