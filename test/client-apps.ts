// What stands around a client in tests: two persons, an app that answers, the disk that a killed process leaves.

import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import type { Received } from '../client/message.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import type { FakeNetwork, RunningClient } from './client-network.ts'

/** Copies what a killed process leaves: the bytes that were on its disk. */
export async function diskOf(running: RunningClient): Promise<Store> {
  running.link.dead = true
  const copy = memoryStore()
  await copy.batch(
    (await running.store.iterator().all()).map(([key, value]) => ({
      type: 'put',
      key,
      value: value.slice(),
    })),
  )
  return copy
}

/** Collects what a client's app is handed, and answers when told how. */
export function app(
  running: RunningClient,
  answer?: (received: Received) => string | Uint8Array | undefined,
): Received[] {
  const got: Received[] = []
  void (async () => {
    for await (const received of running.client.messages()) {
      got.push(received)
      const text = received.canReply ? answer?.(received) : undefined
      if (text !== undefined) await running.client.reply(received, text)
    }
  })()
  return got
}

export async function pair(net: FakeNetwork): Promise<[RunningClient, RunningClient]> {
  const clients: [RunningClient, RunningClient] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2 * second)
  for (const { client } of clients) assert.ok(client.status().ready)
  return clients
}

/** Without the hundred thousand lines that a difference would print. */
export function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}

export async function assertCode(promise: Promise<unknown>, code: string): Promise<void> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof ClientError, String(error))
    return assert.is(error.code, code)
  }
  assert.unreachable(`want ${code}`)
}
