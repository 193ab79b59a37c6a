// docs/spec/gateway.md 7 over real links: a client reaches its home through an entry by WebSocket as by TCP, and the
// home never meets it.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519PublicKey } from '#crypto'
import { sealedWay } from '../client/incoming/ways.ts'
import type { NodeEntry } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { writeRequest } from '../link/protocol/mailbox.ts'
import { entryProtocol, errandBytes, homeProtocol, mostBatchBytes } from '../link/protocol/relaying.ts'
import { channels } from '../node/gateway/channels.ts'
import { entry } from '../node/gateway/entry.ts'
import { paperNode } from '../simulator/paper.ts'
import { systemClock as clock } from '../world/clock.ts'
import { systemRandom as random } from '../world/random.ts'
import { minute } from '../world/units.ts'
import { startLoopback } from './loopback-host.ts'

const cellBytes = 100
const pageSize = { places: 2, payloadBytes: 100, boardBytes: 10 }
const epoch = 3

for (const transport of ['tcp', 'ws'] as const)
  test(`mail is read at a home through an entry that is reached over ${transport}`, async () => {
    const hosts = {
      home: await startLoopback({ cellBytes, listen: ['/ip4/127.0.0.1/tcp/0'] }),
      entry: await startLoopback({ cellBytes, listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] }),
      client: await startLoopback({ cellBytes, listen: [], role: 'client' }),
    }
    const met = { home: new Set<string>(), entry: new Set<string>() }
    const secret = random(32)
    const key = { epoch, secret, publicKey: x25519PublicKey(secret) }
    const ends = channels({
      id: hosts.home.id,
      keys: () => [key],
      gateway: () => ({
        answer: async (_from, request) => request.slice(0, 33),
        gone: () => {},
        isOwner: () => true,
      }),
      pageSize: () => pageSize,
      most: 10,
      idleMs: () => minute,
      clock,
      random,
    })
    hosts.home.serve(homeProtocol, mostBatchBytes, (from, batch) => {
      met.home.add(hex(from))
      return ends.answer(from, batch)
    })
    const home: NodeEntry = {
      ...paperNode({ id: hosts.home.id, addresses: hosts.home.addresses }, -1),
      packetKeys: new Map([[epoch, key.publicKey]]),
    }
    const carries = entry({
      id: hosts.entry.id,
      link: hosts.entry,
      home: () => home,
      here: async batch => batch,
      mayAsk: () => 'yes',
      pageSize: () => pageSize,
      payloadBytes: pageSize.payloadBytes,
      clock,
    })
    hosts.entry.serve(entryProtocol, errandBytes, (from, errand) => {
      met.entry.add(hex(from))
      return carries.carry(from, errand)
    })
    const isWs = (address: string): boolean => address.endsWith('/ws')
    const addresses = hosts.entry.addresses.filter(address => isWs(address) === (transport === 'ws'))
    assert.is(addresses.length, 1)
    const through = paperNode({ id: hosts.entry.id, addresses }, -1)
    let spoilt = 0
    const way = sealedWay(
      {
        link: hosts.client,
        random,
        epoch: () => epoch,
        payloadBytes: pageSize.payloadBytes,
        entry: { answered: () => {}, unanswered: () => {}, spoilt: () => spoilt++ },
      },
      () => through,
    )
    await way.begin(home)
    const request = writeRequest({ t: 'hello' })
    for (let i = 0; i < 3; i++)
      assert.equal((await way.ask(home, request)).slice(0, 33), request.slice(0, 33))
    assert.is(spoilt, 0)
    assert.equal([...met.entry], [hex(hosts.client.id)])
    assert.equal([...met.home], [hex(hosts.entry.id)], 'the home never meets the client')
    way.close()
    for (const host of Object.values(hosts)) await host.close()
  })

test.run()
