// chaffinch election vote, and tally: what goes to a mix-net's Controller, and what comes from it. Neither believes it.

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Audit, type Peer, remoteController } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { writeNew } from '../../roles/files/index.ts'
import { definitionIn, replaceBytes, rollIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { told, toldOf } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  type Answer,
  answerIn,
  Booth,
  type Chain,
  chainsOf,
  type Definition,
  electionId,
  encodeAnswer,
  isCastToo,
  makeFolder,
  type Question,
  readOpened,
  trackerOf,
  trackerOfReceipt,
  VotingError,
  voterOf,
  writeOpened,
  writeReceipt,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { contentGiven } from '../terminal/input.ts'
import { readAnswers, writeAnswer } from './answer-text.ts'

/** Milliseconds between two looks at the log. */
const pause = 200

export interface VoteOptions {
  readonly controller?: string
  readonly code?: string
  readonly answer?: readonly string[]
  readonly receipts?: string
  readonly ask?: boolean
  readonly json?: boolean
}

/** Asks a person; gives what was typed. */
export type Ask = (question: string) => Promise<string>

/** Casts a ballot for every question, and keeps the receipts; asks at the terminal where that is wanted. */
export async function vote(folder: string, options: VoteOptions): Promise<undefined> {
  return await castOrOpen(folder, options, askTerminal)
}

/** Casts a ballot for every question, and keeps the receipts; or opens the ballots, when that is answered. */
export async function castOrOpen(folder: string, options: VoteOptions, ask: Ask): Promise<undefined> {
  if (options.ask === true && options.code === undefined)
    throw new CommandError('USAGE', '--ask: want --code FILE: what is typed is the answer to the question')
  const definition = definitionIn(folder)
  const election = electionId(definition)
  const code = options.code === undefined ? undefined : textOf(options.code)
  const typed = new TextDecoder().decode(await contentGiven('election vote', code))
  const signer = told('USAGE', '', () => voterOf(election, typed))
  const roll = rollIn(folder)
  const answers = readAnswers(definition.questions, options.answer ?? [])
  encoded(definition.questions, answers)
  const group = coreGroup()
  const { source, post } = remoteController({ url: urlIn(options), fetch })
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), group, systemRandom)
  if (!roll.has(signer.id)) throw new CommandError('FAILED', 'the code is of no voter of this election')
  await audit.follow(source)
  chainsIn(audit, definition, roll)
  const parts = { definition, roll, code: typed, group, random: systemRandom, audit, source, post }
  const booth = new Booth(parts)
  const trackers = told('FAILED', '', () => booth.make(answers))
  if (options.ask === true && !(await isCast(trackers, ask))) {
    booth.open().forEach((opened, i) => {
      const file = join(options.receipts ?? '.', `opened-${i + 1}-${trackers[i]}.json`)
      writeNew(file, writeOpened(opened))
      console.log(`question ${i + 1}: ballot ${trackers[i]} was not cast; ${file} opens it`)
    })
    console.error("look into it with another computer: 'chaffinch election challenge'; then vote")
    return
  }
  const receipts = await booth
    .send(() => delay(pause))
    .catch((error: unknown) =>
      told('FAILED', '', () => {
        throw error
      }),
    )
  for (const [i, receipt] of receipts.entries()) {
    const tracker = trackerOfReceipt(receipt)
    const file = join(options.receipts ?? '.', `receipt-${i + 1}-${tracker}.json`)
    writeNew(file, writeReceipt(receipt))
    if (options.json === true) console.log(JSON.stringify({ question: i + 1, tracker, file }))
    else console.log(`question ${i + 1}: ballot ${tracker} was taken; the receipt is ${file}`)
  }
}

/** Says which ballots were made, before anybody knows whether they are cast. */
async function isCast(trackers: readonly string[], ask: Ask): Promise<boolean> {
  trackers.forEach((tracker, i) => {
    console.log(`question ${i + 1}: ballot ${tracker} is made`)
  })
  for (;;) {
    const said = (await ask('write the trackers down; cast or open? ')).trim().toLowerCase()
    if (said === 'cast') return true
    if (said === 'open' || said === '') return false
  }
}

async function askTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await Promise.race([
      terminal.question(question),
      // The end of the input is no will to cast
      new Promise<string>(resolve => terminal.once('close', () => resolve(''))),
    ])
  } finally {
    terminal.close()
  }
}

export interface ChallengeOptions {
  readonly controller?: string
  readonly json?: boolean
}

/** Looks into a ballot that was opened instead of cast. */
export async function challenge(file: string, folder: string, options: ChallengeOptions): Promise<undefined> {
  const definition = definitionIn(folder)
  const { source } = remoteController({ url: urlIn(options), fetch })
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), coreGroup(), systemRandom)
  await audit.follow(source)
  const chains = chainsIn(audit, definition, rollIn(folder))
  const opened = told('USAGE', `${file}: `, () => readOpened(definition, textOf(file)))
  const question = definition.questions[opened.question - 1] as Question
  const door = chains[opened.question - 1]?.[0] as Peer
  const answer = answerIn(coreGroup(), definition, door, opened)
  const tracker = trackerOf(fromHex(opened.row))
  if (isCastToo(audit, opened))
    throw new CommandError('FAILED', `ballot ${tracker} was cast, though it was opened`)
  if (answer === undefined)
    throw new CommandError('FAILED', `ballot ${tracker} does not hold what its program says`)
  const said = writeAnswer(question, answer)
  if (options.json === true) console.log(JSON.stringify({ question: opened.question, tracker, answer: said }))
  else
    console.log(
      `question ${opened.question}: ballot ${tracker} holds ${said === '' ? 'no answer (blank)' : said}`,
    )
}

export interface TallyOptions {
  readonly controller?: string
  readonly wait?: boolean
  readonly json?: boolean
}

/** Follows an election to its end, and writes its public folder. */
export async function tally(folder: string, options: TallyOptions): Promise<undefined> {
  const definition = definitionIn(folder)
  const roll = rollIn(folder)
  const group = coreGroup()
  const { source } = remoteController({ url: urlIn(options), fetch })
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), group, systemRandom)
  for (;;) {
    await audit.follow(source)
    const [lie] = audit.isForked ? audit.findings : []
    if (lie !== undefined) throw new CommandError('FAILED', `the Controller ${lie.what}`)
    try {
      const { files, result } = await makeFolder(group, audit, source.blob, definition, roll)
      for (const [name, bytes] of files) {
        const path = join(folder, name)
        mkdirSync(dirname(path), { recursive: true })
        replaceBytes(path, bytes)
      }
      if (options.json === true) console.log(JSON.stringify(result))
      else console.log(`wrote ${files.size} files into ${folder}: chaffinch election verify ${folder}`)
      return
    } catch (error) {
      if (options.wait !== true || !(error instanceof VotingError)) throw toldOf('FAILED', '', error)
    }
    await delay(pause)
  }
}

/** Gives the address of the Controller. @throws CommandError USAGE */
export function urlIn({ controller }: { readonly controller?: string }): string {
  if (controller !== undefined) return controller.replace(/\/$/, '')
  throw new CommandError('USAGE', 'want --controller http://HOST:PORT/MIXNET', 'chaffinch election --help')
}

function encoded(questions: readonly Question[], answers: readonly Answer[]): Uint8Array[] {
  return answers.map((answer, i) =>
    told('USAGE', `question ${i + 1}: `, () => encodeAnswer(questions[i] as Question, answer)),
  )
}

function chainsIn(audit: Audit, definition: Definition, roll: ReadonlyMap<string, number>): Chain[] {
  return told('FAILED', 'the mix-net has not this election: ', () => chainsOf(audit.board, definition, roll))
}
