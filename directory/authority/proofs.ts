// Tells what an authority can prove of others (docs/spec/directory-voting.md 8.8): that authorities or nodes
// contradicted themselves.

import { hex } from '../../encoding/bytes.ts'
import type { NodeId } from '../../encoding/ids.ts'
import type { Log } from '../../world/log.ts'
import { type Evidence, mostNodeProofs } from '../documents/evidence.ts'
import type { AuthorityStore } from './store.ts'

export interface ProofsInit {
  readonly log: Log
  readonly store: AuthorityStore
}

export class Proofs {
  readonly #init: ProofsInit
  /** The first proof against each that contradicted itself: one is enough. */
  readonly #bySigner = new Map<NodeId, Evidence>()
  /** Proofs found since the start, and those that were on disk. */
  found = 0

  constructor(init: ProofsInit) {
    this.#init = init
  }

  async load(): Promise<void> {
    for (const evidence of await this.#init.store.evidence())
      this.#bySigner.set(hex(evidence.signer), evidence)
    this.found = this.#bySigner.size
  }

  get all(): readonly Evidence[] {
    return [...this.#bySigner.values()]
  }

  /** Says whether a node is proven to have contradicted itself. */
  isAccused(id: Uint8Array): boolean {
    return this.#bySigner.get(hex(id))?.kind === 'descriptor'
  }

  /** Takes a proof. What is proven once needs no second one: a liar cannot fill the disk. */
  accuse(evidence: Evidence): void {
    const { log, store } = this.#init
    const { kind, epoch, signer } = evidence
    if (this.#bySigner.has(hex(signer))) return
    if (kind === 'descriptor') this.#makeRoom()
    this.#bySigner.set(hex(signer), evidence)
    this.found++
    log.warn({ kind, epoch, signer: hex(signer) }, 'authority: one contradicts itself')
    store.putEvidence(evidence).catch((error: unknown) => {
      log.error({ why: String(error) }, 'authority: a proof could not be stored')
    })
  }

  /** Drops the oldest of nodes' proofs when there are too many; nodes cost their operators an address each. */
  #makeRoom(): void {
    const ofNodes = [...this.#bySigner].filter(([, { kind }]) => kind === 'descriptor')
    if (ofNodes.length < mostNodeProofs) return
    const [id, oldest] = ofNodes.reduce((a, b) => (b[1].epoch < a[1].epoch ? b : a))
    this.#bySigner.delete(id)
    this.#init.store.removeEvidence(oldest).catch((error: unknown) => {
      this.#init.log.error({ why: String(error) }, 'authority: a proof could not be removed')
    })
  }
}
