// chaffinch election init, and credentials: what there is before anybody votes.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { CommandError } from '../../encoding/command-line.ts'
import { writeNew } from '../../roles/files/index.ts'
import { bytesOf, definitionIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { closeElection } from '../../roles/mixnet/elections.ts'
import {
  drawCode,
  electionId,
  fileNames,
  readDefinition,
  VotingError,
  voterOf,
  writeDefinition,
  writeRoll,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
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
  const definition = refused(from, () => readDefinition({ format: 'chaffinch-election-1', ...tomlIn(from) }))
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

/** Says of which file something is wrong. */
function refused<T>(file: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new CommandError('CONFIG', `${file}: ${error.message.replace(/^[A-Z_]+ /, '')}`)
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
  const voters = refused(file, () => readVoters(bytesOf(file)))
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

export interface CloseOptions {
  readonly member?: string
  readonly at?: string
}

/** Says for a member that an election is to be closed. */
export function close(folder: string, options: CloseOptions): undefined {
  const { member, at = new Date().toISOString() } = options
  const hint = 'chaffinch election close --help'
  if (member === undefined) throw new CommandError('USAGE', 'election close: want --member DIR', hint)
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) || Number.isNaN(Date.parse(at)))
    throw new CommandError('USAGE', `--at ${at}: want a time as 2026-01-31T18:00:00Z`, hint)
  closeElection(member, electionId(definitionIn(folder)), at)
  console.error(`${member} wants it closed at ${at}`)
}
