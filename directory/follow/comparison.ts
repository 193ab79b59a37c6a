// Asks others which document of an epoch they hold (docs/spec/directory-travel.md 10.3), so that two signed ones are
// found: nodes of the document itself, whom whoever made it has chosen; and witnesses, whom it has not, which are nodes of
// the document before, and the authorities where that says too little.

import { same } from '../../encoding/bytes.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random, shuffle } from '../../world/random.ts'
import type { Network } from '../documents/network.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { Fetch } from './fetch.ts'
import type { HeldDocument, HeldDocuments } from './held-documents.ts'

/** Others that have to agree on a document, and witnesses of them; how many are asked in one go, and how often. */
const wanted = 2
const askedOfEach = 2
const goes = 4

export interface CompareInit {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly documents: HeldDocuments
  readonly link: Link
  readonly fetch: Fetch
  /** Called with a pointer that contradicts what is held, and the document that it names where it was given. */
  readonly onOther: (pointer: Pointer, document: Uint8Array | undefined) => void
  /** Called when witnesses hold a document that was suspect. */
  readonly onConfirmed: (held: HeldDocument) => void
}

/** Says what one who was asked holds. */
type Said = 'same' | 'other' | 'nothing'

/** Those who agreed so far, and the witnesses among them. */
interface Agreed {
  readonly all: number
  readonly witnesses: number
}

/** Asks nodes of each new document, drawn at random, which one they hold. */
export class Comparison {
  readonly #init: CompareInit
  readonly #timers = new Map<number, Timer>()
  readonly counts: { agreed: number; split: number } = { agreed: 0, split: 0 }
  /** The newest epoch that is, or was, compared. */
  #compared = -1
  #closed = false

  constructor(init: CompareInit) {
    this.#init = init
  }

  /** Compares a document that came, once. */
  document({ view }: HeldDocument): void {
    if (view.epoch <= this.#compared) return
    this.#compared = view.epoch
    this.#later(view.epoch, 0, { all: 0, witnesses: 0 })
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  #later(epoch: number, go: number, agreed: Agreed): void {
    if (this.#closed || go >= goes) return
    const { clock, network, random, documents } = this.#init
    // What is suspect is not used meanwhile
    const wait = documents.isSuspect(epoch) && go === 0 ? 0 : (network.epochMs / 16) * fraction(random)
    this.#timers.set(
      epoch,
      clock.after(wait, () => {
        this.#timers.delete(epoch)
        return this.#ask(epoch, go, agreed)
      }),
    )
  }

  async #ask(epoch: number, go: number, before: Agreed): Promise<void> {
    const { documents, onConfirmed } = this.#init
    const held = documents.get(epoch)
    if (held === undefined) return
    const witnesses = this.#witnesses(epoch)
    const own = this.#drawn([...held.view.nodes.values()])
    const [seen, said] = await Promise.all([
      Promise.all(witnesses.map(peer => this.#compare(peer, held))),
      Promise.all(own.map(peer => this.#compare(peer, held))),
    ])
    const same = (of: readonly Said[]): number => of.filter(answer => answer === 'same').length
    if (this.#closed || [...seen, ...said].includes('other')) return
    const agreed = { all: before.all + same(seen) + same(said), witnesses: before.witnesses + same(seen) }
    const isSeen = agreed.witnesses >= Math.min(wanted, witnesses.length)
    if (isSeen && documents.isSuspect(epoch)) {
      documents.confirm(epoch)
      onConfirmed(held)
    }
    if (agreed.all < wanted || !isSeen) this.#later(epoch, go + 1, agreed)
  }

  /**
   * Nodes of the document before, its time over or not; the authorities too where there is none, or where the new one is
   * suspect.
   */
  #witnesses(epoch: number): readonly Peer[] {
    const { documents, link } = this.#init
    const before = documents.trusted(epoch) ?? documents.last
    const nodes = this.#drawn([...(before?.view.nodes.values() ?? [])])
    if (before !== undefined && !documents.isSuspect(epoch)) return nodes
    const { authorities } = documents.succession.networkFor(epoch)
    return [...nodes, ...authorities.filter(({ id }) => !same(id, link.id))]
  }

  #drawn(nodes: readonly Peer[]): readonly Peer[] {
    const { random, link } = this.#init
    return shuffle(
      random,
      nodes.filter(({ id }) => !same(id, link.id)),
    ).slice(0, askedOfEach)
  }

  async #compare(peer: Peer, { document, view }: HeldDocument): Promise<Said> {
    const { fetch, log, onOther } = this.#init
    try {
      const pointer = await fetch.pointer(peer, view.epoch)
      if (same(pointer.hash, document.hash)) {
        this.counts.agreed++
        return 'same'
      }
      this.counts.split++
      onOther(pointer, await fetch.document(peer, view.epoch).catch(() => undefined))
      return 'other'
    } catch (error) {
      // Not there, not yet there, or not signed: none of these says anything about ours.
      if (!(error instanceof DirectoryError || error instanceof LinkError)) {
        log.warn({ why: String(error) }, 'directory: a comparison failed')
      }
      return 'nothing'
    }
  }
}
