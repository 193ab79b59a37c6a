// What a run of a crowd must show (docs/spec/crowds.md 7): that it answers, and what members that work together learn.

import { type CrowdView, type RunRecord, viewOf } from '../../simulator/processes/index.ts'
import { type Claim, claim } from './claim.ts'

/** By so many standard errors a share may miss what the formula says ... */
const sigmas = 3
/** ... and by so many it has to be away from one half to be on one side of it. */
const apart = 2
/** One alone; all together. */
const alone = 1

export const crowdClaims: readonly Claim[] = [
  claim({
    id: 'crowd-answered',
    says: 'every request through the crowd brought its own answer back',
    read: ({ crowd }) => ({
      asked: crowd?.asked ?? 0,
      answered: crowd?.answered ?? 0,
      failures: crowd?.failures ?? [],
    }),
    holds: ({ asked, answered }) => asked > 0 && answered === asked,
  }),
  claim({
    id: 'crowd-path-stays',
    says: 'requests of one session came by one path, as members that work together saw',
    read: ({ crowd }) => crowd?.stayed ?? { compared: 0, same: 0 },
    holds: ({ compared, same }) => compared > 0 && same === compared,
    refuted: ({ compared, same }) => same < compared,
  }),
  claim({
    id: 'crowd-predecessor',
    says: `who hands a request to members that work together is its asker as often as the formula says, within ${sigmas} sigma`,
    read: ({ crowd }) => crowd?.sights.map(({ colluders }) => viewOf(crowd, colluders)) ?? [],
    holds: views =>
      views.length > 0 &&
      views.every(({ share, expected, sigma }) => Math.abs(share - expected) <= sigmas * sigma),
  }),
  claim({
    id: 'crowd-innocence',
    says: 'before one member the asker is probably innocent: it is more likely another one',
    read: run => view(run, alone),
    holds: ({ largeEnough, share, sigma }) => largeEnough && share + apart * sigma < 1 / 2,
  }),
  claim({
    id: 'crowd-too-many',
    says: 'before too many members that work together it is not: who hands a request on is more likely its asker',
    read: run => view(run, run.crowd?.colluders ?? 0),
    holds: ({ largeEnough, share, sigma }) => !largeEnough && share - apart * sigma > 1 / 2,
  }),
]

function view({ crowd }: RunRecord, colluders: number): CrowdView {
  const nothing = {
    colluders,
    seen: 0,
    share: Number.NaN,
    expected: Number.NaN,
    sigma: 0,
    largeEnough: false,
  }
  return crowd === undefined ? nothing : viewOf(crowd, colluders)
}
