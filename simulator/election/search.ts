// Looks through everything that every process has written, byte by byte, for voters and for what they chose.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { hex } from '../../encoding/bytes.ts'
import { definitionIn } from '../../roles/mixnet/election-folder.ts'
import { coreGroup, encodeMessage } from '../../shuffle/index.ts'
import type { ChooseQuestion } from '../../voting/index.ts'
import { type Answer, electionId, encodeAnswer, voterOf, widthOf } from '../../voting/index.ts'
import type { Places } from './places.ts'

/** Names what tells a voter, and what tells a choice. */
type Kind =
  | 'name' // a name, a mail address or a code
  | 'key' // a voter's id or public key: of whom, only who knows the code can tell
  | 'choice' // an option's name, or the point that an answer is encrypted as

interface Word {
  readonly kind: Kind
  /** Number of the voter or option. */
  readonly of: number
  readonly bytes: Buffer
}

/** Holds what a search has found. */
export interface Searched {
  readonly files: number
  readonly bytes: number
  readonly processes: number
  /** Voters whose names the search found where they must be: with the credential authority. */
  readonly named: number
  /** Voters whose keys it found where they must be: on the board. */
  readonly keyed: number
  /** Options that it found, anywhere. */
  readonly options: number
  /** Files outside the credential authority's folder that have a voter's name, mail address or code. */
  readonly names: readonly string[]
  /** Files that have a voter, by name or by key, and a choice. */
  readonly links: readonly string[]
}

const authority = 'authority'

/** @param voters name, mail address and code of each */
export function search(places: Places, voters: readonly (readonly string[])[]): Searched {
  const words = finder(wordsOf(places, voters))
  const files = filesIn(places.folder)
  const [names, links]: [string[], string[]] = [[], []]
  const [named, keyed, options] = [new Set<number>(), new Set<number>(), new Set<number>()]
  let bytes = 0
  for (const file of files) {
    const content = readFileSync(join(places.folder, file))
    bytes += content.length
    const found = words(content)
    const of = (kind: Kind): number[] => found.filter(each => each.kind === kind).map(each => each.of)
    const isAuthority = file.split(sep)[0] === authority
    if (isAuthority) for (const voter of of('name')) named.add(voter)
    else if (of('name').length > 0) names.push(file)
    for (const voter of of('key')) keyed.add(voter)
    for (const option of of('choice')) options.add(option)
    if (of('choice').length > 0 && of('name').length + of('key').length > 0) links.push(file)
  }
  const processes = new Set(files.map(file => file.split(sep)[0])).size
  return {
    ...{ files: files.length, bytes, processes },
    ...{ named: named.size, keyed: keyed.size, options: options.size, names, links },
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
}

/** Lists what is looked for, each as it may be written. */
function wordsOf(places: Places, voters: readonly (readonly string[])[]): Word[] {
  const definition = definitionIn(places.board)
  const election = electionId(definition)
  const question = definition.questions[0] as ChooseQuestion
  const width = widthOf(question)
  const ofVoters = voters.flatMap((known, of) => {
    const { id, keyData } = voterOf(election, known[2] as string)
    return [
      ...known.flatMap(text => writings(text).map(bytes => ({ kind: 'name' as const, of, bytes }))),
      ...binary(Buffer.from(id, 'hex')).map(bytes => ({ kind: 'key' as const, of, bytes })),
      ...binary(Buffer.from(keyData)).map(bytes => ({ kind: 'key' as const, of, bytes })),
    ]
  })
  const answers: Answer[] = question.options.map((_, i) => ({ is: 'choose', chosen: [i], written: [] }))
  // Not of a blank one: its point is almost nothing but zeros, as other files have them too
  const ofChoices = answers.flatMap((answer, of) => {
    const point = encodeMessage(coreGroup(), encodeAnswer(question, answer), width)
    const bytes = [...writings(question.options[of] as string), ...binary(Buffer.from(point))]
    return bytes.map(each => ({ kind: 'choice' as const, of, bytes: each }))
  })
  return [...ofVoters, ...ofChoices]
}

/** A text as files may have it: in small letters or large, without hyphens, in UTF-16, in hexadecimal or base64. */
function writings(text: string): Buffer[] {
  const texts = new Set([text, text.toLowerCase(), text.toUpperCase(), text.replaceAll('-', '')])
  return [
    ...[...texts].map(each => Buffer.from(each)),
    Buffer.from(text, 'utf16le'),
    ...coded(Buffer.from(text)),
  ]
}

/** Bytes as files may have them: as they are, in hexadecimal or base64. */
function binary(bytes: Buffer): Buffer[] {
  return [bytes, ...coded(bytes)]
}

function coded(bytes: Buffer): Buffer[] {
  const texts = [hex(bytes), hex(bytes).toUpperCase(), bytes.toString('base64'), bytes.toString('base64url')]
  return texts.map(each => Buffer.from(each.replace(/=+$/, '')))
}

/** Makes what finds all words in one pass: by their first four bytes, and then by all. */
function finder(words: readonly Word[]): (content: Buffer) => Word[] {
  const byStart = new Map<number, Word[]>()
  const starts = new Uint8Array(65_536)
  for (const word of words) {
    const start = word.bytes.readUInt32BE(0)
    byStart.set(start, [...(byStart.get(start) ?? []), word])
    starts[start >>> 16] = 1
  }
  return content => {
    const found = new Set<Word>()
    for (let i = 0; i + 4 <= content.length; i++) {
      if (starts[((content[i] as number) << 8) | (content[i + 1] as number)] === 0) continue
      for (const word of byStart.get(content.readUInt32BE(i)) ?? [])
        if (content.subarray(i, i + word.bytes.length).equals(word.bytes)) found.add(word)
    }
    return [...found]
  }
}
