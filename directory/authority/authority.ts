// An authority as it runs (docs/spec/directory-voting.md 8.8, docs/spec/directory-travel.md 9): it lets nodes in,
// answers everybody's requests, listens to the other authorities, and leaves the voting to its rounds (rounds.ts).

import { hex, same } from '../../encoding/bytes.ts'
import { guardedClock } from '../../world/timers.ts'
import type { Successors } from '../documents/consensus.ts'
import { directoryProtocol, maxRequestBytes } from '../documents/exchange.ts'
import { type AuthorityEntry, checkNetwork, epochAt } from '../documents/network.ts'
import { type ConsensusStatus, consensusStatus, type Parameters, type View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import type { RoundState } from '../rounds/state.ts'
import type { AdmissionPolicy } from './admission.ts'
import { Answers } from './answers.ts'
import type { Applicant } from './applicants.ts'
import { authorityEntry } from './keys.ts'
import type { AuthorityOptions } from './options.ts'
import { assemble, type Parts } from './parts.ts'
import type { RefusalCounts } from './refusals.ts'

/** Reports how an authority is, for its operator, as `/status` shows it: plain values only. */
export interface AuthorityStatus {
  readonly role: 'authority'
  /** Hex, as everywhere here. */
  readonly id: string
  /** The epoch of now by the own clock. */
  readonly epoch: number
  /**
   * By how much its clock is ahead of the median of the other authorities', milliseconds, as their votes say; 0 within ten
   * seconds, and before more than half of them have voted.
   */
  readonly clockErrorMs: number
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
  /** Counts what it refused, by code. */
  readonly refused: RefusalCounts
  /** The nodes that asked to be let in since the start, and what came of it: the newest 64 of each, newest first. */
  readonly applicants: readonly Applicant[]
}

/** A directory authority that runs. Made by `startAuthority`. */
export interface Authority extends AsyncDisposable {
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
  checkNetwork(options?.network)
  if (options.successors) checkNetwork({ ...options.network, ...options.successors })
  const own = authorityEntry(options.seed, [])
  if (!same(own.id, options.link.id)) {
    throw new DirectoryError('BAD_NETWORK', `authority: seed: its key is not the link's identity`)
  }
  const clock = guardedClock(options.clock, options.log, 'authority')
  const authority = new RunningAuthority({ ...options, clock }, own.id)
  await authority.start(own)
  return authority
}

class RunningAuthority implements Authority {
  readonly id: Uint8Array
  readonly #options: AuthorityOptions
  readonly #parts: Parts
  readonly #answers: Answers

  constructor(options: AuthorityOptions, id: Uint8Array) {
    this.id = id
    this.#options = options
    this.#parts = assemble(options, id)
    this.#answers = new Answers(options, this.#parts)
  }

  /** @param own its keys @throws DirectoryError BAD_NETWORK when it is no authority, or one of another sharing key */
  async start(own: AuthorityEntry): Promise<void> {
    const { admission, archive, noteKeeper, office, proofs, rounds } = this.#parts
    await archive.load()
    await admission?.load()
    await proofs.load()
    office.checkOwn(own)
    office.meet()
    await rounds.start()
    const { link } = this.#options
    link.serve(directoryProtocol, maxRequestBytes, (from, bytes) => this.#answers.answer(from, bytes))
    noteKeeper.start()
  }

  propose(successors: Successors | null): void {
    this.#parts.office.propose(successors)
  }

  admit(policy: AdmissionPolicy): void {
    const { admission } = this.#parts
    if (admission !== undefined) admission.policy = policy
  }

  want(parameters: Partial<Parameters>): void {
    this.#parts.office.parameters = parameters
  }

  current(): View | undefined {
    return this.#parts.archive.current()
  }

  status(): AuthorityStatus {
    const { network, clock } = this.#options
    const { admission, clocks, peers, proofs, refusals, rounds } = this.#parts
    const epoch = epochAt(network, clock.now())
    const view = this.current()
    const { counts } = rounds
    const round = rounds.state(epoch) ?? rounds.state(epoch - 1)
    const uploaded = round?.at === 'descriptors' ? [...round.descriptors.values()].map(of => of.size) : [0]
    return {
      role: 'authority',
      id: hex(this.id),
      epoch,
      clockErrorMs: clocks.aheadMs(peers.others),
      state: round?.at ?? 'waiting',
      consensus: consensusStatus(view),
      nodes: view?.nodes.size ?? Math.max(...uploaded),
      authorities: peers.others.map(({ id }) => ({ id: hex(id), seen: peers.seen(id) })),
      rounds: { published: counts.published, failed: counts.failed },
      evidence: proofs.found,
      refused: refusals.counts,
      applicants: admission?.applicants ?? [],
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async close(): Promise<void> {
    const { gossip, noteKeeper, peers, publisher, rounds } = this.#parts
    this.#answers.close()
    gossip.close()
    noteKeeper.close()
    publisher.close()
    peers.close()
    await rounds.close()
  }
}
