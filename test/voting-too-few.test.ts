// An election with times that ends with too few ballots (docs/spec/voting.md 5.3): nothing more is taken, and only so
// many owners as close it give it up or prolong it, each where everybody sees it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MessagingClient } from '../cascade/client.ts'
import type { Member } from '../cascade/member.ts'
import { type Cycle, contextOf } from '../cascade/records.ts'
import type { Signer } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { endElection, prolongElection } from '../roles/mixnet/too-few.ts'
import { linesOf } from '../scripts/election/status.ts'
import { makeBallot } from '../shuffle/index.ts'
import { group, MemoryShelf, mixnet } from '../simulator/cascade-world.ts'
import { encodeAnswer } from '../voting/answer.ts'
import { VotingError } from '../voting/error.ts'
import { fileNames, makeFolder, verifyFolder } from '../voting/folder.ts'
import { chainsOf } from '../voting/founding.ts'
import { ballotsOf, resultOf, writeResult } from '../voting/outcome.ts'
import { resultPage } from '../voting/page.ts'
import type { Question } from '../voting/question.ts'
import { fateOf, receiptFormat } from '../voting/receipt.ts'
import { type Standing, standingOf } from '../voting/standing.ts'
import { type Owners, owners } from './voting-owners.ts'

const hour = 3_600_000
const closes_at = '2026-01-31T18:00:00Z'
const later = '2026-02-07T18:00:00Z'
const [closes, over] = [Date.parse(closes_at), Date.parse(later)]
const all = [0, 1, 2, 3, 4] as const
const place = mkdtempSync(join(tmpdir(), 'chaffinch-few-'))
process.on('exit', () => rmSync(place, { recursive: true, force: true }))
let folders = 0

interface Made extends Owners {
  readonly door: string
}

/** Makes an election that has ended with one ballot of three. */
async function ended(dates: Parameters<typeof owners>[0] = { closes_at }, ballots = 1): Promise<Made> {
  const made = await owners(dates, 1)
  for (const i of all) {
    const folder = join(place, String(folders++))
    mkdirSync(join(folder, 'shelf'), { recursive: true })
    made.folders[i] = folder
  }
  made.now = closes - hour
  await made.run(50)
  for (let voter = 0; voter < ballots; voter++) await made.vote(voter)
  made.closing = true
  made.now = closes
  await made.run(30)
  const [[door] = []] = chainsOf(made.controller.board, made.definition, made.roll)
  return Object.assign(made, { door: door?.peer_id ?? '' })
}

function first({ members }: Owners): Member {
  return members[0] as Member
}

function cycles(made: Made): readonly Cycle[] {
  return first(made).audit.board.cycles.get(made.door) ?? []
}

function states(made: Made): readonly string[] {
  return cycles(made).map(({ status }) => status)
}

function standing(made: Made): Standing {
  const { audit } = first(made)
  return standingOf(audit, chainsOf(audit.board, made.definition, made.roll))[0] as Standing
}

/** Makes a voter's ballot for a cycle, as a program would that asks nobody whether it is time. */
function ballot({ controller, definition, door, random }: Made, { id }: Signer, cycle_id: number) {
  const { key_data, width } = controller.board.peer(door)
  const about = { context: contextOf(mixnet, 'message', door), voter: fromHex(id), key: fromHex(key_data) }
  const answer = { is: 'choose', chosen: [0], written: [] } as const
  const message = encodeAnswer(definition.questions[0] as Question, answer)
  const { row, proof } = makeBallot(group, about, message, width, random)
  const fields = { peer_id: door, cycle_id, box: 0, data: hex(row), proof: hex(proof) }
  return { resource: 'message', operation: 'create', ...fields }
}

const about = (made: Made, action: string, cycle_id: number, more: object = {}) => ({
  action,
  peer_id: made.door,
  cycle_id,
  ...more,
})
const end = (made: Made, cycle_id: number, consensus_id: string) => ({
  ...{ resource: 'cycle', operation: 'action', consensus_id },
  ...about(made, 'end', cycle_id),
})
const open = ({ door: peer_id }: Made, consensus_id: string) => ({
  ...{ resource: 'cycle', operation: 'create', peer_id, consensus_id },
})

test('a ballot after the end is not counted: the board takes none, and nothing is opened', async () => {
  const made = await ended()
  assert.equal(states(made), ['ABORTED'])
  const late = made.voters[1] as Signer
  await made.register(late)
  assert.is(await made.tried(late, ballot(made, late, 1)), 'WRONG_STATE')
  assert.is(await made.tried(late, ballot(made, late, 2)), 'UNKNOWN')
  assert.is(await made.tried(made.voters[0], ballot(made, made.voters[0] as Signer, 1)), 'WRONG_STATE')
  const { size } = made.controller
  await made.run(20)
  assert.is(made.controller.size, size, 'and nothing more happens by itself')
  assert.equal([standing(made).stage, standing(made).ballots], ['few', 1])
  assert.match(
    linesOf(made.definition, standing(made)).join(),
    /over with too few ballots \(1 ballots, least 3\)/,
  )
  assert.throws(
    () => resultOf(group, first(made).audit, made.definition, made.roll),
    (error: unknown) =>
      error instanceof VotingError && /1 of 3.*neither given up nor prolonged/.test(error.message),
  )
})

test('its control: the same ballot is taken while it is open, and without times it goes on by itself', async () => {
  const made = await owners({ closes_at }, 1)
  made.now = closes - hour
  await made.run(50)
  const [[door] = []] = chainsOf(made.controller.board, made.definition, made.roll)
  const opened = Object.assign(made, { door: door?.peer_id ?? '' })
  const voter = made.voters[1] as Signer
  await made.register(voter)
  assert.is(await made.tried(voter, ballot(opened, voter, 1)), 'accepted 1')
  assert.equal(states(await ended({})), ['ABORTED', 'OPEN'])
})

test('one owner alone gives nothing up and prolongs nothing, nor do two of five, nor a Controller', async () => {
  const made = await ended()
  const [owner] = made.signers
  for (const [who, least] of [
    [[0], 1],
    [[0, 1], 2],
  ] as const) {
    const few = await made.agree(who, who, least, about(made, 'end', 1))
    assert.is(await made.tried(owner, end(made, 1, few)), 'FORBIDDEN')
    const more = await made.agree(who, who, least, about(made, 'open', 2, { until: later }))
    assert.is(await made.tried(owner, open(made, more)), 'FORBIDDEN')
  }
  assert.is(await made.agree([0, 1], all, 3, about(made, 'end', 1)), '', 'two of five are no consensus')
  assert.is(await made.tried(owner, end(made, 1, '00'.repeat(32))), 'UNKNOWN')
  const { consensus_id: _, ...alone } = open(made, '')
  assert.is(await made.tried(owner, alone), 'BAD_REQUEST')
  assert.equal(states(made), ['ABORTED'])

  // The control: three of five can, though not without a time that all see
  const timeless = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2))
  assert.is(await made.tried(owner, open(made, timeless)), 'FORBIDDEN')
  for (const until of ['', 'soon', '2026-02-07T18:00:00+01:00', 7, null]) {
    const wrong = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2, { until }))
    assert.is(await made.tried(owner, open(made, wrong)), 'FORBIDDEN', String(until))
  }
  const other = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2, { until: later, why: 'rain' }))
  assert.is(await made.tried(owner, open(made, other)), 'FORBIDDEN', 'and with nothing else in the text')
  const more = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2, { until: later }))
  assert.is(await made.tried(owner, open(made, more)), 'accepted 2')
})

test('what has enough ballots cannot be given up or prolonged, by all owners either', async () => {
  const made = await ended({ closes_at }, 3)
  const [owner] = made.signers
  assert.equal(states(made), ['PROCESSED'])
  const few = await made.agree(all, all, 3, about(made, 'end', 1)).catch(error => (error as Error).message)
  assert.match(few, /is over/, 'three of them are enough, and then it is agreed')
  const agreed = await made.agree([0, 1, 2], all, 3, about(made, 'end', 1))
  assert.is(await made.tried(owner, end(made, 1, agreed)), 'WRONG_STATE')
  const more = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2, { until: later }))
  assert.is(await made.tried(owner, open(made, more)), 'FORBIDDEN')
  // Another cycle of the same peer is no part of the election
  const beside = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2))
  assert.is(await made.tried(owner, open(made, beside)), 'accepted 2')
  await made.run(1)
  const { audit } = first(made)
  const chain = chainsOf(audit.board, made.definition, made.roll)[0] ?? []
  assert.is(ballotsOf(audit, chain)?.id, 1)
})

test('while it is open with enough ballots a quorum cannot give it up, and with too few it can', async () => {
  const made = await owners({}, 1)
  made.now = closes - hour
  await made.run(50)
  const [[door] = []] = chainsOf(made.controller.board, made.definition, made.roll)
  const opened = Object.assign(made, { door: door?.peer_id ?? '' })
  const agreed = await made.agree([0, 1, 2], all, 3, about(opened, 'end', 1))
  for (const voter of [0, 1, 2]) await made.vote(voter)
  assert.is(await made.tried(made.signers[0], end(opened, 1, agreed)), 'WRONG_STATE')
  const few = await ended({}, 1)
  const early = await few.agree([0, 1, 2], all, 3, about(few, 'end', 2))
  assert.is(await few.tried(few.signers[0], end(few, 2, early)), 'accepted ENDED')
})

test('owners give it up when a quorum of operators say so, and anybody can check the record', async () => {
  const made = await ended()
  const say = (i: number): void => endElection(made.folders[i] as string, made.definition)
  say(0)
  say(3)
  await made.run(20)
  assert.equal(states(made), ['ABORTED'])
  assert.equal(standing(made).wanted, [{ what: 'end', until: '', owners: 2 }])
  say(4)
  await made.run(20)
  assert.equal(states(made), ['ENDED'])
  assert.equal([standing(made).stage, standing(made).ballots, standing(made).wanted], ['given-up', 1, []])
  assert.equal(linesOf(made.definition, standing(made)), ['given up: 1 ballots, least 3'])

  // It is for good
  const more = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2, { until: later }))
  assert.is(await made.tried(made.signers[0], open(made, more)), 'FORBIDDEN')
  const plain = await made.agree([0, 1, 2], all, 3, about(made, 'open', 2))
  assert.is(await made.tried(made.signers[0], open(made, plain)), 'WRONG_STATE')
  const late = made.voters[1] as Signer
  await made.register(late)
  assert.is(await made.tried(late, ballot(made, late, 1)), 'WRONG_STATE')

  await made.run(1)
  const { audit } = first(made)
  const { definition, roll, random } = made
  const { files, result } = await makeFolder(group, audit, made.source.blob, definition, roll)
  assert.equal(result.questions, [{ ballots: 1, votes: 0, blank: 0, invalid: 0, given_up: 3, counts: [] }])
  const checked = await verifyFolder(group, files, random)
  assert.equal(checked.result, result)
  assert.match(new TextDecoder().decode(files.get(fileNames.table)), /,,given_up,,3,/)
  assert.match(resultPage(definition, result), /Given up: 1 ballots, fewer than 3/)
  const { given_up: _, ...hidden } = result.questions[0] as (typeof result.questions)[number]
  const lie = writeResult({ ...result, questions: [hidden] })
  const changed = new Map(files).set(fileNames.result, new TextEncoder().encode(lie))
  await verifyFolder(group, changed, random).then(
    () => assert.unreachable(),
    (error: unknown) => assert.match(String(error), /result\.json/),
  )
  const entry = audit.entries.findIndex(
    ({ payload }) => payload.signer === made.voters[0]?.id && payload.resource === 'message',
  )
  const request = audit.entries[entry] as (typeof audit.entries)[number]
  const receipt = { index: entry, path: [], checkpoint: '' }
  const chains = chainsOf(audit.board, definition, roll)
  const shown = { format: receiptFormat, election: checked.election, request, receipt } as const
  assert.is(fateOf(audit, chains, shown), 'given-up')
})

test('owners prolong it when a quorum wants one time, and close it then', async () => {
  const made = await ended()
  const say = (i: number, until: string): void =>
    prolongElection(made.folders[i] as string, made.definition, until)
  say(0, later)
  say(1, later)
  say(2, '2026-02-08T18:00:00Z')
  await made.run(20)
  assert.equal(states(made), ['ABORTED'], 'two want one time and one wants another')
  assert.equal(
    [...standing(made).wanted].sort((a, b) => (a.until < b.until ? -1 : 1)),
    [
      { what: 'open', until: later, owners: 2 },
      { what: 'open', until: '2026-02-08T18:00:00Z', owners: 1 },
    ],
  )
  say(2, later)
  await made.run(20)
  assert.equal(states(made), ['ABORTED', 'OPEN'])
  assert.equal([standing(made).stage, standing(made).ballots, standing(made).until], ['open', 1, later])
  assert.match(linesOf(made.definition, standing(made)).join(), /prolonged until 2026-02-07T18:00:00Z/)
  await made.vote(1)
  made.ahead[0] = 6 * hour
  made.now = over - hour
  await made.run(20)
  assert.equal(states(made), ['ABORTED', 'OPEN'], 'one clock that is fast closes nothing')
  await made.vote(2)
  made.now = over
  await made.run(60)
  assert.equal(states(made), ['ABORTED', 'PROCESSED'])
  const { questions } = resultOf(group, first(made).audit, made.definition, made.roll)
  assert.equal([questions[0]?.ballots, questions[0]?.votes], [3, 3], 'the one of before the first end too')
})

test('one that was prolonged and has too few again takes no more, until it is prolonged again', async () => {
  const made = await ended()
  for (const i of [0, 1, 2]) prolongElection(made.folders[i] as string, made.definition, later)
  await made.run(20)
  made.now = over
  await made.run(30)
  assert.equal(states(made), ['ABORTED', 'ABORTED'], 'what was agreed to is spent')
  assert.is(standing(made).ballots, 1)
  for (const i of [0, 1, 2])
    prolongElection(made.folders[i] as string, made.definition, '2026-02-14T18:00:00Z')
  await made.run(20)
  assert.equal(states(made), ['ABORTED', 'ABORTED', 'OPEN'])
  for (const i of [0, 1, 2]) endElection(made.folders[i] as string, made.definition)
  await made.run(20)
  assert.equal(states(made).at(-1), 'OPEN', 'while it goes on nobody gives it up')
  made.now = Date.parse('2026-02-14T18:00:00Z')
  await made.run(30)
  assert.equal(states(made), ['ABORTED', 'ABORTED', 'ENDED'])
})

test('what operators may say: a time after the end, nothing after giving up, and no time where there are none', async () => {
  const made = await ended()
  const [folder = ''] = made.folders
  for (const until of [closes_at, '2026-01-01T00:00:00Z', 'tomorrow'])
    assert.throws(() => prolongElection(folder, made.definition, until), /until: want a time/)
  prolongElection(folder, made.definition, later)
  endElection(folder, made.definition)
  assert.throws(() => endElection(folder, made.definition), /is there already/)
  assert.throws(() => prolongElection(folder, made.definition, later), /cannot be taken back/)
  assert.throws(() => endElection(join(place, 'nobody'), made.definition), /no folder of a mixer/)
  const undated = await ended({})
  assert.throws(
    () => prolongElection(undated.folders[0] as string, undated.definition, later),
    /has no times/,
  )
})

test('what came in time is accepted and never included; what comes too late has no receipt', async () => {
  const early = await owners({ closes_at }, 1)
  early.now = closes - hour
  await early.run(50)
  const [[door] = []] = chainsOf(early.controller.board, early.definition, early.roll)
  const kept = new MessagingClient({ ...early.parts(early.voters[0] as Signer), shelf: new MemoryShelf() })
  kept.send(door?.peer_id ?? '', new Uint8Array(2))
  for (let i = 0; i < 4; i++) await kept.tick()
  early.now = closes
  await early.run(30)
  await kept.tick()
  assert.equal([kept.progress(0), kept.receipts().length], ['accepted', 1])

  const made = await ended()
  const signer = made.voters[1] as Signer
  const client = new MessagingClient({ ...made.parts(signer), shelf: new MemoryShelf() })
  const answer = { is: 'choose', chosen: [0], written: [] } as const
  client.send(made.door, encodeAnswer(made.definition.questions[0] as Question, answer))
  for (let i = 0; i < 10; i++) await client.tick()
  assert.equal([client.progress(0), client.receipts().length], ['queued', 0])
})

test.run()
