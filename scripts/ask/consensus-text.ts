// Writes what `chaffinch consensus` prints for people.

import {
  type Comparison,
  type Evidence,
  type History,
  type OwnedPaths,
  ownedPaths,
  type Verdict,
  type View,
} from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { columns } from '../columns.ts'
import { paint } from '../terminal/paint.ts'

export function verdictLines({ valid, epoch, hash, checks }: Verdict): string[] {
  return [
    epoch === null ? 'no document' : `consensus of epoch ${epoch}, hash ${hash}`,
    ...columns(
      ['', 'step', ''],
      checks.map(({ check, holds, detail }) => [
        holds ? paint('green', 'ok') : paint('red', 'FAILED'),
        check,
        detail,
      ]),
    ).slice(1),
    valid ? 'the document is valid' : 'the document is NOT valid',
  ]
}

export function historyLines({ holds, log, rows }: History): string[] {
  const head = ['epoch', 'from', 'hash', 'before it', 'signers', 'nodes', 'new', 'gone']
  const cells = rows.map(
    ({ epoch, validAfter, hash, previous, follows, signers, nodes, arrived, left }, i) => {
      if (hash === null) return [epoch, validAfter, 'no document', '', 0, 0, 0, 0]
      const isLast = rows.slice(i + 1).every(row => row.hash === null)
      const before = previous === '' ? 'the first' : follows === null ? shortOf(previous) : `epoch ${follows}`
      const known = isLast || follows !== null || previous === '' ? before : `${before}, NOT in this list`
      return [epoch, validAfter, shortOf(hash), known, signers, nodes, arrived, left]
    },
  )
  const isLinked = rows.every(
    ({ hash, previous, follows }, i) =>
      hash === null ||
      follows !== null ||
      previous === '' ||
      rows.slice(i + 1).every(row => row.hash === null),
  )
  const verdict = isLinked
    ? 'every document but the oldest names one before it in this list'
    : 'the chain is BROKEN: a document names none of this list as the one before it'
  return [
    ...columns(head, cells),
    verdict,
    ...logLines(log, rows),
    ...(holds ? [] : ['the history does NOT hold']),
  ]
}

function logLines(log: History['log'], rows: History['rows']): string[] {
  if (log === null) return []
  const { size, root, shownBy, differs } = log
  const missing = rows.filter(({ logged }) => logged === false)
  return [
    `log of ${size} documents before the newest, root ${shortOf(root)}, shown by ${shownBy.length} authorities`,
    ...missing.map(
      ({ epoch, hash }) => `a FORK: ${shortOf(hash ?? '')} of epoch ${epoch} is not in the log of the newest`,
    ),
    ...differs.map(
      ({ authority, epoch, hash, instead }) =>
        `a FORK: the log of authority ${shortOf(authority)} has ${shortOf(hash)} for epoch ${epoch}, and not ${shortOf(instead)}`,
    ),
  ]
}

export function comparisonLines(told: Comparison): string[] {
  const { from, to, arrived, left, changed, parameters, mixing, bytes } = told
  const changes = [
    ...arrived.map(id => ['new', shortOf(id), '']),
    ...left.map(id => ['gone', shortOf(id), '']),
    ...changed.map(({ id, fields }) => ['changed', shortOf(id), fields.join(', ')]),
    ...Object.entries(parameters).map(([name, [was, is]]) => [
      'number',
      name,
      `${was ?? 'none'} to ${is ?? 'none'}`,
    ]),
    ...(mixing === null ? [] : [['mixing', '', mixing.join(' to ')]]),
  ]
  return [
    `from epoch ${from.epoch}, ${shortOf(from.hash)}, to epoch ${to.epoch}, ${shortOf(to.hash)}`,
    ...(changes.length === 0 ? ['nothing but the new keys'] : columns(['', '', ''], changes).slice(1)),
    `${bytes.document} bytes whole, ${bytes.difference} bytes as the difference`,
  ]
}

/** Enough to tell names apart. */
function shortOf(name: string | null): string {
  return (name ?? '').slice(0, 16)
}

/** @param proofs by the hex of their names */
export function evidenceLines(proofs: ReadonlyMap<string, Evidence>): string[] {
  if (proofs.size === 0) return ['no authority or node is proven to have contradicted itself']
  const rows = [...proofs].map(([proof, { kind, epoch, signer }]) => [
    kind === 'descriptor' ? 'node' : 'authority',
    hex(signer).slice(0, 16),
    kind === 'descriptor' ? 'two descriptors of one serial' : `two different ${kind} statements`,
    String(epoch),
    proof.slice(0, 16),
  ])
  return columns(['', 'id', 'signed', 'epoch', 'proof'], rows)
}

/** The sizes of adversaries that a table shows. */
const tableSizes = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

/** A row for each size up to the one that was asked about. */
export function ownershipLines(view: View, told: OwnedPaths): string[] {
  const { epoch, layers, gateways, paths, adversary } = told
  const sizes = [...new Set([...tableSizes.filter(size => size < adversary), adversary])]
  const rows = sizes.map(size => {
    const { worst, random } = size === adversary ? told : ownedPaths(view, size)
    const mark = worst.exact ? '' : 'at least'
    return [size, ...[worst.mixes, random.mixes, worst.ends, random.ends].map(percent), mark]
  })
  return [
    `consensus of epoch ${epoch}: ${layers.join(' + ')} mixes, ${gateways} gateways, ${paths} paths`,
    'the share of paths of which k nodes of one hand are all mixes, or both gateways:',
    '',
    ...columns(['k', 'mixes, worst', 'random', 'gateways, worst', 'random', ''], rows),
  ]
}

function percent(share: number): string {
  return share === 0 ? '0 %' : `${Number((100 * share).toPrecision(3))} %`
}
