// docs/spec/node.md 5.1: a node whose disk is full passes on nothing whose tag is not kept, acknowledges no mail that
// is not stored, says so, and goes on by itself when there is room.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NodeError } from '../node/error.ts'
import { type Files, memoryFiles } from '../node/files.ts'
import { checkDiskOf } from '../scripts/ask/doctor-checks.ts'
import { body } from '../sphinx/body.ts'
import { makeReplyBlock } from '../sphinx/reply.ts'
import { wrap } from '../sphinx/wrap.ts'
import type { Log } from '../world/log.ts'
import { second } from '../world/units.ts'
import { type Place, type World, world } from './node-world.ts'

const full = { journal: false, keys: false, mail: false }

/** Files that refuse as a full disk does. */
function fillable(): Files {
  const files = memoryFiles()
  const check = (isFull: boolean, name: string): void => {
    if (isFull) throw new NodeError('FOLDER', `${name}: ENOSPC`)
  }
  return {
    ...files,
    write: async (name, bytes) => {
      check(full.keys, name)
      await files.write(name, bytes)
    },
    journal: async (name, ...sizes) => {
      check(full.keys, name)
      const journal = await files.journal(name, ...sizes)
      return {
        ...journal,
        append: async records => {
          check(full.journal, name)
          await journal.append(records)
        },
      }
    },
  }
}

interface Bed {
  readonly w: World
  readonly near: Place
  readonly far: Place
  readonly mix: Place
  readonly logged: string[]
  /** A packet to a mailbox at the far gateway, acknowledged to one at the near one. */
  send(): Promise<Uint8Array>
}

async function withBed(run: (bed: Bed) => Promise<void>): Promise<void> {
  Object.assign(full, { journal: false, keys: false, mail: false })
  const logged: string[] = []
  const note: Log['error'] = (_fields, message) => void logged.push(message)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const w = await world({ files: fillable, log })
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const [near, far] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  for (const { store } of [near, far]) {
    const batch = store.batch.bind(store) as (...args: unknown[]) => Promise<void>
    Object.assign(store, {
      batch: (...args: unknown[]) => (full.mail ? Promise.reject(new Error('ENOSPC')) : batch(...args)),
    })
  }
  const send = async (): Promise<Uint8Array> => {
    const delays = [10, 10, 10, 10, 10]
    const to = { recipient: new Uint8Array(32).fill(7), replyId: new Uint8Array(16).fill(9) }
    const ack = makeReplyBlock(w.geometry, w.path([far, ...mixes, near], delays, 50), to, w.random).block
    const plain = body(w.geometry, { flags: 0, ack, user: w.random(w.geometry.userBytes) })
    const through = [near, ...mixes, far]
    const packet = wrap(w.geometry, w.path(through, delays), new Uint8Array(32).fill(3), plain, w.random)
    near.link.send(near.link, packet.slice())
    await w.clock.advance(second)
    return packet
  }
  try {
    await run({ w, near, far, mix: mixes[0] as Place, logged, send })
    for (const { received, ends } of w.sums()) assert.is(received, ends)
  } finally {
    await w.close()
  }
}

test('no packet is passed on whose tag is not in the journal, and with room they are again', async () => {
  await withBed(async ({ w, near, far, logged, send }) => {
    const first = await send()
    assert.is(far.node.status().packets.stored, 1)
    full.journal = true
    const lost = await send()
    assert.is(near.node.status().packets.dropped.JOURNAL_FAILED, 1)
    assert.is(far.node.status().packets.stored, 1)
    await send()
    assert.is(near.node.status().disk.refusals, 2)
    assert.equal(near.node.status().disk.failing, ['journal'])
    assert.equal(checkDiskOf({ ...near.node.status() })[0]?.state, 'wrong')
    full.journal = false
    await send()
    assert.is(far.node.status().packets.stored, 2)
    assert.equal(near.node.status().disk.failing, [])
    assert.equal(checkDiskOf({ ...near.node.status() }), [])
    // said once, and once that it is over, however many were refused
    assert.is(logged.filter(line => line.includes('journal cannot be written')).length, 1)
    assert.is(logged.filter(line => line.includes('takes it again')).length, 1)
    // what was refused was remembered, and written with the next: also after the node was killed it is a replay
    w.kill(near)
    await w.clock.advance(second)
    await w.restart(near)
    near.link.send(near.link, lost)
    near.link.send(near.link, first)
    await w.clock.advance(second)
    assert.is(near.node.status().packets.dropped.REPLAY, 2)
    assert.is(far.node.status().packets.stored, 2)
  })
})

test('no mail is acknowledged that is not stored, and its sender’s next try is', async () => {
  await withBed(async ({ near, far, send }) => {
    full.mail = true
    await send()
    const { packets, disk } = far.node.status()
    assert.is(packets.dropped.STORE_FAILED, 1)
    assert.is(packets.stored, 0)
    assert.equal(disk.failing, ['mail'])
    // an acknowledgement would be mail at the near gateway
    assert.is(near.node.status().packets.received, 1)
    full.mail = false
    await send()
    assert.is(far.node.status().packets.stored, 1)
    assert.equal(far.node.status().disk.failing, [])
    assert.is(near.node.status().packets.stored, 1)
  })
})

test('packet keys that could not be written are there soon after there is room', async () => {
  await withBed(async ({ w, mix, logged, send }) => {
    full.keys = true
    await w.clock.advance(w.network.epochMs)
    assert.equal(mix.node.status().disk.failing, ['keys'])
    assert.ok(!(await mix.files.list()).includes('packet-4.key'))
    full.keys = false
    await w.clock.advance(10 * second)
    assert.equal(mix.node.status().disk.failing, [])
    assert.ok((await mix.files.list()).includes('packet-4.key'))
    assert.ok(logged.includes('packet keys cannot be renewed'))
    const { forwarded } = mix.node.status().packets
    await send()
    assert.ok(mix.node.status().packets.forwarded > forwarded)
  })
})

test.run()
