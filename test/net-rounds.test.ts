// What an observer of the links counts in a network of rounds (docs/spec/client-clocks.md 8.4).

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Sighting } from '../simulator/processes/observer.ts'
import { usualOptions } from '../simulator/processes/options.ts'
import { payloadPerMinute, roundMsOf, roundVotes } from '../simulator/processes/rates.ts'
import type { RoundsRecord } from '../simulator/processes/record.ts'
import { countRounds } from '../simulator/processes/rounds.ts'

const watched = {
  ...{ roundMs: 1000, packetBytes: 9000, genesis: 500, epochMs: 10_000 },
  ...{ clients: ['a', 'b'], gateways: ['g'] },
}

/** Two clients who send a packet in the middle of each round from the tenth on, and a request beside it. */
function seen(rounds = 30): Sighting[] {
  return Array.from({ length: rounds }, (_, i) => 10 + i).flatMap(round =>
    ['a', 'b'].flatMap(from => [
      { at: 1000 * round + 510, from, to: 'g', bytes: 200 },
      // One packet may pass in two pieces
      { at: 1000 * round + 520, from, to: 'g', bytes: 4000 },
      { at: 1000 * round + 523, from, to: 'g', bytes: 5040 },
      { at: 1000 * round + 600, from: 'g', to: from, bytes: 90_000 },
    ]),
  )
}

function count(sightings: readonly Sighting[]): RoundsRecord {
  return countRounds(sightings, { ...watched, until: 40_200 })
}

test('who sends one packet in each round from an epoch on is seen to', () => {
  const requests = Array.from({ length: 9 }, (_, i) => ({ at: 1000 * i, from: 'a', to: 'g', bytes: 700 }))
  assert.equal(count([...requests, ...seen()]), {
    ...{ roundMs: 1000, rounds: 30, clients: 2, withAnEpoch: 2 },
    ...{ missed: [], doubled: [] },
  })
})

test('a packet too many, one too few, and a start of ones own are seen', () => {
  const all = seen()
  const of = (round: number): Sighting[] =>
    all.filter(({ at, from }) => from === 'a' && Math.floor(at / 1000) === round)
  assert.equal(count([...all, ...of(15)]).doubled, ['a 5'])
  const without = count(all.filter(sighting => !of(20).includes(sighting)))
  assert.equal(without.missed, ['a 10'])
  const later = count(all.filter(sighting => !of(10).includes(sighting)))
  assert.equal([later.withAnEpoch, later.missed], [1, []])
  const none = count(all.filter(({ from }) => from !== 'b'))
  assert.equal([none.clients, none.withAnEpoch, none.rounds], [1, 1, 0])
})

test('rounds fit their epochs, and a batch is what clients send in one', () => {
  const options = { ...usualOptions, rounds: true, epochMs: 60_000, clients: 6 }
  assert.is(roundMsOf(options), 2000)
  assert.is(roundMsOf({ ...options, slow: 4 }), 3000)
  assert.is(roundMsOf({ ...options, epochMs: 20_000 }), 1000)
  const votes = roundVotes(options)
  assert.is(votes.batch_packets, options.clients)
  const perRound = (payloadPerMinute(options) + votes.loop_per_minute + votes.drop_per_minute) / 30
  assert.ok(Math.abs(perRound - 1) < 0.05, `${perRound}`)
})

test.run()
