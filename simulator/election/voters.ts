// The voters of a demonstration: one process, in which each has a key, dice and a client of their own, and hears of the
// others nothing but what the log says. What they said is kept as sums, nobody's for itself.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  Audit,
  MessagingClient,
  type Post,
  remoteController,
  request,
  type Shelf,
  type Signer,
} from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { definitionIn, rollIn } from '../../roles/mixnet/election-folder.ts'
import { readPlanFile } from '../../roles/mixnet/folder.ts'
import { coreGroup } from '../../shuffle/index.ts'
import {
  type Answer,
  type Chain,
  type ChooseQuestion,
  chainsOf,
  type Definition,
  electionId,
  encodeAnswer,
  receiptFormat,
  trackerOfReceipt,
  voterOf,
  writeReceipt,
} from '../../voting/index.ts'
import { below, type Random, systemRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { placesIn } from './places.ts'

/** Holds what all voters together have said. */
export interface Voted {
  readonly voters: number
  /** Ballots with a receipt, also those that were replaced. */
  readonly ballots: number
  readonly twice: number
  /** Votes of each option, of the last ballot of each voter. */
  readonly options: readonly number[]
  readonly blank: number
  /** Says what the Controller answered to a copy of somebody's ballot: a code of refusal, or `accepted`. */
  readonly copies: readonly string[]
}

/** They vote within so long at least, as people do not all vote at once. */
const leastMs = 6 * second
const pauseMs = 100
/** One of so many leaves the question blank. */
const blanks = 20

interface Voter {
  readonly signer: Signer
  readonly client: MessagingClient
  answer: Answer | undefined
}

/** One of ten votes twice, and one at least. */
export function twiceOf(voters: number): number {
  return Math.max(1, Math.floor(voters / 10))
}

/** Gives the signing keys of voters from their codes. */
function votersOf(definition: Definition, codes: readonly string[], about: Surroundings): Voter[] {
  const election = electionId(definition)
  return codes.map(code => {
    const signer = voterOf(election, code)
    const { audit, source, post } = about
    const client = new MessagingClient({
      ...{ mixnet: definition.mixnet, signer, controllerKey: fromHex(definition.controller_key) },
      ...{ group: coreGroup(), random: systemRandom, shelf: memoryShelf(), source, post, audit },
    })
    return { signer, client, answer: undefined }
  })
}

interface Surroundings extends ReturnType<typeof remoteController> {
  readonly audit: Audit
}

/**
 * Has everybody vote, some twice, and one try first to hand in somebody else's ballot as its own.
 *
 * @param codes one a voter
 * @param tell is told how many ballots have a receipt, after each
 */
export async function castAll(
  folder: string,
  codes: readonly string[],
  tell: (ballots: number, of: number) => void,
): Promise<void> {
  const places = placesIn(folder)
  const definition = definitionIn(places.board)
  const remote = remoteController({ url: readPlanFile(places.plan).url, fetch })
  const key = fromHex(definition.controller_key)
  const audit = new Audit(definition.mixnet, key, coreGroup(), systemRandom)
  const voters = votersOf(definition, codes, { ...remote, audit })
  await audit.follow(remote.source)
  const [chain] = chainsOf(audit.board, definition, rollIn(places.board)) as [Chain]
  mkdirSync(places.receipts, { recursive: true })
  const twice = twiceOf(codes.length)
  const order = shuffled(systemRandom, voters)
  const copyist = order.at(-1) as Voter
  const turns = withSeconds(systemRandom, order, twice)
  const copies: string[] = []
  let ballots = 0
  for (const voter of turns) {
    if (voter === copyist && copies.length === 0) copies.push(await copy(voter, audit, remote.post))
    await cast(voter, definition, chain, places.receipts)
    tell(++ballots, turns.length)
    await pause(leastMs / turns.length)
  }
  const { options } = definition.questions[0] as ChooseQuestion
  const said = voters.map(({ answer }) => answer)
  const voted: Voted = {
    voters: codes.length,
    ballots,
    twice,
    options: options.map((_, i) => said.filter(answer => chose(answer, i)).length),
    blank: said.filter(answer => answer?.is === 'blank').length,
    copies,
  }
  writeFileSync(places.voted, `${JSON.stringify(voted)}\n`)
}

/** Puts the second turns of some voters anywhere behind their first ones. */
function withSeconds(random: Random, order: readonly Voter[], twice: number): Voter[] {
  const turns = [...order]
  for (const voter of order.slice(0, twice)) {
    const first = turns.indexOf(voter) + 1
    turns.splice(first + below(random, turns.length - first + 1), 0, voter)
  }
  return turns
}

/** Casts a ballot, another one than before, and keeps its receipt. */
async function cast(voter: Voter, definition: Definition, chain: Chain, folder: string): Promise<void> {
  const question = definition.questions[0] as ChooseQuestion
  const before = voter.answer
  do voter.answer = drawAnswer(systemRandom, question.options.length)
  while (JSON.stringify(voter.answer) === JSON.stringify(before))
  const { client } = voter
  const number = client.send(chain[0]?.peer_id as string, encodeAnswer(question, voter.answer))
  while (client.receipt(number) === undefined) {
    if (client.audit.isForked) throw new Error('the Controller was found lying')
    if (!(await client.tick())) await pause(pauseMs)
  }
  const kept = client.receipt(number) as NonNullable<ReturnType<MessagingClient['receipt']>>
  const receipt = { format: receiptFormat, election: electionId(definition), ...kept } as const
  writeFileSync(join(folder, `${trackerOfReceipt(receipt)}.json`), writeReceipt(receipt))
}

/** Hands in a ballot that somebody else has cast. @returns what the Controller said */
async function copy({ signer, client }: Voter, audit: Audit, post: Post): Promise<string> {
  while (!audit.board.persons.has(signer.id)) if (!(await client.tick())) await pause(pauseMs)
  const other = audit.entries.find(({ payload }) => payload.resource === 'message')
  if (other === undefined) throw new Error('there is no ballot yet to be copied')
  const { mixnet, signer: _, sequence: __, ...fields } = other.payload
  for (;;) {
    const reply = await post(request(signer, mixnet, audit.board.sequenceOf(signer.id) + 1, fields), [])
    if (reply !== undefined) return reply.is === 'refused' ? reply.code : reply.is
    await pause(pauseMs)
  }
}

/** The first options are liked better than the last. */
function drawAnswer(random: Random, options: number): Answer {
  if (below(random, blanks) === 0) return { is: 'blank' }
  const chosen = Math.min(below(random, options), below(random, options))
  return { is: 'choose', chosen: [chosen], written: [] }
}

function chose(answer: Answer | undefined, option: number): boolean {
  return answer?.is === 'choose' && answer.chosen.includes(option)
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(random, i + 1)
    const [a, b] = [out[i] as T, out[j] as T]
    out[i] = b
    out[j] = a
  }
  return out
}

/** Keeps what a ballot needs until it is taken. */
function memoryShelf(): Shelf {
  const texts = new Map<string, string>()
  return { get: name => texts.get(name), put: (name, text) => void texts.set(name, text) }
}
