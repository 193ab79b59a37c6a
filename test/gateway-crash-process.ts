// A gateway's end of the mailbox protocol as a process of its own, for gateway-crash.test.ts. Arguments: folder, port.
// It says where it listens, and for each line on its standard input (codes of characters) how often its heap has
// such a string. Not a test itself.

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { getHeapSnapshot } from 'node:v8'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { startHost } from '../link/libp2p/host.ts'
import { mailboxProtocol, requestBytes } from '../link/protocol/mailbox.ts'
import { gateway } from '../node/gateway/gateway.ts'
import { openMailboxes } from '../node/gateway/mailbox.ts'
import { geometry } from '../sphinx/geometry.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom as random } from '../world/random.ts'
import { openStore } from '../world/store.ts'

const [folder, port] = process.argv.slice(2) as [string, string]
const g = geometry({ suite: 'x25519', hops: 3, userBytes: 200 })
const mailboxes = await openMailboxes({
  store: await openStore(join(folder, 'store')),
  clock: systemClock,
  payloadBytes: g.payloadBytes,
  limits: { entries: 100, minutes: 60, boxes: 100, bytes: 2 ** 20, waiting: 100 },
})
const host = await startHost({
  seed: new Uint8Array(32).fill(5),
  listen: [`/ip4/127.0.0.1/tcp/${port}`],
  cellBytes: g.packetBytes,
  clock: systemClock,
  log: silent,
  random,
  admits: () => true,
  role: 'node',
  countLoopback: true,
})
const server = gateway({
  id: host.id,
  mailboxes,
  parameters: () => defaultParameters,
  board: (_cursor, _offset, bytes) => new Uint8Array(bytes),
  announce: () => false,
  payloadBytes: g.payloadBytes,
  clients: 10,
  isConnected: client => host.isConnected(client),
  clock: systemClock,
  random,
})
host.serve(mailboxProtocol, requestBytes, server.answer)
host.onGone(server.gone)
host.onCells((from, cells) => {
  server.admit(from, cells.length)
  // a cell is mail for the mailbox of its first 32 bytes
  for (const cell of cells) {
    const mail = { recipient: cell.slice(0, 32), replyId: new Uint8Array(16), data: cell.slice(32, 64) }
    mailboxes.put({ kind: 'forward', ...mail }, end => console.log(JSON.stringify({ end })))
  }
})
console.log(JSON.stringify({ address: host.addresses[0], clients: server.clients }))

createInterface({ input: process.stdin }).on('line', async line => {
  // not as a string: that would be on the heap
  const wanted = Buffer.from(JSON.parse(line) as number[])
  globalThis.gc?.()
  const parts: Buffer[] = []
  for await (const part of getHeapSnapshot()) parts.push(Buffer.from(part as Uint8Array))
  const heap = Buffer.concat(parts)
  let found = 0
  for (let at = heap.indexOf(wanted); at >= 0; at = heap.indexOf(wanted, at + 1)) found++
  console.log(JSON.stringify({ found, clients: server.clients, connections: host.counters().connections }))
})
