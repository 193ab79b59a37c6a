// chaffinch ping: how long the way to a service and back takes, how much gets lost, and which layer is to blame.

import { setTimeout as pause } from 'node:timers/promises'
import { max, mean, min } from 'simple-statistics'
import type { LedgerEntry } from '../../client/index.ts'
import { type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { columns } from '../columns.ts'
import { contactOrAddress } from '../files/contacts.ts'

interface LayerEstimate {
  /** 0 is the entry gateway, the last the far gateway. */
  readonly hop: number
  /** The beginning of the node's id. */
  readonly node: string
  readonly sent: number
  /** Percent of the fragments over it that were not acknowledged. */
  readonly lossPercent: number
  /** Mean time from departure to acknowledgement beyond the delays drawn, of the fragments over it, milliseconds. */
  readonly beyondMs: number | null
}

export interface PingOptions {
  readonly config?: string
  readonly as?: string
  readonly to?: string
  readonly service?: string
  readonly count?: string
  readonly timeout?: string
  readonly json?: true
}

export async function run(values: PingOptions): Promise<number> {
  const client = runningClient(values.config, values.as)
  const to = values.to === undefined ? undefined : await contactOrAddress(client, values.config, values.to)
  const count = wholeNumber('count', values.count ?? '5', 1, 1000)
  const deadlineMs = durationOption('timeout', values.timeout ?? '20s')
  const startedAt = Date.now()
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const took = await once(client, to, values.service ?? 'ping', deadlineMs)
    if (took !== undefined) times.push(took)
    if (values.json !== true) console.log(took === undefined ? `${i + 1}: no answer` : `${i + 1}: ${took} ms`)
    await pause(100)
  }
  const layers = estimate(await client.ledger(), startedAt)
  const summary = {
    sent: count,
    answered: times.length,
    lossPercent: Math.round((100 * (count - times.length)) / count),
    minMs: times.length === 0 ? null : min(times),
    meanMs: times.length === 0 ? null : Math.round(mean(times)),
    maxMs: times.length === 0 ? null : max(times),
    layers,
  }
  if (values.json === true) console.log(JSON.stringify(summary))
  else {
    for (const line of [...summaryLines(summary), ...layerLines(layers)]) console.log(line)
    if (times.length === 0)
      console.error(
        "hint: whoever runs no such service does not answer: 'chaffinch services' lists those of gateways",
      )
  }
  return times.length === 0 ? 1 : 0
}

function summaryLines(summary: {
  readonly sent: number
  readonly answered: number
  readonly minMs: number | null
  readonly meanMs: number | null
  readonly maxMs: number | null
}): string[] {
  const { sent, answered, minMs, meanMs, maxMs } = summary
  const times = answered === 0 ? '' : `; ${minMs} / ${meanMs} / ${maxMs} ms (shortest, mean, longest)`
  return [`${answered} of ${sent} answered${times}`]
}

/** The nodes that the questions passed, in the order in which they do. */
function layerLines(layers: readonly LayerEstimate[]): string[] {
  if (layers.length === 0) return []
  const rows = layers.map(({ hop, node, sent, lossPercent, beyondMs }) => [
    hop,
    node,
    sent,
    `${lossPercent} %`,
    beyondMs === null ? '-' : `${beyondMs} ms`,
  ])
  return ['', ...columns(['hop', 'node', 'sent', 'lost', 'later than drawn'], rows)]
}

async function once(
  client: RemoteClient,
  to: string | undefined,
  service: string,
  deadlineMs: number,
): Promise<number | undefined> {
  const from = performance.now()
  try {
    await client.request(service, String(from), { to, deadlineMs })
    return Math.round(performance.now() - from)
  } catch (error) {
    if (error instanceof RemoteError && error.status === 504) return undefined
    throw error
  }
}

/** By hop and node, of what this client sent since a time; the ways back are not its ledger's to tell. */
function estimate(ledger: readonly LedgerEntry[], since: number): LayerEstimate[] {
  const acknowledged = new Map<string, number>()
  for (const entry of ledger)
    if (entry.event === 'acknowledged')
      acknowledged.set(`${entry.id} ${entry.fragment} ${entry.attempt}`, entry.at)
  const found = new Map<string, { hop: number; node: string; beyond: number[]; sent: number }>()
  for (const entry of ledger) {
    if (entry.event !== 'sent' || entry.at < since) continue
    const returned = acknowledged.get(`${entry.id} ${entry.fragment} ${entry.attempt}`)
    for (const [hop, id] of entry.path.entries()) {
      const of = found.get(`${hop} ${id}`) ?? { hop, node: id.slice(0, 8), beyond: [], sent: 0 }
      found.set(`${hop} ${id}`, of)
      of.sent++
      if (returned !== undefined) of.beyond.push(returned - entry.at - (entry.drawnMs ?? 0))
    }
  }
  return [...found.values()]
    .sort((a, b) => a.hop - b.hop || (a.node < b.node ? -1 : 1))
    .map(({ hop, node, sent, beyond }) => ({
      hop,
      node,
      sent,
      lossPercent: Math.round((100 * (sent - beyond.length)) / sent),
      beyondMs: beyond.length === 0 ? null : Math.round(mean(beyond)),
    }))
}
