// chaffinch/api: a client's HTTP API, for a program that serves it or puts routes of its own beside it.
// docs/spec/client-http.md 15.

export { ListenError } from '../../world/http.ts'
export { problem } from '../../world/problem.ts'
export type { ApiCode } from '../advice.ts'
export type { Access, Asker, Env } from './access.ts'
export { clientRoutes, type DaemonOptions, serveClient } from './daemon.ts'
export { answers, body, path } from './describe.ts'
export { logPart } from './log.ts'
export type { RoutesInit } from './messages.ts'
export { metricsPart } from './metrics.ts'
export { named } from './named.ts'
export type { ApiEvent, ApiPart } from './part.ts'
export { problemOf } from './problem.ts'
