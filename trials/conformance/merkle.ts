// Kind rfc6962-merkle: inclusion and consistency proofs as transparency-dev/merkle publishes them, one a file.

import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { verifyConsistency, verifyInclusion } from '../../encoding/merkle.ts'
import { type Check, failed, readJson } from './check.ts'

interface Inclusion {
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string | null
  readonly leafHash: string | null
}

interface Consistency {
  readonly size1: number
  readonly size2: number
  readonly root1: string | null
  readonly root2: string | null
}

type Probe = (Inclusion | Consistency) & {
  readonly proof: readonly string[] | null
  readonly desc: string
  readonly wantErr: boolean
}

export function merkleProbes(folder: string): readonly Check[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => check(join(folder, name), relative('testdata', name)))
}

function check(path: string, id: string): Check {
  const probe = readJson(path) as Probe
  const holds = verify(probe)
  if (holds !== probe.wantErr) return { id, ok: true, detail: '' }
  return failed(id, `${probe.desc}: want it ${probe.wantErr ? 'refused' : 'accepted'}`)
}

function verify(probe: Probe): boolean {
  const proof = (probe.proof ?? []).map(bytes)
  if ('leafIdx' in probe) {
    const { leafIdx, treeSize, leafHash, root } = probe
    return verifyInclusion(leafIdx, treeSize, bytes(leafHash), proof, bytes(root))
  }
  if (!('size1' in probe)) throw new Error('neither an inclusion nor a consistency proof')
  const { size1, size2, root1, root2 } = probe
  return verifyConsistency(size1, size2, proof, bytes(root1), bytes(root2))
}

function bytes(base64: string | null): Uint8Array {
  return new Uint8Array(Buffer.from(base64 ?? '', 'base64'))
}
