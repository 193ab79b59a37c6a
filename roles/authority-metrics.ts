// Tells Prometheus of an authority: numbers of its status, read when they are asked for.

import { Registry } from 'prom-client'
import type { AuthorityStatus } from '../directory/authority/index.ts'
import { directoryMetrics } from '../directory/metrics.ts'
import { byLabel, metricsOf } from '../world/metrics.ts'
import { processMetrics } from '../world/process-metrics.ts'
import { version } from '../world/version.ts'
import { isSilent } from './silence.ts'

const watchedCodes: readonly (keyof AuthorityStatus['refused'])[] = ['NOT_ADMITTED', 'NO_ANSWER', 'BUSY']

/** @param now milliseconds since 1970-01-01 UTC */
export function authorityMetrics(status: () => AuthorityStatus, now: () => number): Registry {
  const registry = new Registry()
  const { gauge, counts } = metricsOf(registry, status)
  counts('chaffinch_rounds_total', 'Rounds since the start, by end', ['end'], s => byLabel({ ...s.rounds }))
  counts('chaffinch_refused_requests_total', 'Requests refused, by code', ['code'], s =>
    byLabel({ ...s.refused }, watchedCodes),
  )
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
