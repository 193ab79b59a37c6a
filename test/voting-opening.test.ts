// How owners found an election on a mix-net (docs/spec/voting.md 5.1): by themselves, whoever is stopped meanwhile, and
// whatever peers of the same names a stranger makes; and how they close it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Source } from '../cascade/audit.ts'
import { MessagingClient } from '../cascade/client.ts'
import { Controller } from '../cascade/controller.ts'
import { MemoryJournal } from '../cascade/journal.ts'
import { Member } from '../cascade/member.ts'
import { contribution } from '../cascade/negotiation.ts'
import { type Fields, request, type Signer, signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { group, MemoryShelf, mixnet, trusteesKey } from '../simulator/cascade-world.ts'
import { encodeAnswer } from '../voting/answer.ts'
import { drawCode, voterOf } from '../voting/credential.ts'
import { type Definition, definitionFormat, electionId } from '../voting/definition.ts'
import { chainsOf } from '../voting/founding.ts'
import { Opening } from '../voting/opening.ts'
import { ballotsOf, resultOf } from '../voting/outcome.ts'
import type { Question } from '../voting/question.ts'
import { seededRandom } from '../world/random.ts'
import { questions } from './voting-world.ts'

/** Five owners who know an election's definition and roll, and voters of whom nobody has voted yet. */
class Owners {
  readonly random = seededRandom(31)
  readonly key = trusteesKey(3, 2, this.random)
  readonly signers: readonly Signer[] = Array.from({ length: 5 }, () => signerOf(this.random(32)))
  readonly shelves = this.signers.map(() => new MemoryShelf())
  readonly voters: readonly Signer[]
  readonly definition: Definition
  readonly roll: ReadonlyMap<string, number>
  readonly controller: Controller
  readonly members: Member[]
  closing = false
  now = 0

  constructor(controller: Controller) {
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
      questions: questions.slice(0, 2),
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
      founding: { next: board => opening.next(board, this.key), share: () => share },
      mayClose: (_, peer) => opening.has(peer) && this.closing,
      patience: 1_000_000,
      mixesAtLeast: () => this.definition.mixes_least,
    })
  }

  parts(signer: Signer) {
    return {
      ...{ mixnet, signer, controllerKey: this.controller.keyData, group, random: this.random },
      source: this.source,
      post: async (made: Parameters<Controller['post']>[0], blobs: readonly Uint8Array[]) =>
        this.controller.post(made, blobs),
    }
  }

  async say(signer: Signer, sequence: number, fields: Fields & { resource: string; operation: string }) {
    const reply = await this.controller.post(request(signer, mixnet, sequence, fields))
    if (reply.is === 'refused') throw new Error(reply.why)
    return reply.id
  }

  async register(signer: Signer): Promise<void> {
    const person = { name: 'somebody', peer_type: 'CLIENT', key_data: hex(signer.keyData) }
    await this.say(signer, 1, { resource: 'peer', operation: 'create', ...person })
  }

  async run(ticks: number): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      this.now += 10
      for (const member of this.members) await member.tick(this.now)
    }
  }

  async vote(voter: number): Promise<void> {
    const signer = this.voters[voter] as Signer
    const client = new MessagingClient({ ...this.parts(signer), shelf: new MemoryShelf() })
    await client.audit.follow(this.source)
    const chains = chainsOf(client.audit.board, this.definition, this.roll)
    const answers = [
      { is: 'choose', chosen: [0], written: [] },
      { is: 'rank', ranks: [1, 2, 3] },
    ] as const
    for (const [i, answer] of answers.entries())
      client.send(
        chains[i]?.[0]?.peer_id as string,
        encodeAnswer(this.definition.questions[i] as Question, answer),
      )
    for (let i = 0; i < 6; i++) await client.tick()
    assert.is(client.receipts().length, 2)
  }
}

async function owners(): Promise<Owners> {
  const parts = { mixnet, group, journal: new MemoryJournal(), seed: seededRandom(30)(32) }
  const made = new Owners(await Controller.open(parts))
  for (const [i, signer] of made.signers.entries()) {
    await made.register(signer)
    made.shelves[i]?.put('sequence', '1')
  }
  return made
}

/** Makes a peer with the name of an election's, owned by a stranger alone. */
async function squat(made: Owners, name: string): Promise<void> {
  const stranger = signerOf(seededRandom(32)(32))
  await made.register(stranger)
  const id = await made.say(stranger, 2, {
    ...{ resource: 'negotiation', operation: 'create' },
    ...{ participants: [stranger.id], least: 1, nonce: '00'.repeat(32) },
  })
  const text = {
    ...{ action: 'create peer', peer_type: 'TRUSTEES', name, owners: [stranger.id] },
    ...{ processor_count: 1, processor_1: stranger.id, threshold: 1, key_data: hex(made.key.key) },
    ...{ verification: hex(made.key.key), width: 1, size_min: 1, size_max: 3, quorum: 1, next: '' },
  }
  const { text_signature } = contribution(stranger, { mixnet, id }, text, true)
  const said = { action: 'contribute', negotiation_id: id, text, accepts: 'yes', text_signature }
  const consensus_id = await made.say(stranger, 3, { resource: 'negotiation', operation: 'action', ...said })
  await made.say(stranger, 4, { resource: 'peer', operation: 'create', consensus_id })
}

test('owners found an election by themselves, in spite of a stop and of a stranger’s peers with its names', async () => {
  const made = await owners()
  const { definition, roll, members } = made
  const election = electionId(definition)
  await squat(made, `${election} 1 2`)
  await made.run(5)
  members[1] = made.member(1)
  members[3] = made.member(3)
  await made.run(60)
  const [first] = members as [Member]
  const chains = chainsOf(first.audit.board, definition, roll)
  assert.equal(
    chains.map(({ length }) => length),
    [3, 3],
  )
  for (const chain of chains) assert.is(ballotsOf(first.audit, chain)?.status, 'OPEN')
  const size = made.controller.size
  await made.run(5)
  assert.is(made.controller.size, size, 'nobody says more than is needed')

  for (const voter of [0, 1, 2]) await made.vote(voter)
  made.closing = true
  await made.run(60)
  const result = resultOf(group, first.audit, definition, roll)
  assert.equal(
    result.questions.map(({ ballots }) => ballots),
    [3, 3],
  )
  assert.equal(first.audit.findings, [])
})

test('too few ballots are given up once, and go on when more have come', async () => {
  const made = await owners()
  const { definition, roll, members } = made
  await made.run(60)
  const [first] = members as [Member]
  await made.vote(0)
  made.closing = true
  await made.run(60)
  const size = made.controller.size
  const states = (): string[][] =>
    chainsOf(first.audit.board, definition, roll).map(([door]) =>
      (first.audit.board.cycles.get(door?.peer_id as string) ?? []).map(({ status }) => status),
    )
  assert.equal(states(), [
    ['ABORTED', 'OPEN'],
    ['ABORTED', 'OPEN'],
  ])
  await made.run(10)
  assert.is(made.controller.size, size, 'and then nothing more happens')
  made.closing = false
  for (const voter of [1, 2]) await made.vote(voter)
  made.closing = true
  await made.run(60)
  assert.equal(
    resultOf(group, first.audit, definition, roll).questions.map(({ ballots }) => ballots),
    [3, 3],
  )
})

test.run()
