// An election on a mix-net of processes on this machine, and what is left of it. For the command line and for tests.

export { runCheat } from './cheat.ts'
export { changes, killedNames, mixesLeast, type Places, placesIn, threshold, ways } from './places.ts'
export { type ElectionRecord, readRecord } from './record.ts'
export { type Abandon, type Demo, runDemo } from './story.ts'
export { castAll, twiceOf } from './voters.ts'
