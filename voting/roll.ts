// The roll (docs/spec/voting.md 4.2): whose ballots count, by the ids of keys that only voters can compute. Names are
// in no file of it.

import { partsOf } from '../cascade/senders.ts'
import { concat, hex } from '../encoding/bytes.ts'
import { FieldReader } from '../encoding/reader.ts'
import { VotingError } from './error.ts'
import type { Roll } from './founding.ts'

/** Writes a roll: 36 bytes a voter (id, and weight as u32), by rising ids. */
export function writeRoll(roll: Roll): Uint8Array {
  return concat(partsOf(roll))
}

/** Reads a roll. @throws VotingError BAD_VOTERS for anything but what `writeRoll` writes */
export function readRoll(bytes: Uint8Array): Map<string, number> {
  const read = new FieldReader(bytes, message => new VotingError('BAD_VOTERS', `voters: ${message}`))
  const roll = new Map<string, number>()
  let last = ''
  while (read.left > 0) {
    const id = hex(read.take(32, 'id'))
    const weight = read.u32('weight')
    if (id <= last) throw read.wrong('id', 'want them rising')
    if (weight < 1) throw read.wrong('weight', 'want 1 at least')
    roll.set(id, weight)
    last = id
  }
  return roll
}
