// chaffinch/local in memory: what a test waits for comes while `until` lets time pass, and never by itself.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { localNetwork } from '../simulator/local.ts'

test('what is awaited within until comes to pass, its failure too', async () => {
  const local = await localNetwork({ link: 'memory', mixes: 3, gateways: 1, clients: 2, authorities: 1 })
  const [alice, bob] = local.clients
  assert.ok(alice !== undefined && bob !== undefined)
  const message = await alice.send(bob.address, 'hello')
  const stored = message.stored()
  // The control: real time brings nothing
  const first = await Promise.race([
    stored,
    new Promise(resolve => setTimeout(() => resolve('nothing'), 200)),
  ])
  assert.is(first, 'nothing')
  const before = local.now()
  await local.until(stored)
  assert.is(message.state, 'stored')
  assert.ok(local.now() > before)
  const late = await alice.send(bob.address, 'too late', { deadlineMs: 1 })
  const failure = await local.until(late.stored()).catch((error: unknown) => error as { code: string })
  assert.is(failure?.code, 'DEADLINE')
  await local.stop()
})

test.run()
