// Descriptions of routes for the OpenAPI document, from the schemas that check them. For the client's own routes, and
// for those of parts beside it (part.ts).

import { type DescribeRouteOptions, resolver } from 'hono-openapi'
import type * as v from 'valibot'
import { problem } from './answers.ts'

type Responses = NonNullable<DescribeRouteOptions['responses']>
type Parameters = NonNullable<DescribeRouteOptions['parameters']>
type AnySchema = v.GenericSchema

/** Describes the side of a schema that a person sends, not what a transformation makes of it. */
const input = { typeMode: 'input', errorMode: 'ignore' } as const

/** Token, origin and rate are looked at before a request reaches its route. */
const everywhere = [401, 403, 429]

const meanings: Readonly<Record<number, string>> = {
  400: 'the request is not as described: `detail` says where',
  401: 'the token is missing or wrong',
  403: 'the token is an app’s, or the request comes from a web page',
  404: 'nothing of this name is here',
  409: 'the message left no reply block to use',
  410: 'its reply blocks are used up or over',
  413: 'too large',
  429: 'too many requests, or the queue is full: `Retry-After` says when to try again',
  502: 'the service gave no answer that can be used',
  503: 'there is no network, or the service is busy: try again later',
  504: 'no answer came in time',
}

/**
 * Describes the answers of a route.
 *
 * @param failing statuses that come with a problem document, besides those that any route can give
 * @param means what a failing status means here, where that differs from what it means for messages
 */
export function answers(
  status: number,
  description: string,
  schema: AnySchema,
  failing: readonly number[],
  means: Readonly<Record<number, string>> = {},
): Responses {
  const problems = [...new Set([...everywhere, ...failing])].sort().map(code => [
    code,
    {
      description: means[code] ?? meanings[code] ?? 'no',
      content: { 'application/problem+json': { schema: resolver(problem) } },
    },
  ])
  return {
    [status]: { description, content: { 'application/json': { schema: resolver(schema) } } },
    ...(Object.fromEntries(problems) as Responses),
  }
}

/** Optional texts in the query. */
export function query(names: readonly string[]): Parameters {
  return names.map(name => ({ name, in: 'query' as const, schema: { type: 'string' as const } }))
}

/** The text in the path under this name. */
export function path(name: string): Parameters {
  return [{ name, in: 'path', required: true, schema: { type: 'string' } }]
}

/**
 * A body of JSON.
 *
 * @param octets whether raw bytes may stand in its place
 * @param example one that works once its placeholders are filled in
 */
export function body(
  schema: AnySchema,
  octets = true,
  example?: Readonly<Record<string, unknown>>,
): NonNullable<DescribeRouteOptions['requestBody']> {
  const described = {
    content: {
      'application/json': {
        schema: resolver(schema, input),
        ...(example === undefined ? {} : { example }),
      },
      ...(octets ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } : {}),
    },
    required: true,
  }
  // hono-openapi resolves schemas inside request bodies, its type does not say so
  return described as unknown as NonNullable<DescribeRouteOptions['requestBody']>
}
