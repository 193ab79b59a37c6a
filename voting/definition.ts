// The definition of an election (docs/spec/voting.md 2): what all know before anybody votes. Its hash is the
// election's name, to which codes, peers and so all ballots are bound.

import { digestOf } from '../cascade/signed.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { VotingError } from './error.ts'
import { DefinitionReader, type Question, readQuestion } from './question.ts'

/** Names the format of definitions. */
export const definitionFormat = 'chaffinch-election-1'
const questionsAtMost = 50
const peopleAtMost = 50

/** Says what an election is: all that is known before anybody votes. */
export interface Definition {
  readonly format: typeof definitionFormat
  readonly title: string
  /** Names the mix-net that ballots go through. */
  readonly mixnet: string
  /** The key of its log, 32 bytes in hexadecimal. */
  readonly controller_key: string
  /** Ids of those who shuffle, in their order. */
  readonly mixers: readonly string[]
  /** So many shuffles must have a proof that holds. */
  readonly mixes_least: number
  /** Ids of those who decrypt, in the order of their numbers. */
  readonly trustees: readonly string[]
  /** So many of them are needed, and can break the secrecy of the ballot. */
  readonly threshold: number
  /** So many of mixers and trustees close the election. */
  readonly quorum: number
  /** Fewer ballots than this are never opened. */
  readonly ballots_least: number
  /** From when ballots are taken, as 2026-01-31T18:00:00Z; docs/spec/voting.md 5.2 says by whose clocks. */
  readonly opens_at?: string
  /** Until when. */
  readonly closes_at?: string
  readonly questions: readonly Question[]
}

/** Reads a definition from a value of JSON. @throws VotingError BAD_DEFINITION */
export function readDefinition(value: unknown): Definition {
  const read = new DefinitionReader(value, 'election')
  const mixers = read.hashes('mixers', 1, peopleAtMost)
  const trustees = read.hashes('trustees', 1, peopleAtMost)
  const people = new Set([...mixers, ...trustees]).size
  const opens_at = read.time('opens_at')
  const closes_at = read.time('closes_at')
  if (opens_at !== undefined && closes_at !== undefined && opens_at >= closes_at)
    throw read.wrong('closes_at', 'want a time after opens_at')
  const definition: Definition = {
    format: read.among('format', [definitionFormat]),
    title: read.text('title'),
    mixnet: read.text('mixnet'),
    controller_key: read.hash('controller_key'),
    mixers,
    mixes_least: read.count('mixes_least', 1, mixers.length),
    trustees,
    threshold: read.count('threshold', 1, trustees.length),
    quorum: read.count('quorum', Math.floor(people / 2) + 1, people),
    ballots_least: read.count('ballots_least', 1, 1_000_000),
    ...(opens_at === undefined ? {} : { opens_at }),
    ...(closes_at === undefined ? {} : { closes_at }),
    questions: read
      .list('questions', 1, questionsAtMost)
      .map((each, i) => readQuestion(each, `question ${i + 1}`)),
  }
  read.end()
  return definition
}

/** Writes a definition: canonical JSON (RFC 8785) and a line feed. */
export function writeDefinition(definition: Definition): string {
  return `${canonicalJson(definition as unknown as Json)}\n`
}

/**
 * Parses what `writeDefinition` wrote, and nothing else: one definition has one text.
 *
 * @throws VotingError BAD_DEFINITION
 */
export function parseDefinition(text: string): Definition {
  let definition: Definition
  try {
    definition = readDefinition(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new VotingError('BAD_DEFINITION', `election: is no JSON: ${error.message}`)
  }
  if (writeDefinition(definition) !== text)
    throw new VotingError('BAD_DEFINITION', 'election: is not written canonically (RFC 8785)')
  return definition
}

/** Names an election: SHA-256 over its definition's canonical JSON, in hexadecimal. */
export function electionId(definition: Definition): string {
  return digestOf(definition as unknown as Json)
}

/** Says whether an election opens or ends at a time: then no owner alone begins what takes ballots. */
export function hasTimes({ opens_at, closes_at }: Pick<Definition, 'opens_at' | 'closes_at'>): boolean {
  return opens_at !== undefined || closes_at !== undefined
}

/** Names everybody who decides: mixers and trustees, each once, by rising ids. */
export function ownersOf({ mixers, trustees }: Pick<Definition, 'mixers' | 'trustees'>): string[] {
  return [...new Set([...mixers, ...trustees])].sort()
}
