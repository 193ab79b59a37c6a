// The way that a person chooses for a message instead of leaving it to chance (docs/spec/client-delivery.md 6.1): a
// path expression after Mixminion's, and filters after Mixmaster's. Whoever does without looks like everybody else.

import * as v from 'valibot'
import { hex } from '../../encoding/bytes.ts'
import { ClientError } from '../error.ts'
import type { Address } from './address.ts'

/** All of it optional; what is left out is drawn like everybody's. */
export interface Way {
  /**
   * A path expression: `[edge,]PART,PART,…[:EXIT]`, where a part is `?` (any mix), `*N` (N times any), or a mix by the
   * first 8 to 64 hex digits of its id, and EXIT one of the receiver's gateways or `exit` (any of them).
   */
  readonly path?: string | undefined
  /** Mixes that no path of the message may use: the first 8 to 64 hex digits of their ids, at most 256. */
  readonly blocked?: readonly string[] | undefined
  /** 0 to 1: of the packets that this client sent over a mix, at least this share must have come through. */
  readonly minReliability?: number | undefined
  /** Delays of a path together at most, milliseconds; at least 1. */
  readonly maxLatencyMs?: number | undefined
  /** Each fragment leaves so often, over paths of their own: 1 to 8. The receiver keeps one. */
  readonly copies?: number | undefined
}

/** A path expression, read. */
export interface Pattern {
  /** One for each mix of the path: the beginning of an id, or any. */
  readonly mixes: readonly (string | undefined)[]
  /** The beginning of the far gateway's id, or any that the address names. */
  readonly exit: string | undefined
}

/** The most copies of a message that a way may send. */
export const mostCopies = 8
const mostBlocked = 256
const node = /^[0-9a-f]{8,64}$/
const nodeForm = 'the first 8 to 64 hex digits of an id'

/** For what is read from disk or from an app. */
export const waySchema: v.GenericSchema<unknown, Way> = v.strictObject({
  path: v.optional(v.pipe(v.string(), v.maxLength(1024))),
  blocked: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.regex(node, `want ${nodeForm}`))), v.maxLength(mostBlocked)),
  ),
  minReliability: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  maxLatencyMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  copies: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(mostCopies))),
})

/**
 * Checks a way to an address before anything is accepted with it.
 *
 * @param mixes mixes of a path in this network
 * @throws ClientError BAD_OPTION
 */
export function checkWayTo(way: Way, { gateways }: Pick<Address, 'gateways'>, mixes: number): void {
  const read = v.safeParse(waySchema, way)
  if (!read.success) {
    const [issue] = read.issues
    throw new ClientError('BAD_OPTION', `${v.getDotPath(issue) ?? 'way'}: ${issue.message}`)
  }
  const exit = way.path === undefined ? undefined : readPattern(way.path, mixes).exit
  if (exit !== undefined && !gateways.some(id => hex(id).startsWith(exit)))
    throw new ClientError('BAD_OPTION', `path '${way.path}': ${exit} is no gateway of the receiver's address`)
}

/**
 * @param mixes mixes of a path in this network
 * @throws ClientError BAD_OPTION
 */
export function readPattern(expression: string, mixes: number): Pattern {
  const bad = (why: string): ClientError => new ClientError('BAD_OPTION', `path '${expression}': ${why}`)
  const [before = '', exit, more] = expression.split(':')
  if (more !== undefined) throw bad('one colon at most')
  if (exit !== undefined && exit !== 'exit' && !node.test(exit))
    throw bad(`'${exit}': behind the colon want exit or ${nodeForm}`)
  const parts = before.split(',')
  if (parts[0] === 'edge') parts.shift()
  const read = parts.flatMap(part => {
    if (part === '?') return [undefined]
    const repeat = /^\*(\d{1,2})$/.exec(part)
    if (repeat !== null) return Array<undefined>(Number(repeat[1])).fill(undefined)
    if (!node.test(part)) throw bad(`'${part}': want ?, *N or ${nodeForm}`)
    return [part]
  })
  if (read.length !== mixes) throw bad(`${read.length} mixes, this network's paths have ${mixes}`)
  return { mixes: read, exit: exit === 'exit' ? undefined : exit }
}
