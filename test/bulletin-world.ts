// Nodes with a bulletin and clients that use it, in memory on a virtual clock. Not a test itself.

import { type Client, openClient } from '../client/index.ts'
import type { Parameters } from '../directory/documents/view.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { type Place, type World, type WorldOptions, world } from './node-world.ts'

/** Clocks that are quick and cheap enough for a test. */
const quick: Partial<Parameters> = {
  hopDelayMs: 10,
  payloadPerMinute: 60,
  loopPerMinute: 0,
  dropPerMinute: 0,
  readPerMinute: 60,
  pageEntries: 4,
  nodeLoopPerMinute: 0,
}

export async function bulletinWorld(options: WorldOptions = {}): Promise<World> {
  return await world({
    layers: 1,
    epochMs: 5 * minute,
    ...options,
    parameters: { ...quick, ...options.parameters },
  })
}

export function gateways(w: World): Place[] {
  return w.places.filter(({ role }) => role === 'gateway')
}

/** A client that is ready; its home is the first of the gateways named. */
export async function join(w: World, at: readonly Place[], store: Store = memoryStore()): Promise<Client> {
  const client = await openClient({
    network: w.network,
    link: w.client(),
    directory: w.directory,
    store,
    clock: w.clock,
    random: seededRandom(w.random(32)),
    gateways: at.map(({ link }) => link.id),
  })
  await w.clock.advance(2 * second)
  return client
}

/** Lets time pass until something has come to its end, or too much has passed. */
export async function during<T>(w: World, happening: Promise<T>, most: number = 5 * minute): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  happening.then(end, end)
  for (let passed = 0; !over && passed < most; passed += 50) await w.clock.advance(50)
  if (!over) throw new Error('it takes too long')
  return await happening
}

/** Reads as text what a client has of a topic. */
export async function read(client: Client, topic = 'open'): Promise<string[]> {
  const entries = await client.bulletin(topic).list({ most: 1000 })
  return entries.map(({ bytes }) => new TextDecoder().decode(bytes))
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
