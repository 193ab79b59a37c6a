// chaffinch election init, and credentials: what there is before anybody votes.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TomlDate, TomlError } from 'smol-toml'
import { CommandError } from '../../encoding/command-line.ts'
import { missingDay } from '../../encoding/toml-days.ts'
import { writeNew } from '../../roles/files/index.ts'
import { bytesOf, definitionIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { told } from '../../roles/mixnet/told.ts'
import {
  demandRoll,
  drawCode,
  electionId,
  fileNames,
  readDefinition,
  voterOf,
  writeDefinition,
  writeRoll,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { type CloseOptions, closeBy } from './close.ts'
import { codesText, readVoters } from './voters-csv.ts'

export interface InitOptions {
  readonly from?: string
  readonly json?: boolean
}

/** Checks what an election is to be, and begins its public folder. */
export function init(folder: string, options: InitOptions): undefined {
  const { from } = options
  if (from === undefined)
    throw new CommandError('USAGE', 'election init: want --from FILE', 'chaffinch election init --help')
  const definition = told('CONFIG', `${from}: `, () =>
    readDefinition({ format: 'chaffinch-election-1', ...tomlIn(from) }),
  )
  writeNew(join(folder, fileNames.definition), writeDefinition(definition))
  const election = electionId(definition)
  if (options.json === true) console.log(JSON.stringify({ election, questions: definition.questions.length }))
  else {
    console.error(
      `wrote ${join(folder, fileNames.definition)}; tell all voters and auditors the election's id:`,
    )
    console.log(election)
  }
}

function tomlIn(file: string): object {
  try {
    const text = textOf(file)
    const read = parse(text)
    const day = missingDay(text, read)
    if (day !== undefined) throw new CommandError('CONFIG', `${file}: ${day} is no day: its month is shorter`)
    return { ...read, ...timeIn(read, 'opens_at'), ...timeIn(read, 'closes_at') }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new CommandError('CONFIG', `${file}: line ${error.line}: ${error.message.split('\n')[0]}`)
  }
}

/** Gives a time of TOML as a definition has it: in UTC. A time without a zone would be another one for each reader. */
function timeIn(read: Readonly<Record<string, unknown>>, name: string): object {
  const value = read[name]
  if (!(value instanceof TomlDate)) return {}
  if (!value.isDateTime() || value.isLocal())
    throw new CommandError('CONFIG', `${name}: want a time with its zone, as 2026-01-31T18:00:00Z`)
  const [seconds] = new Date(value.getTime()).toISOString().split('.')
  return { [name]: `${seconds}Z` }
}

export interface CredentialOptions {
  readonly voters?: string
  readonly codes?: string
  readonly json?: boolean
}

/** Draws a code for every voter: the codes into a file of the credential authority's, the roll into the folder. */
export function credentials(folder: string, options: CredentialOptions): undefined {
  const { voters: file, codes } = options
  if (file === undefined || codes === undefined)
    throw new CommandError(
      'USAGE',
      'election credentials: want --voters FILE and --codes FILE',
      'chaffinch election credentials --help',
    )
  const voters = told('CONFIG', `${file}: `, () => readVoters(bytesOf(file)))
  const definition = definitionIn(folder)
  const election = electionId(definition)
  const drawn = voters.map(voter => ({ ...voter, code: drawCode(systemRandom) }))
  const roll = new Map(drawn.map(({ code, weight }) => [voterOf(election, code).id, weight]))
  told('CONFIG', `${file}: `, () => demandRoll(definition, roll))
  writeNew(codes, codesText(drawn), 0o600)
  writeFileSync(join(folder, fileNames.roll), writeRoll(roll), { flag: 'wx' })
  const votes = voters.reduce((sum, { weight }) => sum + weight, 0)
  if (options.json === true) console.log(JSON.stringify({ voters: voters.length, votes }))
  else {
    console.log(`${voters.length} voters with ${votes} votes`)
    console.error(`wrote ${codes}: hand each voter theirs, then destroy it; no server may ever have it`)
  }
}

/** Says for a member that an election is to be closed. */
export function close(folder: string, options: CloseOptions): undefined {
  const definition = definitionIn(folder)
  if (definition.closes_at !== undefined)
    throw new CommandError(
      'CONFIG',
      `${folder}: the definition says when it is closed: ${definition.closes_at}; mixers and trustees do it by themselves`,
    )
  return closeBy('election close', () => electionId(definition), options)
}
