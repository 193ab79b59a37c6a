// Two signed documents of one epoch (docs/directory.md 10.3): looked for at other nodes, proven, kept, and neither
// of them used.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { LinkError } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { maxDocumentBytes } from '../documents/consensus.ts'
import { validSigners } from '../documents/document.ts'
import { type Evidence, evidenceOf } from '../documents/evidence.ts'
import { mostAuthorities, type Network } from '../documents/network.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import type { Fetch } from './fetch.ts'
import type { Documents, Held } from './held-documents.ts'
import type { Sources } from './sources.ts'
import { openPointer, writePointer } from './table.ts'

/** A contradiction: both are signed by enough authorities. */
export interface Split {
  readonly epoch: number
  readonly ours: Pointer
  readonly theirs: Pointer
  /** Against each authority that signed both: at least 2t - n of them. */
  readonly proofs: readonly Evidence[]
}

/** @returns nothing when both name the same document */
export function splitOf(network: Network, ours: Pointer, theirs: Pointer): Split | undefined {
  const { epoch } = ours
  if (epoch !== theirs.epoch || same(ours.hash, theirs.hash)) return undefined
  const valid = ({ hash, signatures }: Pointer): Set<string> =>
    new Set(validSigners(network, { body: { epoch }, hash, signatures }).map(hex))
  const [here, there] = [valid(ours), valid(theirs)]
  if (here.size < network.threshold || there.size < network.threshold) return undefined
  const proofs = ours.signatures.flatMap(({ signer, signature }) => {
    const other = theirs.signatures.find(entry => compare(entry.signer, signer) === 0)
    if (other === undefined || !here.has(hex(signer)) || !there.has(hex(signer))) return []
    const statement = { kind: 'consensus', epoch, signer } as const
    const said = [
      { about: ours.hash, signature },
      { about: theirs.hash, signature: other.signature },
    ] as const
    return [evidenceOf(statement, ...said)]
  })
  return { epoch, ours, theirs, proofs }
}

/** Others that have to agree on a document, how many are asked in one go, and how often until then. */
const wanted = 2
const askedInOneGo = 4
const goes = 4

export interface CompareInit {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly documents: Documents
  readonly sources: Sources
  readonly fetch: Fetch
  /** Called with a pointer that contradicts what is held, and the document that it names where it was given. */
  readonly onOther: (pointer: Pointer, document: Uint8Array | undefined) => void
}

/** Asks nodes of each new document, drawn at random, which one they hold. */
export class Comparison {
  readonly #init: CompareInit
  readonly #timers = new Map<number, Timer>()
  readonly counts: { agreed: number; split: number } = { agreed: 0, split: 0 }
  #closed = false

  constructor(init: CompareInit) {
    this.#init = init
  }

  document({ view }: Held): void {
    this.#later(view.epoch, 0, 0)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  #later(epoch: number, go: number, agreed: number): void {
    if (this.#closed || go >= goes) return
    const { clock, network, random } = this.#init
    const wait = (network.epochMs / 16) * fraction(random)
    this.#timers.set(
      epoch,
      clock.after(wait, () => {
        this.#timers.delete(epoch)
        void this.#ask(epoch, go, agreed)
      }),
    )
  }

  async #ask(epoch: number, go: number, before: number): Promise<void> {
    const { documents, sources, fetch, log } = this.#init
    const held = documents.get(epoch)
    if (held === undefined) return
    let agreed = before
    for (const peer of sources.others(new Set()).slice(0, askedInOneGo)) {
      if (agreed >= wanted || this.#closed) break
      try {
        const pointer = await fetch.pointer(peer, epoch)
        if (same(pointer.hash, held.document.hash)) {
          agreed++
          this.counts.agreed++
          continue
        }
        this.counts.split++
        const other = await fetch.document(peer, epoch).catch(() => undefined)
        this.#init.onOther(pointer, other)
        return
      } catch (error) {
        // Not there, not yet there, or not signed: none of these says anything about ours.
        if (!(error instanceof DirectoryError || error instanceof LinkError)) {
          log.warn({ why: String(error) }, 'directory: a comparison failed')
        }
      }
    }
    if (agreed < wanted) this.#later(epoch, go + 1, agreed)
  }
}

/** A contradiction on disk: the other pointer, and both documents as they were signed. */
export interface StoredSplit {
  readonly theirs: Pointer
  readonly documents: readonly Uint8Array[]
}

const splitKey = (epoch: number): string => `split/${String(epoch).padStart(16, '0')}`

export async function storeSplit(store: Store, { theirs, documents }: StoredSplit): Promise<void> {
  await store.put(splitKey(theirs.epoch), write([writePointer(theirs), documents]))
}

/** Those that can still be read. */
export async function storedSplits(store: Store, networkFor: NetworkFor): Promise<StoredSplit[]> {
  const splits: StoredSplit[] = []
  for await (const bytes of store.values({ gt: 'split/', lt: 'split0' })) {
    try {
      const read = new Reader(bytes, 'split')
      read.tuple(2)
      const theirs = openPointer(networkFor, read.item('pointer').bytesUpTo(8192))
      const count = read.item('documents').list(2)
      const most = maxDocumentBytes + 128 * mostAuthorities
      const documents = Array.from({ length: count }, () => read.bytesUpTo(most))
      read.end()
      splits.push({ theirs, documents })
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
    }
  }
  return splits
}
