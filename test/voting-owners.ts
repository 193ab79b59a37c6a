// Owners of an election for tests: five who know its definition and roll, on one Controller in one process, each with
// a clock of its own.

import * as assert from 'uvu/assert'
import type { Source } from '../cascade/audit.ts'
import type { SignerParts } from '../cascade/caller.ts'
import { MessagingClient } from '../cascade/client.ts'
import { Controller } from '../cascade/controller.ts'
import { MemoryJournal } from '../cascade/journal.ts'
import { Member } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import { type Fields, request, type Signer, signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { asHeld, closer } from '../roles/mixnet/elections.ts'
import { afterFew } from '../roles/mixnet/too-few.ts'
import { group, MemoryShelf, mixnet, type TrusteesKey, trusteesKey } from '../simulator/cascade-world.ts'
import { encodeAnswer } from '../voting/answer.ts'
import { drawCode, voterOf } from '../voting/credential.ts'
import { type Definition, definitionFormat, electionId } from '../voting/definition.ts'
import { chainsOf } from '../voting/founding.ts'
import { Opening } from '../voting/opening.ts'
import type { Question } from '../voting/question.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { questions } from './voting-world.ts'

type Parts = Omit<SignerParts, 'shelf'>

type Dates = Pick<Definition, 'opens_at' | 'closes_at'>

/** Five owners who know an election's definition and roll, and voters of whom nobody has voted yet. */
export class Owners {
  readonly random: Random = seededRandom(31)
  readonly key: TrusteesKey = trusteesKey(3, 2, this.random)
  readonly signers: readonly Signer[] = Array.from({ length: 5 }, () => signerOf(this.random(32)))
  readonly shelves: readonly MemoryShelf[] = this.signers.map(() => new MemoryShelf())
  readonly voters: readonly Signer[]
  readonly definition: Definition
  readonly roll: ReadonlyMap<string, number>
  readonly controller: Controller
  readonly members: Member[]
  closing = false
  now = 0
  /** Each owner's folder, where its operator says something of too few ballots. */
  readonly folders: (string | undefined)[] = []
  /** Milliseconds by which each owner's clock is ahead. */
  readonly ahead: number[] = [0, 0, 0, 0, 0]

  constructor(controller: Controller, dates: Dates, questionsAsked: number) {
    this.controller = controller
    const ids = this.signers.map(({ id }) => id)
    this.definition = {
      format: definitionFormat,
      title: 'An election',
      mixnet,
      controller_key: hex(controller.keyData),
      mixers: ids.slice(0, 2),
      mixes_least: 2,
      trustees: ids.slice(2),
      threshold: 2,
      quorum: 3,
      ballots_least: 3,
      ...dates,
      questions: questions.slice(0, questionsAsked),
    }
    const election = electionId(this.definition)
    this.voters = [1, 2, 3].map(() => voterOf(election, drawCode(this.random)))
    this.roll = new Map(this.voters.map(({ id }) => [id, 1]))
    this.members = this.signers.map((_, i) => this.member(i))
  }

  get source(): Source {
    return { log: async from => this.controller.log(from), blob: async hash => this.controller.blob(hash) }
  }

  member(i: number): Member {
    const opening = new Opening(this.definition, this.roll)
    const share = this.key.shares[i - 2]
    return new Member({
      ...this.parts(this.signers[i] as Signer),
      shelf: this.shelves[i] as MemoryShelf,
      founding: { next: (board, now) => opening.next(board, this.key, now), share: () => share },
      mayClose:
        this.definition.closes_at === undefined
          ? (_, peer) => opening.has(peer) && this.closing
          : closer('', [asHeld(opening)], () => false),
      afterFew: (cycle, peer, now) => {
        const folder = this.folders[i]
        return folder === undefined ? undefined : afterFew(folder, () => [opening])(cycle, peer, now)
      },
      patience: 1_000_000,
      mixesAtLeast: () => this.definition.mixes_least,
    })
  }

  parts(signer: Signer): Parts {
    return {
      ...{ mixnet, signer, controllerKey: this.controller.keyData, group, random: this.random },
      source: this.source,
      post: async (made, blobs) => this.controller.post(made, blobs),
    }
  }

  async say(
    signer: Signer,
    sequence: number,
    fields: Fields & { resource: string; operation: string },
  ): Promise<string> {
    const reply = await this.controller.post(request(signer, mixnet, sequence, fields))
    if (reply.is === 'refused') throw new Error(reply.why)
    return reply.id
  }

  /** Has some agree on a text, just those of them who are named. @returns the consensus, or an empty text */
  async agree(
    who: readonly number[],
    asked: readonly number[],
    least: number,
    text: Fields,
  ): Promise<string> {
    const signers = who.map(i => this.signers[i] as Signer)
    const [first] = signers as [Signer]
    const next = ({ id }: Signer): number => this.controller.board.sequenceOf(id) + 1
    const participants = asked.map(i => (this.signers[i] as Signer).id).sort()
    const about = { participants, least, nonce: hex(this.random(32)) }
    const id = await this.say(first, next(first), { resource: 'negotiation', operation: 'create', ...about })
    let agreed = ''
    for (const signer of signers) {
      const { text_signature } = contribution(signer, { mixnet, id }, text, true)
      const said = { action: 'contribute', negotiation_id: id, text, accepts: 'yes', text_signature }
      agreed = await this.say(signer, next(signer), { resource: 'negotiation', operation: 'action', ...said })
    }
    return agreed
  }

  /** Says something in somebody's name beside what their program says. @returns why it was refused, or what came */
  async tried(
    signer: Signer | undefined,
    fields: Fields & { resource: string; operation: string },
  ): Promise<string> {
    if (signer === undefined) throw new Error('no such person')
    const sequence = this.controller.board.sequenceOf(signer.id) + 1
    const reply = await this.controller.post(request(signer, mixnet, sequence, fields))
    return reply.is === 'refused' ? reply.code : `accepted ${reply.id}`
  }

  async register(signer: Signer): Promise<void> {
    const person = { name: 'somebody', peer_type: 'CLIENT', key_data: hex(signer.keyData) }
    await this.say(signer, 1, { resource: 'peer', operation: 'create', ...person })
  }

  async run(ticks: number): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      this.now += 10
      for (const [i, member] of this.members.entries())
        await member.tick(this.now + (this.ahead[i] as number))
    }
  }

  /** Has a voter answer every question. @param first the option that the voter chooses in the first one */
  async vote(voter: number, first = 0): Promise<void> {
    const signer = this.voters[voter] as Signer
    const shelf = new MemoryShelf()
    const client = new MessagingClient({ ...this.parts(signer), shelf })
    await client.audit.follow(this.source)
    shelf.put('sequence', String(client.audit.board.sequenceOf(signer.id)))
    const chains = chainsOf(client.audit.board, this.definition, this.roll)
    const answers = [
      { is: 'choose', chosen: [first], written: [] },
      { is: 'rank', ranks: [1, 2, 3] },
    ] as const
    for (const [i, answer] of answers.slice(0, chains.length).entries())
      client.send(
        chains[i]?.[0]?.peer_id as string,
        encodeAnswer(this.definition.questions[i] as Question, answer),
      )
    for (let i = 0; i < 6; i++) await client.tick()
    assert.is(client.receipts().length, chains.length)
  }
}

/** Makes owners who are registered and have founded nothing yet. */
export async function owners(dates: Dates = {}, questionsAsked = 2): Promise<Owners> {
  const parts = { mixnet, group, journal: new MemoryJournal(), seed: seededRandom(30)(32) }
  const made = new Owners(await Controller.open(parts), dates, questionsAsked)
  for (const [i, signer] of made.signers.entries()) {
    await made.register(signer)
    made.shelves[i]?.put('sequence', '1')
  }
  return made
}
