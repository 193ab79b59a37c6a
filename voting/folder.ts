// The public folder of an election (docs/spec/voting.md 7): everything that anybody needs to check it, from the
// ballots to the printed result, without a network. One changed byte in any of its files is found, and the file named.

import { Audit, controllerName, type Source } from '../cascade/audit.ts'
import { CascadeError } from '../cascade/error.ts'
import { readCheckpoint } from '../cascade/log.ts'
import { type SignedRequest, sha256Hex, wantRequest } from '../cascade/signed.ts'
import { fromHex } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import type { Group } from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import { type Definition, electionId, parseDefinition, writeDefinition } from './definition.ts'
import { VotingError } from './error.ts'
import { type Chain, chainsOf, type Roll, rowsOfRoll } from './founding.ts'
import { type Result, resultOf, writeResult } from './outcome.ts'
import { readRoll, writeRoll } from './roll.ts'
import { resultTable } from './table.ts'

/** Files by their names, with `/` between folders. */
export type FolderFiles = ReadonlyMap<string, Uint8Array>

/** Names the files of a public folder that lie at its top. */
export const fileNames = {
  definition: 'election.json',
  roll: 'voters.bin',
  log: 'log.jsonl',
  checkpoint: 'checkpoint.txt',
  result: 'result.json',
  table: 'result.csv',
} as const
const blobsFolder = 'blobs/'
/** Fields of a request that name what lies beside the log. */
const hashFields = ['outbox_hash', 'proof_hash', 'points_hash']

/** Says what a check of a folder has found. */
export interface Verification {
  readonly definition: Definition
  readonly election: string
  readonly roll: Roll
  readonly result: Result
  readonly audit: Audit
  readonly chains: readonly Chain[]
  /** Names who did what they may not, and was left out: the result holds all the same. */
  readonly named: readonly string[]
  /** Files that are no part of the election, and were not looked at. */
  readonly unknown: readonly string[]
}

/** Names what a check of a folder looks at, in its order. */
export const checks = [
  'definition', // is one, and written canonically
  'voters',
  'checkpoint', // the Controller has signed the head of the log
  'files', // what lies beside the log has the hash that is its name
  'log', // every request is signed and allowed, every proof of a ballot, a shuffle and a share holds, up to the head
  'peers', // are just those that the definition asks for
  'count', // the ballots went through enough mixes, enough trustees opened them, and they are counted
  'result', // is what was counted
  'table',
] as const

/** Names something that a check of a folder looks at. */
export type Check = (typeof checks)[number]

/** Entries of the log that are looked at between two words about it. */
const stretch = 25
const encoder = new TextEncoder()

function wrong(file: string, why: string): VotingError {
  return new VotingError('BAD_FOLDER', `${file}: ${why}`)
}

/**
 * Checks a folder: the definition, the roll, every request and the log's head, every proof and share, the count, and
 * that what is printed is what was counted.
 *
 * @param random weighs equations, so that nobody can have known how
 * @param tell hears which check begins, and how much of all (0 to 1) is done of the one that takes long; what is thrown
 *   afterwards is what that check has found
 * @throws VotingError that names the file, or who did what
 */
export async function verifyFolder(
  group: Group,
  files: FolderFiles,
  random: Random,
  tell: (check: Check, done: number) => void = () => {},
): Promise<Verification> {
  tell('definition', 0)
  const definition = parseDefinition(textIn(files, fileNames.definition))
  tell('voters', 0)
  const roll = rollIn(files)
  tell('checkpoint', 0)
  const checkpoint = textIn(files, fileNames.checkpoint)
  const head = readCheckpoint(definition.mixnet, fromHex(definition.controller_key), checkpoint)
  if (head === undefined || checkpoint.split('\n').length !== 6)
    throw wrong(fileNames.checkpoint, 'is not what the Controller signed, and no more')
  tell('files', 0)
  const entries = entriesIn(files)
  if (head.size !== entries.length)
    throw wrong(fileNames.log, `want ${head.size} entries, have ${entries.length}`)
  const blobs = blobsIn(files, entries)
  const audit = new Audit(definition.mixnet, fromHex(definition.controller_key), group, random)
  const source: Source = {
    log: async from => {
      tell('log', entries.length === 0 ? 1 : from / entries.length)
      return { entries: entries.slice(from, from + stretch), checkpoint }
    },
    blob: async hash => {
      tell('log', audit.size / entries.length)
      return blobs.get(hash)
    },
  }
  await audit.follow(source)
  const lie = audit.findings.find(({ who }) => who === controllerName)
  if (lie !== undefined) throw wrong(fileNames.log, `entry ${audit.size}: the Controller ${lie.what}`)
  if (audit.checkpoint !== checkpoint) throw wrong(fileNames.log, 'could not be followed to its end')
  tell('peers', 1)
  const chains = chainsOf(audit.board, definition, roll)
  tell('count', 1)
  const result = resultOf(group, audit, definition, roll)
  tell('result', 1)
  if (textIn(files, fileNames.result) !== writeResult(result))
    throw wrong(fileNames.result, 'is not what the ballots say')
  tell('table', 1)
  if (textIn(files, fileNames.table) !== resultTable(definition, result))
    throw wrong(fileNames.table, 'is not what the ballots say')
  const known = new Set<string>([...Object.values(fileNames), ...[...blobs.keys()].map(blobName)])
  return {
    definition,
    election: electionId(definition),
    roll,
    result,
    audit,
    chains,
    named: audit.findings.map(({ who, what }) => `${who} ${what}`),
    unknown: [...files.keys()].filter(name => !known.has(name)),
  }
}

/**
 * Makes the public folder of an election that is over.
 *
 * @param audit has followed the log to its end
 * @param blob gives what lies beside the log
 * @throws VotingError BAD_FOLDER while the result cannot be known
 */
export async function makeFolder(
  group: Group,
  audit: Audit,
  blob: Source['blob'],
  definition: Definition,
  roll: Roll,
): Promise<{ readonly files: FolderFiles; readonly result: Result }> {
  const result = resultOf(group, audit, definition, roll)
  const files = new Map<string, Uint8Array>([
    [fileNames.definition, encoder.encode(writeDefinition(definition))],
    [fileNames.roll, writeRoll(roll)],
    [fileNames.log, encoder.encode(audit.entries.map(line).join(''))],
    [fileNames.checkpoint, encoder.encode(audit.checkpoint)],
    [fileNames.result, encoder.encode(writeResult(result))],
    [fileNames.table, encoder.encode(resultTable(definition, result))],
  ])
  for (const hash of hashesIn(audit.entries)) {
    const bytes = await blob(hash)
    if (bytes === undefined) throw wrong(blobName(hash), 'is not there')
    files.set(blobName(hash), bytes)
  }
  return { files, result }
}

function blobName(hash: string): string {
  return `${blobsFolder}${hash}`
}

function line(entry: SignedRequest): string {
  return `${canonicalJson(entry as unknown as Json)}\n`
}

function hashesIn(entries: readonly SignedRequest[]): string[] {
  const named = entries.flatMap(({ payload }) => hashFields.map(name => payload[name]))
  return [...new Set(named.filter(hash => typeof hash === 'string'))]
}

function bytesIn(files: FolderFiles, name: string): Uint8Array {
  const bytes = files.get(name)
  if (bytes === undefined) throw wrong(name, 'is not there')
  return bytes
}

function textIn(files: FolderFiles, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesIn(files, name))
  } catch (error) {
    if (error instanceof TypeError) throw wrong(name, 'is no UTF-8')
    throw error
  }
}

function rollIn(files: FolderFiles): Roll {
  try {
    const roll = readRoll(bytesIn(files, fileNames.roll))
    rowsOfRoll(roll)
    return roll
  } catch (error) {
    if (error instanceof VotingError && error.code === 'BAD_VOTERS')
      throw wrong(fileNames.roll, error.message)
    throw error
  }
}

/** Reads the log: a line an entry, each written as canonical JSON and not otherwise. */
function entriesIn(files: FolderFiles): SignedRequest[] {
  const lines = textIn(files, fileNames.log).split('\n')
  if (lines.pop() !== '') throw wrong(fileNames.log, 'does not end with a line')
  return lines.map((text, i) => {
    try {
      const entry = wantRequest(JSON.parse(text))
      if (line(entry) === `${text}\n`) return entry
    } catch (error) {
      const isKnown = [SyntaxError, RangeError, CascadeError].some(kind => error instanceof kind)
      if (!isKnown) throw error
    }
    throw wrong(fileNames.log, `line ${i + 1}: is no request, or not written canonically (RFC 8785)`)
  })
}

function blobsIn(files: FolderFiles, entries: readonly SignedRequest[]): Map<string, Uint8Array> {
  return new Map(
    hashesIn(entries).map(hash => {
      const bytes = bytesIn(files, blobName(hash))
      if (sha256Hex(bytes) !== hash) throw wrong(blobName(hash), 'is not what its name says')
      return [hash, bytes]
    }),
  )
}
