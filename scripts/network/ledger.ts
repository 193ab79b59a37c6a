// Reads from the clients' own ledgers where each message's time went, and the paths that were drawn. And beside
// them what somebody who sees every link has written down.

import type { LedgerEntry } from '../../client/index.ts'
import type { Latency, MessageRecord, PathRecord, Sighting } from '../../simulator/processes/index.ts'

/** The ledger of each client, by the client's name. */
export type Ledgers = ReadonlyMap<string, readonly LedgerEntry[]>

type Sent = Extract<LedgerEntry, { event: 'sent' }>

/**
 * Measures each message that was read: total = from accepted to delivered, drawn = the delays of the path of the
 * fragment that completed it, waited = until that fragment first left on its sender's clock. A retransmission's wait is
 * nobody's choice: it stays in what is added.
 */
export function latencies(ledgers: Ledgers, messages: readonly MessageRecord[]): Latency[] {
  const senders = indexed(ledgers, messages)
  return messages.flatMap(({ number, id, from, to }) => {
    if (id === undefined) return []
    const sent = senders.get(id) ?? []
    const accepted = ledgers.get(from)?.find(entry => entry.event === 'accepted' && entry.id === id)
    const mine = (ledgers.get(to) ?? []).filter(entry => entry.id === id)
    const received = mine.find(entry => entry.event === 'received')
    const delivered = mine.find(entry => entry.event === 'delivered')
    if (accepted === undefined || received?.event !== 'received' || delivered === undefined) return []
    const last = sent.filter(({ fragment }) => fragment === received.fragment)
    const arrived = last.find(({ attempt }) => attempt === received.attempt)
    const first = last[0]
    if (arrived?.drawnMs === undefined || first === undefined) return []
    return [
      {
        number,
        totalMs: delivered.at - accepted.at,
        drawnMs: arrived.drawnMs,
        waitedMs: first.at - accepted.at,
      },
    ]
  })
}

/** Every `sent` entry of these messages by message id, in order of time. */
function indexed(ledgers: Ledgers, messages: readonly MessageRecord[]): Map<string, Sent[]> {
  const wanted = new Map<string, Sent[]>()
  for (const { id } of messages) if (id !== undefined) wanted.set(id, [])
  for (const ledger of ledgers.values())
    for (const entry of ledger) if (entry.event === 'sent') wanted.get(entry.id)?.push(entry)
  return wanted
}

/** Every path that a client drew for a fragment of its own. @param epochAt the epoch of an instant */
export function paths(ledgers: Ledgers, epochAt: (at: number) => number): PathRecord[] {
  return [...ledgers].flatMap(([client, ledger]) =>
    ledger.flatMap(entry =>
      entry.event === 'sent' && entry.path.length > 0
        ? [{ client, epoch: epochAt(entry.at), hops: entry.path }]
        : [],
    ),
  )
}

interface Line {
  readonly at: number
  readonly text: string
}

/**
 * Two columns: what the clients know of their messages, and what the observer saw pass in the same time. The
 * observer's chunks of one link within `binMs` are one line.
 */
export function sideBySide(
  messages: readonly MessageRecord[],
  sightings: readonly Sighting[],
  startedAt: number,
  most = 40,
  binMs = 250,
): string[] {
  const own: Line[] = messages
    .flatMap(({ number, from, to, bytes, acceptedAt, readAt, replyReadAt }) => [
      { at: acceptedAt, text: `${from} -> ${to}  message ${number}, ${bytes} bytes` },
      ...readAt.map(at => ({ at, text: `${to} read message ${number} of ${from}` })),
      ...replyReadAt.map(at => ({ at, text: `${from} read the reply to ${number}` })),
    ])
    .filter((line): line is Line => line.at !== undefined)
    .sort((a, b) => a.at - b.at)
  const from = own[0]?.at ?? startedAt
  const seen = binned(sightings, binMs).filter(({ at }) => at >= from)
  const rows = Math.min(most, Math.max(own.length, seen.length))
  const cell = (line: Line | undefined): string =>
    line === undefined ? '' : `${((line.at - startedAt) / 1000).toFixed(2).padStart(7)}  ${line.text}`
  const left = Array.from({ length: rows }, (_, i) => cell(own[i]))
  const right = Array.from({ length: rows }, (_, i) => cell(seen[i]))
  const width = Math.max(40, ...left.map(text => text.length))
  const row = (a: string, b: string): string => `${a.padEnd(width)} | ${b}`.trimEnd()
  const rest = seen.length - rows
  return [
    row("the clients' own ledgers (s)", 'the observer of every link (s)'),
    row('-'.repeat(width), '-'.repeat(40)),
    ...left.map((text, i) => row(text, right[i] as string)),
    ...(rest > 0 ? [row('', `... ${rest} more lines of traffic, message or not`)] : []),
  ]
}

function binned(sightings: readonly Sighting[], binMs: number): Line[] {
  const bins = new Map<string, { at: number; from: string; to: string; bytes: number }>()
  for (const { at, from, to, bytes } of sightings) {
    const key = `${Math.floor(at / binMs)} ${from} ${to}`
    const bin = bins.get(key)
    if (bin === undefined) bins.set(key, { at, from, to, bytes })
    else bin.bytes += bytes
  }
  return [...bins.values()].map(({ at, from, to, bytes }) => ({
    at,
    text: `${from} -> ${to}  ${bytes} bytes`,
  }))
}
