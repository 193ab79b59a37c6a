// Tells what a node measured of the others with its loops in half an epoch (docs/spec/directory-nodes.md 5.7): signed,
// and for the authorities only.

import { ed25519Verify } from '#crypto'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { labelled, type Sign } from '../statement.ts'
import type { Network } from './network.ts'

/** Loops through one node. */
export interface NodeCount {
  /** Where the node stands in the document, counted from 0. */
  readonly index: number
  /** Loops through it that ended, 1 or more: they came back or were lost. */
  readonly sent: number
  readonly returned: number
}

export interface Statistics {
  /** 32 bytes: the node that measured. */
  readonly reporter: Uint8Array
  /** Half epochs since genesis: 2e and 2e + 1 are those of epoch e. */
  readonly half: number
  /** 32 bytes: the name of the document whose nodes the rows are about. */
  readonly document: Uint8Array
  /** By index, each once. */
  readonly rows: readonly NodeCount[]
  /** 64 bytes. */
  readonly signature: Uint8Array
}

export const statisticsLimits = { bytes: 262_144, rows: 16_384, loops: 65_535 } as const

/** The half epoch that `now` lies in. */
export function halfAt(network: Network, now: number): number {
  return Math.floor((2 * (now - network.genesis)) / network.epochMs)
}

/** When a half epoch starts, milliseconds since 1970-01-01 UTC. */
export function halfStart(network: Network, half: number): number {
  return network.genesis + (half * network.epochMs) / 2
}

export function signStatistics(
  network: string,
  content: Omit<Statistics, 'signature'>,
  sign: Sign,
): Statistics {
  return { ...content, signature: sign(statisticsBytes(network, content)) }
}

/** @throws DirectoryError BAD_SIGNATURE */
export function verifyStatistics(network: string, statistics: Statistics): void {
  const { reporter, signature } = statistics
  if (ed25519Verify(reporter, statisticsBytes(network, statistics), signature)) return
  throw new DirectoryError('BAD_SIGNATURE', 'statistics: signature: not by the node it names')
}

/** Builds the bytes that are signed: [network, half, document, rows] under `statistics`. */
function statisticsBytes(
  network: string,
  { half, document, rows }: Omit<Statistics, 'reporter' | 'signature'>,
): Uint8Array {
  return labelled('statistics', write([network, half, document, rowsForm(rows)]))
}

/** [reporter, half, document, [[index, sent, returned], …], signature] */
export function writeStatistics({ reporter, half, document, rows, signature }: Statistics): Uint8Array {
  return write([reporter, half, document, rowsForm(rows), signature])
}

/**
 * Fields and order only.
 *
 * @throws DirectoryError TOO_LARGE, BAD_DOCUMENT, NOT_CANONICAL
 */
export function readStatistics(bytes: Uint8Array): Statistics {
  const { bytes: most, rows: mostRows, loops } = statisticsLimits
  if (bytes.length > most) {
    throw new DirectoryError('TOO_LARGE', `statistics: want at most ${most} bytes, have ${bytes.length}`)
  }
  const read = new Reader(bytes, 'statistics')
  read.tuple(5)
  const reporter = read.item('reporter').bytes(32)
  const half = read.item('half').uint()
  const document = read.item('document').bytes(32)
  const count = read.item('rows').list(mostRows)
  const rows: NodeCount[] = []
  for (let i = 0; i < count; i++) {
    read.item('row').tuple(3)
    const index = read.item('index').uint(mostRows - 1)
    const last = rows.at(-1)
    if (last !== undefined && last.index >= index) throw read.fail('NOT_CANONICAL', 'rows out of order')
    const sent = read.item('sent').uint(loops)
    if (sent === 0) throw read.fail('NOT_CANONICAL', 'a node without loops is left out')
    rows.push({ index, sent, returned: read.item('returned').uint(sent) })
  }
  const signature = read.item('signature').bytes(64)
  read.end()
  return { reporter, half, document, rows, signature }
}

function rowsForm(rows: readonly NodeCount[]): Cbor {
  return rows.map(({ index, sent, returned }) => [index, sent, returned])
}
