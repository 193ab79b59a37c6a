// Copies of an election's public folder in which one thing is another: a byte alone, or a byte with everything made
// anew that hashes and signs it, by those whose keys they are, the Controller's among them. Then nothing but the
// mathematics can tell.

import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519Sign } from '#crypto'
import {
  checkpointOf,
  entryOf,
  type Payload,
  type SignedRequest,
  type Signer,
  sha256Hex,
  signerOf,
  wantRequest,
} from '../../cascade/index.ts'
import { canonicalJson, type Json } from '../../encoding/jcs.ts'
import { leafHash, MerkleTree } from '../../encoding/merkle.ts'
import { readKey } from '../../roles/files/index.ts'
import { definitionIn } from '../../roles/mixnet/election-folder.ts'
import { keyName } from '../../roles/mixnet/folder.ts'
import { electionId, fileNames, voterOf } from '../../voting/index.ts'
import { type Change, killedNames, mixers, type Places, trustees, type Way } from './places.ts'

/** Holds what a forger has: all keys that there are. */
interface Forger {
  readonly places: Places
  readonly signers: ReadonlyMap<string, Signer>
}

/** Makes a copy of the board. `nothing` with `signed` is the board itself, signed anew. */
export function copyChanged(
  places: Places,
  to: string,
  change: Change | 'nothing',
  way: Way,
  codes: readonly string[],
): void {
  cpSync(places.board, to, { recursive: true })
  const log = join(to, fileNames.log)
  const entries = entriesIn(log)
  const forger = { places, signers: signersOf(places, codes) }
  const at = change === 'nothing' ? undefined : placeOf(entries, change, forger)
  const changed = entries.map((entry, i) => (i === at ? altered(forger, to, entry, way) : entry))
  writeFileSync(log, changed.map(each => `${canonicalJson(each as unknown as Json)}\n`).join(''))
  if (way === 'signed') signAnew(places, to, changed)
}

export function entriesIn(log: string): SignedRequest[] {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  return lines.map(line => wantRequest(JSON.parse(line)))
}

function signersOf(places: Places, codes: readonly string[]): Map<string, Signer> {
  const election = electionId(definitionIn(places.board))
  const members = [...mixers, ...trustees].map(name => signerOf(readKey(places.of(name, keyName))))
  const voters = codes.map(code => voterOf(election, code))
  return new Map([...members, ...voters].map(signer => [signer.id, signer]))
}

/** Finds the entry that has what is to be changed: the last ballot, a mixer's proof that holds, a trustee's share. */
function placeOf(entries: readonly SignedRequest[], change: Change, { places }: Forger): number {
  const idOf = (name: string): string => signerOf(readKey(places.of(name, keyName))).id
  const is = ({ payload }: SignedRequest): boolean => {
    if (change === 'ballot') return payload.resource === 'message'
    if (change === 'proof')
      return payload['action'] === 'process' && payload.signer === idOf(killedNames.mixer)
    return payload['action'] === 'share'
  }
  return entries.findLastIndex(is)
}

/** Changes one byte of what an entry says or names. */
function altered({ signers }: Forger, to: string, entry: SignedRequest, way: Way): SignedRequest {
  const { payload } = entry
  const field = ['data', 'proof_hash', 'points_hash'].find(
    name => typeof payload[name] === 'string',
  ) as string
  const value = payload[field] as string
  let changed: Payload
  if (field === 'data') changed = { ...payload, data: flipped(value) }
  else {
    const file = join(to, 'blobs', value)
    const bytes = readFileSync(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] as number) ^ 1
    writeFileSync(file, bytes)
    if (way === 'byte') return entry
    const hash = sha256Hex(bytes)
    renameSync(file, join(to, 'blobs', hash))
    changed = { ...payload, [field]: hash }
  }
  if (way === 'byte') return { ...entry, payload: changed }
  const signer = signers.get(payload.signer) as Signer
  return { payload: changed, signature: signer.sign('request', changed) }
}

/** Replaces the first hexadecimal digit by another one. */
function flipped(text: string): string {
  return `${(Number.parseInt(text.charAt(0), 16) ^ 1).toString(16)}${text.slice(1)}`
}

/** Signs the head of a log as its Controller. */
function signAnew(places: Places, to: string, entries: readonly SignedRequest[]): void {
  const tree = new MerkleTree()
  for (const entry of entries) tree.append(leafHash(entryOf(entry)))
  const { mixnet } = definitionIn(places.board)
  const seed = readKey(places.of('controller', 'log.key'))
  const head = { size: entries.length, root: tree.root() }
  const note = checkpointOf(mixnet, head, signerOf(seed).keyData, message => ed25519Sign(seed, message))
  writeFileSync(join(to, fileNames.checkpoint), note)
}
