// What a Messaging Client keeps of rows that were delivered (docs/spec/packets.md 9): one makes room when its user was
// told, and nothing else does; numbers stay what they were, also after a stop.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MessagingClient } from '../cascade/client.ts'
import { group, MemoryShelf } from '../simulator/cascade-world.ts'
import { encodeAnswer } from '../voting/answer.ts'
import type { Question } from '../voting/question.ts'
import { seededRandom } from '../world/random.ts'
import { Election, mixnet } from './voting-world.ts'

test('a row makes room when it was delivered and its user was told', async () => {
  const election = await Election.of({ seed: 62, weights: [1, 1] })
  const [voter] = election.voters
  if (voter === undefined) throw new Error('no voter')
  const shelf = new MemoryShelf()
  const start = (): MessagingClient =>
    new MessagingClient({
      ...{ mixnet, signer: voter, group, random: seededRandom(63), shelf, source: election.source },
      controllerKey: election.controller.keyData,
      post: async (made, blobs) => election.controller.post(made, blobs),
    })
  const client = start()
  const question = election.definition.questions[0] as Question
  const ballot = encodeAnswer(question, { is: 'choose', chosen: [0], written: [] })
  const door = election.doors[0] as string
  assert.is(client.send(door, ballot), 0)
  for (let i = 0; i < 4; i++) await client.tick()
  election.vote(1, 0, { is: 'choose', chosen: [1], written: [] })
  await election.run(6)
  client.told([0])
  assert.not.ok(client.makeRoom(), 'its user saw that it was accepted, and no more')
  await election.close()
  await client.tick()
  assert.is(client.progress(0), 'delivered')
  assert.not.ok(client.makeRoom(), 'its user has not seen that')
  assert.is(client.receipts().length, 1)

  client.told([0])
  const again = start()
  await again.tick()
  assert.ok(again.makeRoom(), 'that it was told is kept through a stop')
  assert.not.ok(again.makeRoom(), 'once')
  assert.equal([again.kept, again.count, again.isGone(0), again.progress(0)], [0, 1, true, 'delivered'])
  assert.is(again.receipt(0), undefined)
  assert.is(again.send(door, ballot), 1, 'numbers stay what they were')
  const size = election.controller.size
  for (let i = 0; i < 3; i++) await again.tick()
  assert.is(election.controller.size, size, 'what is gone is not sent again')
  assert.is(again.progress(1), 'queued')
})

test.run()
