// Reads from the clients' own ledgers where each message's time went, and the paths that were drawn.

import type { LedgerEntry } from '../../client/index.ts'
import type { Latency, MessageRecord, PathRecord } from '../../simulator/processes/index.ts'

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
