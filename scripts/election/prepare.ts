// chaffinch election init, and credentials: what there is before anybody votes.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { CommandError } from '../../encoding/command-line.ts'
import { writeNew } from '../../roles/files/index.ts'
import { bytesOf, definitionIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { told } from '../../roles/mixnet/told.ts'
import {
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
    return parse(textOf(file))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new CommandError('CONFIG', `${file}: line ${error.line}: ${error.message.split('\n')[0]}`)
  }
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
  const election = electionId(definitionIn(folder))
  const drawn = voters.map(voter => ({ ...voter, code: drawCode(systemRandom) }))
  const roll = new Map(drawn.map(({ code, weight }) => [voterOf(election, code).id, weight]))
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
  return closeBy('election close', () => electionId(definitionIn(folder)), options)
}
