// chaffinch survey collect and results: what the holder of a survey's key does.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Audit, remoteController, sealingSecret } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { readKey } from '../../roles/files/index.ts'
import { replaceBytes, textOf } from '../../roles/mixnet/election-folder.ts'
import { FileShelf, keyName } from '../../roles/mixnet/folder.ts'
import { formIn, participantsIn } from '../../roles/mixnet/surveys.ts'
import { told } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  answerRecipient,
  type Collected,
  readCollected,
  resultsJson,
  rowsOf,
  Survey,
  type SurveyForm,
  type SurveyResults,
  surveyAnswersOf,
  surveyId,
  surveyPage,
  surveyResultsOf,
  surveyTable,
  writeCollected,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { quotedHere } from '../ask/quoted.ts'

const pause = 200

export interface CollectOptions {
  readonly controller?: string
  readonly key?: string
  readonly wait?: boolean
  readonly json?: boolean
}

const answersFile = (key: string, survey: string): string => join(key, `answers-${survey}.jsonl`)

/** Takes the answers that came out, says on the board that they are there, and keeps them beside the key. */
export async function collect(folder: string, options: CollectOptions): Promise<undefined> {
  const { controller, key } = options
  if (controller === undefined || key === undefined)
    throw new CommandError(
      'USAGE',
      'survey collect: want --controller http://HOST:PORT/MIXNET and --key DIR',
      'chaffinch survey collect --help',
    )
  const form = formIn(folder)
  const seed = readKey(join(key, keyName))
  const survey = new Survey(form, participantsIn(folder))
  const group = coreGroup()
  const { source, post } = remoteController({ url: controller.replace(/\/$/, ''), fetch })
  const audit = new Audit(form.mixnet, fromHex(form.controller_key), group, systemRandom)
  const secret = sealingSecret(group, seed)
  let taken: Collected | undefined
  const shelf = new FileShelf(join(key, 'shelf'))
  const parts = { survey, audit, group, random: systemRandom, shelf, source, post }
  const recipient = told('CONFIG', `${key}: `, () => answerRecipient(parts, seed, async () => keep()))
  let keptAt = -1
  const keep = (): boolean => {
    if (keptAt === audit.size) return taken !== undefined
    keptAt = audit.size
    taken = surveyAnswersOf(group, audit, survey, secret)
    if (taken === undefined) return false
    replaceBytes(answersFile(key, survey.id), new TextEncoder().encode(writeCollected(taken)))
    return true
  }
  for (;;) {
    const isBusy = await recipient.tick(Date.now())
    if (audit.isForked) throw new CommandError('FAILED', `the Controller ${audit.findings[0]?.what}`)
    const isIdle = !isBusy && recipient.isIdle
    if (isIdle && keep()) break
    if (isIdle && options.wait !== true)
      throw new CommandError('FAILED', 'the survey is not over: nothing has come out yet')
    if (!isBusy) await delay(pause)
  }
  const participants = taken?.length ?? 0
  if (options.json === true) console.log(JSON.stringify({ survey: survey.id, participants }))
  else console.log(`${participants} answers: chaffinch survey results ${folder} --key ${key}`)
}

export interface ResultsOptions {
  readonly key?: string
  readonly by?: string
  readonly json?: boolean
  readonly csv?: boolean
  readonly html?: boolean
}

/** Counts the answers and prints; nothing of fewer than the form's least number. */
export function results(folder: string, options: ResultsOptions): undefined {
  const { key, by, json, csv, html } = options
  if (key === undefined)
    throw new CommandError('USAGE', 'survey results: want --key DIR', 'chaffinch survey results --help')
  const form = formIn(folder)
  const found = resultsIn(form, participantsIn(folder).size, answersFile(key, surveyId(form)), by)
  if (json === true) process.stdout.write(resultsJson(found))
  else if (html === true) process.stdout.write(surveyPage(form, found))
  else if (csv === true) process.stdout.write(surveyTable(form, found))
  else print(form, found)
}

function resultsIn(form: SurveyForm, invited: number, file: string, by: string | undefined): SurveyResults {
  const at = by === undefined ? undefined : wholeNumber('by', by, 1, form.questions.length) - 1
  const answers = told('CONFIG', `${file}: `, () => readCollected(form, textOf(file)))
  return told('USAGE', `--by ${by}: `, () => surveyResultsOf(form, invited, answers, at))
}

function print(form: SurveyForm, { invited, participants, invalid, figures, groups }: SurveyResults): void {
  console.log(form.title)
  console.log(
    `${participants} of ${invited} answered${invalid > 0 ? `, ${invalid} with what is no answer` : ''}`,
  )
  if (figures === undefined) {
    console.log(`fewer than ${form.participants_least}: nothing is shown`)
    return
  }
  for (const { option, figures: those } of [{ option: undefined, figures }, ...groups]) {
    if (option !== undefined)
      console.log(
        `\n${option === '' ? 'no answer' : option}: ${those === undefined ? 'too few' : `${those.participants} answers`}`,
      )
    if (those === undefined) continue
    form.questions.forEach((question, i) => {
      console.log(`\n${i + 1}. ${question.text}`)
      for (const [item, figure] of rowsOf(question, those.questions[i]))
        console.log(
          item === 'text' && question.kind === 'text' ? quotedHere(String(figure)) : `   ${item}: ${figure}`,
        )
    })
  }
}
