// Says of the logs that authorities show (docs/spec/directory-log.md 14) whether they are one, and whether a document
// stands in it. Pure functions: what they give is what `chaffinch consensus --json` prints.

import { hex, same } from '../../encoding/bytes.ts'
import { edgeRoot } from '../../encoding/merkle.ts'
import type { ConsensusDocument } from '../documents/document.ts'
import type { LogStretch } from '../documents/log.ts'

/** An authority whose log has another document of an epoch than the document that the others' leads to. */
export interface LogDifference {
  /** Lowercase hex, 64 digits, as all here. */
  readonly authority: string
  readonly epoch: number
  /** The name that its log has. */
  readonly hash: string
  /** The name that the log of the newest document has, or that of the document that was found. */
  readonly instead: string
}

/** Reports what the log of the newest document is, and who shows another one. */
export interface PublicLog {
  /** Documents before the newest. */
  readonly size: number
  /** The root of the tree of them. */
  readonly root: string
  /** Authorities whose log leads to the newest document. */
  readonly shownBy: readonly string[]
  readonly differs: readonly LogDifference[]
}

/**
 * Makes a report of the logs that authorities show.
 *
 * @param documents verified ones, the newest first
 * @param told by the hex of their ids
 */
export function publicLog(
  documents: readonly [ConsensusDocument, ...ConsensusDocument[]],
  told: ReadonlyMap<string, LogStretch>,
): PublicLog {
  const [newest] = documents
  const own = stretchOf(newest, told.values())
  const names = new Map(documents.map(({ body, hash }) => [body.epoch, hash]))
  const shownBy = [...told].filter(([, log]) => log.before(newest) !== undefined).map(([id]) => id)
  const differs = [...told].flatMap(([authority, log]) =>
    log.entries.flatMap(({ epoch, hash }) => {
      const instead = own?.nameOf(epoch) ?? names.get(epoch)
      if (instead === undefined || same(hash, instead)) return []
      return [{ authority, epoch, hash: hex(hash), instead: hex(instead) }]
    }),
  )
  return { size: newest.body.log.size, root: hex(edgeRoot(newest.body.log)), shownBy, differs }
}

/** Finds the log of a document among those that somebody shows. */
export function stretchOf(document: ConsensusDocument, told: Iterable<LogStretch>): LogStretch | undefined {
  for (const log of told) {
    const found = log.before(document)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Says whether a document is the newest or stands in the log of it.
 *
 * @param log of the newest; undefined where nobody shows it
 * @returns undefined where that cannot be told
 */
export function isLogged(
  document: ConsensusDocument,
  newest: ConsensusDocument,
  log: LogStretch | undefined,
): boolean | undefined {
  const { epoch } = document.body
  if (epoch === newest.body.epoch) return same(document.hash, newest.hash)
  if (same(document.hash, newest.body.previous)) return true
  if (log === undefined || !log.covers(epoch) || epoch > newest.body.epoch) return undefined
  const name = log.nameOf(epoch)
  return name !== undefined && same(name, document.hash)
}
