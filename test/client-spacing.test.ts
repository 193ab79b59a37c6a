// docs/spec/client-clocks.md 8.2: the parts of a short message come in the place of the messages to oneself that they
// displace; a long one is not held up. What a home makes of it measures `npm run attack -- gateway`.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spacingOf } from '../client/outgoing/spacing.ts'
import { fragmentBytes } from '../client/packets/fragments.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { geometry } from '../sphinx/geometry.ts'
import { seededRandom } from '../world/random.ts'
import { second } from '../world/units.ts'
import { app, pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

const size = fragmentBytes(
  geometry({ suite: 'x25519', hops: 5, userBytes: 2000 }),
  'forward',
  hpkeSealing.overhead,
)

test('the times are those of the specification, of a network of default rates and of a slow one', () => {
  assert.equal(spacingOf(defaultParameters, 2), { leastMs: 300, meanMs: 250 })
  assert.equal(spacingOf(defaultParameters, 4), { leastMs: 300, meanMs: 250 })
  assert.equal(spacingOf({ readPerMinute: 30, loopPerMinute: 6 }, 3), { leastMs: 600, meanMs: 500 })
  for (const fragments of [0, 1, 5, 500]) assert.is(spacingOf(defaultParameters, fragments), undefined)
  assert.is(spacingOf({ ...defaultParameters, loopPerMinute: 0 }, 3), undefined)
})

test('of three parts each leaves so long after the one before; the control: of nine they do not', async () => {
  const { readPerMinute, loopPerMinute } = defaultParameters
  const leastMs = spacingOf(defaultParameters, 3)?.leastMs as number
  const net = new FakeNetwork({ seed: 21, parameters: { readPerMinute, loopPerMinute } })
  const [alice, bob] = await pair(net)
  app(bob)
  const gaps: Record<'short' | 'long', number[]> = { short: [], long: [] }
  for (const [kind, parts] of [
    ['short', 3],
    ['short', 3],
    ['short', 3],
    ['long', 9],
  ] as const) {
    // A message's own head takes some bytes of its first part
    const bytes = Math.round((parts - 0.5) * size)
    const { id } = await alice.client.send(bob.client.address, seededRandom(parts)(bytes))
    await net.clock.advance(8 * second)
    const left = alice.client
      .ledger()
      .flatMap(entry => (entry.event === 'sent' && entry.id === id && entry.attempt === 1 ? [entry.at] : []))
    assert.is(left.length, parts)
    gaps[kind].push(...left.slice(1).map((at, i) => at - (left[i] as number)))
  }
  assert.ok(Math.min(...gaps.short) >= leastMs, `${gaps.short}`)
  assert.ok(Math.min(...gaps.long) < leastMs, `${gaps.long}`)
})

test.run()
