// What a host has moved and whom it has turned away, since its start: numbers for its operator, nothing of one peer.

/** Counts the bytes that a host's connections carried, as their transport has them: Noise's, without TCP's own. */
export interface Traffic {
  bytesIn: number
  bytesOut: number
}

/** Counts of nothing yet. */
export function noTraffic(): Traffic {
  return { bytesIn: 0, bytesOut: 0 }
}

/**
 * Says why somebody was turned away: what one address, one peer or one network may have was taken, or all there is; too
 * many came in a second; or a place was given up for another (docs/spec/resources.md 1).
 */
export const refusalReasons = ['address', 'peer', 'network', 'all', 'rate', 'gave_way'] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** Counts who was turned away from one bounded thing, by reason. */
export type Refused = Readonly<Partial<Record<RefusalReason, number>>>

/** Names the bounded things of a host, of which each wants a place. */
export const sharedThings = ['sockets', 'connections', 'streams', 'requests', 'request_bytes'] as const
export type SharedThing = (typeof sharedThings)[number]

/** Counts who was turned away from each bounded thing. */
export type Refusals = Readonly<Partial<Record<SharedThing, Refused>>>

/** Counts the same by what they were known as (`Rank`), once they were known as anything. */
export type Crowded = Readonly<Partial<Record<SharedThing, Readonly<Record<string, number>>>>>
