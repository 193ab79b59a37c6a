// A mix-net of packets on a virtual clock: a Controller, mixers, senders and recipients in one process, whose requests
// and answers can be lost, and each of whom can be stopped at any moment and started again from what it had written.

import { Audit, type Source } from '../cascade/audit.ts'
import type { Post, Shelf } from '../cascade/caller.ts'
import { Controller, type Reply } from '../cascade/controller.ts'
import { type Journal, MemoryJournal } from '../cascade/journal.ts'
import { Member } from '../cascade/member.ts'
import { type ChainForm, Chains } from '../cascade/packets/chains.ts'
import { sealingKey, sealingSecret } from '../cascade/packets/contents.ts'
import { mixPackets } from '../cascade/packets/packet.ts'
import { ChainFounding } from '../cascade/packets/planned.ts'
import { PacketRecipient, type Received } from '../cascade/packets/recipient.ts'
import type { Recipient } from '../cascade/packets/recipients.ts'
import { PacketSender } from '../cascade/packets/sender.ts'
import { outRowBytesOf, type Peer } from '../cascade/records.ts'
import type { Rules } from '../cascade/rules.ts'
import {
  type Fields,
  request,
  type SignedRequest,
  type Signer,
  sha256Hex,
  signerOf,
} from '../cascade/signed.ts'
import { compare, concat, hex } from '../encoding/bytes.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { group, MemoryShelf } from './cascade-world.ts'

export const packetMixnet = 'packets.example'

export interface PacketWorldOptions {
  readonly seed: number
  readonly mixers?: number
  readonly recipients?: number
  readonly each?: number
  readonly body_bytes?: number
  readonly sizeMin?: number
  readonly mixersLeast?: number
  readonly settle?: number
  readonly journal?: Journal
  readonly rules?: Rules | undefined
  /** Changes the chain. */
  readonly form?: Partial<ChainForm>
  readonly showsLost?: boolean
  readonly covers?: boolean
  readonly replaces?: boolean
  /** Says whether the Controller gives no answer to who follows its log. */
  readonly isAway?: () => boolean
  readonly shelfOf?: (who: string, shelf: Shelf) => Shelf
  readonly post?: (who: string, send: () => Promise<Reply>, made: SignedRequest) => Promise<Reply | undefined>
}

/** A mix-net of packets whose members found it by themselves. */
export class PacketWorld {
  readonly options: PacketWorldOptions
  readonly random: Random
  readonly journal: Journal
  readonly logSeed: Uint8Array
  controller!: Controller
  readonly seeds: Uint8Array[]
  readonly signers: Signer[]
  readonly members: Member[] = []
  readonly recipientSeeds: Uint8Array[]
  readonly recipients: PacketRecipient[] = []
  readonly senderSeeds: Uint8Array[] = []
  /** Somebody who keeps to no rules, and has a key of its own. */
  readonly eve: Signer
  readonly senders: PacketSender[] = []
  /** Holds what each recipient was handed, in order. */
  readonly received: Received[][]
  readonly shelves: Map<string, MemoryShelf> = new Map()
  now = 0
  closeAt: number = Number.POSITIVE_INFINITY

  static async of(options: PacketWorldOptions): Promise<PacketWorld> {
    const world = new PacketWorld(options)
    await world.reopen()
    world.seeds.forEach((_, i) => {
      world.startMember(i)
    })
    world.recipientSeeds.forEach((_, i) => {
      world.startRecipient(i)
    })
    return world
  }

  private constructor(options: PacketWorldOptions) {
    const { seed, mixers = 3, recipients = 1, journal = new MemoryJournal() } = options
    this.options = options
    this.journal = journal
    this.random = seededRandom(seed)
    this.logSeed = this.random(32)
    this.seeds = Array.from({ length: mixers }, () => this.random(32))
    this.signers = this.seeds.map(signerOf)
    this.eve = signerOf(seededRandom(seed + 6_000_000)(32))
    this.recipientSeeds = Array.from({ length: recipients }, () => this.random(32))
    this.received = this.recipientSeeds.map(() => [])
  }

  get form(): ChainForm {
    const { each = 2, body_bytes = 256, sizeMin = 2, mixersLeast = 1 } = this.options
    const mixers = this.signers.map(({ id }) => id)
    return {
      name: `${packetMixnet} packets`,
      hops: mixers.length,
      body_bytes,
      mixers,
      owners: mixers,
      mixers_least: mixersLeast,
      each,
      size_min: sizeMin,
      size_max: 100,
      senders: [],
      sendersText: '',
      cycles: 0,
      ...this.options.form,
    }
  }

  async reopen(): Promise<void> {
    const { journal, logSeed: seed } = this
    const { rules } = this.options
    this.controller = await Controller.open({ mixnet: packetMixnet, group, journal, seed, rules })
  }

  source(): Source {
    const isAway = (): boolean => this.options.isAway?.() === true
    return {
      log: async from => (isAway() ? undefined : await this.controller.log(from)),
      blob: async hash => (isAway() ? undefined : await this.controller.blob(hash)),
    }
  }

  #kept(who: string): Shelf {
    const shelf = this.shelves.get(who) ?? new MemoryShelf()
    this.shelves.set(who, shelf)
    return this.options.shelfOf?.(who, shelf) ?? shelf
  }

  #post(who: string): Post {
    return async (made, blobs) => {
      const send = (): Promise<Reply> => this.controller.post(made, blobs)
      return this.options.post === undefined ? await send() : await this.options.post(who, send, made)
    }
  }

  audit(): Audit {
    return new Audit(packetMixnet, this.controller.keyData, group, this.random, this.options.rules)
  }

  /** Gives what everybody who takes part is handed. */
  #common(who: string) {
    return {
      mixnet: packetMixnet,
      group,
      controllerKey: this.controller.keyData,
      random: this.random,
      shelf: this.#kept(who),
      source: this.source(),
      post: this.#post(who),
      rules: this.options.rules,
    }
  }

  startMember(i: number): void {
    const [seed, signer] = [this.seeds[i] as Uint8Array, this.signers[i] as Signer]
    const chains = [new Chains(this.form)]
    this.members[i] = new Member({
      ...this.#common(`member ${i}`),
      signer,
      sealingSecret: sealingSecret(group, seed),
      founding: new ChainFounding({ group, signer, seed, name: `mixer ${i + 1}`, chains }),
      mayClose: () => this.now >= this.closeAt,
      patience: 80,
      mixesAtLeast: () => 1,
    })
  }

  startRecipient(i: number): void {
    const seed = this.recipientSeeds[i] as Uint8Array
    this.recipients[i] = new PacketRecipient({
      ...this.#common(`recipient ${i}`),
      signer: signerOf(seed),
      sealingSecret: sealingSecret(group, seed),
      sealingKey: sealingKey(group, seed),
      audit: this.audit(),
      chains: new Chains(this.form),
      settle: this.options.settle ?? 30,
      deliver: async message => {
        this.received[i]?.push(message)
        return true
      },
    })
  }

  /** Names a recipient as senders do. */
  recipient(i = 0): Recipient {
    const seed = this.recipientSeeds[i] as Uint8Array
    return { id: signerOf(seed).id, sealing_key: hex(sealingKey(group, seed)) }
  }

  startSender(i: number): void {
    this.senders[i] = new PacketSender({
      ...this.#common(`sender ${i}`),
      signer: signerOf(this.senderSeeds[i] as Uint8Array),
      audit: this.audit(),
      chains: new Chains(this.form),
      showsLost: this.options.showsLost ?? true,
      covers: this.options.covers,
      replaces: this.options.replaces,
    })
  }

  /** Adds somebody who sends, and gives its number. */
  addSender(seed: Uint8Array = this.random(32)): PacketSender {
    this.senderSeeds.push(seed)
    this.startSender(this.senderSeeds.length - 1)
    return this.senders.at(-1) as PacketSender
  }

  /** Says something as a member that keeps to no rules. */
  async say(
    signer: Signer,
    fields: Fields & { resource: string; operation: string },
    blobs: readonly Uint8Array[] = [],
  ): Promise<Reply> {
    this.#said = Math.max(this.#said, 1_000_000) + 1
    return await this.controller.post(request(signer, packetMixnet, this.#said, fields), blobs)
  }
  #said = 0

  /** Takes the layers off as a mixer does, and hands on what becomes of it. Undefined while it is not its turn. */
  async lie(
    at: number,
    change: (rows: Uint8Array[]) => Uint8Array[],
    isSorted: boolean = true,
  ): Promise<Reply | undefined> {
    const signer = this.signers[at] as Signer
    const { board } = this.controller
    const peer = [...board.peers.values()].find(({ processors }) => processors[0] === signer.id) as
      | Peer
      | undefined
    const cycle = peer && board.cycles.get(peer.peer_id)?.find(({ status }) => status === 'CLOSED')
    if (peer === undefined || cycle === undefined) return undefined
    const audit = this.audit()
    await audit.follow(this.source())
    const input = audit.input(audit.board.cycle(cycle.peer_id, cycle.id)) as Uint8Array
    const next = peer.next === '' ? undefined : peer.next
    const secret = sealingSecret(group, this.seeds[at] as Uint8Array)
    const { output } = mixPackets(group, peer, secret, input, next, audit.pointsBefore(cycle))
    const size = outRowBytesOf(peer)
    const rows = Array.from({ length: output.length / size }, (_, i) =>
      output.slice(size * i, size * (i + 1)),
    )
    const made = change(rows).sort(compare)
    const changed = concat(isSorted ? made : made.reverse())
    const about = { action: 'process', peer_id: peer.peer_id, cycle_id: cycle.id }
    const dropped = { malformed: cycle.count - changed.length / size, duplicates: 0 }
    const fields = {
      resource: 'cycle',
      operation: 'action',
      ...about,
      outbox_hash: sha256Hex(changed),
      ...dropped,
    }
    return await this.say(signer, fields, [changed])
  }

  /** Lets everybody act so often. */
  async run(ticks: number, awake: (member: number) => boolean = () => true): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      this.now += 10
      for (const sender of this.senders) await sender.tick()
      for (const [at, member] of this.members.entries()) if (awake(at)) await member.tick(this.now)
      for (const recipient of this.recipients) await recipient.tick(this.now)
    }
  }

  /** The texts that a recipient was handed, sorted. */
  texts(i = 0): string[] {
    return (this.received[i] ?? []).map(({ bytes }) => new TextDecoder().decode(bytes)).sort()
  }
}
