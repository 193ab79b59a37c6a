// Takes in the documents that come to a follower (docs/spec/directory-travel.md 10): verified, kept, stored and told;
// one that is refused may still lead on.

import { hex } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch } from '../../world/units.ts'
import { readDocument } from '../documents/document.ts'
import type { Network } from '../documents/network.ts'
import { followChanges } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { DocumentsOnDisk } from './documents-on-disk.ts'
import type { Fetch } from './fetch.ts'
import type { HeldDocument, HeldDocuments } from './held-documents.ts'
import type { Sources } from './sources.ts'
import type { Split } from './split.ts'

export interface IntakeInit {
  readonly clock: Clock
  readonly link: Link
  readonly log: Log
  readonly documents: HeldDocuments
  readonly disk: DocumentsOnDisk
  readonly sources: Sources
  readonly fetch: Fetch
  /** Told of each new document. */
  readonly onNew: (held: HeldDocument) => void
  /** Told when a document is used no more. */
  readonly onSplit: () => void
}

export class Intake {
  readonly #init: IntakeInit
  /** Documents that were new and good. */
  accepted = 0

  constructor(init: IntakeInit) {
    this.#init = init
  }

  /** Takes in what the disk has. */
  async load(): Promise<void> {
    const { documents, disk } = this.#init
    const networkFor = (epoch: Epoch): Network => documents.succession.networkFor(epoch)
    // Changes of the authorities first: with them the documents are verified.
    for (const bytes of await disk.changes()) this.#use(() => documents.succession.learn(bytes))
    for (const bytes of await disk.documents()) {
      if (!this.#use(() => this.accept(bytes))) this.learnFrom(bytes)
    }
    for (const { theirs } of await disk.splits(networkFor)) documents.contradict(theirs)
  }

  /** Uses what was stored, which may be of no more use. */
  #use(run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#init.log.info({ code: error.code }, 'a stored document is of no more use')
      return false
    }
  }

  /** As `accept`; a document of other authorities leads to the documents in which they changed. */
  async acceptFrom(peer: Peer, bytes: Uint8Array, epoch?: number): Promise<void> {
    try {
      this.accept(bytes, epoch)
    } catch (error) {
      if (!(error instanceof DirectoryError && error.code === 'WRONG_AUTHORITIES')) throw error
      if (!(await this.#followChanges(peer))) throw error
      this.accept(bytes, epoch)
    }
  }

  #followChanges(peer: Peer): Promise<boolean> {
    return followChanges(
      this.#init.documents.succession,
      after => this.#init.fetch.change(peer, after),
      async (epoch, bytes) => {
        this.#init.log.info({ epoch }, 'directory: the authorities have changed')
        await this.#init.disk.putChange(epoch, bytes)
      },
    )
  }

  /** Verifies, keeps, tells. @throws DirectoryError when it is refused, as `HeldDocuments.add` */
  accept(bytes: Uint8Array, epoch?: number): void {
    const { clock, log } = this.#init
    const before = this.#init.documents.splits.length
    let accepted: { held: HeldDocument; isNew: boolean }
    try {
      accepted = this.#init.documents.add(bytes, clock.now(), epoch)
    } catch (error) {
      const split = this.#init.documents.splits[before]
      if (split !== undefined) this.#onSplit(split, bytes)
      throw error
    }
    const { held, isNew } = accepted
    if (!isNew) return
    this.accepted++
    log.info({ epoch: held.view.epoch, signers: held.view.signers.length }, 'directory: new document')
    void this.#init.disk.put(held)
    this.#init.sources.forgive()
    if (this.#init.documents.suspect(held)) {
      const { epoch } = held.view
      log.warn(
        { epoch },
        'directory: a document shares few nodes with the one before: others are asked first',
      )
    } else this.trust(held)
    this.#init.onNew(held)
  }

  /** Its nodes are asked from now on, when it is the newest. */
  trust(held: HeldDocument): void {
    const { documents, sources, link } = this.#init
    if (documents.newest() !== held) return
    sources.learn(held.view)
    link.dht.keep(sources.all, true)
  }

  /** A document whose time is over still names nodes, and enough authorities have signed that. */
  learnFrom(bytes: Uint8Array): void {
    const { link } = this.#init
    if (this.#init.documents.newest() !== undefined) return
    try {
      this.#init.sources.learn(this.#init.documents.succession.verify(readDocument(bytes)))
      link.dht.keep(this.#init.sources.all, false)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
    }
  }

  /** Another node holds another document of an epoch, and enough authorities signed that, too. */
  onOther(pointer: Pointer, document: Uint8Array | undefined): void {
    const split = this.#init.documents.contradict(pointer)
    if (split !== undefined) this.#onSplit(split, document)
  }

  #onSplit(split: Split, document: Uint8Array | undefined): void {
    const { log } = this.#init
    const signers = split.proofs.map(({ signer }) => hex(signer))
    log.error(
      { epoch: split.epoch, signers: signers.join(' ') },
      'directory: two signed documents of one epoch: neither is used',
    )
    const ours = this.#init.documents.get(split.epoch)?.bytes
    const documents = [ours, document].flatMap(bytes => (bytes === undefined ? [] : [bytes]))
    void this.#init.disk.putSplit({ theirs: split.theirs, documents })
    this.#init.onSplit()
  }
}
