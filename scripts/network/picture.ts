// From what the processes say to what the live table shows, and the file of commands that a person can try.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { epochAt, epochStart, type Network } from '../../directory/index.ts'
import type { Run, Status } from '../../simulator/processes/index.ts'
import type { Settled } from './claim.ts'
import { percentile } from './report.ts'
import type { ClientRow, NodeRow, TableState } from './table.ts'

const shownEvents = 12
/** The time that a table of rates looks back, and the time that one number stands for. */
const shownRates = 32
const rateMs = 1000

export interface Shown {
  readonly events: readonly string[]
  readonly tryFile: string | undefined
  /** The address of the page. */
  readonly page?: string | undefined
  readonly rates: Rates
  readonly claims: readonly Settled[] | undefined
  /** Latencies measured so far, milliseconds. */
  readonly latency: { readonly drawn: readonly number[]; readonly total: readonly number[] }
}

/** Packets a second of each node, as far back as they are shown. */
export interface Rates {
  /** Takes the counters of a node as they are now; at most one number a second comes of it. */
  note(name: string, forwarded: number, now: number): void
  of(name: string): readonly number[]
}

export function newRates(): Rates {
  const seen = new Map<string, { at: number; forwarded: number; rates: number[] }>()
  return {
    note(name, forwarded, now) {
      const last = seen.get(name)
      // A process that was started again counts from 0.
      if (last === undefined || forwarded < last.forwarded) {
        seen.set(name, { at: now, forwarded, rates: last?.rates ?? [] })
        return
      }
      const passed = now - last.at
      if (passed < rateMs) return
      const rates = [...last.rates, ((forwarded - last.forwarded) * 1000) / passed].slice(-shownRates)
      seen.set(name, { at: now, forwarded, rates })
    },
    of: name => seen.get(name)?.rates ?? [],
  }
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
        sent: (counts?.sent ?? 0) + storedOf(counts),
        stored: storedOf(counts),
        read: counts?.received ?? 0,
      })
    } else {
      const node = status?.role === 'mix' || status?.role === 'gateway' ? status : undefined
      const forwarded = status?.role === 'member' ? status.forwarded : (node?.packets.forwarded ?? 0)
      shown.rates.note(name, forwarded, now())
      nodes.push({
        name,
        role,
        layer: node?.layer ?? -1,
        state,
        held: node?.packets.held ?? 0,
        forwarded,
        rates: shown.rates.of(name),
        dropped: node?.packets.dropped ?? {},
      })
    }
  }
  const { accepted, read, replies } = progress(record)
  const { drawn, total } = shown.latency
  const [drawnMs, totalMs] = [percentile(drawn, 50), percentile(total, 50)]
  return {
    epoch,
    epochLeftMs: epochStart(network, epoch + 1) - now(),
    epochMs: network.epochMs,
    consensus,
    late,
    authorities,
    nodes,
    clients,
    messages: { sent: accepted, read, replies, of: plan.options.messages },
    latency: drawnMs === null || totalMs === null ? undefined : { drawnMs, totalMs },
    now: whatHappens(run, shown),
    tryFile: shown.tryFile,
    page: shown.page,
    events: shown.events.slice(-shownEvents),
    claims: shown.claims,
  }
}

/** Says in one line what is going on, and what is waited for. */
function whatHappens({ plan, processes, watch, record, signal }: Run, { claims }: Shown): string {
  if (signal.aborted) return 'ending every process'
  if (claims !== undefined) {
    const broken = claims.filter(({ holds }) => !holds).length
    return broken === 0 ? 'every claim holds; traffic goes on until Ctrl-C' : `${broken} claims are broken`
  }
  if (record.wantedCrowd && record.crowd === undefined) return 'members of the crowd ask through each other'
  const { accepted, read, replies } = progress(record)
  const { messages } = plan.options
  if (record.messages.length > 0 && accepted < messages)
    return `messages are handed to clients: ${accepted} of ${messages}`
  if (accepted > 0 && read < messages) return `messages are under way: ${read} of ${messages} read`
  if (accepted > 0 && replies < messages) return `replies are under way: ${replies} of ${messages} back`
  if (accepted > 0) return 'everything has arrived; the last epoch and the accounts are awaited'
  const waiting = plan.processes.filter(({ name }) => processes.alive(name) && watch.last(name) === undefined)
  if (waiting.length > 0) return `processes are starting: ${some(waiting)}`
  const unagreed = plan.processes.filter(({ name }) => watch.last(name)?.consensus == null)
  if (unagreed.length === plan.processes.length) return 'the authorities agree on a first consensus'
  if (unagreed.length > 0) return `the consensus is fetched: ${some(unagreed)}`
  const closed = plan.processes.filter(({ name }) => {
    const status = watch.last(name)
    return status?.role === 'client' && !status.ready
  })
  return closed.length > 0 ? `clients open their mailboxes: ${some(closed)}` : 'everybody is ready'
}

function progress({ messages }: Run['record']): { accepted: number; read: number; replies: number } {
  return {
    accepted: messages.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
    read: messages.filter(({ readAt }) => readAt.length > 0).length,
    replies: messages.filter(({ replyReadAt }) => replyReadAt.length > 0).length,
  }
}

/** The first names of several processes. */
function some(processes: readonly { readonly name: string }[]): string {
  const names = processes.slice(0, 3).map(({ name }) => name)
  const more = processes.length - names.length
  return `waiting for ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Writes the two lines into a file of the network's folder, once the clients have addresses; gives its name. */
export function tryFile(run: Run): string | undefined {
  const lines = tryLines(run)
  if (lines.length === 0) return undefined
  const file = join(run.plan.folder, 'try.sh')
  const text = [
    '#!/bin/sh',
    '# Writes to client-1 through client-0, and reads what has come to client-1.',
    ...lines,
  ]
  writeFileSync(file, `${text.join('\n')}\n`, { mode: 0o700 })
  return file
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

/** Counts what is at least with the receivers' gateways. */
function storedOf(counts: Partial<Record<'stored' | 'acknowledged' | 'read', number>> | undefined): number {
  return (counts?.stored ?? 0) + (counts?.acknowledged ?? 0) + (counts?.read ?? 0)
}
