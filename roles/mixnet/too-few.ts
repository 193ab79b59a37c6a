// What an operator says of an election that has too few ballots (docs/spec/voting.md 5.3): that it is given up, or goes
// on until a time. Either happens when so many owners want it as close it.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AfterFew, Cycle, Peer } from '../../cascade/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { isTime } from '../../encoding/time.ts'
import { type Definition, electionId, hasTimes, type Opening } from '../../voting/index.ts'
import { writeNew } from '../files/index.ts'
import { replaceBytes } from './election-folder.ts'

function endFile(folder: string, election: string): string {
  return join(folder, `end-${election}`)
}

function prolongFile(folder: string, election: string): string {
  return join(folder, `prolong-${election}`)
}

/** Says whether a member's operator wants an election to be given up if it has too few ballots. */
export function wantsEnded(folder: string, election: string): boolean {
  return existsSync(endFile(folder, election))
}

/** Gives until when a member's operator wants an election to go on that ended with too few; undefined for no time. */
export function prolongedUntil(folder: string, election: string): string | undefined {
  const file = prolongFile(folder, election)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** Writes down that an election is to be given up if it has too few ballots. @throws CommandError CONFIG */
export function endElection(folder: string, definition: Definition): void {
  demandMember(folder)
  writeNew(endFile(folder, electionId(definition)), '')
}

/**
 * Writes down until when an election is to go on that ends with too few ballots, in the place of what was said before.
 *
 * @param until as 2026-01-31T18:00:00Z
 * @throws CommandError CONFIG
 */
export function prolongElection(folder: string, definition: Definition, until: string): void {
  demandMember(folder)
  const { opens_at, closes_at } = definition
  const election = electionId(definition)
  if (!isTime(until)) throw new CommandError('CONFIG', `until: want a time as 2026-01-31T18:00:00Z`)
  if (!hasTimes(definition))
    throw new CommandError('CONFIG', 'the definition has no times: with too few ballots it goes on by itself')
  if (until <= (closes_at ?? opens_at ?? ''))
    throw new CommandError('CONFIG', `until: want a time after ${closes_at ?? opens_at}`)
  if (wantsEnded(folder, election))
    throw new CommandError('CONFIG', 'this member wants it given up, and that cannot be taken back')
  replaceBytes(prolongFile(folder, election), new TextEncoder().encode(`${until}\n`))
}

function demandMember(folder: string): void {
  if (!existsSync(join(folder, 'shelf')))
    throw new CommandError('CONFIG', `${folder}: is no folder of a mixer or trustee that has run`)
}

/** Says what an election's operator wants of a cycle with too few ballots. */
export function afterFew(
  folder: string,
  elections: () => readonly Pick<Opening, 'election' | 'definition' | 'has'>[],
): (cycle: Cycle, peer: Peer, now: number) => AfterFew | undefined {
  return ({ status, until: last }, peer, now) => {
    const held = elections().find(each => each.has(peer))
    if (held === undefined) return undefined
    const { election, definition } = held
    // One with times is not given up before they are over: until then ballots may still come
    const isOver = status === 'ABORTED' || !hasTimes(definition)
    if (wantsEnded(folder, election)) return isOver ? { do: 'end' } : undefined
    const until = prolongedUntil(folder, election)
    // What was agreed once is spent, and nobody goes on until a time that is over
    if (until === undefined || until <= last || now >= Date.parse(until)) return undefined
    return { do: 'open', until }
  }
}
