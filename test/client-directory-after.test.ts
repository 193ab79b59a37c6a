// A directory that is asked for nothing before its time (docs/spec/client-store.md 11.3): who waits for it is told how
// that ends.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { directoryAfter } from '../client/directory-after.ts'
import type { Directory } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import { silent } from '../world/log.ts'
import { second } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'

function late(): { net: FakeNetwork; directory: Directory; asked: () => number } {
  const net = new FakeNetwork()
  let asked = 0
  const follow = async (): Promise<Directory> => {
    asked++
    return net.directory()
  }
  const end = (directory: Directory): Promise<void> => directory.close()
  const directory = directoryAfter({ clock: net.clock, log: silent, afterMs: second, follow, end })
  return { net, directory, asked: () => asked }
}

/** Says how a promise has ended by now. */
async function fate(promise: Promise<unknown>): Promise<string> {
  const word = promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof DirectoryError ? error.code : String(error)),
  )
  return await Promise.race([word, new Promise<string>(resolve => setImmediate(() => resolve('open')))])
}

test('nobody is asked before its time, and those who wait get the first view', async () => {
  const { net, directory, asked } = late()
  const ready = directory.ready()
  await net.clock.advance(second - 1)
  assert.equal([asked(), await fate(ready)], [0, 'open'])
  await net.clock.advance(1)
  assert.equal([asked(), await fate(ready)], [1, 'resolved'])
  assert.is((await directory.ready()).epoch, directory.current()?.epoch)
  await directory.close()
})

test('whoever waits when it is closed, or asks afterwards, is told so', async () => {
  const { directory } = late()
  const before = directory.ready()
  await directory.close()
  assert.equal([await fate(before), await fate(directory.ready())], ['CLOSED', 'CLOSED'])
})

test('a wait that is called off ends with the reason', async () => {
  const { directory } = late()
  const calling = new AbortController()
  const ready = directory.ready(calling.signal)
  calling.abort('off')
  assert.equal([await fate(ready), await fate(directory.ready(calling.signal))], ['off', 'off'])
  await directory.close()
})

test.run()
