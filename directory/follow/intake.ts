// Takes in the documents that come to a follower (docs/spec/directory-travel.md 10): verified, kept, stored and told;
// one that is refused may still lead on.

import { hex } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch } from '../../world/units.ts'
import type { Network } from '../documents/network.ts'
import { followChanges } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { DocumentsOnDisk } from './documents-on-disk.ts'
import type { Fetch, Told } from './fetch.ts'
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
  /** Told of each document that comes from somebody, new or not. */
  readonly onCame: (held: HeldDocument) => void
  /** Told of each new document. */
  readonly onNew: (held: HeldDocument) => void
  /** Told when a document is used no more. */
  readonly onSplit: (split: Split) => void
}

export class Intake {
  readonly #init: IntakeInit
  /** Documents that were new and good. */
  accepted = 0
  /** The newest that somebody told, signed as it must be, and that was not of the time that the clock shows. */
  outOfTime: View | undefined

  constructor(init: IntakeInit) {
    this.#init = init
  }

  /** Takes in what the disk has. */
  async load(): Promise<void> {
    const { documents, disk } = this.#init
    const networkFor = (epoch: Epoch): Network => documents.succession.networkFor(epoch)
    // Changes of the authorities first: with them the documents are verified.
    for (const bytes of await disk.changes()) this.#use(() => documents.succession.learn(bytes))
    const log = await disk.log()
    for (const bytes of await disk.documents()) {
      await documents.prepared.prepare(bytes)
      if (this.#use(() => void this.#take({ bytes, log }, undefined))) continue
      this.#use(() => documents.remember(bytes, log))
      this.learnFrom(bytes)
    }
    for (const { split } of await disk.splits(networkFor)) documents.restore(split)
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

  /**
   * As `accept`, with a large document read and checked in slices first; one of other authorities leads to the documents
   * in which they changed.
   */
  async acceptFrom(peer: Peer, told: Told, epoch?: number): Promise<void> {
    await this.#init.documents.prepared.prepare(told.bytes)
    try {
      this.accept(told, epoch)
    } catch (error) {
      if (!(error instanceof DirectoryError && error.code === 'WRONG_AUTHORITIES')) throw error
      if (!(await this.#followChanges(peer))) throw error
      this.accept(told, epoch)
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
  accept(told: Told, epoch?: number): void {
    this.#init.onCame(this.#take(told, epoch))
  }

  #take(told: Told, epoch: number | undefined): HeldDocument {
    const { log } = this.#init
    const { held, isNew } = this.#add(told, epoch)
    if (!isNew) return held
    this.accepted++
    log.info({ epoch: held.view.epoch, signers: held.view.signers.length }, 'directory: new document')
    const { documents, disk } = this.#init
    void disk.put(held, documents.log.isMissing ? undefined : documents.log.serve())
    this.#init.sources.forgive()
    const why = documents.suspect(held)
    if (why === undefined) this.trust(held)
    else log.warn({ epoch: held.view.epoch }, suspicions[why])
    this.#init.onNew(held)
    return held
  }

  /** Verifies and keeps, and says of every split that shows. */
  #add({ bytes, log }: Told, epoch: number | undefined): { held: HeldDocument; isNew: boolean } {
    const { documents, clock } = this.#init
    const known = new Set(documents.splits)
    try {
      return documents.add(bytes, clock.now(), epoch, log)
    } finally {
      for (const split of documents.splits.filter(each => !known.has(each))) this.#onSplit(split, bytes)
    }
  }

  /** Its nodes are asked from now on, when it is the newest. */
  trust(held: HeldDocument): void {
    const { documents, sources, link } = this.#init
    if (documents.newest() !== held) return
    sources.learn(held.view)
    link.dht.keep(sources.all, true)
  }

  /** As `learnFrom`, of a document that somebody has just told: where it is not of now, the clock may be what is wrong. */
  learnFromTold(bytes: Uint8Array): void {
    const view = this.learnFrom(bytes)
    if (view !== undefined && view.epoch > (this.outOfTime?.epoch ?? -1)) this.outOfTime = view
  }

  /** A document whose time is over still names nodes, and enough authorities have signed that. */
  learnFrom(bytes: Uint8Array): View | undefined {
    const { link, documents, sources } = this.#init
    if (documents.newest() !== undefined) return undefined
    try {
      const { prepared, succession } = documents
      const view = succession.verify(prepared.read(bytes), prepared.nodesOf(bytes))
      sources.learn(view)
      link.dht.keep(sources.all, false)
      return view
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      return undefined
    }
  }

  /** Another node holds another document of an epoch, and enough authorities signed that, too. */
  onOther(pointer: Pointer, document: Uint8Array | undefined): void {
    const split = this.#init.documents.contradict(pointer)
    if (split !== undefined) this.#onSplit(split, document)
  }

  /** Hears what somebody shows unasked. @throws DirectoryError as `HeldDocuments.hear` */
  hear(pointer: Uint8Array): void {
    const split = this.#init.documents.hear(pointer)
    if (split !== undefined) this.#onSplit(split, undefined)
  }

  #onSplit(split: Split, document: Uint8Array | undefined): void {
    const { log, disk, documents } = this.#init
    const { epoch, shownBy, proofs } = split
    const signers = proofs.map(({ signer }) => hex(signer))
    log.error({ epoch, signers: signers.join(' ') }, splitTexts[shownBy === undefined ? 'signed' : 'logged'])
    const ours = [documents.get(epoch), documents.last].find(held => held?.view.epoch === epoch)?.bytes
    const signed = [ours, document].flatMap(bytes => (bytes === undefined ? [] : [bytes]))
    void disk.putSplit({ split, documents: signed })
    this.#init.onSplit(split)
  }
}

const suspicions = {
  'few nodes': 'directory: a document shares few nodes with the one before: others are asked first',
  'no log': 'directory: nobody has shown that a document goes on from the one before: others are asked first',
} as const

const splitTexts = {
  signed: 'directory: two signed documents of one epoch: neither is used',
  logged: 'directory: the log of a signed document has another document of an epoch than was followed here',
} as const
