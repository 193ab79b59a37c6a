import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MessageId, NodeId } from '../encoding/ids.ts'
import { day, type Epoch, hour, KiB, MiB, type Ms, minute, second } from '../world/units.ts'

test('units are those of the clock and of memory', () => {
  assert.equal([second, minute, hour, day, KiB, MiB], [1e3, 6e4, 3.6e6, 8.64e7, 2 ** 10, 2 ** 20])
})

test('a plain number or text takes a name, and one of another name is refused by the compiler', () => {
  const epoch: Epoch = 3
  const node: NodeId = 'ab'
  // @ts-expect-error an epoch is no length of time
  const ms: Ms = epoch
  // @ts-expect-error a node is no message
  const message: MessageId = node
  assert.equal([ms, message], [3, 'ab'])
})

test.run()
