// chaffinch/world: what every part of Chaffinch is handed from outside: a clock, dice, a log, a store, a loopback port.

export { type Clock, onceAt, systemClock, type Timer, type VirtualClock, virtualClock } from './clock.ts'
export {
  ListenError,
  type Loopback,
  type LoopbackOptions,
  serveLoopback,
  TokenError,
  tokenFrom,
} from './http.ts'
export { type Log, silent } from './log.ts'
export { type Random, seededRandom, systemRandom } from './random.ts'
export { type Carried, type Resources, resources } from './resources.ts'
export { memoryStore, openStore, type Store, type ValueEncoding } from './store.ts'
export type { Epoch, Ms, Named } from './units.ts'
