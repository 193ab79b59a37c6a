// test/vectors/voting.json (docs/spec/voting.md): definitions, codes, answers, counts and a whole election's public
// folder, with what a verifier says of each.
// tier: slow

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromBase64 } from '../encoding/base64.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { nobleGroup } from '../shuffle/index.ts'
import { type Answer, decodeAnswer, encodeAnswer } from '../voting/answer.ts'
import { readCode, voterOf } from '../voting/credential.ts'
import { electionId, parseDefinition } from '../voting/definition.ts'
import { VotingError } from '../voting/error.ts'
import { verifyFolder } from '../voting/folder.ts'
import type { Question } from '../voting/question.ts'
import { fateOf, readReceipt, trackerOfReceipt } from '../voting/receipt.ts'
import { readRoll } from '../voting/roll.ts'
import { type Count, count } from '../voting/tally/count.ts'
import { systemRandom } from '../world/random.ts'
import { file } from './voting-vectors.ts'
import { group } from './voting-world.ts'

interface Vectors {
  readonly definition: { readonly text: string; readonly id: string }
  readonly dated: readonly { readonly text: string; readonly id: string }[]
  readonly undated: readonly { readonly text: string; readonly why: string }[]
  readonly codes: readonly { readonly election: string; readonly code: string; readonly id: string }[]
  readonly answers: readonly { readonly question: number; readonly answer: Answer; readonly bytes: string }[]
  readonly invalid: readonly { readonly question: number; readonly bytes: string; readonly why: string }[]
  readonly roll: {
    readonly voters: readonly { readonly code: string; readonly id: string; readonly weight: number }[]
    readonly bytes: string
  }
  readonly counts: readonly {
    readonly question: number
    readonly answers: readonly Answer[]
    readonly count: Count
  }[]
  readonly folder: Readonly<Record<string, string>>
  readonly receipts: readonly { readonly text: string; readonly tracker: string; readonly fate: string }[]
  readonly refused: readonly { readonly file: string; readonly at: number }[]
  readonly election: { readonly id: string }
}

const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const definition = parseDefinition(vectors.definition.text)
const asked = (at: number): Question => definition.questions[at] as Question
const files = new Map(Object.entries(vectors.folder).map(([name, text]) => [name, fromBase64(text)]))

test('the definition has this id', () => {
  assert.is(electionId(definition), vectors.definition.id)
})

test('definitions with times have these ids, and wrong times make none', () => {
  for (const { text, id } of vectors.dated) assert.is(electionId(parseDefinition(text)), id)
  for (const { text, why } of vectors.undated)
    assert.throws(
      () => parseDefinition(text),
      (error: unknown) => error instanceof VotingError && error.code === 'BAD_DEFINITION',
      why,
    )
})

test('codes are these voters', () => {
  for (const { election, code, id } of vectors.codes) {
    assert.is(readCode(code.toLowerCase()), code)
    assert.is(voterOf(election, code).id, id)
  }
  const { voters, bytes } = vectors.roll
  const roll = readRoll(fromHex(bytes))
  for (const { code, id, weight } of voters) {
    assert.is(voterOf(vectors.election.id, code).id, id)
    assert.is(roll.get(id), weight)
  }
  assert.is(roll.size, voters.length)
})

test('answers are these bytes, and other bytes are none', () => {
  for (const { question, answer, bytes } of vectors.answers) {
    assert.is(hex(encodeAnswer(asked(question), answer)), bytes)
    assert.equal(decodeAnswer(asked(question), fromHex(bytes)), answer)
  }
  for (const { question, bytes, why } of vectors.invalid)
    assert.is(decodeAnswer(asked(question), fromHex(bytes)), undefined, why)
})

test('every method counts this', () => {
  for (const { question, answers, count: wanted } of vectors.counts)
    assert.equal(count(asked(question), wanted.method, answers), wanted)
})

test('the folder holds for both groups, and its receipts say what became of the ballots', async () => {
  for (const each of [group, nobleGroup()]) {
    const { election, audit, chains, definition: own } = await verifyFolder(each, files, systemRandom)
    assert.is(election, vectors.election.id)
    for (const { text, tracker, fate } of vectors.receipts) {
      const receipt = readReceipt(own, text)
      assert.is(trackerOfReceipt(receipt), tracker)
      assert.is(fateOf(audit, chains, receipt), fate)
    }
  }
})

test('the folder with a byte changed is refused', async () => {
  for (const { file: name, at } of vectors.refused) {
    const bytes = (files.get(name) as Uint8Array).slice()
    bytes[at] = (bytes[at] as number) ^ 1
    const why = await verifyFolder(group, new Map([...files, [name, bytes]]), systemRandom).then(
      () => 'nothing',
      (error: unknown) => (error instanceof VotingError ? '' : String(error)),
    )
    assert.is(why, '', `${name} at ${at}`)
  }
})

test.run()
