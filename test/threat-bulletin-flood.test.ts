// docs/threats.md 3.19: whoever fills all gateways with entries silences nobody who puts work
// behind his own; where room goes to those who come first, as it did, everybody is silenced.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { entryId, entryOverheadBytes, topicNamed } from '../directory/topics.ts'
import { noProof } from '../directory/work.ts'
import { largestEntry, pieceCount, pieceData, writePiece } from '../link/protocol/bulletin.ts'
import { Auction } from '../node/bulletin/auction.ts'
import { body } from '../sphinx/body.ts'
import { BULLETIN_RECIPIENT } from '../sphinx/commands.ts'
import { wrap } from '../sphinx/wrap.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, gateways, join } from './bulletin-world.ts'
import type { Place, World } from './node-world.ts'

const open = topicNamed('open')!
const gatewayCount = 4
/** A flooder sends an entry to every gateway so often; it is as much as the gateway publishes in a minute. */
const everyMs = 4 * second
const floodBytes = largestEntry - entryOverheadBytes

/** Counts how many of three entries an honest client publishes while so many others flood all gateways. */
async function published(flooders: number): Promise<number> {
  const parameters = { payloadPerMinute: 600, readPerMinute: 300, openKiB: 16 }
  const w = await bulletinWorld({ gateways: gatewayCount, epochMs: 20 * minute, userBytes: 2000, parameters })
  const places = gateways(w)
  const links = Array.from({ length: flooders }, () => w.client())
  const strike = async (): Promise<void> => {
    for (const [n, link] of links.entries()) flood(w, link, places[n % gatewayCount] as Place, places)
    await w.clock.advance(everyMs)
  }
  const honest: Client = await join(w, [places[1] as Place])
  for (let n = 0; n < 15; n++) await strike()
  let done = 0
  let over = 0
  for (let n = 0; n < 3; n++)
    honest
      .bulletin('open')
      .publish(bytes(`honest ${n}`))
      .then(() => done++)
      .catch(() => {})
      .finally(() => over++)
  while (over < 3) await strike()
  await honest.close()
  await w.close()
  return done
}

/** Sends an entry that nobody worked for to every gateway. */
function flood(w: World, link: ReturnType<World['client']>, entry: Place, places: readonly Place[]): void {
  const { geometry: g, random } = w
  const mix = w.places.find(({ role }) => role === 'mix') as Place
  const count = pieceCount(floodBytes, g.userBytes)
  for (const place of places) {
    const data = random(floodBytes)
    const id = entryId(open.number, data)
    for (let index = 0; index < count; index++) {
      const part = pieceData(data, index, g.userBytes)
      const user = writePiece({ topic: open.number, id, index, count, ...noProof, data: part }, g.userBytes)
      const plain = body(g, { flags: 0, ack: new Uint8Array(g.replyBlockBytes), user })
      const path = w.path([entry, mix, place], [1, 1, 0])
      link.send(entry.link, wrap(g, path, BULLETIN_RECIPIENT, plain, random))
    }
  }
}

for (const flooders of [1, 8])
  test(`${flooders} clients that fill every gateway silence nobody`, async () => {
    assert.is(await published(flooders), 3)
  })

test('control: eight do, where room goes to those who come first', async () => {
  const { price } = Auction.prototype
  let came = 0
  Auction.prototype.price = () => -came++
  try {
    assert.is(await published(8), 0)
  } finally {
    Auction.prototype.price = price
  }
})

test.run()
