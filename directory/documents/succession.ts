// Which authorities make a document (docs/spec/directory-consensus.md 6.5): the pinned ones, until a document that they
// and their successors have signed together hands over. Whoever has the oldest configuration follows the chain of such
// documents to the newest set.

import { hex } from '../../encoding/bytes.ts'
import { DirectoryError } from '../error.ts'
import { changes, sameSet } from './authority-set.ts'
import type { Successors } from './consensus.ts'
import { type CheckedNodes, type ConsensusDocument, readDocument, verifyDocument } from './document.ts'
import type { AuthorityEntry, AuthoritySet, Network, VotingNetwork } from './network.ts'
import type { View } from './view.ts'

interface Change {
  readonly epoch: number
  readonly set: AuthoritySet
  readonly bytes: Uint8Array
}

/** The network with the authorities that make the document of an epoch. */
export type NetworkFor = (epoch: number) => Network

/** Announcements are looked at in the rounds of the next few epochs only. */
const mostAnnounced = 16

export class Succession {
  readonly #pinned: Network
  /** By epoch, oldest first. */
  #changes: readonly Change[] = []
  /** By the epoch of the document that names it. */
  readonly #announced = new Map<number, Successors | null>()

  constructor(pinned: Network) {
    this.#pinned = pinned
  }

  /** The network with the authorities that make the document of an epoch; of one that hands over, the old ones. */
  networkFor(epoch: number): Network {
    const set = this.#changes.findLast(change => change.epoch < epoch)?.set
    return set === undefined ? this.#pinned : { ...this.#pinned, ...set }
  }

  /** The network with the newest authorities that are known. */
  get newest(): Network {
    return this.networkFor(Number.POSITIVE_INFINITY)
  }

  /** The network as a round has it that makes the documents of these epochs. */
  votingNetwork(first: number, last: number): VotingNetwork {
    const before = [...this.#announced.keys()].filter(epoch => epoch < first)
    const announced = this.#announced.get(Math.max(...before)) ?? null
    const network = this.networkFor(first)
    if (announced === null || announced.from > last || sameSet(announced, network)) return network
    return { ...network, incoming: announced }
  }

  /** The pinned network with everybody who ever was an authority. */
  get everybody(): Network {
    const known = new Map<string, AuthorityEntry>()
    const announced = [...this.#announced.values()].filter(successors => successors !== null)
    for (const { authorities } of [this.#pinned, ...this.#changes.map(({ set }) => set), ...announced]) {
      for (const authority of authorities) known.set(hex(authority.id), authority)
    }
    return { ...this.#pinned, authorities: [...known.values()] }
  }

  /** Those who were announced and are not in office yet. */
  get announced(): Successors | null {
    const newest = this.#announced.get(Math.max(...this.#announced.keys())) ?? null
    return newest === null || sameSet(newest, this.newest) ? null : newest
  }

  /** With the authorities that make the documents of its epoch. @throws DirectoryError as `verifyDocument` */
  verify(document: ConsensusDocument, nodes?: CheckedNodes): View {
    return verifyDocument(this.networkFor(document.body.epoch), document, nodes)
  }

  /** Learns from a verified document whom it names; true when it hands over. */
  note({ body }: ConsensusDocument, bytes: Uint8Array): boolean {
    const change = changes(body)
    if (change !== undefined && !this.#changes.some(({ epoch }) => epoch === body.epoch)) {
      const step = { epoch: body.epoch, set: change, bytes }
      this.#changes = [...this.#changes, step].sort((a, b) => a.epoch - b.epoch)
    }
    this.#announced.set(body.epoch, change === undefined ? body.successors : null)
    if (this.#announced.size > mostAnnounced) this.#announced.delete(Math.min(...this.#announced.keys()))
    return change !== undefined
  }

  /**
   * Follows one step of the chain; its time may be long over.
   *
   * @returns the epoch of the document
   * @throws DirectoryError as `verifyDocument`; BAD_DOCUMENT when it does not hand over; OLD_EPOCH when a later step is
   * known
   */
  learn(bytes: Uint8Array): number {
    const document = readDocument(bytes)
    const { epoch } = document.body
    if (changes(document.body) === undefined) {
      throw new DirectoryError('BAD_DOCUMENT', `document of epoch ${epoch}: the authorities stay the same`)
    }
    if (epoch <= this.lastChange) throw new DirectoryError('OLD_EPOCH', `change of epoch ${epoch}: is known`)
    this.verify(document)
    this.note(document, bytes)
    return epoch
  }

  /** The epoch of the newest document that handed over; -1 without one. */
  get lastChange(): number {
    return this.#changes.at(-1)?.epoch ?? -1
  }

  /** The first document after an epoch that handed over, signed. */
  changeAfter(epoch: number): { readonly epoch: number; readonly bytes: Uint8Array } | undefined {
    return this.#changes.find(change => change.epoch > epoch)
  }
}

/** Changes of the authorities that are followed in one go. */
const mostChanges = 64

/**
 * Step by step from the authorities that are known to the newest that a peer knows.
 *
 * @param ask for the first change after an epoch (null: the first of all)
 * @param kept is told of every step
 * @returns whether there was a step; one that does not hold ends the chain, as its end does
 * @throws what `ask` and `kept` throw, but for DirectoryError
 */
export async function followChanges(
  succession: Succession,
  ask: (after: number | null) => Promise<Uint8Array>,
  kept: (epoch: number, bytes: Uint8Array) => Promise<void>,
): Promise<boolean> {
  const before = succession.lastChange
  try {
    for (let steps = 0; steps < mostChanges; steps++) {
      const bytes = await ask(succession.lastChange < 0 ? null : succession.lastChange)
      await kept(succession.learn(bytes), bytes)
    }
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
  }
  return succession.lastChange > before
}
