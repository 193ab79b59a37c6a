// From what the processes say to what the live table shows, and the two commands that a person can try.

import { epochAt, epochStart, type Network } from '../../directory/index.ts'
import type { Run, Status } from '../../simulator/processes/index.ts'
import type { Settled } from './claims.ts'
import { percentile } from './report.ts'
import type { ClientRow, NodeRow, TableState } from './table.ts'

const shownEvents = 5

export interface Shown {
  readonly events: readonly string[]
  readonly notes: readonly string[]
  readonly claims: readonly Settled[] | undefined
  /** Latencies measured so far, milliseconds. */
  readonly latency: { readonly drawn: readonly number[]; readonly total: readonly number[] }
}

export function picture(run: Run, network: Network, shown: Shown): TableState {
  const { plan, processes, watch, record, now } = run
  const epoch = epochAt(network, now())
  const stateOf = (name: string, status: Status | undefined): 'up' | 'starting' | 'dead' =>
    processes.alive(name) ? (status?.consensus == null ? 'starting' : 'up') : 'dead'
  const nodes: NodeRow[] = []
  const clients: ClientRow[] = []
  const authorities: { name: string; state: string }[] = []
  let consensus: TableState['consensus']
  let late: TableState['late']
  for (const { name, role } of plan.processes) {
    const status = watch.last(name)
    const state = stateOf(name, status)
    if (status !== undefined && status.role !== 'authority' && state === 'up') {
      late ??= status.directory.late ?? undefined
    }
    if (status?.consensus && state === 'up' && status.consensus.epoch === epoch) {
      consensus = {
        hash: status.consensus.hash,
        signers: status.consensus.signers.length,
        of: network.authorities.length,
      }
    }
    if (role === 'authority') {
      authorities.push({
        name,
        state: state === 'dead' || status?.role !== 'authority' ? state : status.state,
      })
    } else if (role === 'client') {
      const counts = status?.role === 'client' ? status.messages : undefined
      clients.push({
        name,
        state,
        queued: counts?.queued ?? 0,
        sent: (counts?.sent ?? 0) + (counts?.stored ?? 0) + (counts?.read ?? 0),
        stored: (counts?.stored ?? 0) + (counts?.read ?? 0),
        read: counts?.received ?? 0,
      })
    } else {
      const node = status?.role === 'mix' || status?.role === 'gateway' ? status : undefined
      nodes.push({
        name,
        role,
        layer: node?.layer ?? -1,
        state,
        held: node?.packets.held ?? 0,
        forwarded: node?.packets.forwarded ?? 0,
        dropped: node?.packets.dropped ?? {},
      })
    }
  }
  const { drawn, total } = shown.latency
  const [drawnMs, totalMs] = [percentile(drawn, 50), percentile(total, 50)]
  return {
    epoch,
    epochLeftMs: epochStart(network, epoch + 1) - now(),
    consensus,
    late,
    authorities,
    nodes,
    clients,
    messages: {
      sent: record.messages.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
      read: record.messages.filter(({ readAt }) => readAt.length > 0).length,
      replies: record.messages.filter(({ replyReadAt }) => replyReadAt.length > 0).length,
      of: plan.options.messages,
    },
    latency: drawnMs === null || totalMs === null ? undefined : { drawnMs, totalMs },
    notes: shown.notes,
    events: shown.events.slice(-shownEvents),
    claims: shown.claims,
  }
}

/** Two `curl` lines: write to the second client through the first, and read it there. */
export function tryLines({ plan, watch }: Run): string[] {
  const [from, to] = plan.processes.filter(({ role }) => role === 'client')
  const status = to === undefined ? undefined : watch.last(to.name)
  if (from === undefined || to === undefined || status?.role !== 'client' || !status.ready) return []
  const curl = (tokenFile: string): string => `curl -sH "Authorization: Bearer $(cat ${tokenFile})"`
  const body = JSON.stringify({ to: status.address, text: 'hello' })
  return [
    `${curl(from.tokenFile)} -H 'Content-Type: application/json' -d '${body}' http://127.0.0.1:${from.httpPort}/messages`,
    `${curl(to.tokenFile)} 'http://127.0.0.1:${to.httpPort}/messages?wait=30000'`,
  ]
}
