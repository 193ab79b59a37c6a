// chaffinch election vote, and tally: what goes to a mix-net's Controller, and what comes from it. Neither believes it.

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Audit, MessagingClient, remoteController, type Shelf } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { writeNew } from '../../roles/files/index.ts'
import { definitionIn, replaceBytes, rollIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  type Answer,
  ballotsOf,
  type Chain,
  chainsOf,
  type Definition,
  electionId,
  encodeAnswer,
  makeFolder,
  type Question,
  receiptFormat,
  trackerOfReceipt,
  VotingError,
  voterOf,
  writeReceipt,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { contentGiven } from '../terminal/input.ts'
import { readAnswers } from './answer-text.ts'

/** Milliseconds between two looks at the log. */
const pause = 200
/** Looks at the log before a ballot that was not taken is given up. */
const looks = 300

export interface VoteOptions {
  readonly controller?: string
  readonly code?: string
  readonly answer?: readonly string[]
  readonly receipts?: string
  readonly json?: boolean
}

/** Casts a ballot for every question, and keeps the receipts. */
export async function vote(folder: string, options: VoteOptions): Promise<undefined> {
  const definition = definitionIn(folder)
  const election = electionId(definition)
  const code = options.code === undefined ? undefined : textOf(options.code)
  const typed = new TextDecoder().decode(await contentGiven('election vote', code))
  const signer = told('', () => voterOf(election, typed))
  const roll = rollIn(folder)
  if (!roll.has(signer.id)) throw new CommandError('FAILED', 'the code is of no voter of this election')
  const messages = encoded(definition.questions, readAnswers(definition.questions, options.answer ?? []))
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
  for (const [i, chain] of chains.entries()) {
    if (ballotsOf(client.audit, chain)?.status !== 'OPEN')
      throw new CommandError('FAILED', `question ${i + 1}: takes no ballots now`)
    client.send(chain[0]?.peer_id as string, messages[i] as Uint8Array)
  }
  for (let i = 0; client.receipts().length < messages.length; i++) {
    if (i === looks || client.audit.isForked)
      throw new CommandError(
        'FAILED',
        `has ${client.receipts().length} of ${messages.length} receipts: vote again`,
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
