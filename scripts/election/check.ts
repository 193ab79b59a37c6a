// chaffinch election verify, result and receipt: what anybody who has the public folder does, without a network.

import { statSync } from 'node:fs'
import { CommandError } from '../../encoding/command-line.ts'
import { printable } from '../../encoding/quoted.ts'
import { readFolder, textOf } from '../../roles/mixnet/election-folder.ts'
import { told, toldOf } from '../../roles/mixnet/told.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  type Fate,
  fateOf,
  fileNames,
  namesOf,
  type Question,
  type QuestionResult,
  readReceipt,
  resultPage,
  resultTable,
  trackerOfReceipt,
  type Verification,
  verifyFolder,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'

export interface VerifyOptions {
  readonly id?: string
  readonly json?: boolean
}

async function verified(folder: string): Promise<Verification> {
  const files = readFolder(folder)
  try {
    return await verifyFolder(coreGroup(), files, systemRandom)
  } catch (error) {
    throw toldOf('FAILED', `${folder}: refused: `, error)
  }
}

/** Checks everything of an election. */
export async function verify(folder: string, options: VerifyOptions): Promise<undefined> {
  const before = performance.now()
  const { election, definition, roll, result, named, unknown } = await verified(folder)
  const ms = Math.round(performance.now() - before)
  if (options.id !== undefined && options.id !== election)
    throw new CommandError('FAILED', `${folder}: is the election ${election}, not ${options.id}`)
  if (options.json === true) {
    console.log(JSON.stringify({ holds: true, election, voters: roll.size, ms, named, unknown, result }))
    return
  }
  console.log(`${definition.title}\nelection ${election}\n${roll.size} voters`)
  result.questions.forEach((found, i) => {
    const { text } = definition.questions[i] as Question
    console.log(`question ${i + 1}: ${text}\n  ${sumsOf(found)}`)
    for (const line of outcome(definition.questions[i] as Question, result.questions[i]?.counts ?? []))
      console.log(`  ${line}`)
  })
  for (const each of named) console.log(`left out: ${each}`)
  for (const each of unknown) console.log(`not looked at: ${printable(each).replaceAll('\n', '\ufffd')}`)
  console.log(`everything holds, from the ballots to the printed result (${ms} ms)`)
  if (options.id === undefined)
    console.error('compare the id of the election with the one that voters were told')
}

/** Says how many ballots there were, and that there were too few where it was given up. */
function sumsOf({ ballots, votes, blank, invalid, given_up }: QuestionResult): string {
  return given_up === undefined
    ? `${ballots} ballots, ${votes} votes, ${blank} blank, ${invalid} invalid`
    : `given up: ${ballots} ballots, least ${given_up}; none was opened`
}

type Counts = Verification['result']['questions'][number]['counts']

/** Says in a line for each method who is elected, and who ties. */
function outcome(question: Question, counts: Counts): string[] {
  return counts.map(count => {
    const written = 'written' in count ? count.written.map(({ text }) => text) : []
    const names = [...namesOf(question), ...written]
    const of = (list: readonly number[]): string => list.map(option => names[option]).join(', ')
    const tied =
      'tied' in count && count.tied.length > 0 ? `; tie for ${count.open} more: ${of(count.tied)}` : ''
    if ('seats' in count)
      return `${count.method}: ${names.map((name, i) => `${name} ${count.seats[i]}`).join(', ')}${tied}`
    return `${count.method}: ${count.elected.length === 0 ? 'nobody' : of(count.elected)}${tied}`
  })
}

export interface ResultOptions {
  readonly csv?: boolean
  readonly html?: boolean
  readonly json?: boolean
}

/** Prints the result of a folder that has been checked. */
export async function result(folder: string, options: ResultOptions): Promise<undefined> {
  const { definition, result: found } = await verified(folder)
  if (options.csv === true) process.stdout.write(resultTable(definition, found))
  else if (options.html === true) console.log(resultPage(definition, found).trimEnd())
  else if (options.json === true) process.stdout.write(textOf(`${folder}/${fileNames.result}`))
  else
    found.questions.forEach((each, i) => {
      const question = definition.questions[i] as Question
      const lines = each.given_up === undefined ? outcome(question, each.counts) : [sumsOf(each)]
      console.log([question.text, ...lines.map(line => `  ${line}`)].join('\n'))
    })
}

const says: Readonly<Record<Fate, string>> = {
  counts: 'is in the log, and counts',
  replaced: 'is in the log, and was replaced by a later one of yours',
  open: 'is in the log; voting is not over',
  few: 'is in the log, and voting ended with too few ballots: it does not count unless the owners prolong it',
  'given-up': 'is in the log, and was never opened: the election was given up, with too few ballots',
  lost: 'is in the log, and was left out of what was counted: show this receipt to everybody',
}

/** Says what became of a ballot, or of each whose receipt is in a folder. */
export async function receipt(given: string, folder: string, options: VerifyOptions): Promise<number> {
  const verification = await verified(folder)
  const isFolder = statSync(given, { throwIfNoEntry: false })?.isDirectory() === true
  const files = isFolder ? [...readFolder(given).keys()].sort().map(name => `${given}/${name}`) : [given]
  let code = 0
  for (const file of files)
    try {
      const { tracker, fate } = fateIn(verification, file)
      if (fate === 'lost') code = 1
      console.log(
        options.json === true ? JSON.stringify({ tracker, fate }) : `ballot ${tracker} ${says[fate]}`,
      )
    } catch (error) {
      if (!isFolder || !(error instanceof CommandError)) throw error
      console.error(`chaffinch: ${error.message}`)
      code = 1
    }
  return code
}

function fateIn({ definition, audit, chains }: Verification, file: string): { tracker: string; fate: Fate } {
  return told('FAILED', `${file}: `, () => {
    const read = readReceipt(definition, textOf(file))
    return { tracker: trackerOfReceipt(read), fate: fateOf(audit, chains, read) }
  })
}
