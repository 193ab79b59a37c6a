// A voter's booth (docs/spec/voting.md 4, 8 and 8.1): a code and answers become ballots, which are cast, or opened so
// that another program can look into them. Commands and pages stand on it.

import type { Audit } from '../cascade/audit.ts'
import type { Post, Shelf } from '../cascade/caller.ts'
import { MessagingClient } from '../cascade/client.ts'
import type { Cycle, Peer } from '../cascade/records.ts'
import type { Signer } from '../cascade/signed.ts'
import { fromHex } from '../encoding/bytes.ts'
import type { Group, SealedBallot } from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import type { Answer } from './answer.ts'
import { type OpenedBallot, openedBallot, sealAnswer } from './challenge.ts'
import { voterOf } from './credential.ts'
import { type Definition, electionId } from './definition.ts'
import { VotingError } from './error.ts'
import { type Chain, chainsOf, type Roll } from './founding.ts'
import { doorOf } from './outcome.ts'
import type { Question } from './question.ts'
import { receiptFormat, trackerOf, type VoteReceipt } from './receipt.ts'

/** Holds what a booth is handed. */
export interface BoothParts {
  readonly definition: Definition
  readonly roll: Roll
  /** The voter's code, as it was typed. */
  readonly code: string
  readonly group: Group
  readonly random: Random
  /** Has followed the log; it is followed on. */
  readonly audit: Audit
  readonly source: Parameters<Audit['follow']>[0]
  readonly post: Post
}

/** A ballot that was made, and is neither cast nor opened yet. */
interface Made extends SealedBallot {
  readonly door: Peer
}

/** Looks at the log before a ballot that was not taken is given up. */
const looksAtMost = 300

/** Makes a voter's ballots, and casts or opens them. */
export class Booth {
  readonly voter: Signer
  readonly #parts: BoothParts
  readonly #chains: readonly Chain[]
  #made: readonly Made[] = []

  /** @throws VotingError BAD_CODE for no voter's code, BAD_FOLDER where the log has not this election */
  constructor(parts: BoothParts) {
    const { definition, roll, code, audit } = parts
    this.#parts = parts
    this.voter = voterOf(electionId(definition), code)
    if (!roll.has(this.voter.id))
      throw new VotingError('BAD_CODE', 'the code is of no voter of this election')
    this.#chains = chainsOf(audit.board, definition, roll)
  }

  /** Gives, for each question, the tracker of the voter's ballot that the log has; undefined where it has none. */
  cast(): readonly (string | undefined)[] {
    return this.#chains.map(chain => {
      const all = doorOf(this.#parts.audit, chain)?.messages ?? []
      const own = all.find(({ sender }) => sender === this.voter.id)
      return own && trackerOf(own.row)
    })
  }

  /**
   * Encrypts an answer to each question, in place of what was made before.
   *
   * @returns the trackers
   * @throws VotingError BAD_ANSWER that names the question, NOT_OPEN where one takes no ballots
   */
  make(answers: readonly Answer[]): readonly string[] {
    const { definition, group, random, audit } = this.#parts
    this.discard()
    this.#made = this.#chains.map((chain, i) => {
      const cycle = doorOf(audit, chain)
      if (cycle?.status !== 'OPEN')
        throw new VotingError('NOT_OPEN', `question ${i + 1}: takes no ballots now${why(definition, cycle)}`)
      const [question, door] = [definition.questions[i] as Question, chain[0] as Peer]
      const about = { mixnet: definition.mixnet, voter: this.voter, door, question }
      try {
        return { door, ...sealAnswer(group, about, answers[i] as Answer, random) }
      } catch (error) {
        if (!(error instanceof VotingError)) throw error
        throw new VotingError(error.code, `question ${i + 1}: ${error.detail}`)
      }
    })
    return this.#made.map(({ row }) => trackerOf(row))
  }

  /** Opens the ballots that were made: they can never be cast then. */
  open(): readonly OpenedBallot[] {
    const opened = this.#made.map((ballot, i) => openedBallot(this.#parts.definition, i, ballot))
    this.discard()
    return opened
  }

  /** Throws away what was made, with what opens it. */
  discard(): void {
    for (const { randomness } of this.#made) randomness.fill(0)
    this.#made = []
  }

  /**
   * Casts the ballots that were made; what opens them is thrown away first.
   *
   * @param pause is waited for after a look at the log that has shown nothing new
   * @param taken is told of each receipt
   * @throws VotingError NOT_TAKEN when not all are taken after 300 such looks, or the Controller was found lying
   */
  async send(
    pause: () => Promise<unknown>,
    taken: (receipt: VoteReceipt) => void = () => {},
  ): Promise<readonly VoteReceipt[]> {
    const { definition, group, random, audit, source, post } = this.#parts
    const made = this.#made
    const shelf = memoryShelf()
    const client = new MessagingClient({
      mixnet: definition.mixnet,
      signer: this.voter,
      controllerKey: fromHex(definition.controller_key),
      ...{ group, random, shelf, source, post, audit },
    })
    await audit.follow(source)
    shelf.put('sequence', String(audit.board.sequenceOf(this.voter.id)))
    for (const { door, row, proof } of made) client.sendBallot(door.peer_id, { row, proof })
    this.discard()
    const receipts: VoteReceipt[] = []
    for (let looks = 0; receipts.length < made.length; looks++) {
      if (looks === looksAtMost || audit.isForked)
        throw new VotingError('NOT_TAKEN', `has ${receipts.length} of ${made.length} receipts: vote again`)
      const before = audit.size
      await client.tick()
      for (const kept of client.receipts().slice(receipts.length)) {
        const receipt = { format: receiptFormat, election: electionId(definition), ...kept } as const
        receipts.push(receipt)
        taken(receipt)
      }
      if (audit.size === before) await pause()
    }
    return receipts
  }
}

/** Says why no ballots are taken, where that is not just that voting is over. */
function why({ opens_at, ballots_least }: Definition, cycle: Cycle | undefined): string {
  if (cycle === undefined) return opens_at === undefined ? '' : `, and opens at ${opens_at}`
  const { length } = cycle.messages
  if (cycle.status === 'ABORTED') return `: it ended with ${length} ballots of ${ballots_least} at least`
  return cycle.status === 'ENDED'
    ? `: it was given up, with ${length} ballots of ${ballots_least} at least`
    : ''
}

/** Says whether an opened ballot was cast all the same: it must never be. */
export function isCastToo({ entries }: Pick<Audit, 'entries'>, { row }: Pick<OpenedBallot, 'row'>): boolean {
  return entries.some(({ payload }) => payload['data'] === row)
}

/** Keeps what a ballot needs until it is taken: a voter who is interrupted votes again. */
function memoryShelf(): Shelf {
  const texts = new Map<string, string>()
  return {
    get: name => texts.get(name),
    put: (name, text) => {
      texts.set(name, text)
    },
  }
}
