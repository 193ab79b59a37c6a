// Makes test/vectors/voting.json: what docs/spec/voting.md says, as texts and bytes, and a whole election's public
// folder. Run as a program it writes the file anew; voting-vectors.test.ts holds the code to what stands there.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Audit } from '../cascade/audit.ts'
import { partsOf, sendersText } from '../cascade/senders.ts'
import { base64 } from '../encoding/base64.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { type Answer, encodeAnswer } from '../voting/answer.ts'
import { drawCode, voterOf } from '../voting/credential.ts'
import { electionId, writeDefinition } from '../voting/definition.ts'
import { fileNames, makeFolder } from '../voting/folder.ts'
import type { Question } from '../voting/question.ts'
import { receiptFormat, trackerOfReceipt, type VoteReceipt, writeReceipt } from '../voting/receipt.ts'
import { writeRoll } from '../voting/roll.ts'
import { count } from '../voting/tally/count.ts'
import { seededRandom } from '../world/random.ts'
import { Election, group, mixnet, questions } from './voting-world.ts'

export const file: string = join(import.meta.dirname, 'vectors/voting.json')

const ranks = (...all: number[]): Answer => ({ is: 'rank', ranks: all })

/** Answers to each of the questions, that end in ties, too. */
const answers: readonly (readonly Answer[])[] = [
  [
    { is: 'choose', chosen: [0, 2], written: [] },
    { is: 'choose', chosen: [1], written: ['Zoë'] },
    { is: 'choose', chosen: [], written: ['Zoë'] },
    { is: 'choose', chosen: [2], written: [] },
  ],
  [ranks(1, 2, 3), ranks(1, 2, 3), ranks(0, 1, 2), ranks(3, 2, 1), ranks(2, 0, 1)],
  [
    { is: 'score', scores: [10, 0, 3] },
    { is: 'score', scores: [0, 10, 4] },
  ],
  [
    { is: 'grade', grades: [0, 2, 1] },
    { is: 'grade', grades: [2, 0, 1] },
  ],
  [
    { is: 'list', list: 0, preferred: [1] },
    { is: 'list', list: 0, preferred: [] },
    { is: 'list', list: 1, preferred: [] },
  ],
]

/** Bytes that are no answer to a question. */
const invalid: readonly (readonly [question: number, bytes: string, why: string])[] = [
  [0, '', 'nothing'],
  [0, '0000', 'a byte behind blank'],
  [0, '020100', 'begins with neither 00 nor 01'],
  [0, '010000', 'fewer than min'],
  [0, '010700', 'more than max'],
  [0, '010900', 'an option that is not there'],
  [0, '010101', 'a written-in text is missing'],
  [0, '0101010100', 'a byte that cannot be printed written in'],
  [0, '01000104416e6e61', 'an option written in'],
  [1, '00', 'blank is not allowed'],
  [1, '01010203ff', 'a byte too many'],
  [1, '01010102', 'a tie that is not allowed'],
  [1, '01010300', 'a gap'],
  [2, '010b0000', 'more points than there are'],
  [3, '01030000', 'a grade that is not there'],
  [4, '0102', 'a list that is not there'],
  [4, '010003', 'more candidates than may be preferred'],
]

/** Times that a definition may have. */
const dated = [
  { opens_at: '2026-01-31T08:00:00Z' },
  { closes_at: '2026-01-31T18:00:00Z' },
  { opens_at: '2026-01-31T08:00:00Z', closes_at: '2026-01-31T18:00:00Z' },
]

/** Times that make it none. */
const undated = [
  [{ opens_at: '2026-02-29T08:00:00Z' }, 'a day that is not'],
  [{ closes_at: '2026-01-31T19:00:00+01:00' }, 'another zone'],
  [{ closes_at: '2026-01-31T18:00:00.000Z' }, 'parts of a second'],
  [{ opens_at: '2026-01-31T18:00:00Z', closes_at: '2026-01-31T18:00:00Z' }, 'ends when it begins'],
] as const

export async function votingVectors(): Promise<unknown> {
  const election = await Election.of({ seed: 2026, weights: [1, 2, 1] })
  const { definition, codes, voters, roll } = election
  const [first, second] = [
    { is: 'choose', chosen: [0], written: [] },
    { is: 'choose', chosen: [1], written: ['Zoë'] },
  ] as const
  election.vote(0, 0, second)
  await election.run(6)
  election.vote(0, 0, first)
  election.vote(1, 0, second)
  await election.run(8)
  await election.close()
  const audit = new Audit(mixnet, fromHex(definition.controller_key), group, seededRandom(1))
  await audit.follow(election.source)
  const { files } = await makeFolder(group, audit, election.source.blob, definition, roll)
  const receipts = (election.clients[0]?.receipts() ?? []).map(
    (each): VoteReceipt => ({ format: receiptFormat, election: election.id, ...each }),
  )
  return {
    definition: {
      text: writeDefinition({ ...definition, questions }),
      id: electionId({ ...definition, questions }),
    },
    dated: dated.map(dates => {
      const timed = { ...definition, questions, ...dates }
      return { text: writeDefinition(timed), id: electionId(timed) }
    }),
    undated: undated.map(([dates, why]) => ({
      text: writeDefinition({ ...definition, questions, ...dates }),
      why,
    })),
    codes: [7, 8].map(seed => {
      const code = drawCode(seededRandom(seed))
      return { election: election.id, code, id: voterOf(election.id, code).id }
    }),
    answers: answers.flatMap((all, question) =>
      all.map(answer => ({
        question,
        answer,
        bytes: hex(encodeAnswer(questions[question] as Question, answer)),
      })),
    ),
    invalid: invalid.map(([question, bytes, why]) => ({ question, bytes, why })),
    roll: {
      voters: voters.map(({ id }, i) => ({ code: codes[i], id, weight: roll.get(id) })),
      bytes: hex(writeRoll(roll)),
      senders: sendersText(partsOf(roll)),
    },
    counts: questions.flatMap((question, at) =>
      question.methods.map(method => ({
        question: at,
        answers: answers[at],
        count: count(question, method, answers[at] as Answer[]),
      })),
    ),
    folder: Object.fromEntries([...files].map(([name, bytes]) => [name, base64(bytes)])),
    receipts: receipts.map((receipt, i) => ({
      text: writeReceipt(receipt),
      tracker: trackerOfReceipt(receipt),
      fate: i === 0 ? 'replaced' : 'counts',
    })),
    /** Bytes of the folder that are changed, each by itself: exclusive or with 1 at a place. */
    refused: [...files].flatMap(([name, { length }]) =>
      [0, Math.floor(length / 2), length - 1].map(at => ({ file: name, at })),
    ),
    election: { id: election.id, result: fileNames.result },
  }
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(file, `${JSON.stringify(await votingVectors(), undefined, 1)}\n`)
