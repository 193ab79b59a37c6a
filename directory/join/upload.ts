// Uploads a node's descriptor to every authority each epoch, and asks to be let in where it is not
// (docs/spec/directory-nodes.md 5.3 to 5.6).

import { hex } from '../../encoding/bytes.ts'
import type { NodeId } from '../../encoding/ids.ts'
import type { Peer } from '../../link/link.ts'
import type { Timer } from '../../world/clock.ts'
import { fraction } from '../../world/random.ts'
import { type Epoch, type Ms, second } from '../../world/units.ts'
import { keysAhead, type StablePart, signDescriptor, writeDescriptor } from '../documents/descriptor.ts'
import { type DirectoryRequest, directoryProtocol, readAnswer, writeRequest } from '../documents/exchange.ts'
import { signJoin, signLeave, writeJoin, writeLeave } from '../documents/joining.ts'
import { epochAt, epochStart } from '../documents/network.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import type { Follower } from '../follow/follow.ts'
import type { Publisher } from '../follow/publish.ts'
import { lookAgain, OwnMoments } from '../own-moments.ts'
import type { JoinOptions, NodeDescription } from './description.ts'

const retryMs = { first: 200, longest: 5 * second } as const
const requestMs = 5 * second
/** An authority dials the node before it answers. */
const joinMs = 15 * second
/** After a refusal that may pass. */
const joinAgainMs = 5 * second
const answerBytes = 4096

/** Refusals to let a node in that may be over in some seconds. */
const mayPass: ReadonlySet<DirectoryErrorCode> = new Set<DirectoryErrorCode>(['BUSY', 'NO_ANSWER'])

/** Reports what became of one descriptor, or of a request, at one authority. */
type Fate = 'taken' | 'refused' | 'late'

/** A descriptor, signed once: also a clock that is set gets no second one of the same serial. */
interface Described {
  readonly bytes: Uint8Array
  /** By authority. */
  readonly fates: Map<NodeId, Fate>
}

/** Descriptors that are remembered. */
const mostDescribed = 8

export class Uploader {
  readonly #options: JoinOptions
  readonly #directory: Follower
  readonly #publisher: Publisher
  /** By epoch of the document. */
  readonly #described = new Map<Epoch, Described>()
  /** By the hex of the authority. */
  readonly refusals: Map<NodeId, { readonly code: DirectoryErrorCode; readonly why: string }> = new Map()
  /** The elapsed time from which on an authority may be asked again. */
  readonly #joinAt = new Map<NodeId, Ms>()
  readonly #joining = new Map<NodeId, Promise<Fate | 'later'>>()
  #timer: Timer | undefined
  readonly #moments: OwnMoments
  #tries = 0
  /** The epoch of the last upload. */
  #epoch: Epoch = -1
  #closed = false

  constructor(options: JoinOptions, directory: Follower, publisher: Publisher) {
    this.#publisher = publisher
    this.#options = options
    this.#directory = directory
    this.#moments = new OwnMoments(options.network, options.random, { from: 0, to: 1 / 32 })
    this.#plan(0)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #plan(ms: number): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.after(ms, () => this.#run())
  }

  async #run(): Promise<void> {
    const { network, clock, random, log } = this.#options
    const epoch = epochAt(network, clock.now())
    // A little into an epoch, each node at its own moment; the first time at once.
    if (this.#epoch >= 0 && epoch > this.#epoch && clock.now() < this.#moments.in(epoch)) {
      return this.#lookAt(this.#moments.in(epoch))
    }
    try {
      if (epoch >= 0) await this.#uploadAll(epoch)
    } catch (error) {
      log.error({ why: String(error) }, 'directory: this node cannot be described')
    }
    const left = epoch < 0 || this.#missing(epoch).length > 0
    this.#tries = left ? this.#tries + 1 : 0
    if (left) {
      // Soon enough to be there before the descriptors close, however short the epoch.
      const longest = Math.max(retryMs.first, Math.min(retryMs.longest, network.epochMs / 32))
      const wait = Math.min(longest, retryMs.first * 1.5 ** Math.min(20, this.#tries))
      return this.#plan(wait * (0.75 + fraction(random) / 2))
    }
    this.#lookAt(this.#moments.in(epoch + 1))
  }

  #lookAt(at: Ms): void {
    if (!this.#closed) this.#timer = lookAgain(this.#options.clock, at, () => this.#run())
  }

  /** The next document; and the one of now too, as long as there is none. */
  #documents(epoch: number): readonly number[] {
    return this.#directory.current() === undefined ? [epoch, epoch + 1] : [epoch + 1]
  }

  /** Lists the authorities that vote on a document. */
  #authorities(document: number): readonly Peer[] {
    return this.#directory.documents.succession.networkFor(document).authorities
  }

  #missing(epoch: number): { document: number; authority: Peer }[] {
    return this.#documents(epoch).flatMap(document =>
      this.#authorities(document)
        .filter(({ id }) => this.#described.get(document)?.fates.has(hex(id)) !== true)
        .map(authority => ({ document, authority })),
    )
  }

  async #uploadAll(epoch: number): Promise<void> {
    this.#beginEpoch(epoch)
    const missing = this.#missing(epoch)
    for (const document of new Set(missing.map(({ document }) => document))) await this.#describe(document)
    await Promise.all(missing.map(({ document, authority }) => this.#upload(document, authority)))
  }

  async #describe(epoch: number): Promise<void> {
    if (this.#described.has(epoch)) return
    const { network, sign } = this.#options
    const { description, stable } = await this.#stable(epoch)
    const { packetKeys, count } = description
    if (packetKeys.length !== keysAhead) {
      throw new DirectoryError(
        'BAD_DOCUMENT',
        `description: want ${keysAhead} keys, have ${packetKeys.length}`,
      )
    }
    const content = { stable, epoch, serial: this.#serial(epoch - 1), keys: packetKeys, count }
    const descriptor = signDescriptor(network.name, content, sign)
    this.#described.set(epoch, { bytes: writeDescriptor(descriptor), fates: new Map() })
    if (this.#described.size > mostDescribed)
      this.#described.delete(this.#described.keys().next().value as Epoch)
    this.#publisher.descriptor(descriptor, () => this.#isLacking(epoch))
  }

  /** Tells whether fewer have taken a descriptor than sign a document: then the table has to bring it to the others. */
  #isLacking(epoch: Epoch): boolean {
    const { threshold } = this.#directory.documents.succession.networkFor(epoch)
    const fates = [...(this.#described.get(epoch)?.fates.values() ?? [])]
    return fates.filter(fate => fate === 'taken').length < threshold
  }

  async #stable(epoch: number): Promise<{ description: NodeDescription; stable: StablePart }> {
    const description = await this.#options.describe(epoch)
    const { role, addresses, certified } = description
    const stable = {
      id: this.#options.link.id,
      role,
      family: description.family ?? '',
      country: description.country ?? '',
      software: description.software ?? '',
      services: description.services ?? [],
      capacity: description.capacity ?? 0,
      addresses,
      identity: certified?.identity ?? new Uint8Array(0),
      certificate: certified?.certificate ?? new Uint8Array(0),
      certifiedUntil: certified?.until ?? 0,
    }
    return { description, stable }
  }

  /** Milliseconds into an epoch: a node that starts again says something newer without remembering. */
  #serial(epoch: number): number {
    const { network, clock } = this.#options
    return Math.max(0, Math.floor(clock.now() - epochStart(network, epoch)))
  }

  async #upload(epoch: number, authority: Peer, isMember = false): Promise<void> {
    const described = this.#described.get(epoch)
    if (described === undefined || this.#closed) return
    const settle = (fate: Fate): void => void described.fates.set(hex(authority.id), fate)
    // It has just refused to let this node in, and takes nothing of it
    if (!isMember && this.#isToWait(authority)) return
    try {
      await this.#tell(authority, { ask: 'upload', descriptor: described.bytes }, requestMs)
      this.refusals.delete(hex(authority.id))
      settle('taken')
    } catch (error) {
      // A request that the link could not carry, or that comes too early, is made again.
      if (!(error instanceof DirectoryError) || error.code === 'WRONG_STATE') return
      if (error.code === 'JOIN_FIRST' && !isMember) {
        const joined = await this.#joinOnce(authority)
        if (joined === 'taken') await this.#upload(epoch, authority, true)
        else if (joined === 'refused') settle('refused')
        return
      }
      settle(error.code === 'LATE' ? 'late' : 'refused')
      if (error.code !== 'LATE') return this.#refused(authority, error)
      const fields = { epoch, authority: hex(authority.id), why: error.message }
      this.#options.log.debug(fields, 'directory: too late for this document')
    }
  }

  #isToWait({ id }: Peer): boolean {
    return this.#options.clock.elapsed() < (this.#joinAt.get(hex(id)) ?? 0)
  }

  /** Two descriptors may wait for the same answer; one that was told to wait does. */
  #joinOnce(authority: Peer): Promise<Fate | 'later'> {
    const id = hex(authority.id)
    if (this.#isToWait(authority)) return Promise.resolve('later')
    const asked = this.#joining.get(id) ?? this.#join(authority).finally(() => this.#joining.delete(id))
    this.#joining.set(id, asked)
    return asked
  }

  async #join(authority: Peer): Promise<Fate | 'later'> {
    const { network, clock, sign } = this.#options
    try {
      const epoch = epochAt(network, clock.now())
      const { description, stable } = await this.#stable(epoch + 1)
      const approval = description.certified?.approval ?? new Uint8Array(0)
      const contact = description.contact ?? ''
      const asked = { stable, epoch, serial: this.#serial(epoch), contact, approval }
      const request = writeJoin(signJoin(network.name, asked, sign))
      await this.#tell(authority, { ask: 'join', request }, joinMs)
      return 'taken'
    } catch (error) {
      if (!(error instanceof DirectoryError)) return 'later'
      this.#refused(authority, error)
      this.#joinAt.set(hex(authority.id), clock.elapsed() + joinAgainMs)
      return mayPass.has(error.code) ? 'later' : 'refused'
    }
  }

  async leave(): Promise<ReadonlyMap<string, boolean>> {
    this.close()
    const { network, link, clock, sign } = this.#options
    const epoch = epochAt(network, clock.now())
    const note = writeLeave(
      signLeave(network.name, { id: link.id, epoch, serial: this.#serial(epoch) }, sign),
    )
    const told = this.#authorities(epoch + 1).map(async authority => {
      try {
        await this.#tell(authority, { ask: 'leave', note }, requestMs)
        return [hex(authority.id), true] as const
      } catch (error) {
        if (error instanceof DirectoryError) this.#refused(authority, error)
        return [hex(authority.id), false] as const
      }
    })
    return new Map(await Promise.all(told))
  }

  async #tell(authority: Peer, request: DirectoryRequest, timeoutMs: number): Promise<void> {
    const options = { timeoutMs, maxBytes: answerBytes }
    readAnswer(await this.#options.link.request(authority, directoryProtocol, writeRequest(request), options))
  }

  /** Told once, until it changes. */
  #refused({ id }: Peer, { code, message }: DirectoryError): void {
    const before = this.refusals.get(hex(id))
    this.refusals.set(hex(id), { code, why: message })
    if (before?.code === code && before.why === message) return
    this.#options.log.warn(
      { authority: hex(id), code, why: message },
      'directory: an authority keeps this node out',
    )
  }

  /** Too late for the round before is in time for one that starts the network in the document's own epoch. */
  #beginEpoch(epoch: Epoch): void {
    const fates = this.#described.get(epoch)?.fates
    if (epoch > this.#epoch) {
      for (const [id, fate] of [...(fates ?? [])]) if (fate === 'late') fates?.delete(id)
    }
    this.#epoch = epoch
  }
}
