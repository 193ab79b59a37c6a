// How names of the DNS are looked up.

import type { Ip } from '../../encoding/ip.ts'

/** A name, and the addresses that are wanted of it. */
export type NameKind = 'dns' | 'dns4' | 'dns6'
/** Looks a name up; rejects when it stands for nothing, or the signal aborts. */
export type LookUp = (kind: NameKind, name: string, signal: AbortSignal) => Promise<readonly Ip[]>

/**
 * Looks up what a name of `/dnsaddr` stands for.
 *
 * @param peer the peer id, as text, whose addresses are wanted
 * @returns multiaddrs with Internet addresses, without `/p2p`; rejects when there are none, or the signal aborts
 */
export type LookUpAddresses = (name: string, peer: string, signal: AbortSignal) => Promise<readonly string[]>
