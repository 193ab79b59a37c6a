// What a demonstration leaves behind, read back from the files that its processes wrote: claims are about this alone.

import { existsSync, readFileSync } from 'node:fs'
import { entryOf, readCheckpoint, type SignedRequest, signerOf } from '../../cascade/index.ts'
import { fromHex, same } from '../../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../../encoding/merkle.ts'
import { readKey } from '../../roles/files/index.ts'
import { definitionIn } from '../../roles/mixnet/election-folder.ts'
import { keyName } from '../../roles/mixnet/folder.ts'
import { fileNames, type Result } from '../../voting/index.ts'
import { entriesIn } from './forged.ts'
import { absentName, auditors, type Change, cheatName, type Places, type Way } from './places.ts'
import { type Searched, search } from './search.ts'
import type { Voted } from './voters.ts'

/** Holds what the demonstration itself did and saw, as it wrote it down. */
export interface Story {
  readonly election: string
  readonly voters: number
  readonly kills: readonly {
    readonly role: 'controller' | 'mixer' | 'trustee'
    readonly name: string
    /** Ballots with a receipt by then. */
    readonly ballots: number
    /** The head of the log that the Controller had signed by then. */
    readonly checkpoint: string
  }[]
  /** Says how each auditor's check of its copy ended. */
  readonly audits: readonly { readonly name: string; readonly code: number | null }[]
  /** Says how a check of each changed copy ended, and what it said. */
  readonly copies: readonly {
    readonly change: Change | 'nothing'
    readonly way: Way
    readonly code: number | null
    readonly says: string
  }[]
  /** Processes that ended by themselves. */
  readonly died: readonly string[]
  /** Processes that were told to end, and how they did; only once all have been. */
  readonly endings?: readonly { readonly name: string; readonly code: number | null }[]
  readonly times: Readonly<Record<string, number>>
}

/** Holds what a process that was killed did afterwards. */
export interface Comeback {
  readonly role: string
  readonly name: string
  readonly ballots: number
  /** Counts how often its log says that it has started. */
  readonly starts: number
  /** Entries of the log when it was killed. */
  readonly size: number
  /** The log as it is now begins with the one that was signed then. */
  readonly kept: boolean
  /** Names what it had signed in the log after it came back; of a Controller, what it took. */
  readonly acts: readonly string[]
}

export interface Fates {
  readonly receipts: number
  readonly counts: number
  readonly replaced: number
  readonly other: number
}

/** Holds what one auditor said. */
export interface Audited {
  readonly name: string
  readonly code: number | null
  readonly holds: boolean
  readonly election: string
  readonly ms: number
  readonly named: readonly string[]
  readonly result: Result | undefined
}

/** Everything that claims are about. */
export interface ElectionRecord {
  readonly story: Story
  readonly voted: Voted
  readonly result: Result
  /** Ballots in the log, of all voters. */
  readonly ballots: number
  readonly fates: Fates
  readonly audits: readonly Audited[]
  readonly comebacks: readonly Comeback[]
  readonly cheat: {
    readonly id: string
    /** Names what it did in the log, in its order. */
    readonly acts: readonly string[]
    /** Entries by which its cycle goes on without it. */
    readonly skips: number
    /** Mixers, by their ids, whose cycles the result rests on. */
    readonly others: readonly string[]
  }
  readonly absent: { readonly id: string; readonly shares: number; readonly sharing: number }
  readonly searched: Searched
}

/** Reads what a demonstration has left. */
export function readRecord(places: Places): ElectionRecord {
  const story = json(readFileSync(places.story, 'utf8')) as Story
  const entries = entriesIn(`${places.board}/${fileNames.log}`)
  const definition = definitionIn(places.board)
  const idOf = (name: string): string => signerOf(readKey(places.of(name, keyName))).id
  const acts = (signer: string, from = 0): string[] =>
    entries
      .slice(from)
      .flatMap(({ payload }) => (payload.signer === signer ? [String(payload['action'] ?? '')] : []))
      .filter(action => action !== '')
  const cheat = idOf(cheatName)
  const shares = entries.filter(({ payload }) => payload['action'] === 'share')
  return {
    story,
    voted: json(readFileSync(places.voted, 'utf8')) as Voted,
    result: json(readFileSync(`${places.board}/${fileNames.result}`, 'utf8')) as Result,
    ballots: entries.filter(({ payload }) => payload.resource === 'message').length,
    fates: fatesIn(places.fates),
    audits: auditors.map(name => auditOf(places, story, name)),
    comebacks: story.kills.map(kill => comebackOf(places, kill, entries, acts, idOf)),
    cheat: {
      id: cheat,
      acts: acts(cheat),
      skips: entries.filter(({ payload }) => isSkip(payload, cheat, entries)).length,
      others: definition.mixers.filter(id => id !== cheat && acts(id).includes('process')),
    },
    absent: {
      id: idOf(absentName),
      shares: shares.filter(({ payload }) => payload.signer === idOf(absentName)).length,
      sharing: new Set(shares.map(({ payload }) => payload.signer)).size,
    },
    searched: search(places, votersIn(places.codes)),
  }
}

function json(text: string): unknown {
  return JSON.parse(text)
}

/** Says whether an entry leaves out the cycle that somebody has mixed. */
function isSkip(
  payload: SignedRequest['payload'],
  mixer: string,
  entries: readonly SignedRequest[],
): boolean {
  return (
    payload['action'] === 'skip' &&
    entries.some(
      ({ payload: of }) =>
        of['action'] === 'process' && of.signer === mixer && of['peer_id'] === payload['peer_id'],
    )
  )
}

function fatesIn(file: string): Fates {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const fates = lines.filter(line => line !== '').map(line => (json(line) as { fate: string }).fate)
  const count = (fate: string): number => fates.filter(each => each === fate).length
  const [counts, replaced] = [count('counts'), count('replaced')]
  return { receipts: fates.length, counts, replaced, other: fates.length - counts - replaced }
}

function auditOf(places: Places, { audits }: Story, name: string): Audited {
  const code = audits.find(each => each.name === name)?.code ?? null
  const file = places.of(name, 'verified.json')
  const said = (existsSync(file) ? json(readFileSync(file, 'utf8')) : {}) as Partial<Audited>
  const { holds = false, election = '', ms = 0, named = [], result } = said
  return { name, code, holds, election, ms, named, result }
}

function comebackOf(
  places: Places,
  { role, name, ballots, checkpoint }: Story['kills'][number],
  entries: readonly SignedRequest[],
  actsOf: (signer: string, from: number) => string[],
  idOf: (name: string) => string,
): Comeback {
  const { mixnet, controller_key } = definitionIn(places.board)
  const head = readCheckpoint(mixnet, fromHex(controller_key), checkpoint)
  const size = head?.size ?? entries.length
  const tree = new MerkleTree()
  for (const entry of entries.slice(0, size)) tree.append(leafHash(entryOf(entry)))
  const log = readFileSync(places.of(name, 'log'), 'utf8')
  const starts = log.split('\n').filter(line => line.includes('"msg":"started"')).length
  const kept = head !== undefined && tree.size === size && same(tree.root(), head.root)
  const acts =
    role === 'controller'
      ? entries.slice(size).map(({ payload }) => payload.resource)
      : actsOf(idOf(name), size)
  return { role, name, ballots, starts, size, kept, acts: [...new Set(acts)] }
}

/** Reads name, mail address and code of each voter from the credential authority's file. */
export function votersIn(codes: string): string[][] {
  const [, ...lines] = readFileSync(codes, 'utf8').trim().split('\r\n')
  return lines.map(line => {
    const [name = '', mail = '', , code = ''] = line.split(',').map(cell => cell.replaceAll('"', ''))
    return [name, mail, code]
  })
}
