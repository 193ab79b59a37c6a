// Elections for tests: a definition with a question of every kind, and the whole of an election on a mix-net in one
// process, whose mixers, trustees and voters are the machines of cascade/.

import type { Source } from '../cascade/audit.ts'
import { MessagingClient } from '../cascade/client.ts'
import { Controller, type Reply } from '../cascade/controller.ts'
import { MemoryJournal } from '../cascade/journal.ts'
import { Member } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import { partsOf } from '../cascade/senders.ts'
import { type Fields, request, type Signer, signerOf } from '../cascade/signed.ts'
import { openingWish } from '../cascade/wish.ts'
import { hex } from '../encoding/bytes.ts'
import { group, MemoryShelf, mixnet, type TrusteesKey, trusteesKey } from '../simulator/cascade-world.ts'
import { type Answer, encodeAnswer } from '../voting/answer.ts'
import { drawCode, voterOf } from '../voting/credential.ts'
import { type Definition, definitionFormat, electionId, hasTimes, ownersOf } from '../voting/definition.ts'
import { peerText, placesToFound, type Roll } from '../voting/founding.ts'
import type { Question } from '../voting/question.ts'
import { type Random, seededRandom } from '../world/random.ts'

export { group, mixnet }

const options = ['Anna', 'Bo', 'Cyril']

/** A question of every kind. */
export const questions: readonly Question[] = [
  {
    kind: 'choose',
    text: 'Who shall speak for us?',
    options,
    blank: true,
    methods: ['plurality', 'approval'],
    seats: 1,
    min: 1,
    max: 2,
    write_ins: 1,
  },
  {
    kind: 'rank',
    text: 'In which order?',
    options,
    blank: false,
    methods: ['schulze', 'borda', 'stv'],
    seats: 1,
    min: 1,
    ties: false,
  },
  { kind: 'score', text: 'How good?', options, blank: true, methods: ['score'], seats: 1, most: 10 },
  {
    kind: 'grade',
    text: 'Which grade?',
    options,
    blank: true,
    methods: ['majority-judgment'],
    seats: 1,
    grades: ['good', 'fair', 'poor'],
    median: 'worse',
  },
  {
    kind: 'list',
    text: 'Which list?',
    lists: [
      { name: 'North', candidates: ['Dora', 'Emil'] },
      { name: 'South', candidates: [] },
    ],
    blank: true,
    methods: ['dhondt', 'sainte-lague', 'plurality'],
    seats: 3,
    preferences: 1,
  },
]

export interface ElectionOptions {
  readonly seed: number
  /** Weights of the voters, in their order. */
  readonly weights: readonly number[]
  readonly questions?: readonly Question[]
  /** When it is over, by its definition. */
  readonly closes_at?: string
  /** A Controller that others reach too. */
  readonly served?: { readonly controller: Controller; readonly mixnet: string }
}

/** An election whose owners have agreed on everything, and which is open. */
export class Election {
  readonly random: Random
  readonly mixnet: string
  readonly controller: Controller
  readonly signers: readonly Signer[]
  readonly key: TrusteesKey
  readonly definition: Definition
  readonly id: string
  readonly codes: readonly string[]
  readonly voters: readonly Signer[]
  readonly roll: Roll
  readonly doors: string[] = []
  readonly members: Member[] = []
  readonly clients: readonly MessagingClient[]
  closing = false
  now = 0
  readonly #sequence = new Map<string, number>()

  /** Makes an election whose owners have agreed on everything, and opens it. */
  static async of(options: ElectionOptions): Promise<Election> {
    const random = seededRandom(options.seed)
    const parts = { mixnet, group, journal: new MemoryJournal(), seed: random(32) }
    const controller = options.served?.controller ?? (await Controller.open(parts))
    const election = new Election(options, random, controller)
    await election.#found()
    election.signers.forEach((_, i) => {
      election.members.push(election.#member(i))
    })
    return election
  }

  private constructor(
    { weights, questions: asked = questions.slice(0, 1), closes_at, served }: ElectionOptions,
    random: Random,
    controller: Controller,
  ) {
    this.random = random
    this.mixnet = served?.mixnet ?? mixnet
    this.controller = controller
    this.signers = Array.from({ length: 5 }, () => signerOf(this.random(32)))
    const ids = this.signers.map(({ id }) => id)
    this.key = trusteesKey(3, 2, this.random)
    this.definition = {
      format: definitionFormat,
      title: 'An election',
      mixnet: this.mixnet,
      controller_key: hex(this.controller.keyData),
      mixers: ids.slice(0, 2),
      mixes_least: 1,
      trustees: ids.slice(2),
      threshold: 2,
      quorum: 3,
      ballots_least: 2,
      ...(closes_at === undefined ? {} : { closes_at }),
      questions: asked,
    }
    this.id = electionId(this.definition)
    this.codes = weights.map(() => drawCode(this.random))
    this.voters = this.codes.map(code => voterOf(this.id, code))
    this.roll = new Map(this.voters.map(({ id }, i) => [id, weights[i] as number]))
    this.clients = this.voters.map(signer => this.client(signer))
  }

  /** Has a voter answer a question. */
  vote(voter: number, question: number, answer: Answer): void {
    const message = encodeAnswer(this.definition.questions[question] as Question, answer)
    this.clients[voter]?.send(this.doors[question] as string, message)
  }

  client(signer: Signer): MessagingClient {
    const parts = {
      mixnet: this.mixnet,
      signer,
      controllerKey: this.controller.keyData,
      group,
      random: this.random,
      shelf: new MemoryShelf(),
    }
    return new MessagingClient({
      ...parts,
      source: this.source,
      post: async (made, blobs) => this.controller.post(made, blobs),
    })
  }

  get source(): Source {
    return { log: async from => this.controller.log(from), blob: async hash => this.controller.blob(hash) }
  }

  /** Lets everybody act so often. */
  async run(ticks: number): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      this.now += 10
      for (const client of this.clients) await client.tick()
      for (const member of this.members) await member.tick(this.now)
    }
  }

  /** Closes the election, and lets mixers and trustees do their work. */
  async close(): Promise<void> {
    this.closing = true
    await this.run(30 * this.definition.questions.length)
  }

  async say(signer: Signer, fields: Fields & { resource: string; operation: string }): Promise<Reply> {
    const sequence = (this.#sequence.get(signer.id) ?? 0) + 1
    this.#sequence.set(signer.id, sequence)
    return await this.controller.post(request(signer, this.mixnet, sequence, fields))
  }

  /** Says what must be accepted. @returns the id of what it made */
  async #must(signer: Signer, fields: Fields & { resource: string; operation: string }): Promise<string> {
    const reply = await this.say(signer, fields)
    if (reply.is === 'refused') throw new Error(reply.why)
    return reply.id
  }

  #member(i: number): Member {
    const share = this.key.shares[i - this.definition.mixers.length]
    const shelf = new MemoryShelf()
    const signer = this.signers[i] as Signer
    shelf.put('sequence', String(this.#sequence.get(signer.id)))
    return new Member({
      mixnet: this.mixnet,
      signer,
      controllerKey: this.controller.keyData,
      group,
      random: this.random,
      shelf,
      source: this.source,
      post: async (made, blobs) => this.controller.post(made, blobs),
      ...(share === undefined ? {} : { share }),
      mayClose: () => this.closing,
      patience: 1_000_000,
      mixesAtLeast: () => this.definition.mixes_least,
    })
  }

  async #found(): Promise<void> {
    const [first] = this.signers as [Signer]
    for (const signer of this.signers)
      await this.#must(signer, {
        resource: 'peer',
        operation: 'create',
        name: 'owner',
        peer_type: 'CLIENT',
        key_data: hex(signer.keyData),
      })
    let next = ''
    for (const place of placesToFound(this.definition)) {
      if (place.at === this.definition.mixers.length) next = ''
      const text = peerText(this.definition, this.key, this.roll, place, next)
      next = await this.#must(first, {
        resource: 'peer',
        operation: 'create',
        consensus_id: await this.#agree(text),
      })
      if (place.at > 0) continue
      this.doors.push(next)
      for (const [i, data] of partsOf(this.roll).entries()) {
        const part = { action: 'senders', peer_id: next, part: i + 1, data: hex(data) }
        await this.#must(first, { resource: 'peer', operation: 'action', ...part })
      }
      const create = { resource: 'cycle', operation: 'create', peer_id: next }
      if (hasTimes(this.definition)) {
        const wish = openingWish(this.controller.board.peer(next), 1)
        const consensus_id = await this.#agree(wish.text, wish.least)
        await this.#must(first, { ...create, consensus_id })
      } else await this.#must(first, create)
    }
  }

  async #agree(text: Fields, least: number = this.signers.length): Promise<string> {
    const participants = ownersOf(this.definition)
    const fields = { participants, least, nonce: hex(this.random(32)) }
    const negotiation = { resource: 'negotiation', operation: 'create', ...fields }
    const id = await this.#must(this.signers[0] as Signer, negotiation)
    let consensus = ''
    for (const signer of this.signers.slice(0, least)) {
      const { text_signature } = contribution(signer, { mixnet: this.mixnet, id }, text, true)
      const said = { action: 'contribute', negotiation_id: id, text, accepts: 'yes', text_signature }
      consensus = await this.#must(signer, { resource: 'negotiation', operation: 'action', ...said })
    }
    return consensus
  }
}
