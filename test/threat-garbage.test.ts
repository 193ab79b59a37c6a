// docs/threats.md 3.30: somebody sends garbage as fast as the link takes it: random cells, cells for the keys of other
// epochs, cells that were there before, streams for what nobody serves. It costs the check of a MAC each and nothing
// beyond. A client, which built it, is shut out after a bound (control: without the bound it goes on for ever); a node
// may have built none of it, and has its share of what can be peeled (test/node-shares.test.ts, with its control).
// tier: slow

import { multiaddr } from '@multiformats/multiaddr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { defaultLimits } from '../link/limits.ts'
import { wrap } from '../sphinx/wrap.ts'
import { second } from '../world/units.ts'
import { startLoopback } from './loopback-host.ts'
import { type Place, type World, world } from './node-world.ts'
import { rawHost } from './raw-host.ts'

const test = suite('garbage')
const bound = 600
const batch = 100
const shutting = { ...defaultLimits.conduct, mostOwed: bound }
/** The defence off. */
const never = { ...shutting, mostOwed: Number.POSITIVE_INFINITY }

type Kind = 'random' | 'other epoch' | 'replayed'

interface Told {
  /** Cells that came in, of 5,000 that were sent. */
  readonly taken: number
  /** Those that got beyond the MAC and the tag, but for the first copy of what is replayed: what costs more. */
  readonly beyond: number
  /** Misfits that the neighbour counts of the rogue. */
  readonly misfits: number
  readonly isOut: boolean
  /** Counts those that came through of 20 packets that another node sent through it after the garbage. */
  readonly passed: number
}

function packet(w: World, through: readonly Place[], epoch: number): Uint8Array {
  const view = w.directory.current() as View
  const path = through.map(({ link: { id } }) => ({
    id,
    key: view.nodes.get(hex(id))?.packetKeys.get(epoch) as Uint8Array,
    delayMs: 10,
  }))
  return wrap(w.geometry, path, new Uint8Array(32).fill(3), new Uint8Array(w.geometry.bodyBytes), w.random)
}

/** A gateway's garbage for a mix, or a client's for its gateway. */
async function attack(rogue: 'node' | 'client', kind: Kind, conduct: typeof shutting): Promise<Told> {
  const payloadPerMinute = 60_000
  const w = await world({
    linkLimits: { conduct },
    limits: { passing: 100_000 },
    parameters: { payloadPerMinute },
  })
  const [first, other] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const from = rogue === 'node' ? first.link : w.client()
  const at = rogue === 'node' ? (mixes[0] as Place) : first
  const path = rogue === 'node' ? [...mixes, other] : [first, ...mixes, other]
  const replayed = packet(w, path, 0)
  const stale = packet(w, path, 2)
  const draw = (): Uint8Array => {
    if (kind !== 'random') return (kind === 'replayed' ? replayed : stale).slice()
    const cell = w.random(w.geometry.packetBytes)
    // as far as a MAC that does not fit
    cell.set(replayed.subarray(0, w.geometry.adBytes))
    return cell
  }
  for (let sent = 0; sent < 5000; sent += batch) {
    for (let i = 0; i < batch; i++) from.send(at.link, draw())
    await w.clock.advance(20)
  }
  const status = at.node.status()
  const { received, dropped } = status.packets
  const { BAD_MAC = 0, BAD_POINT = 0, REPLAY = 0, CLIENT_RATE = 0 } = dropped
  const once = kind === 'replayed' ? 1 : 0
  const { forwarded } = status.packets
  const sender = rogue === 'node' ? other.link : w.client()
  for (let i = 0; i < 20; i++) sender.send(at.link, packet(w, path, 0))
  await w.clock.advance(second)
  const passed = at.node.status().packets.forwarded - forwarded
  await w.close()
  return {
    taken: received,
    beyond: received - BAD_MAC - BAD_POINT - REPLAY - CLIENT_RATE - once,
    misfits: status.upstream.find(({ id }) => id === hex(from.id))?.misfits ?? 0,
    isOut: status.shut.times > 0,
    passed,
  }
}

for (const kind of ['random', 'other epoch', 'replayed'] as const) {
  test(`${kind}, from a node: no cell costs more than its checks, it is counted, the others are served`, async () => {
    const { taken, beyond, misfits, isOut, passed } = await attack('node', kind, shutting)
    assert.is(taken, 5000)
    assert.is(beyond, 0)
    assert.is(misfits, kind === 'replayed' ? 4999 : 5000)
    assert.not(isOut)
    assert.is(passed, 20)
  })

  test(`${kind}, from a client: it is shut out, the others are served`, async () => {
    const { taken, beyond, isOut, passed } = await attack('client', kind, shutting)
    assert.is(beyond, 0)
    assert.ok(isOut)
    // what is forgiven while it comes in, and what was on its way
    assert.ok(taken > bound && taken <= bound + 5 * batch, `${taken} cells came in`)
    assert.is(passed, 20)
  })
}

test('control: where no client is shut out its garbage never ends', async () => {
  const { taken, beyond, isOut } = await attack('client', 'random', never)
  assert.is(taken, 5000)
  assert.is(beyond, 0)
  assert.not(isOut)
})

/** Streams for what is not served, over TCP, until the connection ends. @returns how many there were, of 700 */
async function unknownStreams(conduct: typeof shutting): Promise<{ opened: number; comesBack: boolean }> {
  const host = await startLoopback({ cellBytes: 100, limits: { conduct } })
  host.serve('/test/echo/1', 10, async (_from, body) => body)
  const rogue = await rawHost()
  try {
    const dial = () => rogue.dial(multiaddr(host.addresses[0] as string))
    const connection = await dial()
    let opened = 0
    for (; opened < 700 && connection.status === 'open'; opened += 10) {
      const tries = Array.from({ length: 10 }, (_, i) => connection.newStream(`/no/such/${i}`))
      await Promise.allSettled(tries)
      await new Promise(resolve => setImmediate(resolve))
    }
    const comesBack = await dial()
      .then(again => again.newStream('/test/echo/1'))
      .then(
        () => true,
        () => false,
      )
    assert.is(host.shut().times, comesBack ? 0 : 1)
    return { opened, comesBack }
  } finally {
    await rogue.stop()
    await host.close()
  }
}

test('streams for what nobody serves: 512 of them at once, and the peer is shut out', async () => {
  const { opened, comesBack } = await unknownStreams(defaultLimits.conduct)
  assert.ok(opened < 700, `${opened} streams`)
  assert.not(comesBack)
})

test('control: without the bound they go on', async () => {
  assert.equal(await unknownStreams({ ...defaultLimits.conduct, mostOwed: Number.POSITIVE_INFINITY }), {
    opened: 700,
    comesBack: true,
  })
})

test.run()
