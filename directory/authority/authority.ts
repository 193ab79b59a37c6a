// An authority as it runs (docs/spec/directory-voting.md 8.8, docs/spec/directory-travel.md 9): it lets nodes in,
// answers everybody's requests, listens to the other authorities, and leaves the voting to its rounds (rounds.ts).

import { ed25519Sign } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { sameSet } from '../documents/authority-set.ts'
import type { Successors } from '../documents/consensus.ts'
import {
  checkPacketKeys,
  type Descriptor,
  readDescriptor,
  verifyDescriptor,
} from '../documents/descriptor.ts'
import { writeProofs } from '../documents/evidence.ts'
import {
  directoryProtocol,
  maxRequestBytes,
  readRequest,
  writeAnswer,
  writeDescriptors,
  writeNewest,
  writeRefusal,
  writeTime,
} from '../documents/exchange.ts'
import { openMessage } from '../documents/message.ts'
import {
  type AuthorityEntry,
  checkNetwork,
  epochAt,
  type Network,
  type VotingNetwork,
} from '../documents/network.ts'
import { defaultParameters } from '../documents/parameters.ts'
import { readStatistics } from '../documents/statistics.ts'
import { type ConsensusStatus, consensusStatus, type Parameters, type View } from '../documents/view.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import { HeldDocuments } from '../follow/held-documents.ts'
import { Publisher } from '../follow/publish.ts'
import { acceptRecords } from '../follow/table.ts'
import { type Dealing, type SecretSharing, type Sharing, secretSharing } from '../randomness/sharing.ts'
import { step } from '../rounds/round.ts'
import type { RoundState } from '../rounds/state.ts'
import { openNoteMessage } from '../rounds/status-note-machine.ts'
import { defaultMixing } from '../rounds/tally.ts'
import { Admission, type AdmissionPolicy } from './admission.ts'
import { Archive } from './archive.ts'
import { Gossip } from './gossip.ts'
import { authorityEntry, sharingSecretKey } from './keys.ts'
import { AuthorityPeers } from './peers.ts'
import { Proofs } from './proofs.ts'
import { Rounds } from './rounds.ts'
import { StatisticsBook } from './statistics.ts'
import { StatusNoteKeeper } from './status-note-keeper.ts'
import { AuthorityStore } from './store.ts'

/** What an authority is made of. */
export interface AuthorityOptions {
  readonly network: Network
  /** 32 bytes: the seed of its Ed25519 key, which is the link's identity. */
  readonly seed: Uint8Array
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: Store
  /** Whom it lets in. Default: everybody comes in, unasked. */
  readonly admission?: AdmissionPolicy | undefined
  /** What it votes for; it leaves the rest to the others. */
  readonly wanted?: Partial<Parameters> | undefined
  /** Whom it wants to be the authorities from some epoch on, if not the same (docs/spec/directory-consensus.md 6.5). */
  readonly successors?: Successors | null | undefined
  /** The mixing strategy it votes for. */
  readonly mixing?: string | undefined
  /** How secrets for the shared randomness are shared out. A simulation hands in a cheaper way. */
  readonly sharing?: SecretSharing | undefined
  /** The voting machine. A test hands in one that it looks over the shoulder of. */
  readonly step?: typeof step | undefined
}

/** How an authority is, for its operator: plain values only. */
export interface AuthorityStatus {
  readonly role: 'authority'
  /** Hex, as everywhere here. */
  readonly id: string
  /** The epoch of now by the own clock. */
  readonly epoch: number
  /** Where the round of this epoch is. */
  readonly state: RoundState['at'] | 'waiting'
  readonly consensus: ConsensusStatus | null
  /** In the current consensus; before there is one, those that have uploaded. */
  readonly nodes: number
  /** When each other authority answered last: milliseconds since 1970-01-01 UTC, or null. */
  readonly authorities: readonly { readonly id: string; readonly seen: number | null }[]
  /** Rounds since the start that ended in a document, and that did not. */
  readonly rounds: { readonly published: number; readonly failed: number }
  /** Authorities that it can prove a contradiction of. */
  readonly evidence: number
  /** What it refused, by code. */
  readonly refused: Readonly<Partial<Record<DirectoryErrorCode, number>>>
}

/** A directory authority that runs. Made by `startAuthority`. */
export interface Authority {
  /** 32 bytes */
  readonly id: Uint8Array
  status(): AuthorityStatus
  /** The consensus of now, if there is one. */
  current(): View | undefined
  /**
   * From now on it wants these, or no change.
   *
   * @throws DirectoryError BAD_NETWORK when they cannot be authorities
   */
  propose(successors: Successors | null): void
  /** From now on it lets in these. */
  admit(policy: AdmissionPolicy): void
  /** From now on it votes for these. */
  want(parameters: Partial<Parameters>): void
  close(): Promise<void>
}

/**
 * Runs a directory authority until `close`: takes descriptors, votes, signs, and serves the documents.
 *
 * @throws DirectoryError BAD_NETWORK when the configuration contradicts itself or does not name this authority;
 * another code when what it said before cannot be read back from the store
 */
export async function startAuthority(options: AuthorityOptions): Promise<Authority> {
  checkNetwork(options.network)
  if (options.successors) checkNetwork({ ...options.network, ...options.successors })
  const own = authorityEntry(options.seed, [])
  if (!same(own.id, options.link.id)) {
    throw new DirectoryError('BAD_NETWORK', `authority: seed: its key is not the link's identity`)
  }
  const authority = new RunningAuthority(options, own.id)
  await authority.start(own)
  return authority
}

class RunningAuthority implements Authority {
  readonly id: Uint8Array
  readonly #options: AuthorityOptions
  readonly #admission: Admission | undefined
  readonly #archive: Archive
  readonly #publisher: Publisher
  readonly #peers: AuthorityPeers
  readonly #proofs: Proofs
  readonly #rounds: Rounds
  readonly #gossip: Gossip
  readonly #statistics: StatisticsBook
  readonly #noteKeeper: StatusNoteKeeper
  #successors: Successors | null
  #wanted: Partial<Parameters>
  readonly #refused: Partial<Record<DirectoryErrorCode, number>> = {}
  #closed = false

  constructor(options: AuthorityOptions, id: Uint8Array) {
    const { network, link, clock, random, log, seed, sharing = secretSharing } = options
    const sharingKey = sharingSecretKey(seed)
    this.id = id
    this.#options = options
    this.#successors = options.successors ?? null
    this.#wanted = options.wanted ?? {}
    const documents = new HeldDocuments(network)
    const { succession } = documents
    const store = new AuthorityStore(options.store, succession, log, sharing)
    const policy = options.admission
    this.#admission = policy && new Admission({ network, link, clock, random, log, store, policy })
    const publisher = new Publisher({ network, link, clock, random }, true)
    const archive = new Archive({
      network,
      documents,
      clock,
      log,
      store,
      onRefused: error => this.#count(error),
      onDocument: held => {
        this.#meet()
        link.dht.keep([...held.view.nodes.values(), ...succession.newest.authorities], true)
        publisher.document(held)
      },
    })
    this.#publisher = publisher
    const networkFor = (document: number): Network => succession.networkFor(document)
    acceptRecords(link.dht, {
      network,
      networkFor,
      now: clock.now,
      view: () => archive.documents.newest()?.view,
    })
    link.dht.keep(network.authorities, true)
    const peers = new AuthorityPeers({
      network,
      link,
      clock,
      random,
      log,
      urgent: () => archive.current() === undefined,
      onNewest: (peer, epoch) => this.#hearNewest(peer, epoch),
    })
    const statistics = new StatisticsBook({
      network,
      body: name => archive.body(name),
      parameters: () => archive.current()?.parameters ?? defaultParameters,
      before: epoch => archive.documents.newest(epoch)?.view,
    })
    const rules = {
      id,
      sign: (message: Uint8Array) => ed25519Sign(seed, message),
      deal: (of: Sharing) => sharing.deal(of, random),
      openShare: (dealing: Dealing) => sharing.openShare(dealing, sharingKey),
      sharing,
      addresses: link.addresses,
      wanted: () => this.#wanted,
      mixing: options.mixing ?? defaultMixing,
      flags: (round: number, node: Uint8Array) => statistics.flags(round, node),
      admits: (descriptor: Descriptor) => this.#whyNot(descriptor) === undefined,
      stays: (descriptor: Descriptor) =>
        !this.#proofs.isAccused(descriptor.stable.id) && (this.#admission?.wants(descriptor) ?? true),
      newestBefore: (epoch: number) => archive.newestBefore(epoch),
      body: (name: string) => archive.body(name),
      evidence: () => this.#proofs.all,
      successors: () => this.#wantedSuccessors(),
      pendingChange: (epoch: number) => archive.pendingChange(epoch),
      signed: (epoch: number) => archive.signed(epoch),
    }
    this.#noteKeeper = new StatusNoteKeeper({
      network,
      rules,
      networkFor: document => succession.networkFor(document),
      clock,
      log,
      peers,
      notes: archive.notes,
      statistics,
      current: () => archive.current(),
      maySpeak: epoch => store.speak(epoch),
      accuse: evidence => this.#proofs.accuse(evidence),
    })
    this.#archive = archive
    this.#proofs = new Proofs({ log, store })
    this.#statistics = statistics
    this.#peers = peers
    this.#rounds = new Rounds({
      network,
      clock,
      log,
      rules,
      store,
      archive,
      peers,
      proofs: this.#proofs,
      step: options.step ?? step,
      onBegin: () => {
        this.#gossip.plan()
        this.#forgetMembers()
      },
    })
    const take = (descriptor: Descriptor): Promise<void> => this.#takeDescriptor(descriptor)
    const current = (): View | undefined => archive.current()
    this.#gossip = new Gossip({ network, clock, log, link, peers, rounds: this.#rounds, current, take })
  }

  /** @param own its keys @throws DirectoryError BAD_NETWORK when it is no authority, or one of another sharing key */
  async start(own: AuthorityEntry): Promise<void> {
    await this.#archive.load()
    await this.#admission?.load()
    await this.#proofs.load()
    this.#checkOwn(own)
    this.#meet()
    await this.#rounds.start()
    const { link } = this.#options
    link.serve(directoryProtocol, maxRequestBytes, (from, bytes) => this.#answer(from, bytes))
    this.#noteKeeper.start()
  }

  #checkOwn({ id, sharingKey }: AuthorityEntry): void {
    const { everybody } = this.#archive.documents.succession
    const known = [...everybody.authorities, ...(this.#successors?.authorities ?? [])]
    const found = known.filter(authority => same(authority.id, id))
    if (found.length === 0) {
      throw new DirectoryError('BAD_NETWORK', `network: authorities: none is ${hex(id)}`)
    }
    const other = found.find(authority => !same(authority.sharingKey, sharingKey))
    if (other === undefined) return
    const want = `want sharing key ${hex(sharingKey)} for ${hex(id)}`
    throw new DirectoryError('BAD_NETWORK', `network: authorities: ${want}, have ${hex(other.sharingKey)}`)
  }

  propose(successors: Successors | null): void {
    if (successors !== null) checkNetwork({ ...this.#options.network, ...successors })
    this.#successors = successors
    this.#meet()
  }

  admit(policy: AdmissionPolicy): void {
    if (this.#admission !== undefined) this.#admission.policy = policy
  }

  want(parameters: Partial<Parameters>): void {
    this.#wanted = parameters
  }

  /** A change that has happened is no wish any more; one that was signed, and may have happened, is no longer free. */
  #wantedSuccessors(): Successors | null {
    const { newest } = this.#archive.documents.succession
    const wanted = this.#archive.pendingChange() ?? this.#successors
    return wanted === null || sameSet(wanted, newest) ? null : wanted
  }

  /** The authorities of now, and those who are announced or wanted. */
  #meet(): void {
    const { newest, announced } = this.#archive.documents.succession
    const coming = [announced, this.#wantedSuccessors()].flatMap(set => set?.authorities ?? [])
    this.#peers.meet([...newest.authorities, ...coming])
  }

  current(): View | undefined {
    return this.#archive.current()
  }

  status(): AuthorityStatus {
    const { network, clock } = this.#options
    const epoch = epochAt(network, clock.now())
    const view = this.current()
    const { counts } = this.#rounds
    const round = this.#rounds.state(epoch) ?? this.#rounds.state(epoch - 1)
    const uploaded = round?.at === 'descriptors' ? [...round.descriptors.values()].map(of => of.size) : [0]
    return {
      role: 'authority',
      id: hex(this.id),
      epoch,
      state: round?.at ?? 'waiting',
      consensus: consensusStatus(view),
      nodes: view?.nodes.size ?? Math.max(...uploaded),
      authorities: this.#peers.others.map(({ id }) => ({ id: hex(id), seen: this.#peers.seen(id) })),
      rounds: { published: counts.published, failed: counts.failed },
      evidence: this.#proofs.found,
      refused: { ...this.#refused },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#gossip.close()
    this.#noteKeeper.close()
    this.#publisher.close()
    this.#peers.close()
    await this.#rounds.close()
  }

  /** A peer answered; what it holds and this authority does not is fetched before the peer counts as seen. */
  async #hearNewest(peer: Peer, newest: number | null): Promise<void> {
    const mine = this.#archive.documents.newest()?.view.epoch ?? -1
    if (newest !== null && (newest > mine || this.current() === undefined)) {
      await this.#fetch(peer, null)
      await this.#fetch(peer, newest)
    }
    await this.#rounds.turn()
  }

  async #fetch(peer: Peer, epoch: number | null): Promise<void> {
    try {
      const bytes = await this.#peers.ask(peer, { ask: 'document', epoch })
      await this.#archive.adoptFrom(bytes, after => this.#peers.ask(peer, { ask: 'change', after }))
    } catch (error) {
      if (!(error instanceof DirectoryError && error.code === 'UNAVAILABLE')) throw error
    }
  }

  async #answer(from: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#serve(from, bytes)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#count(error)
      return writeRefusal(error)
    }
  }

  async #serve(from: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw new DirectoryError('CLOSED', 'the authority was closed')
    const request = readRequest(bytes)
    if (request.ask === 'document') return writeAnswer(await this.#archive.serve(request.epoch))
    if (request.ask === 'time') return writeAnswer(writeTime(this.#options.clock.now()))
    if (request.ask === 'change') return writeAnswer(this.#archive.documents.serveChange(request.after))
    if (request.ask === 'difference') {
      const { from, epoch } = request
      const told = this.#archive.documents.serveDifference(from, epoch)
      return writeAnswer(told ?? (await this.#archive.serve(epoch)))
    }
    if (request.ask === 'note') return writeAnswer(this.#archive.notes.serve(request.epoch))
    if (request.ask === 'pointer') return writeAnswer(this.#archive.documents.servePointer(request.epoch))
    if (request.ask === 'evidence') return writeAnswer(writeProofs(this.#proofs.all))
    if (request.ask === 'upload') {
      const descriptor = readDescriptor(request.descriptor)
      if (!same(from, descriptor.stable.id)) {
        throw new DirectoryError('NOT_ADMITTED', 'descriptor: a node uploads its own')
      }
      await this.#takeDescriptor(descriptor)
      return writeAnswer()
    }
    if (request.ask === 'join') {
      await this.#admission?.join(from, request.request)
      return writeAnswer()
    }
    if (request.ask === 'leave') {
      await this.#admission?.leave(from, request.note)
      return writeAnswer()
    }
    if (request.ask === 'report') {
      const statistics = readStatistics(request.statistics)
      if (!same(from, statistics.reporter)) {
        throw new DirectoryError('NOT_ADMITTED', 'statistics: a node reports its own')
      }
      this.#statistics.take(statistics, this.#options.clock.now())
      return writeAnswer()
    }
    const { everybody } = this.#archive.documents.succession
    const isPeer = this.#peers.others.some(({ id }) => same(id, from))
    // Who was away when others took over hears here that it is in office no more.
    if (request.ask === 'hello' && (isPeer || everybody.authorities.some(({ id }) => same(id, from)))) {
      return writeAnswer(writeNewest(this.#archive.documents.newest()?.view.epoch ?? null))
    }
    if (!isPeer || request.ask === 'hello') {
      throw new DirectoryError('UNKNOWN_AUTHORITY', `request: ${request.ask} is for authorities`)
    }
    switch (request.ask) {
      case 'missing':
        return writeAnswer(writeDescriptors(this.#gossip.missing(request.epoch, request.have)))
      case 'noting': {
        const { succession } = this.#archive.documents
        const networkFor = (document: number): Network => succession.networkFor(document)
        this.#noteKeeper.take(openNoteMessage(networkFor, request.message))
        return writeAnswer()
      }
      case 'body':
        return writeAnswer(await this.#archive.serveBody(request.hash))
      case 'voting': {
        const { sharing } = this.#options
        const isHeld = (vote: Uint8Array): boolean => this.#rounds.hasVote(vote)
        const networkOf = (round: number): VotingNetwork => this.#rounds.networkOf(round)
        const message = openMessage(networkOf, request.message, { isHeld, sharing })
        await this.#rounds.take(() => message.round, message)
        return writeAnswer()
      }
    }
  }

  async #takeDescriptor(descriptor: Descriptor): Promise<void> {
    const why = this.#whyNot(descriptor)
    if (why !== undefined) throw why
    const round = (): number => this.#rounds.roundFor(descriptor.epoch)
    await this.#rounds.take(round, { kind: 'descriptor', descriptor })
    if (this.#proofs.isAccused(descriptor.stable.id)) throw contradicted()
  }

  /** Why a node stays outside. What is cheap comes first. */
  #whyNot(descriptor: Descriptor): DirectoryError | undefined {
    try {
      if (descriptor.stable.addresses.length === 0) {
        throw new DirectoryError('NOT_ADMITTED', 'descriptor: addresses: want at least one')
      }
      if (this.#proofs.isAccused(descriptor.stable.id)) throw contradicted()
      this.#admission?.check(descriptor)
      verifyDescriptor(this.#options.network, descriptor)
      checkPacketKeys(descriptor)
      return undefined
    } catch (error) {
      if (error instanceof DirectoryError) return error
      throw error
    }
  }

  #forgetMembers(): void {
    this.#admission?.prune().catch((error: unknown) => {
      this.#options.log.error({ why: String(error) }, 'authority: a member could not be forgotten')
    })
  }

  #count({ code }: DirectoryError): void {
    // Whoever waits for a document asks for it before it is there.
    if (code === 'UNAVAILABLE') return
    this.#refused[code] = (this.#refused[code] ?? 0) + 1
  }
}

function contradicted(): DirectoryError {
  return new DirectoryError(
    'CONFLICT',
    'descriptor: the node signed two of one serial (chaffinch consensus evidence): do two processes use its key? It needs a new one',
  )
}
