// What every role tells Prometheus of its process: which build it is, what it takes of the machine, and what its hosts
// carried and turned away.

import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import { metricsOf } from './metrics.ts'
import { type Carried, carried } from './resources.ts'

/** Adds the build, and the memory, files, processor time and bytes of this process, to what is told. */
export function processMetrics(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'chaffinch_build_info',
    help: 'Always 1; the version of chaffinch and of Node',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  const { counter, counts } = metricsOf(registry, carried)
  counter(
    'chaffinch_received_bytes_total',
    'Bytes that connections brought, without TCP’s own',
    r => r.bytesIn,
  )
  counter(
    'chaffinch_sent_bytes_total',
    'Bytes that connections took away, without TCP’s own',
    r => r.bytesOut,
  )
  counts(
    'chaffinch_refusals_total',
    'Peers that were turned away, by what they wanted a place of, and why',
    ['share', 'reason'],
    r => labelled(r.refusals),
  )
  counts(
    'chaffinch_crowded_peers_total',
    'Peers that were turned away or had to go, by what they wanted a place of, and what they were known as',
    ['share', 'rank'],
    r => labelled(r.crowded),
  )
}

function labelled(reasons: Carried['refusals']): (readonly [readonly [string, string], number])[] {
  return Object.entries(reasons).flatMap(([share, counted]) =>
    Object.entries(counted).map(([label, count]) => [[share, label], count] as const),
  )
}
