// Writes what `chaffinch net` prints at the end: the JSON object on standard output, the claims for people.

import type { RunRecord } from '../../simulator/processes/index.ts'
import type { Settled } from './claim.ts'
import { accepted, lost, saysOf, settle } from './claims.ts'

export interface Report {
  readonly claims: readonly Settled[]
  readonly messages: {
    readonly sent: number
    readonly stored: number
    readonly read: number
    readonly replies: number
    readonly duplicates: number
    readonly lost: number
  }
  /** null where nothing was measured. */
  readonly latency: {
    readonly drawnP50Ms: number | null
    readonly totalP50Ms: number | null
    readonly addedP50Ms: number | null
    readonly addedP99Ms: number | null
  }
  readonly processes: number
  readonly epochs: number
  /** Somebody ended the run before its claims were settled: those with `measured` false neither hold nor are broken. */
  readonly stopped: boolean
}

export function report(run: RunRecord): Report {
  const messages = accepted(run)
  const beyondFirst = (times: readonly number[]): number => Math.max(0, times.length - 1)
  const added = run.latencies.map(({ totalMs, drawnMs, waitedMs }) => totalMs - drawnMs - waitedMs)
  return {
    claims: settle(run),
    messages: {
      sent: messages.length,
      stored: messages.filter(({ stored }) => stored).length,
      read: messages.filter(({ readAt }) => readAt.length > 0).length,
      replies: messages.filter(({ replyReadAt }) => replyReadAt.length > 0).length,
      duplicates: messages.reduce((sum, m) => sum + beyondFirst(m.readAt) + beyondFirst(m.replyReadAt), 0),
      lost: lost(run).length,
    },
    latency: {
      drawnP50Ms: percentile(
        run.latencies.map(({ drawnMs }) => drawnMs),
        50,
      ),
      totalP50Ms: percentile(
        run.latencies.map(({ totalMs }) => totalMs),
        50,
      ),
      addedP50Ms: percentile(added, 50),
      addedP99Ms: percentile(added, 99),
    },
    processes: run.processes,
    epochs: run.epochs,
    stopped: run.stopped,
  }
}

/** The nearest-rank percentile, rounded to 0.1; null of nothing. */
export function percentile(values: readonly number[], percent: number): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return Math.round((sorted[rank - 1] as number) * 10) / 10
}

/** The claims as lines for people: of a run that was stopped, those that broke before. */
export function claimLines(settled: readonly Settled[]): string[] {
  return settled
    .filter(({ measured }) => measured)
    .map(({ id, holds, value }) => {
      return `${holds ? 'holds ' : 'BROKEN'}  ${id}: ${saysOf(id)}${holds ? '' : `\n        ${JSON.stringify(value)}`}`
    })
}

/** Says for people what became of the messages, and how long they took; what was not measured is left out. */
export function summaryLines({ claims: settled, messages, latency, stopped }: Report, of: number): string[] {
  const { sent, stored, read, replies, duplicates, lost } = messages
  const { drawnP50Ms, totalP50Ms, addedP50Ms } = latency
  const times =
    drawnP50Ms === null
      ? []
      : [`latency p50 drawn ${drawnP50Ms} ms, total ${totalP50Ms} ms, added ${addedP50Ms} ms`]
  const counts = `sent ${sent}, stored ${stored}, read ${read}, replies ${replies}, duplicates ${duplicates}`
  if (!stopped) return [[`${counts}, lost ${lost}`, ...times].join('; ')]
  const broken = settled.filter(({ measured }) => measured).length
  return [
    `stopped before the claims were settled: ${read} of ${of} messages read and ${replies} replies back so far`,
    `${broken === 0 ? 'nothing' : 'the above'} was broken until then; the rest was not measured`,
    [counts, ...times].join('; '),
  ]
}
