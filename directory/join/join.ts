// A node's directory (docs/spec/directory-nodes.md 5.3 to 5.6, docs/spec/directory-travel.md 10): it follows the
// consensus, asks to be let in, uploads its descriptor to every authority each epoch, and serves the documents it holds
// to whoever asks.

import { hex } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/link.ts'
import type { Timer } from '../../world/clock.ts'
import { fraction } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import type { AnnouncedService } from '../documents/announced.ts'
import { keysAhead, type StablePart, signDescriptor, writeDescriptor } from '../documents/descriptor.ts'
import { type DirectoryRequest, directoryProtocol, readAnswer, writeRequest } from '../documents/exchange.ts'
import {
  nonceBytes,
  presenceBytes,
  presenceProtocol,
  signJoin,
  signLeave,
  writeJoin,
  writeLeave,
} from '../documents/joining.ts'
import { epochAt, epochStart } from '../documents/network.ts'
import type { Role, View } from '../documents/view.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import { type FollowedDirectory, Follower, type FollowOptions } from '../follow/follow.ts'
import { Publisher } from '../follow/publish.ts'
import { serveDocuments } from '../follow/serve.ts'
import type { Sign } from '../statement.ts'
import { Reporter, type ReporterInit } from './report.ts'

/** What a node says about itself; what it leaves out is empty. */
export interface NodeDescription {
  readonly role: Role
  /** Multiaddrs without the /p2p part, at which others reach it. */
  readonly addresses: readonly string[]
  /** X25519 public keys (32 bytes each) for packets of epoch, epoch + 1, epoch + 2. */
  readonly packetKeys: readonly Uint8Array[]
  readonly family?: string | undefined
  readonly country?: string | undefined
  readonly software?: string | undefined
  readonly services?: readonly AnnouncedService[] | undefined
  /** Where the authorities' people reach the operator; it stands in no document. */
  readonly contact?: string | undefined
  readonly certified?: Certified | undefined
}

/** What the operator's offline identity key says about a node's key (docs/spec/directory-nodes.md 5.4). */
export interface Certified {
  /** 32 bytes */
  readonly identity: Uint8Array
  /** 64 bytes: that the node's key is the operator's, until the end of epoch `until`. */
  readonly certificate: Uint8Array
  readonly until: number
  /** 64 bytes: that the node may ask to join with this role, family and contact. */
  readonly approval: Uint8Array
}

/** A node's directory, which also says that the node leaves. */
export interface JoinedDirectory extends FollowedDirectory {
  /**
   * Tells every authority that the node leaves, and uploads nothing more. It stays in the documents that were voted
   * on before.
   *
   * @returns by the hex of each authority: whether it knows now
   */
  leave(): Promise<ReadonlyMap<string, boolean>>
  /** Authorities that keep this node out, by the hex of their ids, and why. */
  refusals(): ReadonlyMap<string, { readonly code: DirectoryErrorCode; readonly why: string }>
}

/** What it takes for a node to be in the documents, besides following them. */
export interface JoinOptions extends FollowOptions {
  /** What the descriptor for an epoch's document says; asked once an epoch. */
  readonly describe: (epoch: number) => NodeDescription | Promise<NodeDescription>
  /** Signs with the key of the link's identity. */
  readonly sign: Sign
  /** What this node's loops counted in a half epoch (report.ts); without it nothing is reported. */
  readonly counts?: ReporterInit['counts'] | undefined
}

const retryMs = { first: 200, longest: 5 * second } as const
const requestMs = 5 * second
/** An authority dials the node before it answers. */
const joinMs = 15 * second
/** After a refusal that may pass. */
const joinAgainMs = 5 * second
const answerBytes = 4096

/**
 * Has a node in the documents of its network from epoch to epoch, until `close`: describes it, answers who looks for it, and follows
 * the documents.
 *
 * @throws DirectoryError BAD_NETWORK
 */
export async function joinDirectory(options: JoinOptions): Promise<JoinedDirectory> {
  const { link, clock, network, sign } = options
  const follower = new Follower(options, 'node')
  serveDocuments(link, follower.documents, follower.notes, () => clock.now())
  link.serve(presenceProtocol, nonceBytes, async (from, nonce) => {
    if (nonce.length !== nonceBytes) throw new DirectoryError('BAD_DOCUMENT', 'presence: want 32 bytes')
    return sign(presenceBytes(network.name, from, nonce))
  })
  await follower.start()
  const publisher = new Publisher(options, false)
  const unpublish = follower.onView(({ epoch }) => {
    const held = follower.documents.usable(epoch)
    if (held !== undefined) publisher.document(held)
  })
  const uploader = new Uploader(options, follower, publisher)
  const { counts } = options
  const view = (): View | undefined => follower.current()
  const reporter =
    counts === undefined
      ? undefined
      : new Reporter({
          ...options,
          authorities: () => follower.documents.succession.newest.authorities,
          view,
          counts,
        })
  const close = follower.close.bind(follower)
  return Object.assign(follower, {
    leave: () => uploader.leave(),
    refusals: () => uploader.refusals,
    close: async () => {
      unpublish()
      publisher.close()
      uploader.close()
      reporter?.close()
      await close()
    },
  })
}

/** Refusals to let a node in that may be over in some seconds. */
const mayPass: ReadonlySet<DirectoryErrorCode> = new Set<DirectoryErrorCode>(['BUSY', 'NO_ANSWER'])

/** What became of one descriptor, or of a request, at one authority. */
type Fate = 'taken' | 'refused' | 'late'

class Uploader {
  readonly #options: JoinOptions
  readonly #directory: Follower
  readonly #publisher: Publisher
  /** By epoch: the descriptor, signed once. */
  readonly #descriptors = new Map<number, Uint8Array>()
  /** By `epoch authority`. */
  readonly #fates = new Map<string, Fate>()
  /** By the hex of the authority. */
  readonly refusals = new Map<string, { readonly code: DirectoryErrorCode; readonly why: string }>()
  /** By authority: when it may be asked again. */
  readonly #joinAt = new Map<string, number>()
  readonly #joining = new Map<string, Promise<Fate | 'later'>>()
  #timer: Timer | undefined
  #tries = 0
  /** The epoch of the last upload. */
  #epoch = -1
  #closed = false

  constructor(options: JoinOptions, directory: Follower, publisher: Publisher) {
    this.#publisher = publisher
    this.#options = options
    this.#directory = directory
    this.#plan(0)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #plan(ms: number): void {
    if (this.#closed) return
    this.#timer = this.#options.clock.after(ms, () => {
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    const { network, clock, random, log } = this.#options
    const epoch = epochAt(network, clock.now())
    try {
      if (epoch >= 0) await this.#uploadAll(epoch)
    } catch (error) {
      log.error({ why: String(error) }, 'directory: this node cannot be described')
    }
    const left = epoch < 0 || this.#missing(epoch).length > 0
    this.#tries = left ? this.#tries + 1 : 0
    if (left) {
      // Soon enough to be there before the descriptors close, however short the epoch.
      const longest = Math.max(retryMs.first, Math.min(retryMs.longest, network.epochMs / 64))
      const wait = Math.min(longest, retryMs.first * 1.5 ** Math.min(20, this.#tries))
      return this.#plan(wait * (0.75 + fraction(random) / 2))
    }
    // A little into the next epoch, each node at its own moment.
    const next = epochStart(network, epoch + 1) + (network.epochMs / 32) * fraction(random)
    this.#plan(Math.max(1, next - clock.now()))
  }

  /** The next document; and the one of now too, as long as there is none. */
  #documents(epoch: number): readonly number[] {
    return this.#directory.current() === undefined ? [epoch, epoch + 1] : [epoch + 1]
  }

  /** Who votes on a document. */
  #authorities(document: number): readonly Peer[] {
    return this.#directory.documents.succession.networkFor(document).authorities
  }

  #missing(epoch: number): { document: number; authority: Peer }[] {
    return this.#documents(epoch).flatMap(document =>
      this.#authorities(document)
        .filter(({ id }) => !this.#fates.has(`${document} ${hex(id)}`))
        .map(authority => ({ document, authority })),
    )
  }

  async #uploadAll(epoch: number): Promise<void> {
    this.#forgetBefore(epoch)
    const missing = this.#missing(epoch)
    for (const document of new Set(missing.map(({ document }) => document))) await this.#describe(document)
    await Promise.all(missing.map(({ document, authority }) => this.#upload(document, authority)))
  }

  async #describe(epoch: number): Promise<void> {
    if (this.#descriptors.has(epoch)) return
    const { network, sign } = this.#options
    const { description, stable } = await this.#stable(epoch)
    const { packetKeys } = description
    if (packetKeys.length !== keysAhead) {
      throw new DirectoryError(
        'BAD_DOCUMENT',
        `description: want ${keysAhead} keys, have ${packetKeys.length}`,
      )
    }
    const content = { stable, epoch, serial: this.#serial(epoch - 1), keys: packetKeys }
    const descriptor = signDescriptor(network.name, content, sign)
    this.#descriptors.set(epoch, writeDescriptor(descriptor))
    this.#publisher.descriptor(descriptor)
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
    const descriptor = this.#descriptors.get(epoch)
    if (descriptor === undefined || this.#closed) return
    const settle = (fate: Fate): void => void this.#fates.set(`${epoch} ${hex(authority.id)}`, fate)
    try {
      await this.#tell(authority, { ask: 'upload', descriptor }, requestMs)
      this.refusals.delete(hex(authority.id))
      settle('taken')
    } catch (error) {
      // What the link could not carry, and what comes too early, is tried again.
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

  /** Two descriptors may wait for the same answer; one that was told to wait does. */
  #joinOnce(authority: Peer): Promise<Fate | 'later'> {
    const id = hex(authority.id)
    if (this.#options.clock.now() < (this.#joinAt.get(id) ?? 0)) return Promise.resolve('later')
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
      this.#joinAt.set(hex(authority.id), clock.now() + joinAgainMs)
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

  #forgetBefore(epoch: number): void {
    for (const old of [...this.#descriptors.keys()].filter(e => e < epoch)) this.#descriptors.delete(old)
    for (const [key, fate] of [...this.#fates]) {
      const document = Number.parseInt(key, 10)
      // Too late for the round before is in time for one that starts the network in the document's own epoch.
      const isAgain = fate === 'late' && document === epoch && epoch > this.#epoch
      if (document < epoch || isAgain) this.#fates.delete(key)
    }
    this.#epoch = epoch
  }
}
