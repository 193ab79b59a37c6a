// What the routes of a mix-net say of themselves in its OpenAPI document.

import type { Hono } from 'hono'
import { type DescribeRouteOptions, generateSpecs, resolver } from 'hono-openapi'
import * as v from 'valibot'
import { version } from '../../world/version.ts'
import {
  consensusView,
  cycleView,
  logView,
  messageView,
  negotiationView,
  peerView,
  problemView,
  replyView,
  requestForm,
} from './views.ts'

type Responses = NonNullable<DescribeRouteOptions['responses']>

const problems = {
  description: '`code` and `detail` say why',
  content: { 'application/problem+json': { schema: resolver(problemView) } },
}

function gives(description: string, schema: v.GenericSchema, status = 200): Responses {
  return {
    [status]: { description, content: { 'application/json': { schema: resolver(schema) } } },
    default: problems,
  }
}

function bytes(description: string): Responses {
  const content = { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } }
  return {
    200: { description, content },
    206: { description: 'the range that was asked for', content },
    default: problems,
  }
}

function plain(description: string, type: string): Responses {
  return { 200: { description, content: { [type]: { schema: { type: 'string' } } } }, default: problems }
}

function query(...names: readonly string[]): NonNullable<DescribeRouteOptions['parameters']> {
  return names.map(name => ({ name, in: 'query' as const, schema: { type: 'string' as const } }))
}

// hono-openapi resolves schemas inside request bodies, its type does not say so
const signed = {
  content: { 'application/json': { schema: resolver(requestForm) } },
  required: true,
} as unknown as NonNullable<DescribeRouteOptions['requestBody']>

const accepted = gives('it is in the log; the receipt shows that', replyView, 201)

/** Names each route. */
export type RouteName =
  | 'peers'
  | 'peer'
  | 'cycles'
  | 'cycle'
  | 'inbox'
  | 'outbox'
  | 'bulk'
  | 'blob'
  | 'negotiation'
  | 'consensus'
  | 'checkpoint'
  | 'entries'
  | 'tile'
  | 'events'
  | 'createPeer'
  | 'bringSenders'
  | 'createNegotiation'
  | 'contribute'
  | 'createCycle'
  | 'createMessage'
  | 'act'

/** Describes each route. */
export const says: Readonly<Record<RouteName, DescribeRouteOptions>> = {
  peers: {
    operationId: 'peers',
    summary: 'Persons and peers',
    parameters: query('peer_type', 'name', 'from', 'limit'),
    responses: gives('at most 1,000', v.array(peerView)),
  },
  peer: { operationId: 'peer', summary: 'One of them', responses: gives('it', peerView) },
  cycles: {
    operationId: 'cycles',
    summary: 'The cycles of a peer',
    parameters: query('status', 'from', 'limit'),
    responses: gives('at most 1,000', v.array(cycleView)),
  },
  cycle: { operationId: 'cycle', summary: 'A cycle', responses: gives('it', cycleView) },
  inbox: {
    operationId: 'inbox',
    summary: 'Messages that came in',
    parameters: query('from', 'limit'),
    responses: gives('at most 1,000', v.array(messageView)),
  },
  outbox: {
    operationId: 'outbox',
    summary: 'Messages that a peer gave out',
    parameters: query('from', 'limit'),
    responses: gives('at most 1,000', v.array(messageView)),
  },
  bulk: {
    operationId: 'bulk',
    summary: 'All rows of an inbox or an outbox, or the proof, as bytes',
    responses: bytes('rows of 64 bytes a column, or a proof; ranges may be asked for'),
  },
  blob: {
    operationId: 'blob',
    summary: 'What was handed in, by its SHA-256',
    responses: bytes('its bytes; ranges may be asked for'),
  },
  negotiation: {
    operationId: 'negotiation',
    summary: 'A negotiation',
    responses: gives('what was said so far', negotiationView),
  },
  consensus: {
    operationId: 'consensus',
    summary: 'A text that was agreed on, with all signatures',
    responses: gives('it', consensusView),
  },
  checkpoint: {
    operationId: 'checkpoint',
    summary: 'The head of the log, signed (c2sp.org/tlog-checkpoint)',
    responses: plain('a signed note', 'text/plain'),
  },
  entries: {
    operationId: 'entries',
    summary: 'Accepted requests in their order',
    parameters: query('from'),
    responses: gives('some of them, and the head they were read under', logView),
  },
  tile: {
    operationId: 'tile',
    summary: 'Hashes of the log’s tree (c2sp.org/tlog-tiles)',
    responses: bytes('up to 256 hashes of 32 bytes'),
  },
  events: {
    operationId: 'events',
    summary: 'Server-sent events: `head` with the size of the log, now and each time that it grows',
    responses: plain('a stream that does not end', 'text/event-stream'),
  },
  createPeer: {
    operationId: 'createPeer',
    summary: 'Register a person, or make a peer that its owners have agreed on',
    requestBody: signed,
    responses: accepted,
  },
  bringSenders: {
    operationId: 'bringSenders',
    summary: 'Bring a part of the list of senders that the owners of a peer have agreed on',
    requestBody: signed,
    responses: accepted,
  },
  createNegotiation: {
    operationId: 'createNegotiation',
    summary: 'Begin a negotiation',
    requestBody: signed,
    responses: accepted,
  },
  contribute: {
    operationId: 'contribute',
    summary: 'Contribute a signed text',
    requestBody: signed,
    responses: accepted,
  },
  createCycle: {
    operationId: 'createCycle',
    summary: 'Open a cycle',
    requestBody: signed,
    responses: accepted,
  },
  createMessage: {
    operationId: 'createMessage',
    summary: 'Hand in a message',
    requestBody: signed,
    responses: accepted,
  },
  act: {
    operationId: 'act',
    summary: 'Close, process, decrypt or skip a cycle',
    description:
      'With blobs (`process`: outbox and proof; `share`: points) the body is their bytes one after the other, and ' +
      'the request stands in the field `cascade-request` as base64url.',
    requestBody: signed,
    responses: accepted,
  },
}

/** Makes the OpenAPI document of a mix-net. @param url where it is asked */
export async function documentOf(app: Hono, mixnet: string, url: string): Promise<object> {
  return await generateSpecs(app, {
    documentation: {
      openapi: '3.1.0',
      info: {
        title: `Chaffinch mix-net ${mixnet}`,
        version: version(),
        description: 'The mix-net API: docs/spec/cascade.md. Everything is public; requests are signed.',
      },
      servers: [{ url }],
    },
  })
}
