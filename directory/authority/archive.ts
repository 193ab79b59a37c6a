// The documents of an authority (docs/spec/directory-voting.md 8.8): what it holds, what it signed, and where the chain
// of documents goes on.

import { hex, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch } from '../../world/units.ts'
import { changes } from '../documents/authority-set.ts'
import { type ConsensusBody, type NamedBody, readBody, type Successors } from '../documents/consensus.ts'
import { type ConsensusDocument, readDocument, validSigners, writeDocument } from '../documents/document.ts'
import type { Evidence } from '../documents/evidence.ts'
import { epochAt, epochsValid, type Network } from '../documents/network.ts'
import { followChanges } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import type { HeldDocument, HeldDocuments } from '../follow/held-documents.ts'
import { HeldNotes } from '../follow/status-note-held.ts'
import { writePointer } from '../follow/table.ts'
import type { SignatureMessage } from '../rounds/state.ts'
import { digest, type SignatureEntry } from '../statement.ts'
import { type AuthorityStore, storedEpochs } from './store.ts'

export interface ArchiveInit {
  readonly network: Network
  /** Those that are held, and who makes them. */
  readonly documents: HeldDocuments
  readonly clock: Clock
  readonly log: Log
  readonly store: AuthorityStore
  /** Told what was refused. */
  readonly onRefused: (error: DirectoryError) => void
  /** Told of each new document. */
  readonly onDocument: (held: HeldDocument) => void
  /** Told of a proof that authorities signed two documents of an epoch. */
  readonly onProof: (evidence: Evidence) => void
}

/** Bodies of so many epochs before this one stay in memory. */
const bodyEpochs = 4

export class Archive {
  readonly documents: HeldDocuments
  readonly notes: HeldNotes
  readonly #init: ArchiveInit
  /** Names that this authority signed, by epoch. */
  readonly #signed = new Map<number, Uint8Array>()
  /** The last document that hands over of those that it signed. */
  #handedOver: ConsensusBody | undefined
  /** By the hex of its name. */
  readonly #bodies = new Map<string, ConsensusBody>()
  /** The newest document ever, also when its time is over. */
  #latest: Pointer | null = null

  constructor(init: ArchiveInit) {
    this.#init = init
    this.documents = init.documents
    this.notes = new HeldNotes(init.documents.succession, name => this.documents.named(name), init.clock)
  }

  /** @throws DirectoryError when what it signed cannot be read back */
  async load(): Promise<void> {
    const { store, network, clock } = this.#init
    const epoch = epochAt(network, clock.now())
    for (const bytes of await store.documents.changes())
      this.#use(() => void this.documents.succession.learn(bytes))
    const log = await store.documents.log()
    for (const bytes of await store.documents.all()) {
      await this.documents.prepared.prepare(bytes)
      this.#use(() => this.#load(bytes, log))
    }
    this.#handedOver = await store.handedOver()
    for (const { epoch: of, hash, body } of await store.signed()) {
      this.#signed.set(of, hash)
      if (body !== undefined && of > epoch - bodyEpochs) this.#bodies.set(hex(hash), body)
    }
  }

  #use(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#init.log.warn(
        { code: error.code, why: error.message },
        'authority: a stored document is of no use',
      )
    }
  }

  /** A document whose time is over is no view any more, but the chain goes on from it. */
  #load(bytes: Uint8Array, log?: Uint8Array): void {
    const { clock } = this.#init
    const document = this.documents.prepared.read(bytes)
    if (document.body.validUntil > clock.now()) this.documents.add(bytes, clock.now(), undefined, log)
    else if (document.body.epoch <= (this.#latest?.epoch ?? -1)) return
    else {
      this.documents.remember(bytes, log)
      this.documents.succession.note(document, bytes)
    }
    this.#note(document)
  }

  current(): View | undefined {
    return this.documents.current(this.#init.clock.now())?.view
  }

  /**
   * Verifies, keeps and stores a signed document; one that is refused changes nothing.
   *
   * @returns why it was refused, if it was
   */
  adopt(bytes: Uint8Array, told?: Uint8Array): DirectoryError | undefined {
    const { clock, log, store, onRefused, onDocument } = this.#init
    try {
      const { held, isNew } = this.documents.add(bytes, clock.now(), undefined, told)
      if (!isNew) return undefined
      this.#note(held.document)
      onDocument(held)
      const { epoch, signers, hash } = held.view
      log.info({ epoch, signers: signers.length, hash: hex(hash) }, 'authority: document')
      const change = changes(held.document.body) !== undefined
      const names = this.documents.log.isMissing ? undefined : this.documents.log.serve()
      store.documents.put(epoch, bytes, { change, log: names }).catch((error: unknown) => {
        log.error({ why: String(error) }, 'authority: a document could not be stored')
      })
      return undefined
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      for (const proof of this.documents.proofs) this.#init.onProof(proof)
      onRefused(error)
      log.warn({ code: error.code, why: error.message }, 'authority: refused a document')
      return error
    }
  }

  /**
   * Adopts a document of a peer; one of other authorities leads to the documents in which they changed.
   *
   * @param told the log of those before it, as the peer has it
   * @param ask the peer for the first change after an epoch
   */
  async adoptFrom(
    bytes: Uint8Array,
    told: Uint8Array | undefined,
    ask: (after: number | null) => Promise<Uint8Array>,
  ): Promise<void> {
    await this.documents.prepared.prepare(bytes)
    if (this.adopt(bytes, told)?.code !== 'WRONG_AUTHORITIES') return
    const { succession } = this.documents
    const { store } = this.#init
    const kept = (epoch: number, step: Uint8Array): Promise<void> => store.documents.putChange(epoch, step)
    if (await followChanges(succession, ask, kept)) this.adopt(bytes, told)
  }

  /** Hears what somebody holds of an epoch. @throws DirectoryError as `HeldDocuments.hear` */
  hear(pointer: Uint8Array): void {
    const split = this.documents.hear(pointer)
    for (const proof of split?.proofs ?? []) this.#init.onProof(proof)
  }

  /** Serves the pointer to a document, also to one whose time is over. @throws DirectoryError UNAVAILABLE */
  async servePointer(epoch: number): Promise<Uint8Array> {
    const old =
      this.documents.get(epoch) === undefined ? await this.#init.store.documents.get(epoch) : undefined
    if (old === undefined) return this.documents.servePointer(epoch)
    const { hash, signatures } = readDocument(old)
    return writePointer({ epoch, hash, signatures })
  }

  /**
   * Serves the end of the log, or the page that begins with an entry.
   *
   * @throws DirectoryError UNAVAILABLE
   */
  async serveLog(page: number | null): Promise<Uint8Array> {
    if (page === null) return this.documents.log.serve()
    const bytes = await this.#init.store.documents.logPage(page)
    if (bytes === undefined)
      throw new DirectoryError('UNAVAILABLE', `log: no page from entry ${page} on here`)
    return bytes
  }

  /** A document that a round has made. */
  publish(document: NamedBody, signatures: readonly SignatureEntry[]): void {
    this.adopt(writeDocument(document.bytes, signatures))
  }

  /** Remembers what this authority has just signed. */
  sign({ epoch, hash }: SignatureMessage, body: NamedBody | undefined): void {
    this.#signed.set(epoch, hash)
    if (body === undefined) return
    this.#bodies.set(hex(body.hash), body.body)
    if (changes(body.body) !== undefined) this.#handedOver = body.body
  }

  /**
   * Names those who may be in office before an epoch without this authority knowing: it signed the document that hands
   * over to them, and holds none of that epoch or a later one (docs/spec/directory-voting.md 8.7).
   */
  pendingChange(before: number = Number.POSITIVE_INFINITY): Successors | undefined {
    const last = this.#handedOver
    if (last === undefined || last.epoch >= before) return undefined
    return (this.newestBefore(before)?.epoch ?? -1) < last.epoch ? changes(last) : undefined
  }

  signed(epoch: number): Uint8Array | undefined {
    return this.#signed.get(epoch)
  }

  body(name: string): ConsensusBody | undefined {
    return this.#bodies.get(name)
  }

  /** @throws DirectoryError BAD_DOCUMENT when these are not the bytes of that name, or as `readBody` */
  learnBody(hash: Uint8Array, bytes: Uint8Array): void {
    if (!same(digest(bytes), hash)) throw new DirectoryError('BAD_DOCUMENT', 'body: of another name')
    this.#bodies.set(hex(hash), readBody(bytes))
  }

  newestBefore(epoch: number): Pointer | null {
    const held = this.documents.newest(epoch)
    if (held !== undefined) return this.#pointerTo(held.document)
    return this.#latest !== null && this.#latest.epoch < epoch ? this.#latest : null
  }

  /** Signed bytes. @throws DirectoryError UNAVAILABLE */
  async serve(epoch: number | null): Promise<Uint8Array> {
    const { store, clock } = this.#init
    if (epoch !== null && this.documents.get(epoch) === undefined) {
      const old = await store.documents.get(epoch)
      if (old !== undefined) return old
    }
    return this.documents.serve(epoch, clock.now())
  }

  /** The bytes of a body by its name. @throws DirectoryError UNAVAILABLE */
  async serveBody(hash: Uint8Array): Promise<Uint8Array> {
    const epoch = this.#bodies.get(hex(hash))?.epoch
    if (epoch !== undefined) {
      const held = this.documents.get(epoch)?.document
      if (held !== undefined && same(held.hash, hash)) return held.bodyBytes
      const bytes = await this.#init.store.bodyBytes(epoch)
      if (bytes !== undefined && same(digest(bytes), hash)) return bytes
    }
    throw new DirectoryError('UNAVAILABLE', 'body: not here')
  }

  /**
   * Takes up again from the disk what it let go of, when a clock that was put forth has been put back to this epoch.
   */
  async recall(epoch: Epoch): Promise<void> {
    for (let of = epoch + 1 - epochsValid; of <= epoch + 1; of++) {
      const bytes =
        this.documents.get(of) === undefined ? await this.#init.store.documents.get(of) : undefined
      if (bytes !== undefined) this.#use(() => this.#load(bytes))
    }
  }

  /** Lets go of what no round of this epoch or a later one asks for. */
  forget(epoch: number): void {
    this.documents.prune(this.#init.clock.now())
    const signed = [...this.#signed.keys()].sort((a, b) => a - b)
    for (const of of signed.slice(0, Math.max(0, signed.length - storedEpochs))) this.#signed.delete(of)
    const latest = this.#latest === null ? '' : hex(this.#latest.hash)
    for (const [name, body] of this.#bodies) {
      if (body.epoch <= epoch - bodyEpochs && name !== latest) this.#bodies.delete(name)
    }
  }

  #note(document: ConsensusDocument): void {
    this.#bodies.set(hex(document.hash), document.body)
    if (this.#latest === null || this.#latest.epoch < document.body.epoch) {
      this.#latest = this.#pointerTo(document)
    }
  }

  #pointerTo({ body, hash, signatures }: ConsensusDocument): Pointer {
    const { everybody } = this.documents.succession
    const valid = new Set(validSigners(everybody, { body, hash, signatures }).map(hex))
    return { epoch: body.epoch, hash, signatures: signatures.filter(({ signer }) => valid.has(hex(signer))) }
  }
}
