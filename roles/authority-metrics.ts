// Tells Prometheus of an authority: numbers of its status, read when they are asked for.

import { Counter, Gauge, Registry } from 'prom-client'
import type { AuthorityStatus } from '../directory/authority/index.ts'
import { directoryMetrics } from '../directory/metrics.ts'
import { processMetrics } from '../world/process-metrics.ts'
import { version } from '../world/version.ts'
import { isSilent } from './silence.ts'

/** @param now milliseconds since 1970-01-01 UTC */
export function authorityMetrics(status: () => AuthorityStatus, now: () => number): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, read: (status: AuthorityStatus) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(status()))
      },
    })
  }
  const counter = (
    name: string,
    help: string,
    label: string,
    read: (status: AuthorityStatus) => Readonly<Record<string, number>>,
  ): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(read(status()))) this.inc({ [label]: value }, count)
      },
    })
  }
  counter('chaffinch_rounds_total', 'Rounds since the start, by end', 'end', s => ({ ...s.rounds }))
  counter('chaffinch_refused_requests_total', 'Requests refused, by code', 'code', s => ({ ...s.refused }))
  directoryMetrics(registry, status, now)
  gauge('chaffinch_consensus_signers', 'Authorities that signed the consensus in use', s =>
    s.consensus === null ? 0 : s.consensus.signers.length,
  )
  gauge('chaffinch_listed_nodes', 'Nodes of the consensus, before there is one of uploads', s => s.nodes)
  gauge('chaffinch_silent_authorities', 'Others that have not answered for a minute', s => silent(s, now()))
  gauge('chaffinch_evidence_proofs', 'Proofs that somebody contradicted itself', s => s.evidence)
  processMetrics(registry, version())
  return registry
}

function silent({ authorities }: AuthorityStatus, now: number): number {
  return authorities.filter(({ seen }) => isSilent(seen, now)).length
}
