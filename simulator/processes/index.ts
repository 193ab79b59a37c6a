// Networks of processes on this machine: planned, started, watched and ended. For the command line and for trials.

export { type CrowdView, carryCrowd, type Echo, echoName, serveEcho, viewOf } from './crowd.ts'
export { type Happened, type WordsOfHappened, wordsOf } from './happened.ts'
export { epochFor, slowness } from './machine.ts'
export { type Observer, observe, type Sighting, type Tap } from './observer.ts'
export { type CrowdOptions, type KillKind, type NetOptions, usualEpochMs, usualOptions } from './options.ts'
export { comparedDelayMs, type MixRecord, Passages } from './passages.ts'
export {
  freePorts,
  type Plan,
  type PlannedProcess,
  personTimes,
  planNetwork,
  remoteOf,
  tapsOf,
} from './plan.ts'
export {
  beside,
  compiled,
  type Ending,
  isOpen,
  type Role,
  type Supervisor,
  supervisor,
  watchedMix,
} from './process.ts'
export { largeUserBytes, longestMessage, roundMsOf, settleWithinMs } from './rates.ts'
export {
  type CrowdRecord,
  type CrowdSight,
  digest,
  type JoinRecord,
  type KillRecord,
  type Latency,
  leak,
  type MessageRecord,
  type PaidRecord,
  type PathRecord,
  type RoundsRecord,
  type RunRecord,
} from './record.ts'
export { countRounds } from './rounds.ts'
export { endAll, newRecord, type Run, startAll } from './run.ts'
export type { Status } from './status.ts'
export { type Watch, watchNetwork } from './watch.ts'
