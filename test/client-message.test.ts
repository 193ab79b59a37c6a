// Waiting for what becomes of a message: how it ends, and that nothing of it is kept.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Handles } from '../client/message.ts'
import type { Outgoing } from '../client/outgoing/outbox.ts'
import type { MessageState } from '../client/outgoing/queue-state.ts'
import { assertCode } from './client-apps.ts'

function outgoing(n: number, state: MessageState = 'queued'): Outgoing {
  const id = n.toString(16).padStart(32, '0')
  const rest = { to: '', count: 1, bytes: 1, acceptedAt: 0, deadline: 1, wantsRead: false, app: '' } as const
  return { seq: n, id, kind: 'message', state, ...rest }
}

const handles = (): Handles =>
  new Handles(
    () => undefined,
    () => {},
    () => undefined,
  )

test('nothing is kept of a message that was waited for, however the waiting ended', async () => {
  const all = handles()
  for (let n = 0; n < 100; n++) {
    const stored = all.handle(outgoing(n)).stored()
    all.changed(outgoing(n, 'stored'))
    await stored
    const failed = all.handle(outgoing(n)).sent()
    all.changed(outgoing(n, 'failed'))
    await assertCode(failed, 'EXPIRED')
    const calling = new AbortController()
    const called = all.handle(outgoing(n)).read(calling.signal)
    calling.abort()
    await assertCode(called, 'ABORTED')
  }
  assert.is(all.waitedFor, 0)
})

test('of two who wait for one message, the one who waits for more is kept', async () => {
  const all = handles()
  const message = all.handle(outgoing(1))
  const [sent, read] = [message.sent(), message.read()]
  assert.is(all.waitedFor, 1)
  all.changed(outgoing(1, 'sent'))
  await sent
  assert.is(all.waitedFor, 1)
  all.close()
  await assertCode(read, 'CLOSED')
  assert.is(all.waitedFor, 0)
})

test.run()
