// chaffinch survey answer and receipt: a participant's answers go to the mix-net's Controller, and what became of them
// comes back. Its folder keeps what is needed to send a lost answer again, and to show who lost it.

import { setTimeout as delay } from 'node:timers/promises'
import { Audit, type PacketSender, remoteController } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { textOf } from '../../roles/mixnet/election-folder.ts'
import { FileShelf } from '../../roles/mixnet/folder.ts'
import { formIn, participantsIn } from '../../roles/mixnet/surveys.ts'
import { told } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  answerSender,
  encodeAnswers,
  keepParticipant,
  readCode,
  recipientOfSurvey,
  Survey,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { contentGiven } from '../terminal/input.ts'
import { readSurveyAnswers } from './answer-text.ts'

const hint = 'chaffinch survey answer --help'
/** Milliseconds between two looks at the log. */
const pause = 200
/** Milliseconds in which an answer is taken, or somebody does not answer. */
const patience = 60_000

export interface AnswerOptions {
  readonly controller?: string
  readonly code?: string
  readonly answer?: readonly string[]
  readonly keep?: string
  readonly wait?: boolean
  readonly json?: boolean
}

/** Sends a participant's answers, and keeps what shows that they were taken. */
export async function answer(folder: string, options: AnswerOptions): Promise<undefined> {
  const { keep } = options
  if (keep === undefined) throw new CommandError('USAGE', 'survey answer: want --keep DIR', hint)
  const form = formIn(folder)
  const answers = readSurveyAnswers(form.questions, options.answer ?? [])
  const bytes = told('USAGE', '', () => encodeAnswers(form, answers), hint)
  const code = options.code === undefined ? undefined : textOf(options.code)
  const typed = new TextDecoder().decode(await contentGiven('survey answer', code))
  const survey = new Survey(form, participantsIn(folder))
  told('USAGE', '', () => readCode(typed.trim()), hint)
  told('FAILED', '', () => keepParticipant(survey, typed, new FileShelf(keep)))
  const taking = await opened(folder, keep, options)
  taking.sender.send(recipientOfSurvey(form), bytes)
  return await follow(taking, options)
}

export interface ReceiptOptions {
  readonly controller?: string
  readonly wait?: boolean
  readonly json?: boolean
}

/** Says what became of answers, sends them again where they were lost, and shows who lost them. */
export async function receipt(keep: string, folder: string, options: ReceiptOptions): Promise<undefined> {
  return await follow(await opened(folder, keep, options), options)
}

interface TakingPart {
  readonly sender: PacketSender
  readonly keep: string
}

async function opened(
  folder: string,
  keep: string,
  { controller }: { readonly controller?: string },
): Promise<TakingPart> {
  if (controller === undefined)
    throw new CommandError('USAGE', 'want --controller http://HOST:PORT/MIXNET', 'chaffinch survey --help')
  const form = formIn(folder)
  const survey = new Survey(form, participantsIn(folder))
  const { source, post } = remoteController({ url: controller.replace(/\/$/, ''), fetch })
  const group = coreGroup()
  const audit = new Audit(form.mixnet, fromHex(form.controller_key), group, systemRandom)
  await audit.follow(source)
  const shelf = new FileShelf(keep)
  const parts = { survey, audit, group, random: systemRandom, shelf, source, post }
  return { sender: told('CONFIG', `${keep}: `, () => answerSender(parts)), keep }
}

/** Acts until an answer is taken, and with --wait until it is over; says how far it is. */
async function follow(
  { sender, keep }: TakingPart,
  { wait, json }: { readonly wait?: boolean; readonly json?: boolean },
): Promise<undefined> {
  const last = sender.count - 1
  const end = Date.now() + patience
  let quiet = 0
  for (;;) {
    const isBusy = await sender.tick()
    quiet = isBusy ? 0 : quiet + 1
    if (sender.audit.isForked) throw new CommandError('FAILED', 'the Controller was found lying')
    const state = sender.progress(last)
    const isOver = wait === true ? state === 'delivered' || state === 'replaced' : state !== 'queued'
    // Whatever was lost has been shown by now
    if (isOver && quiet >= 2) break
    if (wait !== true && Date.now() > end)
      throw new CommandError(
        'FAILED',
        `the answer was not taken yet: chaffinch survey receipt ${keep} goes on`,
      )
    if (!isBusy) await delay(pause)
  }
  const state = sender.progress(last)
  const findings = sender.audit.findings.map(({ who, what }) => ({ who, what }))
  if (json === true) console.log(JSON.stringify({ state, receipts: sender.receipts(last), findings }))
  else {
    console.log(`the answer is ${state}; what shows that is in ${keep}`)
    for (const { who, what } of findings) console.log(`  ${who} ${what}`)
  }
}
