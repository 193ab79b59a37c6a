// How owners found an election on a mix-net (docs/spec/voting.md 5.1): by themselves, whoever is stopped meanwhile, and
// whatever peers of the same names a stranger makes; and how they close it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Member } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import { signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { group, mixnet } from '../simulator/cascade-world.ts'
import { electionId } from '../voting/definition.ts'
import { chainsOf } from '../voting/founding.ts'
import { ballotsOf, resultOf } from '../voting/outcome.ts'
import { seededRandom } from '../world/random.ts'
import { type Owners, owners } from './voting-owners.ts'

/** Makes a peer with the name of an election's, owned by a stranger alone. */
async function squat(made: Owners, name: string): Promise<void> {
  const stranger = signerOf(seededRandom(32)(32))
  await made.register(stranger)
  const id = await made.say(stranger, 2, {
    ...{ resource: 'negotiation', operation: 'create' },
    ...{ participants: [stranger.id], least: 1, nonce: '00'.repeat(32) },
  })
  const text = {
    ...{ action: 'create peer', peer_type: 'TRUSTEES', name, owners: [stranger.id] },
    ...{ processor_count: 1, processor_1: stranger.id, threshold: 1, key_data: hex(made.key.key) },
    ...{ verification: hex(made.key.key), width: 1, size_min: 1, size_max: 3, quorum: 1, next: '' },
  }
  const { text_signature } = contribution(stranger, { mixnet, id }, text, true)
  const said = { action: 'contribute', negotiation_id: id, text, accepts: 'yes', text_signature }
  const consensus_id = await made.say(stranger, 3, { resource: 'negotiation', operation: 'action', ...said })
  await made.say(stranger, 4, { resource: 'peer', operation: 'create', consensus_id })
}

test('owners found an election by themselves, in spite of a stop and of a stranger’s peers with its names', async () => {
  const made = await owners()
  const { definition, roll, members } = made
  const election = electionId(definition)
  await squat(made, `${election} 1 2`)
  await made.run(5)
  members[1] = made.member(1)
  members[3] = made.member(3)
  await made.run(60)
  const [first] = members as [Member]
  const chains = chainsOf(first.audit.board, definition, roll)
  assert.equal(
    chains.map(({ length }) => length),
    [3, 3],
  )
  for (const chain of chains) assert.is(ballotsOf(first.audit, chain)?.status, 'OPEN')
  const size = made.controller.size
  await made.run(5)
  assert.is(made.controller.size, size, 'nobody says more than is needed')

  for (const voter of [0, 1, 2]) await made.vote(voter)
  made.closing = true
  await made.run(60)
  const result = resultOf(group, first.audit, definition, roll)
  assert.equal(
    result.questions.map(({ ballots }) => ballots),
    [3, 3],
  )
  assert.equal(first.audit.findings, [])
})

test('too few ballots are given up once, and go on when more have come', async () => {
  const made = await owners()
  const { definition, roll, members } = made
  await made.run(60)
  const [first] = members as [Member]
  await made.vote(0)
  made.closing = true
  await made.run(60)
  const size = made.controller.size
  const states = (): string[][] =>
    chainsOf(first.audit.board, definition, roll).map(([door]) =>
      (first.audit.board.cycles.get(door?.peer_id as string) ?? []).map(({ status }) => status),
    )
  assert.equal(states(), [
    ['ABORTED', 'OPEN'],
    ['ABORTED', 'OPEN'],
  ])
  await made.run(10)
  assert.is(made.controller.size, size, 'and then nothing more happens')
  made.closing = false
  for (const voter of [1, 2]) await made.vote(voter)
  made.closing = true
  await made.run(60)
  assert.equal(
    resultOf(group, first.audit, definition, roll).questions.map(({ ballots }) => ballots),
    [3, 3],
  )
})

test.run()
