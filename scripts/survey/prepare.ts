// chaffinch survey init, credentials and close: what there is before anybody answers, and when it is over.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { keyId, type Plan, sealingKey, signerOf } from '../../cascade/index.ts'
import { base64 } from '../../encoding/base64.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { csvText } from '../../encoding/csv.ts'
import { readKey, writeKey, writeNew } from '../../roles/files/index.ts'
import { bytesOf, textOf } from '../../roles/mixnet/election-folder.ts'
import { keyName, planName, readPlanFile } from '../../roles/mixnet/folder.ts'
import { formIn, participantsIn, surveyFiles } from '../../roles/mixnet/surveys.ts'
import { told } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  answerBytes,
  drawCode,
  formFormat,
  participantOf,
  readForm,
  surveyId,
  writeForm,
  writeRoll,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { type CloseOptions, closeBy } from '../election/close.ts'
import { readVoters } from '../election/voters-csv.ts'

export interface InitOptions {
  readonly from?: string
  readonly plan?: string
  readonly key?: string
  readonly json?: boolean
}

const usualSettleMs = 60_000

/** Checks what a survey is to be, and begins the folder that mixers and participants get. */
export function init(folder: string, options: InitOptions): undefined {
  const { from, key, plan = planName } = options
  if (from === undefined || key === undefined)
    throw new CommandError(
      'USAGE',
      'survey init: want --from FILE, --plan FILE and --key DIR',
      'chaffinch survey init --help',
    )
  const written = questionsIn(from)
  const file = readPlanFile(plan)
  // Looked at before a key is made
  told('CONFIG', `${from}: `, () => readForm(formOf(written, file, '00'.repeat(32), '00'.repeat(32))))
  const seed = existsSync(join(key, keyName))
    ? readKey(join(key, keyName))
    : writeKey(join(key, keyName), 'survey key', secret => signerOf(secret).keyData)
  const sealing = hex(sealingKey(coreGroup(), seed))
  const form = told('CONFIG', `${from}: `, () => readForm(formOf(written, file, signerOf(seed).id, sealing)))
  writeNew(join(folder, surveyFiles.form), writeForm(form))
  const survey = surveyId(form)
  if (options.json === true)
    console.log(JSON.stringify({ survey, questions: form.questions.length, bytes: answerBytes(form) }))
  else {
    console.error(`wrote ${join(folder, surveyFiles.form)}; ${key} opens the answers, and nothing else does`)
    console.log(survey)
  }
}

function formOf(written: object, plan: Plan, recipient: string, recipient_key: string): object {
  const mixers = plan.mixers.map(({ key_data }) => keyId(fromHex(key_data)))
  return {
    format: formFormat,
    mixnet: plan.mixnet,
    controller_key: plan.controller_key,
    mixers,
    mixers_least: Math.min(2, mixers.length),
    settle_ms: usualSettleMs,
    ...written,
    recipient,
    recipient_key,
  }
}

function questionsIn(file: string): object {
  const text = textOf(file)
  try {
    return file.endsWith('.json') ? (JSON.parse(text) as object) : parse(text)
  } catch (error) {
    if (error instanceof TomlError)
      throw new CommandError('CONFIG', `${file}: line ${error.line}: ${error.message.split('\n')[0]}`)
    if (error instanceof SyntaxError) throw new CommandError('CONFIG', `${file}: ${error.message}`)
    throw error
  }
}

export interface CredentialOptions {
  readonly participants?: string
  readonly count?: string
  readonly page?: string
  readonly codes?: string
  readonly json?: boolean
}

const participantsAtMost = 1_000_000

/** Draws a code for every participant: the codes into a file of whoever hands them out, the roll into the folder. */
export function credentials(folder: string, options: CredentialOptions): undefined {
  const { participants: file, count, codes } = options
  if ((file === undefined) === (count === undefined) || codes === undefined)
    throw new CommandError(
      'USAGE',
      'survey credentials: want --codes FILE, and --participants FILE or --count N',
      'chaffinch survey credentials --help',
    )
  const names =
    file === undefined
      ? Array.from(
          { length: wholeNumber('count', count as string, 1, participantsAtMost) },
          (_, i) => `${i + 1}`,
        )
      : told('CONFIG', `${file}: `, () => readVoters(bytesOf(file))).map(({ name, mail }) =>
          mail === '' ? name : mail,
        )
  const survey = surveyId(formIn(folder))
  const drawn = names.map(name => ({ name, code: drawCode(systemRandom) }))
  const roll = new Map(drawn.map(({ code }) => [participantOf(survey, code).id, 1]))
  const { page } = options
  const linkOf = (code: string): string[] => (page === undefined ? [] : [`${page}#answer/${survey}/${code}`])
  const head = ['participant', 'code', ...(page === undefined ? [] : ['link'])]
  const rows = [head, ...drawn.map(({ name, code }) => [name, code, ...linkOf(code)])]
  writeNew(codes, csvText(rows), 0o600)
  writeFileSync(join(folder, surveyFiles.roll), writeRoll(roll), { flag: 'wx' })
  if (options.json === true) console.log(JSON.stringify({ participants: names.length }))
  else {
    console.log(`${names.length} participants`)
    console.error(`wrote ${codes}: hand each participant theirs, then destroy it`)
  }
}

export interface PublishOptions {
  readonly controller?: string
  readonly json?: boolean
}

/** Hands a survey's two public files to the Controller, which gives them to everybody with its page. */
export async function publish(folder: string, options: PublishOptions): Promise<undefined> {
  if (options.controller === undefined)
    throw new CommandError(
      'USAGE',
      'survey publish: want --controller http://HOST:PORT/MIXNET',
      'chaffinch survey publish --help',
    )
  const base = options.controller.replace(/\/$/, '')
  const form = formIn(folder)
  const survey = surveyId(form)
  const body = JSON.stringify({
    form: writeForm(form),
    participants: base64(writeRoll(participantsIn(folder))),
  })
  const headers = { 'content-type': 'application/json' }
  const url = `${base}/surveys/${survey}`
  const answer = await fetch(url, { method: 'PUT', headers, body }).catch(() => undefined)
  if (answer === undefined) throw new CommandError('FAILED', `${base}: does not answer`)
  if (!answer.ok) {
    const { detail = '' } = (await answer.json().catch(() => ({}))) as { readonly detail?: string }
    throw new CommandError('FAILED', `${base}: ${answer.status} ${detail}`)
  }
  const page = `${base}/survey/#answer/${survey}`
  if (options.json === true) console.log(JSON.stringify({ survey, page }))
  else console.log(page)
}

/** Says for a mixer that a survey is to be closed. */
export function close(folder: string, options: CloseOptions): undefined {
  return closeBy('survey close', () => surveyId(formIn(folder)), options)
}
