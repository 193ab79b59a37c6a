// How the owners of an election found and open it on a mix-net whose trustees have a key (docs/spec/voting.md 5.1):
// each peer when the one behind it is there, then the roll, then the cycles that take ballots. Each step follows from
// what the log says, so that whoever is stopped goes on.

import type { Board } from '../cascade/board.ts'
import type { Step } from '../cascade/founding.ts'
import type { Peer } from '../cascade/records.ts'
import { partsOf } from '../cascade/senders.ts'
import { digestOf } from '../cascade/signed.ts'
import { openingWish } from '../cascade/wish.ts'
import { hex } from '../encoding/bytes.ts'
import { type Definition, electionId, ownersOf } from './definition.ts'
import {
  demandRoll,
  type ElectionKey,
  type PeerPlace,
  peerName,
  peerText,
  placesToFound,
  type Roll,
} from './founding.ts'

/** Says what an owner does next until an election is open. */
export class Opening {
  readonly definition: Definition
  readonly election: string
  readonly roll: Roll
  readonly #parts: readonly Uint8Array[]
  readonly #owners: readonly string[]
  /** Nothing that a log says takes an opening back. */
  #isOpen = false

  /** @throws VotingError BAD_VOTERS for a roll with which all owners would wait for ever */
  constructor(definition: Definition, roll: Roll) {
    demandRoll(definition, roll)
    this.definition = definition
    this.election = electionId(definition)
    this.roll = roll
    this.#parts = partsOf(roll)
    this.#owners = ownersOf(definition)
  }

  /**
   * Gives what an owner does next; `work` once the election is open, or while it is not time.
   *
   * @param key the trustees' key
   * @param now milliseconds since 1970 by the owner's clock
   */
  next(board: Board, key: ElectionKey, now: number): Step {
    if (this.#isOpen) return { do: 'work' }
    let next = ''
    let isEarly = false
    for (const place of placesToFound(this.definition)) {
      if (place.at === this.definition.mixers.length) next = ''
      const text = peerText(this.definition, key, this.roll, place, next)
      const peer = this.#peer(board, place, digestOf(text))
      if (peer === undefined)
        return {
          do: 'agree',
          text,
          participants: this.#owners,
          least: this.#owners.length,
          request: consensus_id => ({ resource: 'peer', operation: 'create', consensus_id }),
        }
      if (place.at === 0) {
        const step = this.#open(board, peer, now)
        if (step === 'early') isEarly = true
        else if (step !== undefined) return step
      }
      next = peer.peer_id
    }
    this.#isOpen = !isEarly
    return { do: 'work' }
  }

  /** Says whether a peer is of this election. */
  has({ name, owners }: Peer): boolean {
    return name.startsWith(`${this.election} `) && owners.join() === this.#owners.join()
  }

  /** Finds the peer of a place whose whole text is this one. */
  #peer(board: Board, place: PeerPlace, wanted: string): Peer | undefined {
    const name = peerName(this.election, place)
    return [...board.peers.values()].find(peer => {
      const text = peer.name === name ? board.consensuses.get(peer.peer_id)?.text : undefined
      return text !== undefined && digestOf(text) === wanted
    })
  }

  /** Brings the roll, and opens the cycle that takes ballots: by itself, or with the others when it is time. */
  #open(board: Board, peer: Peer, now: number): Step | 'early' | undefined {
    const { peer_id, senders, opening } = peer
    const part = senders?.missing
    if (part !== undefined) {
      const data = hex(this.#parts[part - 1] as Uint8Array)
      return {
        do: 'say',
        fields: { resource: 'peer', operation: 'action', action: 'senders', peer_id, part, data },
      }
    }
    if ((board.cycles.get(peer_id) ?? []).length > 0) return undefined
    if (opening === undefined)
      return { do: 'say', fields: { resource: 'cycle', operation: 'create', peer_id } }
    // docs/spec/voting.md 5.2: each owner asks its own clock, and the election opens when so many say so as close it
    const { opens_at } = this.definition
    if (opens_at !== undefined && now < Date.parse(opens_at)) return 'early'
    return { do: 'agree', ...openingWish(peer, 1) }
  }
}
