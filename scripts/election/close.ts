// chaffinch election close, and survey close: a member's operator says that one is over.

import { CommandError } from '../../encoding/command-line.ts'
import { closeElection } from '../../roles/mixnet/elections.ts'

export interface CloseOptions {
  readonly member?: string
  readonly at?: string
}

/** Writes into a member's folder when it is to be closed. @param id of the election or survey @throws CommandError */
export function closeBy(
  command: 'election close' | 'survey close',
  id: () => string,
  { member, at = new Date().toISOString() }: CloseOptions,
): undefined {
  const hint = `chaffinch ${command} --help`
  if (member === undefined) throw new CommandError('USAGE', `${command}: want --member DIR`, hint)
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) || Number.isNaN(Date.parse(at)))
    throw new CommandError('USAGE', `--at ${at}: want a time as 2026-01-31T18:00:00Z`, hint)
  closeElection(member, id(), at)
  console.error(`${member} wants it closed at ${at}`)
}
