// What every role tells Prometheus of its process: which build it is, what it takes of the machine, and what its hosts
// carried and turned away.

import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import { metricsOf } from './metrics.ts'
import { carried } from './resources.ts'

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
    r =>
      Object.entries(r.refusals).flatMap(([share, reasons]) =>
        Object.entries(reasons).map(([reason, count]) => [[share, reason], count] as const),
      ),
  )
}
