// Lets nodes in, or keeps them out, for an authority (docs/spec/directory-nodes.md 5.4): requests, cheap checks before
// dear ones, the proof of address, and the list of members that outlives the process.

import { hex, same } from '../../encoding/bytes.ts'
import type { Link } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import type { Epoch } from '../../world/units.ts'
import { type Descriptor, identityOf, type StablePart } from '../documents/descriptor.ts'
import {
  type JoinRequest,
  type Member,
  readJoin,
  readLeave,
  verifyJoin,
  verifyLeave,
} from '../documents/joining.ts'
import { epochAt, type Network } from '../documents/network.ts'
import type { Parameters, View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { anyNumber } from '../rounds/seats.ts'
import { type Applicant, Applicants } from './applicants.ts'
import { Crowding } from './crowding.ts'
import { isNamed, Names } from './names.ts'
import { Presence } from './presence.ts'
import type { AuthorityStore } from './store.ts'

/** Says which nodes an authority lets in. */
export interface AdmissionPolicy {
  /** Identities, or node ids where those are the identities, that may come in; without it anybody may ask. */
  readonly allow?: readonly Uint8Array[] | undefined
  /** Says whether each announced address has to answer when this authority dials it. */
  readonly proveAddresses: boolean
  /** Nodes with an address in one network (/16 of IPv4, /32 of IPv6) at most; 0 for any number. */
  readonly perNetwork: number
}

export interface AdmissionInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: AuthorityStore
  readonly policy: AdmissionPolicy
  /** The document of now. */
  readonly current: () => View | undefined
}

export const admissionLimits: {
  readonly members: number
  readonly requests: Rate
  readonly requestsOfOne: Rate
  readonly askers: number
  readonly epochs: number
} = {
  members: 16_384,
  /** Requests of all nodes together. */
  requests: { burst: 256, perMinute: 1200 },
  requestsOfOne: { burst: 4, perMinute: 30 },
  /** Nodes whose requests are counted one by one. */
  askers: 4096,
  /** A member that has not been heard of for so many epochs is forgotten. */
  epochs: 72,
}

export class Admission {
  readonly #init: AdmissionInit
  #policy: AdmissionPolicy
  readonly #members = new Map<string, Member>()
  /** When a member was heard of last, as an epoch. */
  readonly #seen = new Map<string, number>()
  readonly #all: Bucket
  readonly #ofOne = new Map<string, Bucket>()
  readonly #applicants = new Applicants()
  readonly #presence: Presence
  readonly #crowding: Crowding
  readonly #names: Names

  constructor(init: AdmissionInit) {
    this.#init = init
    this.#policy = init.policy
    this.#presence = new Presence(init)
    const members = {
      all: this.#members,
      isHeardOf: (id: string) => (this.#seen.get(id) ?? 0) >= this.#epoch() - 2,
      perNetwork: () => this.#policy.perNetwork,
    }
    this.#crowding = new Crowding(members, init.current)
    this.#names = new Names({
      presence: this.#presence,
      members: this.#members,
      epoch: () => this.#epoch(),
      keep: async member => {
        await init.store.putMember(member)
        this.#members.set(hex(member.request.stable.id), member)
        this.#crowding.forget()
      },
    })
    this.#all = fullBucket(admissionLimits.requests, init.clock.elapsed())
  }

  async load(): Promise<void> {
    const epoch = this.#epoch()
    for (const member of await this.#init.store.members()) {
      const id = hex(member.request.stable.id)
      this.#members.set(id, member)
      this.#seen.set(id, epoch)
    }
  }

  /** From now on; who was let in stays until the policy forbids it. */
  set policy(policy: AdmissionPolicy) {
    this.#policy = policy
  }

  /** Gives the parameters that follow from the policy, as the authority votes for them. */
  get wanted(): Pick<Parameters, 'nodesPerNetwork'> {
    const { perNetwork } = this.#policy
    return { nodesPerNetwork: perNetwork > 0 ? perNetwork : anyNumber }
  }

  /** Says whether a member asked before the randomness of the document of the round was opened. */
  isSettled(round: Epoch, id: Uint8Array): boolean {
    const member = this.#members.get(hex(id))
    return member !== undefined && member.request.epoch < round - 1
  }

  get members(): number {
    return this.#members.size
  }

  /**
   * Takes a request to join, from the node itself.
   *
   * @throws DirectoryError BUSY, BAD_DOCUMENT, NOT_ADMITTED, OLD_EPOCH, NETWORK_FULL, BAD_SIGNATURE, NO_ANSWER
   */
  async join(from: Uint8Array, bytes: Uint8Array): Promise<void> {
    this.#count(from)
    const request = readJoin(bytes)
    const { stable } = request
    if (!same(from, stable.id)) {
      throw new DirectoryError('NOT_ADMITTED', 'join: a node asks for itself')
    }
    const { now } = this.#init.clock
    try {
      await this.#admit(request)
      this.#applicants.note(stable, now())
    } catch (error) {
      // One that is told to come again is neither in nor out
      if (error instanceof DirectoryError && error.code !== 'BUSY')
        this.#applicants.note(stable, now(), error)
      throw error
    }
  }

  async #admit(request: JoinRequest): Promise<void> {
    const { stable } = request
    this.#checkTime(request, 'join')
    this.#checkNewer(request)
    this.#checkPolicy(stable)
    verifyJoin(this.#init.network.name, request)
    const reached = await this.#reach(stable)
    this.#crowding.checkNetworks(stable, reached)
    await this.#keep({ request, left: false, reached })
  }

  /** Lists who asked since the start. */
  get applicants(): readonly Applicant[] {
    return this.#applicants.list
  }

  /**
   * Takes a note that a node leaves, from anybody.
   *
   * @throws DirectoryError BUSY, BAD_DOCUMENT, OLD_EPOCH, BAD_SIGNATURE
   */
  async leave(from: Uint8Array, bytes: Uint8Array): Promise<void> {
    this.#count(from)
    const note = readLeave(bytes)
    const member = this.#members.get(hex(note.id))
    // One that never came in is out already.
    if (member === undefined || member.left) return
    this.#checkTime(note, 'leave')
    if (isOlder(note, member.request))
      throw new DirectoryError('OLD_EPOCH', 'leave: the node has come back since')
    verifyLeave(this.#init.network.name, note)
    const { epoch, serial } = note
    await this.#keep({ ...member, request: { ...member.request, epoch, serial }, left: true })
  }

  /** Says whether the node of a descriptor may be in. */
  wants(descriptor: Descriptor): boolean {
    try {
      this.check(descriptor)
      return true
    } catch (error) {
      if (error instanceof DirectoryError) return false
      throw error
    }
  }

  /** @throws DirectoryError JOIN_FIRST, NOT_ADMITTED, NETWORK_FULL */
  check({ stable }: Descriptor): void {
    const id = hex(stable.id)
    const member = this.#members.get(id)
    if (member === undefined)
      throw new DirectoryError('JOIN_FIRST', 'descriptor: the node has not asked to join')
    if (member.left) {
      throw new DirectoryError('JOIN_FIRST', 'descriptor: the node said that it leaves: it has to ask again')
    }
    const { request } = member
    const changed = (['role', 'family', 'identity', 'addresses'] as const).find(
      field => String(stable[field]) !== String(request.stable[field]),
    )
    if (changed !== undefined) {
      throw new DirectoryError(
        'JOIN_FIRST',
        `descriptor: ${changed}: not as the node asked for: it has to ask again`,
      )
    }
    this.#checkList(stable)
    this.#seen.set(id, this.#epoch())
    this.#crowding.checkRoom(stable)
  }

  /** Requests of one node and of all: what costs something comes after this. */
  #count(from: Uint8Array): void {
    const now = this.#init.clock.elapsed()
    const id = hex(from)
    const { requests, requestsOfOne, askers } = admissionLimits
    const own = this.#ofOne.get(id) ?? fullBucket(requestsOfOne, now)
    if (this.#ofOne.size >= askers && !this.#ofOne.has(id)) this.#ofOne.clear()
    this.#ofOne.set(id, own)
    if (takeTokens(own, requestsOfOne, 1, now) === 0 || takeTokens(this.#all, requests, 1, now) === 0) {
      throw new DirectoryError('BUSY', 'join: too many requests: ask again in some seconds')
    }
  }

  #checkTime({ epoch }: { readonly epoch: number }, what: string): void {
    const now = this.#epoch()
    if (Math.abs(epoch - now) > 1) {
      throw new DirectoryError('OLD_EPOCH', `${what}: of epoch ${epoch} in epoch ${now}: compare the clocks`)
    }
  }

  #checkNewer(request: JoinRequest): void {
    const member = this.#members.get(hex(request.stable.id))
    if (member?.left === true && isOlder(request, member.request)) {
      throw new DirectoryError('OLD_EPOCH', 'join: older than the note that the node leaves')
    }
  }

  #checkPolicy(stable: StablePart): void {
    this.#checkList(stable)
    if (stable.addresses.length === 0) {
      throw new DirectoryError('NOT_ADMITTED', 'join: addresses: want at least one')
    }
    const { perNetwork, proveAddresses } = this.#policy
    const named = stable.addresses.find(isNamed)
    if (perNetwork > 0 && !proveAddresses && named !== undefined) {
      throw new DirectoryError(
        'NOT_ADMITTED',
        `join: ${named}: nodes are counted by network here, and nobody dials a name to find its: announce an IP address`,
      )
    }
    this.#crowding.checkNetworks(
      stable,
      stable.addresses.filter(address => !isNamed(address)),
    )
    if (this.#members.size >= admissionLimits.members && !this.#members.has(hex(stable.id))) {
      throw new DirectoryError('BUSY', `join: ${admissionLimits.members} nodes are members already`)
    }
  }

  #checkList(stable: StablePart): void {
    const identity = identityOf(stable)
    if (this.#policy.allow?.some(allowed => same(allowed, identity)) === false) {
      throw new DirectoryError('NOT_ADMITTED', `join: identity ${hex(identity)} is not on the list`)
    }
  }

  /** A node that starts again in the epoch in which it was proven is not dialled again. */
  #provenAt(stable: StablePart): readonly string[] | undefined {
    const member = this.#members.get(hex(stable.id))
    if (member === undefined || member.left || member.request.epoch < this.#epoch()) return undefined
    return String(member.request.stable.addresses) === String(stable.addresses) ? member.reached : undefined
  }

  /** Proves the addresses where the policy wants it. @returns where the node was found */
  async #reach(stable: StablePart): Promise<readonly string[]> {
    if (!this.#policy.proveAddresses) return []
    const proven = this.#provenAt(stable)
    if (proven !== undefined) return proven
    return this.#presence.prove(stable)
  }

  /** Looks again where the names of members lead, as `Names.recount`. */
  async recount(): Promise<void> {
    if (this.#policy.proveAddresses) await this.#names.recount()
  }

  /** Lists the networks of a node, those of its names too where it was dialled. */
  networksOf(node: Pick<StablePart, 'id' | 'addresses'>): string[] {
    return this.#crowding.networksOf(node)
  }

  async #keep(member: Member): Promise<void> {
    const { store, log } = this.#init
    const { stable } = member.request
    await store.putMember(member)
    this.#members.set(hex(stable.id), member)
    this.#seen.set(hex(stable.id), this.#epoch())
    const message = member.left ? 'authority: a node leaves' : 'authority: a node was let in'
    log.info({ node: hex(stable.id), nodeRole: stable.role }, message)
  }

  /** Forgets who has been away for long. */
  async prune(): Promise<void> {
    const oldest = this.#epoch() - admissionLimits.epochs
    for (const [id, epoch] of this.#seen) {
      if (epoch >= oldest) continue
      await this.#init.store.removeMember(id)
      this.#seen.delete(id)
      this.#names.forget(id)
      this.#members.delete(id)
    }
  }

  #epoch(): number {
    return epochAt(this.#init.network, this.#init.clock.now())
  }
}

type Dated = { readonly epoch: number; readonly serial: number }

function isOlder(a: Dated, b: Dated): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.serial <= b.serial)
}
