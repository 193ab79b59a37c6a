// What a run of a network of rounds must show (docs/spec/client-clocks.md 8.4), as an observer of the links sees it.

import { type Claim, claim } from './claim.ts'

/** Fewer would say little. */
const leastRounds = 20

export const roundClaims: readonly Claim[] = [
  claim({
    id: 'one-a-round',
    says: 'from the first round of an epoch on every client sent exactly one packet in every round',
    read: run =>
      run.wantedRounds
        ? (run.rounds ?? { rounds: 0, clients: 0, withAnEpoch: 0, missed: [], doubled: [] })
        : undefined,
    holds: ({ rounds, clients, withAnEpoch, missed, doubled }) =>
      rounds >= leastRounds && clients > 0 && withAnEpoch === clients && missed.length + doubled.length === 0,
  }),
]
