// docs/spec/directory.md 11: the pinned vectors, good and bad in one loop.

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nameBody } from '../directory/documents/consensus.ts'
import { readDescriptor, verifyDescriptor } from '../directory/documents/descriptor.ts'
import { applyDifference } from '../directory/documents/difference.ts'
import { verifyConsensus } from '../directory/documents/document.ts'
import { readEvidence, verifyEvidence } from '../directory/documents/evidence.ts'
import { readAnswer, readRequest } from '../directory/documents/exchange.ts'
import { readJoin, readLeave, verifyJoin, verifyLeave } from '../directory/documents/joining.ts'
import { readLog } from '../directory/documents/log.ts'
import { openMessage, setHash } from '../directory/documents/message.ts'
import { readStatistics, verifyStatistics } from '../directory/documents/statistics.ts'
import { readVote } from '../directory/documents/vote.ts'
import { DirectoryError } from '../directory/error.ts'
import { readDealing, sharingOf, verifyOpening } from '../directory/randomness/sharing.ts'
import { tally } from '../directory/rounds/tally.ts'
import { digest } from '../directory/statement.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { edgeRoot } from '../encoding/merkle.ts'
import { networkOf } from '../simulator/directory-world.ts'
import { type DirectoryVectorFile, type VectorKind, vectorPath } from './directory-vector-form.ts'
import { directoryVectors } from './directory-vectors.ts'

const file = JSON.parse(readFileSync(vectorPath, 'utf8')) as DirectoryVectorFile
const network = networkOf({ mixes: 3, gateways: 1 })

/** Kinds whose bytes are a list. */
type ListKind = 'tally' | 'difference'

const listReaders: Record<ListKind, (bytes: Uint8Array[], openings: Uint8Array[]) => Uint8Array> = {
  tally(bytes, openings) {
    const votes = bytes.map(readVote)
    const contributions = votes.map(({ author: dealer, dealing }, i) => {
      const dealt = readDealing(sharingOf(network, 0, dealer), dealing)
      return { dealer, value: verifyOpening(dealt, openings[i] as Uint8Array) }
    })
    return nameBody(tally({ network, epoch: 1, votes, contributions })).hash
  },
  difference: ([from, told]) => digest(applyDifference(from as Uint8Array, told as Uint8Array)),
}

/** Reads and checks one; gives its name, where it has one. */
const readers: Record<Exclude<VectorKind, ListKind>, (bytes: Uint8Array) => Uint8Array | undefined> = {
  descriptor(bytes) {
    verifyDescriptor(network, readDescriptor(bytes))
    return undefined
  },
  consensus: bytes => verifyConsensus(network, bytes).hash,
  message(bytes) {
    const message = openMessage(network, bytes)
    if (message.kind === 'vote') return message.signed.hash
    return message.kind === 'set' ? setHash(message.set) : undefined
  },
  evidence(bytes) {
    verifyEvidence(network.name, readEvidence(bytes))
    return digest(bytes)
  },
  join(bytes) {
    verifyJoin(network.name, readJoin(bytes))
    return undefined
  },
  leave(bytes) {
    verifyLeave(network.name, readLeave(bytes))
    return undefined
  },
  statistics(bytes) {
    const statistics = readStatistics(bytes)
    verifyStatistics(network.name, statistics)
    return undefined
  },
  log: bytes => edgeRoot(readLog(bytes).end),
  request(bytes) {
    readRequest(bytes)
    return undefined
  },
  answer(bytes) {
    readAnswer(bytes)
    return undefined
  },
}

const bytesOf = (text: string): Uint8Array => fromHex(text)

test('the pinned file is what its generator makes', () => {
  assert.equal(file, JSON.parse(JSON.stringify(directoryVectors())))
})

for (const { id, kind, bytes, openings = [], expect, name, why } of file.vectors) {
  test(`${kind}: ${id}: ${expect}`, () => {
    try {
      const have =
        typeof bytes === 'string'
          ? readers[kind as Exclude<VectorKind, ListKind>](bytesOf(bytes))
          : listReaders[kind as ListKind](bytes.map(bytesOf), openings.map(bytesOf))
      assert.is(expect, 'ok', why)
      if (name !== undefined) assert.is(have && hex(have), name)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      assert.is(error.code, expect, error.message)
    }
  })
}

test.run()
