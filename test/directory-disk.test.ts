// An authority whose disk is full: it says so, says nothing that it could not write down, and goes on when there is
// room again.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Gossip } from '../directory/authority/gossip.ts'
import { type Descriptor, writeDescriptor } from '../directory/documents/descriptor.ts'
import { hex } from '../encoding/bytes.ts'
import { descriptorsOf, idOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld, networkOf } from '../simulator/directory-world.ts'
import { virtualClock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { memoryStore, type Store } from '../world/store.ts'

/** A store that refuses every write while it is full, as a file system does. */
function fillable(): { store: Store; fill(full: boolean): void; readonly refused: number } {
  const store = memoryStore()
  let full = false
  let refused = 0
  const refuse = async (): Promise<never> => {
    refused++
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  const guarded = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function') return value
      if (full && ['put', 'batch', 'del', 'clear'].includes(String(name))) return refuse
      return (value as (...args: unknown[]) => unknown).bind(target)
    },
  })
  return {
    store: guarded,
    fill(now) {
      full = now
    },
    get refused() {
      return refused
    },
  }
}

test('a full disk costs the authority its say, not its life; with room it is back', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: 8000 })
  const disk = fillable()
  const errors: string[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => void errors.push(`${message} ${JSON.stringify(fields)}`),
  }
  const policy = { proveAddresses: true, perNetwork: 0 }
  await world.startAuthority(0, { admission: policy })
  await world.startAuthority(1, { admission: policy })
  await world.startAuthority(2, { admission: policy, store: disk.store, log })
  await world.startNodes()
  const client = await world.startClient()
  await world.clock.advance(4000)
  assert.is(client.current()?.signers.length, 3)
  await world.advanceTo(1, 0.95)
  disk.fill(true)
  await world.startNode('newcomer', 'mix')
  await world.advanceTo(3, 0.95)
  assert.ok(disk.refused > 0)
  assert.ok(
    errors.some(line => line.includes('no space left on device')),
    'it says so',
  )
  const signers = (client.view(4)?.signers ?? []).map(hex)
  assert.is(signers.length, 2)
  assert.not(signers.includes(hex(idOf('authority 2'))), 'what is not on disk is not said')
  assert.is(hex(world.authorities[2]?.current()?.hash as Uint8Array), hex(client.view(3)?.hash as Uint8Array))
  disk.fill(false)
  await world.advanceTo(5, 0.95)
  assert.is(client.view(6)?.signers.length, 3)
  assert.is(client.view(6)?.nodes.size, 5)
  await world.close()
})

test('a descriptor from the table that the disk refuses is named in the log, and ends nothing', async () => {
  const network = networkOf()
  const clock = virtualClock(network.genesis + 1)
  const [descriptor] = descriptorsOf(network, 1) as [Descriptor]
  const errors: string[] = []
  let searched = 0
  const init = {
    network,
    clock,
    log: { ...silent, error: (_fields: object, message: string) => void errors.push(message) },
    link: {
      dht: {
        get: async () => {
          searched++
          return writeDescriptor(descriptor)
        },
      },
    },
    peers: { others: [] },
    rounds: {
      roundFor: () => 0,
      state: () => ({ at: 'descriptors', descriptors: new Map([[1, new Map()]]) }),
    },
    current: () => ({ nodes: new Map([['n', { id: descriptor.stable.id }]]) }),
    take: () => Promise.reject(new Error('ENOSPC: no space left on device')),
  }
  // as much of each as a search needs
  const gossip = new Gossip(init as unknown as ConstructorParameters<typeof Gossip>[0])
  gossip.plan()
  await clock.advance(network.epochMs)
  gossip.close()
  assert.is(searched, 1)
  assert.equal(errors, ['authority: a descriptor from the table could not be kept'])
})

test.run()
