// docs/spec/ceilings.md: each number that the page states is the code's, and each of these stands there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits as client, maxReplyBytes } from '../client/limits.ts'
import { longestServiceName, mostServices } from '../directory/documents/announced.ts'
import { maxDocumentBytes, mostNodes } from '../directory/documents/consensus.ts'
import type { StablePart } from '../directory/documents/descriptor.ts'
import { mostAuthorities } from '../directory/documents/parameters.ts'
import { nodesPerSlice } from '../directory/follow/prepared.ts'
import { mostNodeBytes, nodeBytes } from '../directory/rounds/seats.ts'
import { defaultLimits as link } from '../link/limits.ts'
import { defaultNodeLimits as node } from '../node/limits.ts'
import { mostThreads } from '../node/relay/open-peeler.ts'
import { mostMembers } from '../payment/rounds/message.ts'

const page = readFileSync(join(import.meta.dirname, '..', 'docs/spec/ceilings.md'), 'utf8')

const plain: StablePart = {
  id: new Uint8Array(32),
  role: 'mix',
  family: '',
  country: '',
  software: '0.1.0',
  services: [],
  capacity: 0,
  addresses: ['/ip4/198.51.100.200/tcp/4001'],
  identity: new Uint8Array(0),
  certificate: new Uint8Array(0),
  certifiedUntil: 0,
}
const full: StablePart = {
  ...plain,
  role: 'gateway',
  family: 'family 1000',
  country: 'IS',
  services: Array.from({ length: mostServices }, (_, i) => ({
    name: `${i}`.repeat(longestServiceName),
    sealingKey: new Uint8Array(32),
    mailboxKey: new Uint8Array(32),
  })),
  capacity: 8,
  addresses: ['/ip4/198.51.100.200/tcp/4001', '/ip4/198.51.100.200/tcp/443/ws'],
  identity: new Uint8Array(32),
  certificate: new Uint8Array(64),
  certifiedUntil: 30_000,
}
const room = (stable: StablePart): number => Math.floor(mostNodeBytes / nodeBytes(stable))

const ceilings: Readonly<Record<string, number>> = {
  authorities: mostAuthorities,
  'bytes of a document': maxDocumentBytes,
  'bytes of its nodes': mostNodeBytes,
  'nodes of a document, plain ones': room(plain),
  'nodes of a document, full ones': room(full),
  'nodes that a reader takes': mostNodes,
  'nodes that are read or checked in one go': nodesPerSlice,
  connections: link.connections,
  'clients of a gateway': node.clients,
  'connections of an address': link.connectionsPerAddress,
  'connections of a network (/24, /48)': link.connectionsPerNetwork,
  'connections of a peer': link.connectionsPerPeer,
  'handshakes under way': link.pendingConnections,
  'requests under way': link.requestsTotal,
  'neighbours with a queue': link.neighbours,
  'cells that wait, all neighbours': link.totalCells,
  'packets held': node.hold,
  'packets on their way in and out': node.passing,
  'tags a key': node.tagsPerKey,
  mailboxes: node.mailboxes,
  'bytes of all mailboxes': node.mailboxBytes,
  'peeling threads': mostThreads,
  'messages that wait to leave': client.outbox.messages,
  'bytes of those': client.outbox.bytes,
  'bytes of a reply': maxReplyBytes,
  'messages in the inbox': client.inbox.messages,
  'own reply blocks': client.own.secrets,
  'peers of a round': mostMembers,
}

test('each number of the page is the one that the code has, and none is missing', () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([\d,]+) \| [^|]+ \| [^|]+ \|$/gm)]
  const stated = rows.map(([, name, number]) => [name, Number((number as string).replaceAll(',', ''))])
  assert.equal(Object.fromEntries(stated), ceilings)
  assert.is(stated.length, Object.keys(ceilings).length, 'each once')
})

test('ceilings fit each other: a client has a connection, and what has room can be read', () => {
  assert.ok(node.clients <= link.connections)
  assert.ok(link.connectionsPerNetwork < link.connections)
  assert.ok(room(plain) <= mostNodes)
  assert.ok(mostNodeBytes < maxDocumentBytes)
})

test('what the page says of the sizes of nodes is so', () => {
  for (const stable of [plain, full]) assert.match(page, `, ${nodeBytes(stable)} bytes at most`)
})

test.run()
