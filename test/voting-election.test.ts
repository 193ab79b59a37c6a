// Whole elections (docs/spec/voting.md 5 to 8) on a mix-net in one process: what is voted is what is counted, anybody
// checks it from a folder, a changed byte is found and named, and nobody can vote who may not.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Audit } from '../cascade/audit.ts'
import { contextOf } from '../cascade/records.ts'
import { type Signer, signerOf } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { makeBallot } from '../shuffle/index.ts'
import type { Answer } from '../voting/answer.ts'
import { VotingError } from '../voting/error.ts'
import { type FolderFiles, fileNames, makeFolder, verifyFolder } from '../voting/folder.ts'
import { chainsOf } from '../voting/founding.ts'
import type { Question } from '../voting/question.ts'
import {
  fateOf,
  readReceipt,
  receiptFormat,
  trackerOfReceipt,
  type VoteReceipt,
  writeReceipt,
} from '../voting/receipt.ts'
import { seededRandom } from '../world/random.ts'
import { Election, group, mixnet, questions } from './voting-world.ts'

const random = seededRandom(1)
const pick = (...chosen: number[]): Answer => ({ is: 'choose', chosen, written: [] })

async function audited(election: Election): Promise<Audit> {
  const audit = new Audit(mixnet, fromHex(election.definition.controller_key), group, random)
  await audit.follow(election.source)
  return audit
}

async function folderOf(election: Election): Promise<FolderFiles> {
  const audit = await audited(election)
  const { files } = await makeFolder(group, audit, election.source.blob, election.definition, election.roll)
  return files
}

/** Says why a folder is refused; an empty text when it is not. */
async function refusal(files: FolderFiles): Promise<string> {
  try {
    await verifyFolder(group, files, random)
    return ''
  } catch (error) {
    if (error instanceof VotingError) return error.message
    throw error
  }
}

const changed = (files: FolderFiles, name: string, bytes: Uint8Array | undefined): FolderFiles => {
  const copy = new Map(files)
  if (bytes === undefined) copy.delete(name)
  else copy.set(name, bytes)
  return copy
}

function receiptsOf(election: Election, voter: number): VoteReceipt[] {
  const receipts = election.clients[voter]?.receipts() ?? []
  return receipts.map(each => ({ format: receiptFormat, election: election.id, ...each }))
}

test('questions of every kind are counted as they were answered, weights and all', async () => {
  const election = await Election.of({ seed: 3, weights: [1, 1, 3], questions })
  const answers: readonly (readonly Answer[])[] = [
    [pick(0), { is: 'choose', chosen: [], written: ['Zoë'] }, { is: 'blank' }],
    [
      { is: 'rank', ranks: [1, 2, 3] },
      { is: 'rank', ranks: [1, 0, 2] },
      { is: 'rank', ranks: [3, 1, 2] },
    ],
    [{ is: 'score', scores: [10, 0, 5] }, { is: 'score', scores: [0, 1, 2] }, { is: 'blank' }],
    [
      { is: 'grade', grades: [0, 1, 2] },
      { is: 'grade', grades: [0, 0, 2] },
      { is: 'grade', grades: [2, 1, 0] },
    ],
    [
      { is: 'list', list: 0, preferred: [1] },
      { is: 'list', list: 1, preferred: [] },
      { is: 'list', list: 0, preferred: [] },
    ],
  ]
  answers.forEach((each, question) => {
    each.forEach((answer, voter) => {
      election.vote(voter, question, answer)
    })
  })
  await election.run(12)
  await election.close()
  const files = await folderOf(election)
  const { result, unknown, named } = await verifyFolder(group, files, random)
  assert.equal([unknown, named, result.voters], [[], [], 3])
  const [choose, rank, score, grade, list] = result.questions
  for (const each of result.questions) assert.equal([each.ballots, each.votes, each.invalid], [3, 5, 0])
  assert.is(choose?.blank, 3)
  const [plurality] = choose?.counts ?? []
  assert.ok(plurality?.method === 'plurality')
  if (plurality?.method !== 'plurality') return
  assert.equal(plurality.votes, [1, 0, 0])
  assert.equal(plurality.written, [{ text: 'Zoë', votes: 1 }])
  assert.equal([plurality.elected, plurality.tied], [[], [0, 3]])
  assert.equal(
    rank?.counts.map(count => ('elected' in count ? count.elected : [])),
    [[1], [1], [1]],
  )
  assert.equal(score?.counts[0] && 'points' in score.counts[0] ? score.counts[0].points : [], [10, 1, 7])
  assert.equal(grade?.counts[0] && 'elected' in grade.counts[0] ? grade.counts[0].elected : [], [2])
  assert.equal(list?.counts[0] && 'seats' in list.counts[0] ? list.counts[0].seats : [], [3, 0])
  const table = new TextDecoder().decode(files.get(fileNames.table))
  assert.ok(table.includes('1,Who shall speak for us?,plurality,Zoë,1,1,tied\r\n'), table)
  assert.ok(table.includes('2,In which order?,borda,Bo,1,7,yes\r\n'), table)
})

test('the last ballot counts, and a receipt says what became of each', async () => {
  const election = await Election.of({ seed: 4, weights: [1, 1, 1] })
  election.vote(0, 0, pick(0))
  election.vote(1, 0, pick(1))
  await election.run(6)
  election.vote(0, 0, pick(2))
  await election.run(6)
  const open = await audited(election)
  const chains = chainsOf(open.board, election.definition, election.roll)
  const [first, second] = receiptsOf(election, 0) as [VoteReceipt, VoteReceipt]
  assert.is(fateOf(open, chains, second), 'open')
  await election.close()
  const { audit, result, definition } = await verifyFolder(group, await folderOf(election), random)
  const [count] = result.questions[0]?.counts ?? []
  assert.equal(count && 'votes' in count ? count.votes : [], [0, 1, 1])
  assert.is(fateOf(audit, chains, first), 'replaced')
  assert.is(fateOf(audit, chains, second), 'counts')
  assert.equal(readReceipt(definition, writeReceipt(second)), second)
  assert.match(trackerOfReceipt(second), /^([0-9a-f]{5}-){3}[0-9a-f]{5}$/)
  const text = writeReceipt(second)
  const wrongs = [
    text.replace(
      election.id,
      election.id.replace(/./, each => (each === '0' ? '1' : '0')),
    ),
    text.replace('"data":"', '"data":"00'),
    text.replace(/"index":\d+/, '"index":1'),
    text.replace('checkpoint":"', 'checkpoint":"x'),
    'null',
    '',
  ]
  for (const wrong of wrongs)
    assert.throws(() => readReceipt(definition, wrong), /^(VotingError: )?BAD_FOLDER/)
  // A Controller that shows another log than the one that it signed for
  const elsewhere = { ...second, receipt: { ...second.receipt, index: second.receipt.index - 1 } }
  assert.throws(() => fateOf(audit, chains, elsewhere), /is not this ballot/)
})

test('a stranger, a copied ballot, and somebody else’s code cast nothing', async () => {
  const election = await Election.of({ seed: 5, weights: [1, 1, 1] })
  for (const voter of [0, 1, 2]) election.vote(voter, 0, pick(voter))
  await election.run(6)
  const [door] = election.doors as [string]
  const about = { resource: 'message', operation: 'create', peer_id: door, cycle_id: 1, box: 0 }
  const register = async (signer: Signer): Promise<void> => {
    const key_data = hex(signer.keyData)
    await election.say(signer, {
      resource: 'peer',
      operation: 'create',
      name: 'x',
      peer_type: 'CLIENT',
      key_data,
    })
  }
  const codeOf = async (
    signer: Signer,
    ballot: { readonly row: Uint8Array; readonly proof: Uint8Array },
  ): Promise<string> => {
    const fields = { ...about, data: hex(ballot.row), proof: hex(ballot.proof) }
    const reply = await election.say(signer, fields)
    return reply.is === 'refused' ? reply.code : 'accepted'
  }
  const ballotOf = (signer: Signer): { row: Uint8Array; proof: Uint8Array } => {
    const context = contextOf(mixnet, 'message', door)
    const to = { context, voter: fromHex(signer.id), key: election.key.key }
    return makeBallot(group, to, Uint8Array.of(1, 1, 0), 3, election.random)
  }
  const stranger = signerOf(random(32))
  await register(stranger)
  assert.is(await codeOf(stranger, ballotOf(stranger)), 'FORBIDDEN')
  const copied = receiptsOf(election, 0)[0]?.request.payload as Record<string, string>
  const copy = { row: fromHex(copied['data'] as string), proof: fromHex(copied['proof'] as string) }
  // A voter who signs a copy of somebody's ballot: sequence numbers of voter 1 are its client's, so go beyond them
  for (let i = 0; i < 5; i++) await codeOf(election.voters[1] as Signer, copy)
  assert.is(await codeOf(election.voters[1] as Signer, copy), 'BAD_SIGNATURE')
  await election.close()
  const { result } = await verifyFolder(group, await folderOf(election), random)
  assert.equal([result.questions[0]?.ballots, result.questions[0]?.votes], [3, 3])
})

test('every changed byte of a public folder is refused, and the file named', async () => {
  const election = await Election.of({ seed: 6, weights: [1, 1] })
  election.vote(0, 0, pick(0))
  election.vote(1, 0, pick(0, 1))
  await election.run(6)
  await election.close()
  const files = await folderOf(election)
  assert.is(await refusal(files), '')
  const dice = seededRandom(8)
  for (const [name, bytes] of files) {
    assert.match(await refusal(changed(files, name, undefined)), new RegExp(`${name}: is not there`))
    for (const cut of [bytes.subarray(1), bytes.subarray(0, -1), Uint8Array.of(...bytes, 10)])
      assert.ok((await refusal(changed(files, name, cut))) !== '', name)
    // Sixteen bytes of each, all over it
    const every = Math.max(1, Math.floor(bytes.length / 16))
    for (let at = 0; at < bytes.length; at += every) {
      const other = bytes.slice()
      other[at] = (other[at] as number) ^ (1 << ((dice(1)[0] as number) & 7))
      const why = await refusal(changed(files, name, other))
      const blames = name === fileNames.roll ? /voters.bin|peer of question 1/ : new RegExp(name.slice(0, 40))
      if (name === fileNames.definition) assert.match(why, /BAD_DEFINITION|election.json|checkpoint|peer of/)
      else assert.match(why, blames, `${name} at ${at}`)
    }
  }
  const log = new TextDecoder().decode(files.get(fileNames.log))
  for (const other of [
    log.replace('"payload"', '"pAyload"'),
    log.replace('"signature"', '"note":1,"signature"'),
  ])
    assert.match(
      await refusal(changed(files, fileNames.log, new TextEncoder().encode(other))),
      /log.jsonl: line 1:/,
    )
  const { unknown } = await verifyFolder(group, changed(files, 'notes.txt', new Uint8Array(1)), random)
  assert.equal(unknown, ['notes.txt'])
})

test('a folder of another roll, definition or result is refused', async () => {
  const election = await Election.of({ seed: 9, weights: [1, 1, 2] })
  for (const voter of [0, 1, 2]) election.vote(voter, 0, pick(voter))
  await election.run(6)
  await election.close()
  const { definition, roll } = election
  const audit = await audited(election)
  const make = (of: Partial<typeof definition>, among = roll): Promise<string> =>
    makeFolder(group, audit, election.source.blob, { ...definition, ...of }, among).then(
      () => '',
      error => (error as Error).message,
    )
  assert.is(await make({}), '')
  const [question] = definition.questions as [Question]
  assert.match(await make({ questions: [{ ...question, seats: 2 }] }), /is not there/)
  assert.match(await make({}, new Map([...roll, ['ff'.repeat(32), 1]])), /size_max|senders/)
  const heavier = new Map([...roll].map(([id, weight]) => [id, weight === 2 ? 3 : weight]))
  assert.match(await make({}, heavier), /size_max|senders/)
})

test('an election that is not over, or was not opened, has no result', async () => {
  const election = await Election.of({ seed: 10, weights: [1, 1] })
  const why = async (): Promise<string> =>
    folderOf(election).then(
      () => '',
      error => (error as Error).message,
    )
  assert.match(await why(), /voting is not over/)
  election.vote(0, 0, pick(0))
  election.vote(1, 0, pick(0))
  await election.run(5)
  election.closing = true
  const reasons = new Set<string>()
  for (let i = 0; i < 40; i++) {
    await election.run(1)
    reasons.add((await why()).replace(/[0-9a-f]{64}/, 'ID'))
  }
  assert.ok(reasons.has(''), [...reasons].join('\n'))
  assert.ok(
    [...reasons].some(each => /too few true shares|was not processed/.test(each)),
    [...reasons].join('\n'),
  )
})

test('a ballot that says nothing its question allows is counted as invalid', async () => {
  const election = await Election.of({ seed: 11, weights: [1, 1] })
  election.clients[0]?.send(election.doors[0] as string, Uint8Array.of(1, 0xff, 0))
  election.vote(1, 0, pick(0))
  await election.run(5)
  await election.close()
  const { result } = await verifyFolder(group, await folderOf(election), random)
  assert.equal([result.questions[0]?.votes, result.questions[0]?.invalid], [2, 1])
})

test.run()
