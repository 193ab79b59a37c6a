// chaffinch election vote, and tally: what goes to a mix-net's Controller, and what comes from it. Neither believes it.

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Audit, MessagingClient, type Peer, remoteController, type Shelf } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { writeNew } from '../../roles/files/index.ts'
import { definitionIn, replaceBytes, rollIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  type Answer,
  answerIn,
  ballotsOf,
  type Chain,
  chainsOf,
  type Definition,
  electionId,
  encodeAnswer,
  makeFolder,
  openedBallot,
  type Question,
  readOpened,
  receiptFormat,
  sealAnswer,
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
/** Looks at the log before a ballot that was not taken is given up. */
const looks = 300

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
  const signer = told('', () => voterOf(election, typed))
  const roll = rollIn(folder)
  if (!roll.has(signer.id)) throw new CommandError('FAILED', 'the code is of no voter of this election')
  const answers = readAnswers(definition.questions, options.answer ?? [])
  encoded(definition.questions, answers)
  const { source, post } = remoteController({ url: urlIn(options), fetch })
  const shelf = memoryShelf()
  const client = new MessagingClient({
    mixnet: definition.mixnet,
    signer,
    controllerKey: fromHex(definition.controller_key),
    group: coreGroup(),
    random: systemRandom,
    shelf,
    source,
    post,
  })
  await client.audit.follow(source)
  const chains = chainsIn(client.audit, definition, roll)
  shelf.put('sequence', String(client.audit.board.sequenceOf(signer.id)))
  const sealed = chains.map((chain, i) => {
    if (ballotsOf(client.audit, chain)?.status !== 'OPEN')
      throw new CommandError('FAILED', `question ${i + 1}: takes no ballots now`)
    const [question, door] = [definition.questions[i] as Question, chain[0] as Peer]
    const about = { mixnet: definition.mixnet, voter: signer, door, question }
    return { door, ...sealAnswer(coreGroup(), about, answers[i] as Answer, systemRandom) }
  })
  if (options.ask === true && !(await isCast(sealed, ask))) {
    sealed.forEach((ballot, i) => {
      const file = join(options.receipts ?? '.', `opened-${i + 1}-${trackerOf(ballot.row)}.json`)
      writeNew(file, writeOpened(openedBallot(definition, i, ballot)))
      console.log(`question ${i + 1}: ballot ${trackerOf(ballot.row)} was not cast; ${file} opens it`)
    })
    console.error("look into it with another computer: 'chaffinch election challenge'; then vote")
    return
  }
  for (const { door, randomness, ...ballot } of sealed) {
    randomness.fill(0)
    client.sendBallot(door.peer_id, ballot)
  }
  for (let i = 0; client.receipts().length < sealed.length; i++) {
    if (i === looks || client.audit.isForked)
      throw new CommandError(
        'FAILED',
        `has ${client.receipts().length} of ${sealed.length} receipts: vote again`,
      )
    const before = client.audit.size
    await client.tick()
    if (client.audit.size === before) await delay(pause)
  }
  for (const [i, kept] of client.receipts().entries()) {
    const receipt = { format: receiptFormat, election, ...kept } as const
    const tracker = trackerOfReceipt(receipt)
    const file = join(options.receipts ?? '.', `receipt-${i + 1}-${tracker}.json`)
    writeNew(file, writeReceipt(receipt))
    if (options.json === true) console.log(JSON.stringify({ question: i + 1, tracker, file }))
    else console.log(`question ${i + 1}: ballot ${tracker} was taken; the receipt is ${file}`)
  }
}

/** Says which ballots were made, before anybody knows whether they are cast. */
async function isCast(sealed: readonly { readonly row: Uint8Array }[], ask: Ask): Promise<boolean> {
  sealed.forEach(({ row }, i) => {
    console.log(`question ${i + 1}: ballot ${trackerOf(row)} is made`)
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
  const opened = told(`${file}: `, () => readOpened(definition, textOf(file)))
  const question = definition.questions[opened.question - 1] as Question
  const door = chains[opened.question - 1]?.[0] as Peer
  const answer = answerIn(coreGroup(), definition, door, opened)
  const tracker = trackerOf(fromHex(opened.row))
  const isCastToo = audit.entries.some(({ payload }) => payload['data'] === opened.row)
  if (isCastToo) throw new CommandError('FAILED', `ballot ${tracker} was cast, though it was opened`)
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
      if (!(error instanceof VotingError)) throw error
      if (options.wait !== true) throw new CommandError('FAILED', error.message.replace(/^[A-Z_]+ /, ''))
    }
    await delay(pause)
  }
}

function urlIn({ controller }: { readonly controller?: string }): string {
  if (controller !== undefined) return controller.replace(/\/$/, '')
  throw new CommandError('USAGE', 'want --controller http://HOST:PORT/MIXNET', 'chaffinch election --help')
}

function told<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new CommandError('USAGE', `${what}${error.message.replace(/^[A-Z_]+ /, '')}`)
  }
}

function encoded(questions: readonly Question[], answers: readonly Answer[]): Uint8Array[] {
  return answers.map((answer, i) =>
    told(`question ${i + 1}: `, () => encodeAnswer(questions[i] as Question, answer)),
  )
}

function chainsIn(audit: Audit, definition: Definition, roll: ReadonlyMap<string, number>): Chain[] {
  try {
    return chainsOf(audit.board, definition, roll)
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new CommandError(
      'FAILED',
      `the mix-net has not this election: ${error.message.replace(/^[A-Z_]+ /, '')}`,
    )
  }
}

/** Keeps what a ballot needs until it is taken: a voter who is interrupted votes again. */
function memoryShelf(): Shelf {
  const texts = new Map<string, string>()
  return {
    get: name => texts.get(name),
    put: (name, text) => {
      texts.set(name, text)
    },
  }
}
