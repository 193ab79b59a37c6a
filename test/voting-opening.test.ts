// How owners found an election on a mix-net (docs/spec/voting.md 5.1): by themselves, whoever is stopped meanwhile, and
// whatever peers of the same names a stranger makes; and how they close it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Member } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import { signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { firstOf } from '../roles/mixnet/elections.ts'
import { group, type MemoryShelf, mixnet } from '../simulator/cascade-world.ts'
import { electionId } from '../voting/definition.ts'
import { VotingError } from '../voting/error.ts'
import { chainsOf } from '../voting/founding.ts'
import { Opening } from '../voting/opening.ts'
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

test('a roll with which owners would wait for ever, or end, is none of an election', async () => {
  const { definition, roll } = await owners()
  const id = (i: number): string => i.toString(16).padStart(64, '0')
  const bad: readonly (readonly [string, ReadonlyMap<string, number>])[] = [
    ['nobody', new Map()],
    ['fewer than ballots_least', new Map([...roll].slice(1))],
    ['more votes than a batch holds', new Map([1, 2, 3].map(i => [id(i), 400_000]))],
  ]
  for (const [why, wrong] of bad)
    assert.throws(
      () => new Opening(definition, wrong),
      (error: unknown) => error instanceof VotingError && error.code === 'BAD_VOTERS',
      why,
    )
  new Opening(definition, new Map([1, 2, 3].map(i => [id(i), 300_000])))
})

test('an election that one owner alone was told of keeps the others’ from nothing', async () => {
  const made = await owners({}, 1)
  const [signer] = made.signers
  const { definition, roll } = made
  const elsewhere = new Opening({ ...definition, title: 'What nobody else was told of' }, roll)
  const own = new Opening(definition, roll)
  made.members[0] = new Member({
    ...made.parts(signer as NonNullable<typeof signer>),
    shelf: made.shelves[0] as MemoryShelf,
    founding: {
      next: (board, now) => {
        const steps = [elsewhere, own].map(each => each.next(board, made.key, now))
        return firstOf(steps, board, signer?.id ?? '') ?? { do: 'work' }
      },
      share: () => undefined,
    },
    mayClose: () => false,
    patience: 1_000_000,
    mixesAtLeast: () => 1,
  })
  await made.run(60)
  const [chain = []] = chainsOf(made.controller.board, definition, roll)
  const [, other] = made.members
  assert.is(other && ballotsOf(other.audit, chain)?.status, 'OPEN')
})

test.run()
