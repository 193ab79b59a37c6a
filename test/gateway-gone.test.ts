// docs/spec/gateway.md 2.5: what is known of a client begins and ends with its connection, also where what waited for
// room is handed over once it has gone.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { hex } from '../encoding/bytes.ts'
import { type Door, door } from '../node/door.ts'
import { gateway } from '../node/gateway/gateway.ts'
import { openMailboxes } from '../node/gateway/mailbox.ts'
import { Shares } from '../node/relay/shares.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'

const test = suite('clients that have gone')
const packets = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(10))

/**
 * Has so many clients send a burst that has to wait for room, and go; then what waited is handed over.
 *
 * @param looks whether a gateway looks if a client is still connected
 * @returns the clients that it knows at the end
 */
async function afterBursts(count: number, looks: boolean): Promise<number> {
  const clock = virtualClock(5_000_000)
  const connected = new Set<string>()
  const limits = { entries: 100, minutes: 1000, boxes: 100, bytes: 1 << 20, waiting: 100 }
  const served = gateway({
    id: new Uint8Array(32),
    mailboxes: await openMailboxes({ store: memoryStore(), clock, payloadBytes: 64, limits }),
    // A burst that is lawful fills what one neighbour may have inside
    parameters: () => ({ ...defaultParameters, payloadPerMinute: 6000 }),
    board: (_cursor, _offset, bytes) => new Uint8Array(bytes),
    announce: () => true,
    payloadBytes: 64,
    clients: 4096,
    isConnected: client => !looks || connected.has(hex(client)),
    clock,
    random: seededRandom(7),
  })
  const shares = new Shares(() => false)
  const enter: Door = door(
    { admission: { views: [{}], isNode: () => false } as never },
    { mail: { gateway: served }, watch: {}, limits: { passing: 1 << 20 } } as never,
    {
      happen: (event: { type: string; from: string; packets: Uint8Array[] }) => {
        if (event.type === 'arrived') shares.push(event.from, event.packets)
      },
      peeler: { shares },
    } as never,
    { at: 'running' },
  )
  for (let n = 0; n < count; n++) {
    const client = new Uint8Array(32).fill(n)
    connected.add(hex(client))
    const room = enter(client, packets(300))
    assert.ok(room !== undefined)
    connected.delete(hex(client))
    served.gone(client)
    for (const portion of shares.take(300)) shares.left(portion.from, portion.items.length)
    await room
    void enter(client, packets(8))
  }
  return served.clients
}

test('clients that hang up under load are forgotten', async () => {
  assert.is(await afterBursts(10, true), 0)
})

test('control: where nobody looks whether they are there they stay for ever', async () => {
  assert.is(await afterBursts(10, false), 10)
})

test.run()
