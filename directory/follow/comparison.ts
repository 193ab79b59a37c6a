// Asks other nodes which document of an epoch they hold (docs/spec/directory-travel.md 10.3), so that two signed ones
// are found.

import { same } from '../../encoding/bytes.ts'
import { LinkError } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random } from '../../world/random.ts'
import type { Network } from '../documents/network.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { Fetch } from './fetch.ts'
import type { HeldDocument, HeldDocuments } from './held-documents.ts'
import type { Sources } from './sources.ts'

/** Others that have to agree on a document, how many are asked in one go, and how often until then. */
const wanted = 2
const askedInOneGo = 4
const goes = 4

export interface CompareInit {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly documents: HeldDocuments
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

  document({ view }: HeldDocument): void {
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
        return this.#ask(epoch, go, agreed)
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
