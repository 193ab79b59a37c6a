// Copies of what was sent (docs/spec/client-store.md 11): kept where the owner wants them, as many bytes as there is
// room for, the oldest gone first; and what `GET /sent` says of them.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientRoutes } from '../client/api/daemon.ts'
import type { Operation } from '../client/folder/schema.ts'
import { KeptCopies } from '../client/outgoing/kept-copies.ts'
import { memoryStore } from '../world/store.ts'
import { second } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'

const none = (): undefined => undefined

/** Copies with room for so many bytes, and how operations are carried out. */
async function copiesOf(room: number): Promise<{
  readonly copies: KeptCopies
  readonly commit: (operations: Operation[]) => Promise<void>
  readonly again: (sizes: Readonly<Record<number, number>>) => Promise<KeptCopies>
}> {
  const store = memoryStore()
  return {
    copies: await KeptCopies.open(store, room, none),
    commit: operations => store.batch(operations),
    again: sizes => KeptCopies.open(store, room, seq => sizes[seq]),
  }
}

const bytes = (length: number, of: number): Uint8Array => new Uint8Array(length).fill(of)

test('the oldest go where there is no room, and what is larger than all of it is not kept', async () => {
  const { copies, commit } = await copiesOf(100)
  for (const seq of [1, 2, 3]) await commit(copies.add(seq, bytes(40, seq)))
  assert.is(await copies.get(1), undefined)
  assert.equal(await copies.get(2), bytes(40, 2))
  assert.equal(await copies.get(3), bytes(40, 3))
  assert.equal(copies.add(4, bytes(101, 4)), [])
  assert.equal(await copies.get(2), bytes(40, 2), 'nothing gives way to what is not kept')
  await commit(copies.add(5, bytes(100, 5)))
  assert.equal([await copies.get(2), await copies.get(3)], [undefined, undefined])
  assert.equal(await copies.get(5), bytes(100, 5))
})

test('what is dropped leaves its room to others, once', async () => {
  const { copies, commit } = await copiesOf(100)
  await commit(copies.add(1, bytes(60, 1)))
  await commit(copies.drop(1))
  assert.equal(copies.drop(1), [])
  assert.is(await copies.get(1), undefined)
  for (const seq of [2, 3]) await commit(copies.add(seq, bytes(50, seq)))
  assert.equal(await copies.get(2), bytes(50, 2))
})

test('after a start they are there, and count', async () => {
  const { copies, commit, again } = await copiesOf(100)
  for (const seq of [1, 2]) await commit(copies.add(seq, bytes(40, seq)))
  const opened = await again({ 1: 40, 2: 40 })
  assert.equal(await opened.get(1), bytes(40, 1))
  await commit(opened.add(3, bytes(30, 3)))
  assert.is(await opened.get(1), undefined)
  assert.equal(await opened.get(2), bytes(40, 2))
})

test('the HTTP API keeps a copy where it is asked to, and gives it back by id; of others it says nothing', async () => {
  const net = new FakeNetwork({ seed: 31 })
  const [{ client: alice }, { client: bob }] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(2 * second)
  const app = clientRoutes({ client: alice, clock: net.clock, closing: new AbortController().signal })
  const send = async (body: object): Promise<string> => {
    const answer = await app.request('/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: bob.address, ...body }),
    })
    assert.is(answer.status, 202)
    return ((await answer.json()) as { readonly id: string }).id
  }
  const kept = await send({ text: 'Grüße', keep: true })
  const raw = await send({ base64: 'AP8=', keep: true })
  const gone = await send({ text: 'not kept' })
  const answer = await app.request(`/sent?ids=${kept},${raw},${gone},${'0'.repeat(32)}`)
  assert.is(answer.status, 200)
  const { messages } = (await answer.json()) as { readonly messages: readonly { readonly id: string }[] }
  assert.equal(messages, [
    { id: kept, base64: btoa(String.fromCharCode(...new TextEncoder().encode('Grüße'))), text: 'Grüße' },
    { id: raw, base64: 'AP8=' },
  ])
  assert.is((await app.request('/sent?ids=x')).status, 400)
  await net.clock.advance(10 * second)
  const after = (await (await app.request(`/sent?ids=${kept}`)).json()) as {
    readonly messages: readonly unknown[]
  }
  assert.is(after.messages.length, 1, 'also once it is over')
})

test.run()
