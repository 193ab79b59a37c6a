// What a client tells Prometheus (docs/threats.md 3.41): the same whether its person writes or not, at every level of
// cover but `off`. Of the process it tells what any program of the machine can see.

import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { Registry } from 'prom-client'
import { directoryMetrics } from '../../directory/metrics.ts'
import { metricsOf } from '../../world/metrics.ts'
import { problem } from '../../world/problem.ts'
import { processMetrics } from '../../world/process-metrics.ts'
import { version } from '../../world/version.ts'
import type { Client } from '../client.ts'
import type { ClientStatus } from '../status.ts'
import type { Env } from './access.ts'
import { says } from './openapi.ts'
import type { ApiPart } from './part.ts'

/** Serves `/metrics` beside a client, for its owner; to be made once a process. @param now milliseconds since 1970 */
export function metricsPart(client: Client, now: () => number): ApiPart {
  const registry = clientMetrics(() => client.status(), now)
  processMetrics(registry, version())
  const routes = new Hono<Env>()
  routes.get('/metrics', describeRoute(says.metrics), async context => {
    if (context.get('asker') !== undefined)
      return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the client itself")
    return context.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })
  return { routes }
}

/** Only what an observer of the client's link sees as well, or what is the network's. */
export function clientMetrics(status: () => ClientStatus, now: () => number): Registry {
  const registry = new Registry()
  const { counter, gauge } = metricsOf(registry, status)
  directoryMetrics(registry, status, now)
  gauge('chaffinch_ready_flag', '1 while packets leave', s => (s.ready ? 1 : 0))
  gauge(
    'chaffinch_open_gateways',
    'Gateways of the address whose mailbox is open',
    s => s.gateways.filter(({ state }) => state === 'open').length,
  )
  counter(
    'chaffinch_sent_packets_total',
    'Packets that left, whatever they carried',
    s => s.packets.payload + s.packets.loop + s.packets.drop,
  )
  return registry
}
