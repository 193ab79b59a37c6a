// Says of documents whether one holds, how several follow each other, and what changed between two. Pure functions:
// what they give is what `chaffinch consensus --json` prints, with null where there is nothing.

import { hex } from '../../encoding/bytes.ts'
import { setsFor } from '../documents/authority-set.ts'
import type { ConsensusNode } from '../documents/consensus.ts'
import { stableForm, verifyNodeSignature } from '../documents/descriptor.ts'
import { difference } from '../documents/difference.ts'
import { type ConsensusDocument, checkPinned, readDocument, validSigners } from '../documents/document.ts'
import type { Evidence } from '../documents/evidence.ts'
import type { LogStretch } from '../documents/log.ts'
import { epochStart, type Network } from '../documents/network.ts'
import { Succession } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { ownership, pathSpace } from '../ownership.ts'
import { isLogged, type PublicLog, publicLog, stretchOf } from './public-log.ts'

/**
 * One step of docs/spec/directory-consensus.md 6.3, or of docs/spec/directory-log.md 14; a step that fails ends the
 * list.
 */
export interface Check {
  readonly check: 'form' | 'configuration' | 'authorities' | 'nodes' | 'time' | 'log'
  readonly holds: boolean
  readonly detail: string
}

/** Reports what became of each step of checking a document, ids and names as lowercase hex. */
export interface Verdict {
  readonly valid: boolean
  /** As far as the document could be read. */
  readonly epoch: number | null
  readonly hash: string | null
  /** Known authorities whose signature verifies. */
  readonly signers: readonly string[]
  readonly threshold: number
  readonly checks: readonly Check[]
}

/**
 * Verifies a document step by step with the pinned configuration alone, so that one sees which step fails.
 *
 * @param bytes as an authority hands it out
 * @param now milliseconds since 1970-01-01 UTC
 */
export function judgeDocument(network: Network, bytes: Uint8Array, now: number): Verdict {
  return judge(new Succession(network), bytes, now)
}

/** Verifies step by step, by the authorities that are known. */
export function judge(succession: Succession, bytes: Uint8Array, now: number): Verdict {
  const checks: Check[] = []
  const holds = (check: Check['check'], step: () => string): boolean => {
    try {
      checks.push({ check, holds: true, detail: step() })
      return true
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      checks.push({ check, holds: false, detail: `${error.message} (${error.code})` })
      return false
    }
  }
  const read: ConsensusDocument[] = []
  const form = holds('form', () => {
    const document = readDocument(bytes)
    read.push(document)
    return `${bytes.length} bytes, canonical, ${document.body.nodes.length} nodes`
  })
  const [document] = read
  const network = document === undefined ? succession.newest : succession.networkFor(document.body.epoch)
  if (!form || document === undefined) {
    return { valid: false, epoch: null, hash: null, signers: [], threshold: network.threshold, checks }
  }
  const valid =
    holds('configuration', () => isOf(network, document)) &&
    holds('authorities', () => enough(network, document)) &&
    holds('nodes', () => nodesSigned(network, document)) &&
    holds('time', () => inTime(document, now))
  return {
    valid,
    epoch: document.body.epoch,
    hash: hex(document.hash),
    signers: validSigners(succession.everybody, document).map(hex),
    threshold: network.threshold,
    checks,
  }
}

function isOf(network: Network, { body }: ConsensusDocument): string {
  checkPinned(network, body)
  return `network ${network.name}, its packets, authorities and times`
}

function enough(network: Network, document: ConsensusDocument): string {
  const sets = setsFor(network, document.body).map(set => {
    const signers = validSigners({ ...network, ...set }, document).length
    const { length } = set.authorities
    return { holds: signers >= set.threshold, says: `${signers} of ${length}, ${set.threshold} are enough` }
  })
  const detail = `signed by ${sets.map(({ says }) => says).join('; and it hands over to others, signed by ')}`
  if (!sets.every(({ holds }) => holds)) throw new DirectoryError('TOO_FEW_SIGNATURES', detail)
  return detail
}

function nodesSigned(network: Network, { body }: ConsensusDocument): string {
  const bad = body.nodes.find(({ descriptor }) => !verifyNodeSignature(network.name, descriptor))
  if (bad !== undefined) throw new DirectoryError('BAD_SIGNATURE', `node ${idOf(bad)}: not signed by itself`)
  return `all ${body.nodes.length} signed their own keys`
}

function inTime({ body }: ConsensusDocument, now: number): string {
  if (now >= body.validUntil) {
    throw new DirectoryError('OLD_EPOCH', `its time was over at ${iso(body.validUntil)}`)
  }
  if (now < body.validAfter) return `its time comes at ${iso(body.validAfter)}`
  return now < body.freshUntil
    ? `fresh until ${iso(body.freshUntil)}`
    : `valid until ${iso(body.validUntil)}, no longer fresh`
}

/** One epoch of a history. */
export interface HistoryRow {
  readonly epoch: number
  readonly validAfter: string
  /** Null where no authority has a document of the epoch; then the rest is empty too. */
  readonly hash: string | null
  /** The name that it gives of the document before. */
  readonly previous: string | null
  /** The epoch of that document, if it is in this list. */
  readonly follows: number | null
  /** Whether it is the newest or in the log of it; null where nobody shows that. */
  readonly logged: boolean | null
  readonly signers: number
  readonly nodes: number
  /** Against the document before in this list. */
  readonly arrived: number
  readonly left: number
}

/** Documents one after another, and whether each names the one before it. */
export interface History {
  /**
   * Every document but the oldest names one of this list, or is a network's first, none is missing in the log, and no
   * authority shows another log.
   */
  readonly holds: boolean
  /** The log of the newest document of the list; null where the list has none. */
  readonly log: PublicLog | null
  /** Newest first. */
  readonly rows: readonly HistoryRow[]
}

/**
 * Reports of documents whether each names the one before it, and stands in the log of the newest.
 *
 * @param documents newest first, every one verified; undefined where there is none
 * @param logs what authorities show as the end of their logs, by the hex of their ids
 */
export function historyOf(
  network: Network,
  documents: readonly { readonly epoch: number; readonly document: ConsensusDocument | undefined }[],
  logs: ReadonlyMap<string, LogStretch>,
): History {
  const [newest, ...others] = documents.flatMap(({ document }) => (document === undefined ? [] : [document]))
  const stretch = newest && stretchOf(newest, logs.values())
  const rows = documents.map(({ epoch, document }, i): HistoryRow => {
    const validAfter = iso(epochStart(network, epoch))
    if (document === undefined) return { ...gap, epoch, validAfter }
    const older = documents.slice(i + 1).flatMap(({ document: other }) => (other ? [other] : []))
    const previous = hex(document.body.previous)
    const [now, then] = [idsOf(document), older[0] && idsOf(older[0])]
    return {
      epoch,
      validAfter,
      hash: hex(document.hash),
      previous,
      follows: older.find(({ hash }) => hex(hash) === previous)?.body.epoch ?? null,
      logged: (newest && isLogged(document, newest, stretch)) ?? null,
      signers: validSigners(network, document).length,
      nodes: now.size,
      arrived: then === undefined ? 0 : [...now].filter(id => !then.has(id)).length,
      left: then === undefined ? 0 : [...then].filter(id => !now.has(id)).length,
    }
  })
  const oldest = rows.findLast(({ hash }) => hash !== null)
  const linked = rows.filter(row => row.hash !== null && row !== oldest)
  const log = newest === undefined ? null : publicLog([newest, ...others], logs)
  const isOne = (log?.differs.length ?? 0) === 0 && rows.every(({ logged }) => logged !== false)
  return {
    holds: isOne && linked.every(({ follows, previous }) => follows !== null || previous === ''),
    log,
    rows,
  }
}

const gap = {
  hash: null,
  previous: null,
  follows: null,
  logged: null,
  signers: 0,
  nodes: 0,
  arrived: 0,
  left: 0,
} as const

/** A node that differs from one document to a later one. */
export interface Change {
  readonly id: string
  /** Fields of the node that differ, those apart that are new every epoch. */
  readonly fields: readonly string[]
}

/** Reports what changed from one document to a later one. */
export interface Comparison {
  readonly from: { readonly epoch: number; readonly hash: string }
  readonly to: { readonly epoch: number; readonly hash: string }
  readonly arrived: readonly string[]
  readonly left: readonly string[]
  readonly changed: readonly Change[]
  /** By name: before and after. */
  readonly parameters: Readonly<Record<string, readonly [number | null, number | null]>>
  /** Before and after, where it differs. */
  readonly mixing: readonly [string, string] | null
  /** Sizes of the later document, whole and told as the difference. */
  readonly bytes: { readonly document: number; readonly difference: number }
}

/**
 * Compares two documents.
 *
 * @param to of a later epoch than `from`
 */
export function compare(from: ConsensusDocument, to: ConsensusDocument): Comparison {
  const [before, after] = [nodesOf(from), nodesOf(to)]
  const changed = [...after].flatMap(([id, node]) => {
    const old = before.get(id)
    const fields = old === undefined ? [] : changedFields(old, node)
    return fields.length === 0 ? [] : [{ id, fields }]
  })
  const names = new Set([...from.body.parameters.keys(), ...to.body.parameters.keys()])
  const parameters = [...names]
    .map(
      name => [name, [from.body.parameters.get(name) ?? null, to.body.parameters.get(name) ?? null]] as const,
    )
    .filter(([, [was, is]]) => was !== is)
  const { mixing } = to.body
  return {
    from: { epoch: from.body.epoch, hash: hex(from.hash) },
    to: { epoch: to.body.epoch, hash: hex(to.hash) },
    arrived: [...after.keys()].filter(id => !before.has(id)),
    left: [...before.keys()].filter(id => !after.has(id)),
    changed,
    parameters: Object.fromEntries(parameters),
    mixing: from.body.mixing === mixing ? null : [from.body.mixing, mixing],
    bytes: {
      document: to.bodyBytes.length,
      difference: difference(from.bodyBytes, to.bodyBytes).length,
    },
  }
}

/** The names of the stable part's fields, in the order of `stableForm`. */
const stableFields = [
  'id',
  'role',
  'family',
  'country',
  'software',
  'services',
  'capacity',
  'addresses',
  'identity',
  'certificate',
  'certified until',
] as const

function changedFields(before: ConsensusNode, after: ConsensusNode): string[] {
  const values = (node: ConsensusNode): string[] => {
    const stable = stableForm(node.descriptor.stable) as readonly unknown[]
    return [...stable.map(text), String(node.place), String(node.running), String(node.reliable)]
  }
  const [was, is] = [values(before), values(after)]
  return [...stableFields, 'layer', 'running', 'reliable'].filter((_, i) => was[i] !== is[i])
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? hex(value) : JSON.stringify(value)
}

function nodesOf({ body }: ConsensusDocument): Map<string, ConsensusNode> {
  return new Map(body.nodes.map(node => [idOf(node), node]))
}

function idsOf(document: ConsensusDocument): Set<string> {
  return new Set(nodesOf(document).keys())
}

function idOf({ descriptor }: ConsensusNode): string {
  return hex(descriptor.stable.id)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/**
 * Writes proofs as plain data, ids and signatures in lowercase hex.
 *
 * @param proofs by the hex of their names
 */
export function evidenceToJson(proofs: ReadonlyMap<string, Evidence>): unknown {
  return {
    evidence: [...proofs].map(([proof, { kind, epoch, signer, said }]) => ({
      [kind === 'descriptor' ? 'node' : 'authority']: hex(signer),
      kind,
      epoch,
      proof,
      said: said.map(({ about, signature }) => ({ about: hex(about), signature: hex(signature) })),
    })),
  }
}

/**
 * Counts how many of all valid whole paths k nodes of one hand own (docs/spec/directory-tally.md 7.6), shares from 0 to
 * 1.
 */
export interface OwnedPaths {
  readonly epoch: number
  readonly hash: string
  /** Mixes by layer that paths use; of a free route all mixes. */
  readonly layers: readonly number[]
  readonly gateways: number
  /** All of them. */
  readonly nodes: number
  readonly paths: number
  readonly adversary: number
  /** Shares of the k nodes that own most; exact: no other k own more. */
  readonly worst: { readonly mixes: number; readonly ends: number; readonly exact: boolean }
  /** Expected of k nodes drawn evenly. */
  readonly random: { readonly mixes: number; readonly ends: number }
}

/**
 * Counts how many paths nodes of one hand own.
 *
 * @throws DirectoryError as `ownership`
 */
export function ownedPaths(view: View, adversary: number): OwnedPaths {
  const space = pathSpace(view)
  const { paths, worst, random } = ownership(space, adversary)
  const size = (classes: readonly { readonly size: number }[]): number =>
    classes.reduce((sum, of) => sum + of.size, 0)
  return {
    epoch: view.epoch,
    hash: hex(view.hash),
    layers: space.rings.map(size),
    gateways: size(space.gateways),
    nodes: space.nodes,
    paths,
    adversary,
    worst: {
      mixes: worst.mixes.share,
      ends: worst.ends.share,
      exact: worst.mixes.exact && worst.ends.exact,
    },
    random,
  }
}
