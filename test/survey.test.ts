// Surveys (docs/spec/surveys.md): thirty participants on a virtual clock, each once; what nobody may learn of too few;
// and answers byte for byte (docs/threats.md 3.74 and 3.75).
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sealingKey, sealingSecret } from '../cascade/packets/contents.ts'
import { type SignedRequest, signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { group } from '../simulator/cascade-world.ts'
import { PacketWorld, type PacketWorldOptions, packetMixnet } from '../simulator/packet-world.ts'
import { drawCode } from '../voting/credential.ts'
import { VotingError } from '../voting/error.ts'
import { decodeAnswers, encodeAnswers, type SurveyAnswer } from '../voting/survey/answers.ts'
import { readCollected, writeCollected } from '../voting/survey/collected.ts'
import { parseForm, readForm, type SurveyForm, surveyId, writeForm } from '../voting/survey/form.ts'
import { decimal, resultsOf, resultsTable } from '../voting/survey/results.ts'
import { answersOf, participantSeed, recipientOfSurvey, Survey } from '../voting/survey/survey.ts'
import { below, seededRandom } from '../world/random.ts'

const questions = [
  { kind: 'choose', text: 'Where?', options: ['North', 'South', 'East'], blank: true, min: 1, max: 1 },
  { kind: 'choose', text: 'What?', options: ['Car', 'Bus', 'Bike'], blank: false, min: 0, max: 3 },
  { kind: 'score', text: 'How well?', options: ['Seats', 'Noise'], blank: false, most: 10 },
  { kind: 'grade', text: 'And?', options: ['Price'], grades: ['good', 'fair', 'bad'], blank: true },
  { kind: 'rank', text: 'First?', options: ['A', 'B', 'C'], blank: false, min: 1, ties: true },
  { kind: 'text', text: 'Else?', blank: true, most_bytes: 60 },
  { kind: 'number', text: 'How far?', blank: false, least: -1000, most: 1_000_000, decimals: 2, unit: 'km' },
]

const usual = {
  format: 'chaffinch-survey-1',
  title: 'On the road',
  mixnet: packetMixnet,
  controller_key: 'ab'.repeat(32),
  mixers: ['11'.repeat(32), '22'.repeat(32)],
  mixers_least: 1,
  recipient: '33'.repeat(32),
  recipient_key: '44'.repeat(32),
  participants_least: 5,
  settle_ms: 30,
  questions,
}
const form = readForm(usual)

const choose = (...chosen: number[]): SurveyAnswer => ({ is: 'choose', chosen, written: [] })
const blank: SurveyAnswer = { is: 'blank' }
const answersWith = (where: SurveyAnswer, value = 0, text: SurveyAnswer = blank): SurveyAnswer[] => [
  where,
  choose(0),
  { is: 'score', scores: [3, 4] },
  { is: 'grade', grades: [1] },
  { is: 'rank', ranks: [1, 2, 0] },
  text,
  { is: 'number', value },
]

test('a form has one text, and says what is wrong with another', () => {
  assert.equal(parseForm(writeForm(form)), form)
  assert.is(surveyId(parseForm(writeForm(form))), surveyId(form))
  const wrong = (change: object): string => {
    try {
      readForm({ ...usual, ...change })
      return 'nothing'
    } catch (error) {
      assert.ok(error instanceof VotingError)
      return (error as Error).message
    }
  }
  assert.match(wrong({ surprise: 1 }), /surprise: is not known/)
  assert.match(wrong({ participants_least: 1 }), /participants_least/)
  assert.match(wrong({ mixers_least: 3 }), /mixers_least/)
  assert.match(wrong({ questions: [{ ...questions[0], seats: 1 }] }), /question 1: seats: is not known/)
  assert.match(wrong({ questions: [{ ...questions[5], most_bytes: 0 }] }), /most_bytes/)
  assert.match(wrong({ questions: [{ ...questions[6], least: 2, most: 1 }] }), /least/)
  const many = Array.from({ length: 10 }, (_, i) => ({ ...questions[5], text: `${i}`, most_bytes: 10_000 }))
  assert.match(wrong({ questions: many }), /more than 65536 bytes/)
  assert.throws(() => parseForm(` ${writeForm(form)}`), /canonically/)
})

test('all answers have one length and one encoding', () => {
  const said: readonly SurveyAnswer[][] = [
    answersWith(choose(2), -1000, { is: 'text', text: 'Zoë says\nno' }),
    answersWith(blank, 1_000_000),
  ]
  const encoded = said.map(each => encodeAnswers(form, each))
  assert.is(new Set(encoded.map(({ length }) => length)).size, 1)
  for (const [i, bytes] of encoded.entries()) {
    assert.equal(decodeAnswers(form, bytes), said[i])
    for (let at = 0; at < bytes.length; at++) {
      const other = bytes.slice()
      other[at] = (other[at] as number) ^ 1
      const read = decodeAnswers(form, other)
      if (read !== undefined) assert.equal(encodeAnswers(form, read), other)
    }
  }
  const length = encoded[0]?.length ?? 0
  fc.assert(
    fc.property(fc.uint8Array({ minLength: length, maxLength: length }), bytes => {
      const read = decodeAnswers(form, bytes)
      assert.ok(read === undefined || hex(encodeAnswers(form, read)) === hex(bytes))
    }),
    { numRuns: 300 },
  )
  const refused = (at: number, answer: SurveyAnswer): void => {
    const wrong = answersWith(blank)
    wrong[at] = answer
    assert.throws(() => encodeAnswers(form, wrong), new RegExp(`BAD_ANSWER question ${at + 1}:`))
  }
  refused(0, choose(0, 1))
  refused(1, blank)
  refused(5, { is: 'text', text: 'x'.repeat(61) })
  refused(5, { is: 'text', text: 'a\u202eb' })
  refused(6, { is: 'number', value: 1_000_001 })
  refused(6, { is: 'number', value: 0.5 })
  refused(6, { is: 'text', text: '5' })
})

test('answers that were collected are read again as they were, in no order that says anything', () => {
  const all = [
    answersWith(choose(1), 7),
    undefined,
    answersWith(blank, -3, { is: 'text', text: 'more\nbuses' }),
  ]
  const written = writeCollected(all)
  assert.is(writeCollected([...all].reverse()), written)
  const read = readCollected(form, written)
  assert.is(writeCollected(read), written)
  assert.is(read.filter(each => each === undefined).length, 1)
  for (const [damage, where] of [
    [written.slice(0, -3), 'line 3'],
    [`{}\n${written}`, 'line 1'],
    [written.replace('"chosen":[1]', '"chosen":[9]'), 'line'],
    [`[]\n`, 'line 1'],
  ] as const)
    assert.throws(
      () => readCollected(form, damage),
      (error: unknown) =>
        error instanceof VotingError && error.code === 'BAD_FOLDER' && error.detail.startsWith(where),
      damage,
    )
})

test('figures are what was said; of too few nothing is', () => {
  const few = Array.from({ length: 4 }, () => answersWith(choose(0)))
  const shown = resultsOf(form, 40, few, 0)
  assert.equal([shown.participants, shown.figures, shown.groups], [4, undefined, []])
  assert.not(/North/.test(JSON.stringify(shown)))
  const enough = [...few, answersWith(choose(1), 1001, { is: 'text', text: '=1+1' })]
  const all = resultsOf(form, 40, [...enough, undefined])
  assert.equal([all.participants, all.invalid, all.figures?.participants], [6, 1, 5])
  const [where, , score, grade, rank, text, number] = all.figures?.questions ?? []
  assert.equal(where?.options, [4, 1, 0])
  assert.equal(score?.options, [15, 20])
  assert.equal(grade?.grades, [[0, 5, 0]])
  assert.equal(rank?.options, [20, 10, 0])
  assert.is(text, undefined, 'one alone has written something')
  assert.equal([number?.sum, number?.mean, number?.median], ['10.01', '2.002', '0.00'])
  assert.match(resultsTable(form, all), /\r\n,Else\?,text,answered,too few\r\n/)
  assert.is(decimal(-5n, 2), '-0.05')
})

test('groups of too few are not shown, nor what would follow from the rest', () => {
  const by = (...sizes: number[]) =>
    resultsOf(
      form,
      99,
      sizes.flatMap((size, i) => Array.from({ length: size }, () => answersWith(choose(i)))),
      0,
    ).groups.map(({ option, figures }) => [option, figures?.participants])
  assert.equal(by(6, 7, 8), [
    ['North', 6],
    ['South', 7],
    ['East', 8],
  ])
  assert.equal(by(2, 3, 8), [
    ['North', undefined],
    ['South', undefined],
    ['East', 8],
  ])
  assert.equal(
    by(6, 7, 2),
    [
      ['North', undefined],
      ['South', 7],
      ['East', undefined],
    ],
    'all less the rest is two',
  )
  const withNone = [...Array.from({ length: 6 }, () => answersWith(choose(0))), answersWith(blank)]
  assert.equal(
    resultsOf(form, 99, withNone, 0).groups.map(({ figures }) => figures),
    [undefined, undefined, undefined, undefined],
  )
  assert.throws(() => resultsOf(form, 99, withNone, 1), /makes no groups/)
  assert.throws(() => resultsOf(form, 99, withNone, 6), /makes no groups/)
})

/** A survey whose mixers and participants are there. */
async function held(
  participants: number,
  change: Partial<SurveyForm> = {},
  options: Partial<PacketWorldOptions> = {},
): Promise<{ readonly world: PacketWorld; readonly survey: Survey; readonly seeds: readonly Uint8Array[] }> {
  const seed = 900 + participants
  // The same seed gives the same keys
  const before = await PacketWorld.of({ seed })
  const { id, sealing_key } = before.recipient()
  const about = readForm({
    ...usual,
    controller_key: hex(before.controller.keyData),
    mixers: before.signers.map(signer => signer.id),
    recipient: id,
    recipient_key: sealing_key,
    ...change,
  })
  const random = seededRandom(seed + 1)
  const seeds = Array.from({ length: participants }, () => participantSeed(surveyId(about), drawCode(random)))
  const survey = new Survey(about, new Map(seeds.map(each => [signerOf(each).id, 1])))
  const world = await PacketWorld.of({ seed, form: survey.chains.form, replaces: true, ...options })
  await world.run(40)
  return { world, survey, seeds }
}

const textOfMany = (
  answers: readonly (readonly SurveyAnswer[] | undefined)[] | undefined,
): string[] | undefined => answers?.map(each => JSON.stringify(each)).sort()

test('thirty answer; one twice, one is copied, a mixer drops one: all count once, and the mixer is named', async () => {
  const { world, survey, seeds } = await held(31)
  const to = recipientOfSurvey(survey.form)
  const random = seededRandom(5)
  const said = seeds.slice(0, 30).map(() => answersWith(choose(below(random, 3)), below(random, 100_000)))
  for (const [i, seed] of seeds.slice(0, 30).entries())
    world.addSender(seed).send(to, encodeAnswers(survey.form, said[i] as SurveyAnswer[]))
  await world.run(6)
  assert.ok(world.senders.every(sender => sender.progress(0) === 'accepted'))
  // The first thinks again: from another computer, with the same code
  const thought = answersWith(choose(1), 77)
  world.shelves.delete('sender 30')
  const again = world.addSender(seeds[0])
  const first = signerOf(seeds[0] as Uint8Array)
  world.shelves.get('sender 30')?.put('sequence', String(world.controller.board.sequenceOf(first.id)))
  again.send(to, encodeAnswers(survey.form, thought))
  // And the one who has not answered says what somebody else has said
  const { entries } = await world.controller.log(0)
  const { payload } = entries.find(entry => entry.payload.resource === 'message') as SignedRequest
  const last = seeds[30] as Uint8Array
  const key_data = hex(signerOf(last).keyData)
  await world.say(signerOf(last), {
    resource: 'peer',
    operation: 'create',
    name: 'p',
    peer_type: 'CLIENT',
    key_data,
  })
  const { peer_id, cycle_id, box, data, proof } = payload
  const fields = { resource: 'message', operation: 'create', peer_id, cycle_id, box, data, proof } as never
  const copied = await world.say(signerOf(last), fields)
  assert.ok(copied.is === 'refused' && copied.code === 'BAD_SIGNATURE')
  await world.run(6)
  assert.is(world.senders[0]?.progress(0), 'replaced')
  assert.is(again.progress(0), 'accepted')
  assert.is(world.controller.board.cycle(peer_id as string, 1).messages.length, 30, 'each once')

  world.closeAt = 0
  let lied = false
  for (let i = 0; i < 12; i++) {
    await world.run(2, member => member !== 1 || lied)
    if (!lied) lied = (await world.lie(1, rows => rows.slice(1)))?.is === 'accepted'
  }
  await world.run(40)
  assert.ok(lied)
  const [finding] = world.members[0]?.audit.findings ?? []
  assert.is(finding?.who, world.signers[1]?.id)
  const secret = sealingSecret(group, world.recipientSeeds[0] as Uint8Array)
  assert.is(hex(sealingKey(group, world.recipientSeeds[0] as Uint8Array)), survey.form.recipient_key)
  const own = new Survey(survey.form, survey.roll)
  const answers = answersOf(group, world.recipients[0]?.audit as never, own, secret)
  assert.equal(textOfMany(answers), textOfMany([...said.slice(1), thought]))
  for (const sender of world.senders.slice(1)) assert.is(sender.progress(0), 'delivered')
  const found = resultsOf(survey.form, survey.roll.size, answers ?? [])
  assert.equal([found.invited, found.participants, found.invalid], [31, 30, 0])
})

test('whoever is no participant is refused; a survey of too few is never mixed', async () => {
  const { world, survey, seeds } = await held(6)
  const to = recipientOfSurvey(survey.form)
  const stranger = world.addSender()
  stranger.send(to, encodeAnswers(survey.form, answersWith(choose(0))))
  for (const seed of seeds.slice(0, 4))
    world.addSender(seed).send(to, encodeAnswers(survey.form, answersWith(blank)))
  await world.run(6)
  assert.is(stranger.progress(0), 'queued')
  world.closeAt = 0
  await world.run(25)
  const secret = sealingSecret(group, world.recipientSeeds[0] as Uint8Array)
  const read = () => answersOf(group, world.recipients[0]?.audit as never, survey, secret)
  assert.is(read(), undefined)
  assert.ok(
    [...world.controller.board.cycles.values()].flat().every(({ status }) => /OPEN|ABORTED/.test(status)),
  )
  world.addSender(seeds[4]).send(to, encodeAnswers(survey.form, answersWith(choose(2))))
  await world.run(30)
  assert.is(read()?.length, 5, 'control: one more')
})

test.run()
