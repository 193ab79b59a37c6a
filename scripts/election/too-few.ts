// chaffinch election give-up and prolong: a member's operator says what becomes of one that has too few ballots.

import { CommandError } from '../../encoding/command-line.ts'
import { isTime } from '../../encoding/time.ts'
import { definitionIn } from '../../roles/mixnet/election-folder.ts'
import { endElection, prolongElection } from '../../roles/mixnet/too-few.ts'

export interface GiveUpOptions {
  readonly member?: string
}

/** Writes into a member's folder that an election is to be given up, if it has too few ballots. */
export function giveUp(folder: string, options: GiveUpOptions): undefined {
  const member = memberIn('give-up', options)
  endElection(member, definitionIn(folder))
  console.error(`${member} wants it given up if it ends with too few ballots`)
}

export interface ProlongOptions extends GiveUpOptions {
  readonly until?: string
}

/** Writes into a member's folder until when an election is to go on that ends with too few ballots. */
export function prolong(folder: string, options: ProlongOptions): undefined {
  const member = memberIn('prolong', options)
  const { until } = options
  if (!isTime(until))
    throw new CommandError(
      'USAGE',
      'election prolong: want --until with a time as 2026-01-31T18:00:00Z',
      'chaffinch election prolong --help',
    )
  prolongElection(member, definitionIn(folder), until)
  console.error(`${member} wants it to go on until ${until} if it ends with too few ballots`)
}

function memberIn(command: string, { member }: GiveUpOptions): string {
  if (member !== undefined) return member
  throw new CommandError(
    'USAGE',
    `election ${command}: want --member DIR`,
    `chaffinch election ${command} --help`,
  )
}
