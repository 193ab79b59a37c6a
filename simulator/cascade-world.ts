// A mix-net on a virtual clock: a Controller, mixers, trustees and clients in one process, whose requests and answers
// can be lost, and each of whom can be stopped at any moment and started again from what it had written down.

import type { Source } from '../cascade/audit.ts'
import type { Post, Shelf } from '../cascade/caller.ts'
import { MessagingClient } from '../cascade/client.ts'
import { Controller, type Reply } from '../cascade/controller.ts'
import type { Foundation } from '../cascade/founding.ts'
import { type Journal, MemoryJournal } from '../cascade/journal.ts'
import { Member, type MemberParts } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import type { Peer } from '../cascade/records.ts'
import type { Rules } from '../cascade/rules.ts'
import { partsOf, sendersText } from '../cascade/senders.ts'
import { type Fields, request, type SignedRequest, type Signer, signerOf } from '../cascade/signed.ts'
import { openingWish } from '../cascade/wish.ts'
import { concat, hex } from '../encoding/bytes.ts'
import { coreGroup, deal, decodeMessage, type Group, publicKeyOf, scalars, take } from '../shuffle/index.ts'
import { type Random, seededRandom } from '../world/random.ts'

export const group: Group = coreGroup()
export const mixnet = 'mixnet.example/test'

/** Keeps texts as a disk would. */
export class MemoryShelf implements Shelf {
  readonly #texts = new Map<string, string>()
  get(name: string): string | undefined {
    return this.#texts.get(name)
  }
  put(name: string, text: string): void {
    this.#texts.set(name, text)
  }
}

export interface TrusteesKey {
  readonly shares: readonly Uint8Array[]
  readonly key: Uint8Array
  readonly verification: Uint8Array
}

/** Makes the trustees' key by itself, without a network. */
export function trusteesKey(n: number, threshold: number, random: Random): TrusteesKey {
  const secrets = Array.from({ length: n }, () => scalars(group, random, 1))
  const keys = concat(secrets.map(secret => publicKeyOf(group, secret)))
  const session = { context: random(64), threshold, keys, extension: new Uint8Array(0) }
  const dealings = secrets.map((secret, i) => deal(group, session, { index: i + 1, secret }, random))
  const taken = secrets.map((secret, i) => take(group, session, { index: i + 1, secret }, dealings))
  const { key, verification } = taken[0] as (typeof taken)[number]
  return { shares: taken.map(({ share }) => share), key, verification }
}

export interface Options {
  readonly seed: number
  readonly mixers?: number
  readonly trustees?: number
  readonly threshold?: number
  readonly sizeMin?: number
  readonly journal?: Journal
  /** Lets a quorum open the first peer's cycles, which takes messages of so many clients alone, those added first. */
  readonly listed?: number | undefined
  /** Says when owners close a cycle; default: from `closeAt` on. */
  readonly mayClose?: MemberParts['mayClose'] | undefined
  readonly afterFew?: MemberParts['afterFew'] | undefined
  /** Holds the checks that everybody makes, where one is left out on purpose. */
  readonly rules?: Rules | undefined
  /** Mixes that a list has passed before it is decrypted; default 1. */
  readonly mixesAtLeast?: number | undefined
  /** Stands before what somebody keeps. */
  readonly shelfOf?: (who: string, shelf: Shelf) => Shelf
  /** The mix-net's name, where it is another. */
  readonly mixnet?: string
  /** A Controller somewhere else, and its log's key: without it there is one here. */
  readonly remote?: { readonly source: Source; readonly post: Post }
  readonly controllerKey?: Uint8Array
  /** Stands between everybody and the Controller. */
  readonly post?: (who: string, send: () => Promise<Reply>, made: SignedRequest) => Promise<Reply | undefined>
  readonly source?: (who: string, controller: Controller) => Source
}

/** A mix-net whose owners have agreed on its peers. */
export class World {
  readonly random: Random
  readonly journal: Journal
  readonly seed: Uint8Array
  controller!: Controller
  readonly signers: Signer[]
  readonly shelves: Map<string, MemoryShelf> = new Map()
  readonly members: Member[] = []
  readonly clients: MessagingClient[] = []
  readonly clientSeeds: Uint8Array[] = []
  /** Seeds of those on the list, in the order in which they are added. */
  readonly #listed: readonly Uint8Array[]
  readonly peers: string[] = []
  readonly key: TrusteesKey
  readonly options: Options
  readonly mixnet: string
  readonly mixers: number
  now = 0
  closeAt = 100

  /** Makes a mix-net whose owners have agreed on its peers, with an open cycle where one owner opens it. */
  static async of(options: Options): Promise<World> {
    const world = new World(options)
    await world.reopen()
    await world.#found(options.threshold ?? 2)
    world.signers.forEach((_, i) => {
      world.members.push(world.member(i))
    })
    return world
  }

  private constructor(options: Options) {
    this.options = options
    this.mixnet = options.mixnet ?? mixnet
    const { seed, mixers = 3, trustees = 3, threshold = 2, journal = new MemoryJournal() } = options
    this.mixers = mixers
    this.journal = journal
    this.random = seededRandom(seed)
    this.seed = this.random(32)
    this.signers = Array.from({ length: mixers + trustees }, () => signerOf(this.random(32)))
    this.key = trusteesKey(trustees, threshold, this.random)
    this.#listed = Array.from({ length: options.listed ?? 0 }, () => this.random(32))
  }

  /** Opens the Controller again from its journal. */
  async reopen(): Promise<void> {
    const { journal, seed, mixnet } = this
    this.controller = await Controller.open({ mixnet, group, journal, seed, rules: this.options.rules })
  }

  shelf(who: string): MemoryShelf {
    const shelf = this.shelves.get(who) ?? new MemoryShelf()
    this.shelves.set(who, shelf)
    return shelf
  }

  #kept(who: string): Shelf {
    const shelf = this.shelf(who)
    return this.options.shelfOf?.(who, shelf) ?? shelf
  }

  source(who: string): Source {
    const handed = this.options.remote?.source ?? this.options.source?.(who, this.controller)
    return (
      handed ?? {
        log: from => this.controller.log(from),
        blob: hash => this.controller.blob(hash),
      }
    )
  }

  post(who: string): Post {
    const { post: between, remote } = this.options
    if (remote !== undefined) return remote.post
    return async (made, blobs) => {
      const send = (): Promise<Reply> => this.controller.post(made, blobs)
      return between === undefined ? send() : between(who, send, made)
    }
  }

  /** Starts a member, from what it has written down. */
  member(i: number): Member {
    const signer = this.signers[i] as Signer
    const share = this.key.shares[i - this.mixers]
    return new Member({
      mixnet: this.mixnet,
      signer,
      controllerKey: this.options.controllerKey ?? this.controller.keyData,
      group,
      random: this.random,
      shelf: this.#kept(`member ${i}`),
      source: this.source(`member ${i}`),
      post: this.post(`member ${i}`),
      ...(share === undefined ? {} : { share }),
      mayClose: this.options.mayClose ?? (() => this.now >= this.closeAt),
      ...(this.options.afterFew === undefined ? {} : { afterFew: this.options.afterFew }),
      ...(this.options.listed === undefined ? {} : { founding: this.#opening() }),
      patience: 50,
      mixesAtLeast: () => this.options.mixesAtLeast ?? 1,
      rules: this.options.rules,
    })
  }

  /** Lets a quorum open the first cycle, and say so again after every crash. */
  #opening(): Foundation {
    return {
      next: board => {
        const entry = this.peers.at(-1) as string
        const isOpened = (board.cycles.get(entry)?.length ?? 0) > 0
        return isOpened ? { do: 'work' } : { do: 'agree', ...openingWish(board.peer(entry), 1) }
      },
      share: () => undefined,
    }
  }

  client(i: number, seed: Uint8Array): MessagingClient {
    return new MessagingClient({
      mixnet: this.mixnet,
      signer: signerOf(seed),
      controllerKey: this.options.controllerKey ?? this.controller.keyData,
      group,
      random: this.random,
      shelf: this.#kept(`client ${i}`),
      source: this.source(`client ${i}`),
      post: this.post(`client ${i}`),
      rules: this.options.rules,
    })
  }

  /** Adds a client that has something to say. */
  addClient(text: string): MessagingClient {
    const seed = this.#listed[this.clients.length] ?? this.random(32)
    this.clientSeeds.push(seed)
    const client = this.client(this.clients.length, seed)
    client.send(this.peers.at(-1) as string, new TextEncoder().encode(text))
    this.clients.push(client)
    return client
  }

  /** Stops everybody and starts them again, from what they have written down. */
  async restart(): Promise<void> {
    await this.reopen()
    for (const at of this.members.keys()) this.startMember(at)
    for (const at of this.clients.keys()) this.startClient(at)
  }

  /** Starts a member again, from what it has written down. */
  startMember(at: number): void {
    this.members[at] = this.member(at)
  }

  startClient(at: number): void {
    this.clients[at] = this.client(at, this.clientSeeds[at] as Uint8Array)
  }

  /** Lets everybody act so often. */
  async run(ticks: number, awake: (member: number) => boolean = () => true): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      this.now += 10
      for (const client of this.clients) await client.tick()
      for (const [at, member] of this.members.entries()) if (awake(at)) await member.tick(this.now)
    }
  }

  /** The texts that came out at the end, sorted, by what a member has checked. */
  result(member: Member = this.members[0] as Member): string[] | undefined {
    const cycles = member.audit.board.cycles.get(this.peers[0] as string) ?? []
    for (const cycle of cycles) {
      const points = cycle.status === 'VOID' ? undefined : member.audit.result(cycle)
      if (points === undefined) continue
      return Array.from({ length: points.length / 32 }, (_, i) => {
        const message = decodeMessage(group, points.subarray(32 * i, 32 * (i + 1)))
        return message === undefined ? 'undecodable' : new TextDecoder().decode(message)
      }).sort()
    }
    return undefined
  }

  #sequence = new Map<string, number>()

  async say(signer: Signer, fields: Fields & { resource: string; operation: string }): Promise<string> {
    const sequence = (this.#sequence.get(signer.id) ?? 0) + 1
    this.#sequence.set(signer.id, sequence)
    const made = request(signer, this.mixnet, sequence, fields)
    const { remote } = this.options
    const reply = await (remote === undefined ? this.controller.post(made) : remote.post(made, []))
    if (reply === undefined) throw new Error('no answer')
    if (reply.is === 'refused') throw new Error(reply.why)
    return reply.id
  }

  /** Registers everybody, has them agree on a chain of peers, trustees first, and opens the first cycle if one may. */
  async #found(threshold: number): Promise<void> {
    for (const signer of this.signers)
      await this.say(signer, {
        resource: 'peer',
        operation: 'create',
        name: 'owner',
        peer_type: 'CLIENT',
        key_data: hex(signer.keyData),
      })
    const owners = this.signers.map(({ id }) => id).sort()
    const trustees = this.signers.slice(this.mixers)
    await this.#peer(
      owners,
      'TRUSTEES',
      trustees.map(({ id }) => id),
      threshold,
      '',
    )
    const parts = partsOf(new Map(this.#listed.map(seed => [signerOf(seed).id, 1])))
    const listed = parts.length === 0 ? {} : { opening: 'quorum', senders: sendersText(parts) }
    for (const { id } of this.signers.slice(0, this.mixers).reverse()) {
      const isFirst = id === this.signers[0]?.id
      await this.#peer(owners, 'MIX', [id], 1, this.peers.at(-1) as string, isFirst ? listed : {})
    }
    const [by, peer_id] = [this.signers[0] as Signer, this.peers.at(-1) as string]
    for (const [i, part] of parts.entries()) {
      const fields = { peer_id, part: i + 1, data: hex(part) }
      await this.say(by, { resource: 'peer', operation: 'action', action: 'senders', ...fields })
    }
    if (parts.length === 0) await this.say(by, { resource: 'cycle', operation: 'create', peer_id })
    for (const [i, signer] of this.signers.entries())
      this.shelf(`member ${i}`).put('sequence', String(this.#sequence.get(signer.id)))
  }

  async #peer(
    owners: readonly string[],
    peer_type: Peer['peer_type'],
    processors: string[],
    threshold: number,
    next: string,
    more: Fields = {},
  ): Promise<void> {
    const text = {
      action: 'create peer',
      peer_type,
      name: `${peer_type} ${this.peers.length}`,
      owners,
      processor_count: processors.length,
      ...Object.fromEntries(processors.map((id, i) => [`processor_${i + 1}`, id])),
      threshold,
      key_data: hex(this.key.key),
      verification: peer_type === 'MIX' ? '' : hex(this.key.verification),
      width: 1,
      size_min: this.options.sizeMin ?? 2,
      size_max: 100,
      quorum: Math.floor(owners.length / 2) + 1,
      next,
      ...more,
    }
    const consensus_id = await this.agree(this.signers, text, owners.length)
    this.peers.push(
      await this.say(this.signers[0] as Signer, { resource: 'peer', operation: 'create', consensus_id }),
    )
  }

  /** Has these agree on a text. @returns the consensus' id, or an empty text while there is none */
  async agree(
    signers: readonly Signer[],
    text: Fields,
    least: number,
    asked: readonly Signer[] = signers,
  ): Promise<string> {
    const participants = asked.map(({ id }) => id).sort()
    const fields = { participants, least, nonce: hex(this.random(32)) }
    const id = await this.say(signers[0] as Signer, {
      resource: 'negotiation',
      operation: 'create',
      ...fields,
    })
    let last = ''
    for (const signer of signers) {
      if (last !== '') break
      const { text_signature } = contribution(signer, { mixnet: this.mixnet, id }, text, true)
      const said = { negotiation_id: id, text, accepts: 'yes', text_signature }
      last = await this.say(signer, {
        resource: 'negotiation',
        operation: 'action',
        action: 'contribute',
        ...said,
      })
    }
    return last
  }
}
