// An archive of Belenios 3: a tar file that only grows, of data and of events that name them by their hashes and each
// other in a chain (specification 3.0, section 4.4).

import { sha256Hex } from './belenios-group.ts'

export interface ArchiveFile {
  readonly kind: 'data' | 'event'
  readonly hash: string
  readonly text: string
}

export type EventType =
  | 'Setup'
  | 'Ballot'
  | 'EndBallots'
  | 'EncryptedTally'
  | 'Shuffle'
  | 'EndShuffles'
  | 'PartialDecryption'
  | 'Result'

export interface ArchiveEvent {
  readonly type: EventType
  /** The text of what it brings; undefined for the two that bring nothing. */
  readonly payload: string | undefined
}

/** Holds an archive whose hashes and whose chain have been checked. */
export interface Archive {
  readonly events: readonly ArchiveEvent[]
  /** Gives a text by its hash. Throws an Error for one that is not there. */
  data(hash: unknown): string
}

const block = 512

/** Reads the files of an archive. Throws an Error for what is no archive of version 1. */
export function readFiles(bytes: Uint8Array): ArchiveFile[] {
  const text = new TextDecoder()
  const field = (at: number, length: number): string =>
    text.decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, '')
  const files: ArchiveFile[] = []
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    const name = field(at, 100)
    const size = Number.parseInt(field(at + 124, 12), 8)
    const sum = bytes
      .subarray(at, at + block)
      .reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0)
    if (!(size >= 0) || at + block + size > bytes.length || sum !== Number.parseInt(field(at + 148, 8), 8))
      throw new Error(`archive: the header at ${at} is damaged`)
    const content = text.decode(bytes.subarray(at + block, at + block + size))
    if (at === 0) checkHeader(name, content)
    else files.push(fileOf(name, content))
    at += block * (1 + Math.ceil(size / block))
  }
  return files
}

function checkHeader(name: string, content: string): void {
  if (name !== 'BELENIOS' || (JSON.parse(content) as { version?: unknown }).version !== 1)
    throw new Error('archive: begins with no BELENIOS of version 1')
}

function fileOf(name: string, text: string): ArchiveFile {
  const [, hash, kind] = /^([0-9a-f]{64})\.(data|event)\.json$/.exec(name) ?? []
  if (hash === undefined || kind === undefined) throw new Error(`archive: ${name} is no name in it`)
  if (sha256Hex(text) !== hash) throw new Error(`archive: ${name} is not what its name says`)
  return { kind: kind as ArchiveFile['kind'], hash, text }
}

/** Says which events may stand before each. */
const before: Readonly<Record<EventType, readonly (EventType | undefined)[]>> = {
  Setup: [undefined],
  Ballot: ['Setup', 'Ballot'],
  EndBallots: ['Setup', 'Ballot'],
  EncryptedTally: ['EndBallots'],
  Shuffle: ['EncryptedTally', 'Shuffle'],
  EndShuffles: ['Shuffle'],
  PartialDecryption: ['EncryptedTally', 'EndShuffles', 'PartialDecryption'],
  Result: ['PartialDecryption'],
}

/** Follows the chain of events. Throws an Error where it is broken. */
export function readArchive(files: readonly ArchiveFile[]): Archive {
  const known = new Map<string, string>()
  const data = (hash: unknown): string => {
    const text = typeof hash === 'string' ? known.get(hash) : undefined
    if (text === undefined) throw new Error(`archive: ${hash} is not in it, or comes too late`)
    return text
  }
  const events: ArchiveEvent[] = []
  let parent: string | undefined
  for (const { kind, hash, text } of files) {
    if (kind === 'data') {
      known.set(hash, text)
      continue
    }
    const event = JSON.parse(text) as { parent?: string; height?: number; type?: unknown; payload?: string }
    const type = (Array.isArray(event.type) ? event.type[0] : event.type) as EventType
    if (event.parent !== parent || event.height !== events.length)
      throw new Error(`archive: event ${events.length} does not follow the one before it`)
    if (!Object.hasOwn(before, type) || !before[type].includes(events.at(-1)?.type))
      throw new Error(`archive: ${type} may not follow ${events.at(-1)?.type}`)
    const isBare = type === 'EndBallots' || type === 'EndShuffles'
    if (isBare !== (event.payload === undefined)) throw new Error(`archive: ${type} has a payload, or none`)
    events.push({ type, payload: isBare ? undefined : data(event.payload) })
    parent = hash
  }
  return { events, data }
}

/** Writes files as an archive. */
export function writeArchive(files: readonly ArchiveFile[], timestamp: number): Uint8Array {
  const header = JSON.stringify({ version: 1, timestamp: String(timestamp) })
  const all = [
    { name: 'BELENIOS', text: header },
    ...files.map(({ kind, hash, text }) => ({ name: `${hash}.${kind}.json`, text })),
  ]
  const parts = all.flatMap(({ name, text }) => [
    tarHeader(name, Buffer.byteLength(text), timestamp),
    padded(text),
  ])
  return new Uint8Array(Buffer.concat(parts))
}

function padded(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)])
}

function tarHeader(name: string, size: number, timestamp: number): Buffer {
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  const header = Buffer.alloc(block)
  header.write(name, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(timestamp, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return header
}

/**
 * Changes one file of an archive and mends every hash that named it, so that only what it says can be found wrong.
 *
 * @param change gives the new text, or undefined to leave a file as it is
 */
export function mended(
  files: readonly ArchiveFile[],
  change: (file: ArchiveFile, at: number) => string | undefined,
): ArchiveFile[] {
  const renamed = new Map<string, string>()
  return files.map((file, at) => {
    let text = change(file, at) ?? file.text
    for (const [old, hash] of renamed) text = text.replaceAll(old, hash)
    const hash = sha256Hex(text)
    if (hash !== file.hash) renamed.set(file.hash, hash)
    return { ...file, hash, text }
  })
}
