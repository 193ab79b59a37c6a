// Descriptions of the routes of the HTTP API, for the OpenAPI document that the daemon serves
// (docs/spec/client-http.md 15). Bodies and answers come from the schemas that check them.

import { type DescribeRouteOptions, resolver } from 'hono-openapi'
import * as v from 'valibot'
import * as gives from './answers.ts'
import { answers, body, path, query } from './describe.ts'
import * as form from './schemas.ts'
import * as about from './status.ts'

type Route =
  | 'send'
  | 'inbox'
  | 'state'
  | 'cancel'
  | 'reply'
  | 'request'
  | 'publish'
  | 'entries'
  | 'status'
  | 'consensus'
  | 'services'
  | 'paths'
  | 'readSettings'
  | 'changeSettings'
  | 'ledger'
  | 'queue'
  | 'inboxList'
  | 'sent'
  | 'log'
  | 'exportIdentity'
  | 'clean'
  | 'flush'
  | 'makeSurb'
  | 'inspectSurb'
  | 'useSurb'
  | 'identities'
  | 'createIdentity'
  | 'removeIdentity'
  | 'metrics'
  | 'contacts'
  | 'keepContact'
  | 'removeContact'
  | 'safetyWords'
  | 'events'
  | 'socket'

/** By what the route does. */
export const says: Readonly<Record<Route, DescribeRouteOptions>> = {
  send: {
    operationId: 'send',
    summary: 'Hand a message over; it is on disk when this answers',
    description: 'Raw bytes with the other fields in the query, or JSON with text or base64.',
    parameters: query(form.queryNames.send),
    requestBody: body(form.sendBody, true, { to: 'chaffinch_b…', text: 'hello', replies: true }),
    responses: answers(202, 'accepted', gives.handed, [400, 401, 413, 429, 503]),
  },
  inbox: {
    operationId: 'inbox',
    summary: 'Messages that came, behind a cursor',
    parameters: query(form.queryNames.inbox),
    responses: answers(200, 'a page; `next` is the next `after`', gives.inboxPage, [400, 401, 429]),
  },
  state: {
    operationId: 'state',
    summary: 'What became of a message',
    parameters: path('id'),
    responses: answers(
      200,
      'its state, and how many of its fragments have arrived',
      gives.handedProgress,
      [401, 404],
    ),
  },
  cancel: {
    operationId: 'cancel',
    summary: 'Call a message off',
    parameters: path('id'),
    responses: answers(200, 'its state', gives.handed, [401, 404]),
  },
  reply: {
    operationId: 'reply',
    summary: 'Answer a message whose sender stays unknown',
    parameters: [...path('id'), ...query(form.queryNames.reply)],
    requestBody: body(form.replyBody, true, { text: 'hello yourself' }),
    responses: answers(202, 'accepted', gives.handed, [400, 401, 404, 409, 410, 413, 429, 503]),
  },
  request: {
    operationId: 'request',
    summary: 'Ask a service and wait for its answer',
    requestBody: body(form.requestBody, false, { service: 'echo', text: 'is anybody there?' }),
    responses: answers(200, 'the answer', gives.answer, [400, 401, 429, 502, 503, 504]),
  },
  publish: {
    operationId: 'publish',
    summary: 'Publish an entry on the bulletin',
    parameters: path('topic'),
    requestBody: body(form.contentBody, true, { text: 'read this' }),
    responses: answers(201, 'the own gateway shows it', gives.published, [400, 401, 404, 413, 429, 503]),
  },
  entries: {
    operationId: 'entries',
    summary: 'Entries of a topic of the bulletin, behind a cursor',
    parameters: [...path('topic'), ...query(form.queryNames.page)],
    responses: answers(200, 'a page; `next` is the next `after`', gives.bulletinPage, [400, 401, 404]),
  },
  status: {
    operationId: 'status',
    summary: 'How the client is',
    responses: answers(200, 'its fields', about.processStatus, []),
  },
  consensus: {
    operationId: 'consensus',
    summary: 'The network as the client sees it',
    responses: answers(200, 'the current consensus', gives.consensusSummary, [401, 403, 503]),
  },
  services: {
    operationId: 'services',
    summary: 'Services that gateways announce',
    responses: answers(200, 'by name, then by gateway', gives.services, [401]),
  },
  paths: {
    operationId: 'paths',
    summary: 'The paths that this client’s own fragments took, the newest last',
    responses: answers(200, 'at most 1,000', gives.paths, [401, 403]),
  },
  readSettings: {
    operationId: 'readSettings',
    summary: 'What can be changed while it runs',
    responses: answers(200, 'the settings', gives.settings, [401, 403]),
  },
  changeSettings: {
    operationId: 'changeSettings',
    summary: 'Change settings; what is left out stays',
    requestBody: body(form.settingsBody, false, { cover: 'low' }),
    responses: answers(200, 'the settings as they are now', gives.settings, [400, 401, 403]),
  },
  queue: {
    operationId: 'queue',
    summary: 'Messages and replies that were accepted; with all=true those that are over too',
    parameters: query(form.queryNames.queue),
    responses: answers(200, 'oldest first', gives.queue, [401, 403]),
  },
  inboxList: {
    operationId: 'inboxList',
    summary: 'What lies in the inboxes, of all apps or one, without contents; nothing counts as read for it',
    parameters: query(form.queryNames.inboxList),
    responses: answers(200, 'oldest first', gives.inboxList, [401, 403]),
  },
  sent: {
    operationId: 'sent',
    summary: 'Copies of what was sent with `keep`; those that are gone are left out',
    parameters: query(['ids']),
    responses: answers(200, 'in the order of the ids', gives.sent, [400, 401, 403]),
  },
  clean: {
    operationId: 'clean',
    summary: 'Forget messages that are over, and received ones that were read, from before so long ago',
    requestBody: body(form.cleanBody, false, { olderThanMs: 86_400_000 }),
    responses: answers(200, 'how many went', gives.cleaned, [400, 401, 403]),
  },
  flush: {
    operationId: 'flush',
    summary:
      'Wait until all that was accepted has left once, or is stored or failed; nothing leaves sooner for it',
    requestBody: body(form.flushBody, false, { until: 'stored', wait: 30_000 }),
    responses: answers(200, 'how many are not there yet', gives.flushed, [400, 401, 403]),
  },
  makeSurb: {
    operationId: 'makeSurb',
    summary: 'Reply blocks to hand over by hand',
    requestBody: body(form.surbBody, false, { for: 'a friend', count: 4 }),
    responses: answers(201, 'one string', gives.surb, [400, 401, 403, 429, 503]),
  },
  inspectSurb: {
    operationId: 'inspectSurb',
    summary: 'What a string of reply blocks is',
    parameters: query(['surb']),
    responses: answers(200, 'its conversation and epochs', gives.surbSummary, [400, 401, 403]),
  },
  useSurb: {
    operationId: 'useSurb',
    summary: 'Send with reply blocks that somebody handed over',
    requestBody: body(form.useSurbBody, false),
    responses: answers(202, 'accepted', gives.handed, [400, 401, 403, 410, 413, 429]),
  },
  ledger: {
    operationId: 'ledger',
    summary: 'What happened to the client’s messages (docs/spec/client-store.md 12)',
    responses: answers(200, 'the newest 20,000 to 40,000 entries', about.ledger, []),
  },
  identities: {
    operationId: 'identities',
    summary: 'The identities of this process; /as/NAME in front of any path is that of one of them',
    responses: answers(200, 'the first one in front', gives.identities, [401, 403]),
  },
  createIdentity: {
    operationId: 'createIdentity',
    summary: 'Make an identity that nobody on the wire can link to the others',
    requestBody: body(form.identityBody, false, { name: 'work' }),
    responses: answers(201, 'it has an address once it is ready', gives.identity, [400, 401, 403]),
  },
  removeIdentity: {
    operationId: 'removeIdentity',
    summary: 'Forget an identity with its keys, messages and reply blocks',
    parameters: path('name'),
    responses: answers(200, 'its name', gives.removedIdentity, [400, 401, 403, 404]),
  },
  log: {
    operationId: 'log',
    summary: 'The newest lines of the log, of the levels info, warn and error',
    parameters: query(['after']),
    responses: answers(200, 'at most 500, oldest first', gives.log, [400, 401, 403]),
  },
  exportIdentity: {
    operationId: 'exportIdentity',
    summary: 'The keys and gateways of an identity as a file, under a passphrase of its own',
    parameters: path('name'),
    requestBody: body(form.exportBody, false),
    responses: answers(
      200,
      'the text of the file: whoever opens it is the owner',
      gives.exported,
      [400, 401, 403, 404],
    ),
  },
  metrics: {
    operationId: 'metrics',
    summary: 'How the client is, for Prometheus: nothing of a message or a person',
    responses: {
      ...answers(200, '', v.string(), []),
      200: {
        description: 'docs/guide/running/metrics.md names them',
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
    },
  },
  contacts: {
    operationId: 'contacts',
    summary: 'The people whom the owner knows',
    responses: answers(200, 'by name', gives.contacts, [401, 403]),
  },
  keepContact: {
    operationId: 'keepContact',
    summary: 'Take a name for an address, or change what of a contact’s messages is acknowledged',
    parameters: path('name'),
    requestBody: body(form.contactBody, false),
    responses: answers(200, 'the contact as it is now', gives.contact, [400, 401, 403, 404]),
  },
  removeContact: {
    operationId: 'removeContact',
    summary: 'Forget a contact: what comes from them is a stranger’s again',
    parameters: path('name'),
    responses: answers(200, 'its name', gives.removedContact, [401, 403, 404]),
  },
  safetyWords: {
    operationId: 'safetyWords',
    summary: 'Words that both ends see alike when nobody stands between them',
    parameters: path('name'),
    responses: answers(200, 'to compare over the telephone, say', gives.safetyWords, [401, 403, 404]),
  },
  events: {
    operationId: 'events',
    summary:
      'Server-sent events: bootstrap, consensus and settings (the current ones at once, then each change), state, message',
    responses: {
      ...answers(200, '', about.event, []),
      200: {
        description: 'events with a name and, as data, one of these objects (docs/spec/client-http.md 15.3)',
        content: { 'text/event-stream': { schema: resolver(about.event) } },
      },
    },
  },
  socket: {
    operationId: 'socket',
    summary: 'WebSocket: the same events, and requests `{"ref", "do": "send" | "reply", …}`',
    responses: { ...answers(101, 'switching protocols', about.event, []) },
  },
}
