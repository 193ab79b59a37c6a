// What a node tells at its status port, and its numbers for Prometheus.

import { Registry } from 'prom-client'
import { directoryMetrics } from '../directory/metrics.ts'
import { systemClock } from '../world/clock.ts'
import type { Loopback } from '../world/http.ts'
import type { LogLines } from '../world/log-lines.ts'
import { byLabel, metricsOf } from '../world/metrics.ts'
import { processMetrics } from '../world/process-metrics.ts'
import { serveStatusPort } from '../world/status-port.ts'
import type { RunningNode } from './node.ts'
import type { DropReason } from './relay/relay.ts'
import type { NodeStatus } from './status.ts'

/**
 * Serves a node's status and metrics (Prometheus), behind a token (docs/guide/running.md 4).
 *
 * @param options.port 0 takes a free one
 * @param options.address default: 127.0.0.1
 * @param options.version of this software
 * @param options.now milliseconds since 1970-01-01 UTC; default: this machine's clock
 * @param options.lines the newest lines of the log: with them there is a page for the operator
 * @param options.certifiedUntil when the certificate of its key ends, the same; default: it has none
 * @throws ListenError
 */
export function serveStatus(
  node: RunningNode,
  {
    version,
    now = systemClock.now,
    certifiedUntil,
    ...options
  }: {
    port: number
    address?: string | undefined
    token: string
    version: string
    now?: () => number
    certifiedUntil?: () => number | undefined
    lines?: LogLines
  },
): Promise<Loopback> {
  const metrics = nodeMetrics(() => node.status(), now, certifiedUntil)
  processMetrics(metrics, version)
  return serveStatusPort({
    ...options,
    version,
    metrics,
    status: () => node.status(),
    ready: () => isHealthy(node.status()),
    routes: app => {
      app.post('/leave', async context => context.json(Object.fromEntries(await node.leave())))
    },
  })
}

/** Running, and with a consensus that lists this node. */
export function isHealthy(status: NodeStatus): boolean {
  return status.state === 'running' && status.listed
}

/** Reasons that docs/guide/running.md speaks of: told from the start. */
const watchedDrops: readonly DropReason[] = [
  'HOLD_FULL',
  'LINK_REFUSED',
  'NO_ROUTE',
  'REPLAY',
  'BAD_MAC',
  'MAILBOX_FULL',
]
const watchedRefusals: readonly (keyof NodeStatus['bulletin']['refused'])[] = ['BAD_ENTRY']

/**
 * Metrics that are read from the status when they are asked for; their names end in their unit.
 *
 * @param now milliseconds since 1970-01-01 UTC
 */
export function nodeMetrics(
  status: () => NodeStatus,
  now: () => number,
  certifiedUntil: () => number | undefined = () => undefined,
): Registry {
  const registry = new Registry()
  const { counter, gauge, counts } = metricsOf(registry, status)
  counter('chaffinch_received_packets_total', 'Packets received or originated', s => s.packets.received)
  counter('chaffinch_forwarded_packets_total', 'Packets handed to the next hop', s => s.packets.forwarded)
  counter('chaffinch_stored_packets_total', 'Packets stored in mailboxes', s => s.packets.stored)
  counter('chaffinch_served_packets_total', 'Drops and own loops', s => s.packets.served)
  counts('chaffinch_dropped_packets_total', 'Packets dropped, by reason', ['reason'], s =>
    byLabel(s.packets.dropped, watchedDrops),
  )
  gauge('chaffinch_held_packets', 'Packets inside', s => s.packets.held)
  counter('chaffinch_sent_loops_total', 'Loops this node sent to itself', s => s.loops.sent)
  counter(
    'chaffinch_cover_loops_total',
    'Loops sent as cover while own ones were missing',
    s => s.loops.cover,
  )
  counter('chaffinch_returned_loops_total', 'Loops that came back', s => s.loops.returned)
  gauge('chaffinch_running_flag', '1 when the consensus calls this node running', s =>
    s.standing?.running === true ? 1 : 0,
  )
  gauge('chaffinch_reliable_flag', '1 when the consensus calls this node reliable', s =>
    s.standing?.reliable === true ? 1 : 0,
  )
  counter('chaffinch_n1_alarms_total', 'n-1 alarms raised', s => s.alarm.count)
  gauge('chaffinch_n1_alarm_flag', '1 while an n-1 alarm is raised', s => (s.alarm.raised ? 1 : 0))
  gauge('chaffinch_wary_flag', '1 while loops are missing, and packets are held longer', s =>
    s.alarm.wary ? 1 : 0,
  )
  gauge('chaffinch_usual_loss_ratio', 'Share of loops that is usually missing', s => s.alarm.usualLoss)
  gauge('chaffinch_replay_tags', 'Tags remembered, all keys together', s => s.replay.tags)
  counter('chaffinch_misfit_packets_total', 'Packets of nodes that do not open, or had been seen', s =>
    sum(s.upstream, node => node.misfits),
  )
  gauge('chaffinch_peeling_threads', "Threads that peel besides the node's own", s => s.peeling.threads)
  gauge('chaffinch_unpeeled_packets', 'Packets that wait to be peeled', s => s.peeling.waiting)
  counter(
    'chaffinch_held_back_reads_total',
    'Times that reading from a neighbour was put off, because it had its share inside',
    s => s.peeling.heldBack,
  )
  counter('chaffinch_shut_out_peers_total', 'Peers shut out for what they sent', s => s.shut.times)
  gauge('chaffinch_shut_out_nodes', 'Nodes that are shut out now', s => s.shut.nodes.length)
  counter('chaffinch_disk_refusals_total', 'Writes that the disk refused', s => s.disk.refusals)
  gauge('chaffinch_disk_failing_flag', '1 while the disk refuses what was last written', s =>
    s.disk.failing.length > 0 ? 1 : 0,
  )
  gauge('chaffinch_neighbours', 'Neighbours with a queue', s => s.neighbours.length)
  gauge('chaffinch_queued_cells', 'Cells that wait for a neighbour', s => sum(s.neighbours, n => n.queued))
  gauge('chaffinch_mail_entries', 'Entries in all mailboxes', s => s.mail?.entries ?? 0)
  gauge('chaffinch_mail_bytes', 'Bytes in all mailboxes', s => s.mail?.bytes ?? 0)
  counter('chaffinch_driven_out_entries_total', 'Entries of mailboxes that gave way before their time', s =>
    s.mail ? s.mail.drivenOut : 0,
  )
  gauge('chaffinch_mailboxes', 'Mailboxes', s => s.mail?.mailboxes ?? 0)
  gauge('chaffinch_clients', 'Clients connected', s => s.mail?.clients ?? 0)
  gauge('chaffinch_capacity_clients', 'Clients that it can carry now; NaN where that is not measured', s =>
    s.mail?.load ? s.mail.load.capacity : Number.NaN,
  )
  counter('chaffinch_turned_away_clients_total', 'Clients for which there was no room', s =>
    s.mail ? s.mail.turnedAway : 0,
  )
  counter('chaffinch_shed_clients_total', 'Strangers that had to go because of the load', s =>
    s.mail ? s.mail.shed : 0,
  )
  gauge('chaffinch_bulletin_entries', 'Entries on the board', s => s.bulletin.entries)
  gauge('chaffinch_bulletin_bytes', 'Bytes on the board', s => s.bulletin.bytes)
  gauge('chaffinch_bulletin_neighbours', 'Nodes that entries are passed on to', s => s.bulletin.peers)
  counter('chaffinch_published_entries_total', 'Entries published here', s => s.bulletin.published)
  counter('chaffinch_heard_entries_total', 'Entries taken from gossip', s => s.bulletin.heard)
  counter(
    'chaffinch_fetched_entries_total',
    'Entries fetched because they were missed',
    s => s.bulletin.fetched,
  )
  counter(
    'chaffinch_evicted_entries_total',
    'Entries that gave way before their time',
    s => s.bulletin.evicted,
  )
  counter('chaffinch_expelled_peers_total', 'Peers expelled from the gossip', s => s.bulletin.expelled)
  counts('chaffinch_refused_entries_total', 'Entries that were not taken, by reason', ['reason'], s =>
    byLabel(s.bulletin.refused, watchedRefusals),
  )
  directoryMetrics(registry, status, now)
  gauge('chaffinch_certificate_left_seconds', 'Until its certificate ends; NaN without one', () => {
    const until = certifiedUntil()
    return until === undefined ? Number.NaN : (until - now()) / 1000
  })
  return registry
}

function sum<T>(of: readonly T[], value: (item: T) => number): number {
  return of.reduce((total, item) => total + value(item), 0)
}
