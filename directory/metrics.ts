// What every role that follows a network tells Prometheus of its place in time: its clock's epoch, and its document.

import type { Registry } from 'prom-client'
import { metricsOf } from '../world/metrics.ts'
import type { Epoch, Ms } from '../world/units.ts'

/** As much of a role's status as is told. */
export interface PlaceInTime {
  /** Counts from the network's genesis, by this machine's clock. */
  readonly epoch: Epoch
  readonly consensus: { readonly epoch: Epoch; readonly validUntil: Ms } | null
}

/**
 * Adds the epoch of the clock, the epoch of the consensus in use and what is left of that to what is told.
 *
 * @param now milliseconds since 1970-01-01 UTC
 */
export function directoryMetrics(registry: Registry, status: () => PlaceInTime, now: () => Ms): void {
  const { gauge } = metricsOf(registry, status)
  gauge(
    'chaffinch_consensus_epoch',
    'Epoch of the consensus in use; -1 without one',
    ({ consensus }) => consensus?.epoch ?? -1,
  )
  gauge('chaffinch_clock_epoch', 'Epoch by this machine’s clock', ({ epoch }) => epoch)
  gauge(
    'chaffinch_consensus_left_seconds',
    'Until the consensus in use is over; 0 without one',
    ({ consensus }) => (consensus === null ? 0 : Math.max(0, (consensus.validUntil - now()) / 1000)),
  )
}
