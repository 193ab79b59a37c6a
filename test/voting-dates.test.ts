// The times in an election's definition (docs/spec/voting.md 2 and 5.2): how they are written, and that an election
// opens and ends by the clocks of as many owners as close it, whatever others' clocks say.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { group } from '../simulator/cascade-world.ts'
import { type Definition, electionId, parseDefinition, writeDefinition } from '../voting/definition.ts'
import { VotingError } from '../voting/error.ts'
import { chainsOf } from '../voting/founding.ts'
import { resultOf } from '../voting/outcome.ts'
import { type Owners, owners } from './voting-owners.ts'

const hour = 3_600_000
const opens_at = '2026-01-31T08:00:00Z'
const closes_at = '2026-01-31T18:00:00Z'
const opens = Date.parse(opens_at)
const closes = Date.parse(closes_at)

/** Gives the states of the cycles that a question's ballots are sent to, as the log has them. */
function states(made: Owners, question = 0): readonly string[] {
  const [first] = made.members
  if (first === undefined) return []
  const [door] = chainsOf(first.audit.board, made.definition, made.roll)[question] ?? []
  return (first.audit.board.cycles.get(door?.peer_id ?? '') ?? []).map(({ status }) => status)
}

function door(made: Owners): string {
  const [chain] = chainsOf(made.controller.board, made.definition, made.roll)
  return chain?.[0]?.peer_id ?? ''
}

test('a definition has times in one spelling, and one without has the bytes that it had before there were any', async () => {
  const { definition } = await owners()
  const plain = writeDefinition(definition)
  assert.not.match(plain, /opens_at|closes_at/)
  const dated: Definition = { ...definition, opens_at, closes_at }
  assert.equal(parseDefinition(writeDefinition(dated)), dated)
  assert.is.not(electionId(dated), electionId(definition), 'the times are part of what all have agreed on')
  assert.is(electionId(parseDefinition(plain)), electionId(definition))
  const bad: readonly (readonly [string, unknown, unknown])[] = [
    ['no such day', '2026-02-30T08:00:00Z', undefined],
    ['another zone', '2026-01-31T08:00:00+01:00', undefined],
    ['parts of a second', '2026-01-31T08:00:00.5Z', undefined],
    ['no zone', '2026-01-31T08:00:00', undefined],
    ['a number', 1_769_846_400, undefined],
    ['null for none', null, undefined],
    ['the end at the beginning', opens_at, opens_at],
    ['the end before the beginning', closes_at, opens_at],
  ]
  for (const [why, from, until] of bad) {
    const wrong = { ...definition, opens_at: from, ...(until === undefined ? {} : { closes_at: until }) }
    assert.throws(
      () => parseDefinition(writeDefinition(wrong as Definition)),
      (error: unknown) => error instanceof VotingError && error.code === 'BAD_DEFINITION',
      why,
    )
  }
})

test('it opens by the clocks of a quorum: neither one that is hours fast opens it, nor one that is slow holds it up', async () => {
  const made = await owners({ opens_at, closes_at }, 1)
  made.ahead.splice(0, 5, 6 * hour, 0, 0, 0, -6 * hour)
  made.now = opens - 5 * hour
  await made.run(60)
  assert.equal(states(made), [], 'everything is founded, and no ballots are taken')
  const size = made.controller.size
  await made.run(10)
  assert.is(made.controller.size, size, 'the fast one has said so once, and nobody else has')

  // Whoever would open it all the same, or vote in it
  const peer_id = door(made)
  const create = { resource: 'cycle', operation: 'create', peer_id } as const
  const [fast] = made.signers
  assert.is(await made.tried(fast, create), 'BAD_REQUEST')
  const text = { action: 'open', peer_id, cycle_id: 1 }
  const alone = await made.agree([0], [0], 1, text)
  assert.is(await made.tried(fast, { ...create, consensus_id: alone }), 'FORBIDDEN')
  const [voter] = made.voters
  if (voter !== undefined) await made.register(voter)
  const ballot = { resource: 'message', operation: 'create', peer_id, cycle_id: 1, box: 0 }
  assert.is(await made.tried(voter, { ...ballot, data: '', proof: '' }), 'UNKNOWN')
  assert.equal(states(made), [])

  made.now = opens
  made.members[2] = made.member(2)
  await made.run(20)
  assert.equal(states(made), ['OPEN'])
  assert.ok(made.now < opens + hour, 'the slow one was not waited for')
  assert.is(
    await made.tried(voter, { ...ballot, data: '', proof: '' }),
    'BAD_REQUEST',
    'the cycle is there now',
  )
  await made.vote(0)
})

test('without a time in the definition it opens as soon as it is founded, whatever the clocks say', async () => {
  const made = await owners({}, 1)
  made.ahead.splice(0, 5, 6 * hour, 0, 0, 0, -6 * hour)
  made.now = opens - 5 * hour
  await made.run(60)
  assert.equal(states(made), ['OPEN'])
})

test('it ends by the clocks of a quorum: a mixer that would close early does not, and who votes again before counts', async () => {
  const made = await owners({ closes_at }, 2)
  made.ahead.splice(0, 5, 6 * hour, 0, 0, 0, -6 * hour)
  made.now = closes - 5 * hour
  await made.run(70)
  for (const voter of [0, 1, 2]) await made.vote(voter)
  await made.run(20)
  assert.equal([states(made), states(made, 1)], [['OPEN'], ['OPEN']], 'the fast one is alone')
  made.now = closes - 1000
  await made.run(5)
  await made.vote(2, 1)
  made.now = closes
  await made.run(80)
  assert.equal([states(made), states(made, 1)], [['PROCESSED'], ['PROCESSED']])
  const [first] = made.members
  if (first === undefined) throw new Error('no owner')
  const { questions } = resultOf(group, first.audit, made.definition, made.roll)
  assert.is(questions[0]?.ballots, 3)
  const votes = (questions[0]?.counts[0] as { readonly votes?: readonly number[] } | undefined)?.votes
  assert.equal(votes, [2, 1, 0], 'the ballot of a second before the end replaced the one before')
  assert.equal(first.audit.findings, [])
})

test('a quorum of clocks that are fast closes it early: that is all that the times are worth', async () => {
  const made = await owners({ closes_at }, 1)
  made.ahead.splice(0, 5, 6 * hour, 6 * hour, 6 * hour, 0, 0)
  made.now = closes - 12 * hour
  await made.run(50)
  for (const voter of [0, 1, 2]) await made.vote(voter)
  made.now = closes - 5 * hour
  await made.run(40)
  assert.equal(states(made), ['PROCESSED'])
})

test.run()
