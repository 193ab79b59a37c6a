// What every role tells Prometheus of its process: which build it is, and what it takes of the machine.

import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/** Adds the build, and the memory, files and processor time of this process, to what is told. */
export function processMetrics(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'chaffinch_build_info',
    help: 'Always 1; the version of chaffinch and of Node',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
}
