// A node's directory (docs/directory.md 5.3, 10): it follows the consensus, uploads its descriptor to every
// authority each epoch, and serves the documents it holds to whoever asks.

import type { Timer } from '../link/clock.ts'
import type { Peer } from '../link/link.ts'
import { fraction } from '../sphinx/random.ts'
import { keysAhead, signDescriptor, writeDescriptor } from './descriptor.ts'
import { serveDocuments } from './documents.ts'
import { DirectoryError } from './error.ts'
import { directoryProtocol, readAnswer, writeRequest } from './exchange.ts'
import { type FollowedDirectory, Follower, type FollowOptions, fetchWindows } from './follow.ts'
import { epochAt, epochStart } from './network.ts'
import { hex, type Sign } from './statement.ts'
import type { Role } from './view.ts'

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
  readonly services?: readonly string[] | undefined
  /** The operator's offline identity key, its certificate for this node's key, and the certificate's last epoch. */
  readonly certified?:
    | { readonly identity: Uint8Array; readonly certificate: Uint8Array; readonly until: number }
    | undefined
}

export interface JoinOptions extends FollowOptions {
  /** What the descriptor for an epoch's document says; asked once an epoch. */
  readonly describe: (epoch: number) => NodeDescription | Promise<NodeDescription>
  /** Signs with the key of the link's identity. */
  readonly sign: Sign
}

const second = 1000
const retryMs = { first: 200, longest: 5 * second } as const
const requestMs = 5 * second
const answerBytes = 4096

/**
 * @throws DirectoryError BAD_NETWORK
 */
export async function joinDirectory(options: JoinOptions): Promise<FollowedDirectory> {
  const follower = new Follower(options, fetchWindows.node)
  serveDocuments(options.link, follower.documents, () => options.clock.now())
  await follower.start()
  const uploader = new Uploader(options, follower)
  const close = follower.close.bind(follower)
  follower.close = async () => {
    uploader.close()
    await close()
  }
  return follower
}

/** What became of one descriptor at one authority. */
type Fate = 'taken' | 'refused'

class Uploader {
  readonly #options: JoinOptions
  readonly #directory: FollowedDirectory
  /** By epoch: the descriptor, signed once. */
  readonly #descriptors = new Map<number, Uint8Array>()
  /** By `epoch authority`. */
  readonly #fates = new Map<string, Fate>()
  #timer: Timer | undefined
  #tries = 0
  #closed = false

  constructor(options: JoinOptions, directory: FollowedDirectory) {
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

  #missing(epoch: number): { document: number; authority: Peer }[] {
    return this.#documents(epoch).flatMap(document =>
      this.#options.network.authorities
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
    const { network, link, clock, sign, describe } = this.#options
    const { role, addresses, packetKeys, certified, ...rest } = await describe(epoch)
    if (packetKeys.length !== keysAhead) {
      throw new DirectoryError(
        'BAD_DOCUMENT',
        `description: want ${keysAhead} keys, have ${packetKeys.length}`,
      )
    }
    const stable = {
      id: link.id,
      role,
      family: rest.family ?? '',
      country: rest.country ?? '',
      software: rest.software ?? '',
      services: rest.services ?? [],
      addresses,
      identity: certified?.identity ?? new Uint8Array(0),
      certificate: certified?.certificate ?? new Uint8Array(0),
      certifiedUntil: certified?.until ?? 0,
    }
    // Milliseconds into the epoch before: a node that starts again says something newer without remembering.
    const serial = Math.max(0, Math.floor(clock.now() - epochStart(network, epoch - 1)))
    const content = { stable, epoch, serial, keys: packetKeys }
    this.#descriptors.set(epoch, writeDescriptor(signDescriptor(network.name, content, sign)))
  }

  async #upload(epoch: number, authority: Peer): Promise<void> {
    const { link, log } = this.#options
    const descriptor = this.#descriptors.get(epoch)
    if (descriptor === undefined || this.#closed) return
    const settle = (fate: Fate): void => void this.#fates.set(`${epoch} ${hex(authority.id)}`, fate)
    try {
      const request = writeRequest({ ask: 'upload', descriptor })
      const options = { timeoutMs: requestMs, maxBytes: answerBytes }
      readAnswer(await link.request(authority, directoryProtocol, request, options))
      settle('taken')
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code === 'WRONG_STATE') return
      settle('refused')
      const fields = { epoch, authority: hex(authority.id), code: error.code, why: error.message }
      if (error.code === 'LATE') log.debug(fields, 'directory: too late for this document')
      else log.warn(fields, 'directory: an authority refused this node')
    }
  }

  #forgetBefore(epoch: number): void {
    for (const old of [...this.#descriptors.keys()].filter(e => e < epoch)) this.#descriptors.delete(old)
    for (const key of [...this.#fates.keys()].filter(key => Number.parseInt(key, 10) < epoch)) {
      this.#fates.delete(key)
    }
  }
}
