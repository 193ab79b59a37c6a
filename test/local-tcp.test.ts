// chaffinch/local over libp2p on loopback: ready soon, a message and its reply, and nothing left behind.
// tier: slow

import { connect as dial } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { localNetwork } from '../simulator/local.ts'

test('a network in process is up within seconds, carries a message and its reply, and leaves no port', async () => {
  const started = performance.now()
  // A bootstrap that waited for its epoch would take longer than any test may.
  const local = await localNetwork({ mixes: 3, gateways: 1, clients: 2, epochMs: 20 * 60_000 })
  console.log(`ready after ${(performance.now() - started).toFixed(0)} ms`)

  const [alice, bob] = local.clients
  assert.ok(alice !== undefined && bob !== undefined)
  const text = 'grüße, 你好, שלום'
  const message = await alice.send(bob.address, text, { replies: true })
  for await (const received of bob.messages()) {
    assert.is(received.text, text)
    await bob.reply(received, `re: ${received.text}`)
    break
  }
  for await (const reply of alice.messages()) {
    assert.is(reply.inReplyTo, message.id)
    assert.is(reply.text, `re: ${text}`)
    break
  }
  await message.stored()
  const ports = local.network.authorities.flatMap(({ addresses }) =>
    addresses.map(address => Number(address.split('/').at(-1))),
  )
  assert.is(ports.length, 3)
  assert.equal(await Promise.all(ports.map(isOpen)), [true, true, true])
  await local.stop()
  assert.equal(await Promise.all(ports.map(isOpen)), [false, false, false])
})

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = dial({ host: '127.0.0.1', port })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test.run()
