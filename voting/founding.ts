// An election's peers on the board of a cascade (docs/spec/voting.md 5): each question goes through a chain of its own,
// so that nobody can tell a voter by a combination of answers. All owners agree on each text, so each checks it first.

import type { Board } from '../cascade/board.ts'
import type { Consensus } from '../cascade/negotiation.ts'
import type { Peer } from '../cascade/records.ts'
import { partsOf, sendersText } from '../cascade/senders.ts'
import { digestOf, type Fields } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { rowsAtMost } from '../shuffle/index.ts'
import { widthOf } from './answer.ts'
import { type Definition, electionId, hasTimes, ownersOf } from './definition.ts'
import { VotingError } from './error.ts'
import type { Question } from './question.ts'

/** Ids of voters' keys, and how much each of their votes weighs. */
export type Roll = ReadonlyMap<string, number>

/** The trustees' key. */
export interface ElectionKey {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** The trustees' parts of it, 32 bytes each. */
  readonly verification: Uint8Array
}

/** Where in a question's chain a peer stands: 0 takes the ballots; behind the mixes come the trustees. */
export interface PeerPlace {
  /** From 0 on. */
  readonly question: number
  readonly at: number
}

/** Lists the places of an election in the order in which their peers can be made: each before what comes into it. */
export function placesToFound({ questions, mixers }: Definition): PeerPlace[] {
  return questions.flatMap((_, question) =>
    Array.from({ length: mixers.length + 1 }, (_, i) => ({ question, at: mixers.length - i })),
  )
}

/** Names a peer: the election, the question from 1 on, and the place. */
export function peerName(election: string, { question, at }: PeerPlace): string {
  return `${election} ${question + 1} ${at}`
}

/** Sums up the weights. @throws VotingError BAD_VOTERS for nobody, or more than a batch holds */
export function rowsOfRoll(roll: Roll): number {
  const rows = [...roll.values()].reduce((sum, weight) => sum + weight, 0)
  if (roll.size === 0 || rows > rowsAtMost)
    throw new VotingError('BAD_VOTERS', `voters: want 1 to ${rowsAtMost} votes, have ${rows}`)
  return rows
}

/**
 * Demands a roll with which an election can be founded and can have enough ballots.
 *
 * @throws VotingError BAD_VOTERS
 */
export function demandRoll({ ballots_least }: Pick<Definition, 'ballots_least'>, roll: Roll): void {
  rowsOfRoll(roll)
  if (ballots_least > roll.size)
    throw new VotingError(
      'BAD_VOTERS',
      `voters: want ${ballots_least} at least, since fewer ballots are never opened: have ${roll.size}`,
    )
}

/** Gives the text that all owners agree on. @param next the peer behind it; an empty text for trustees */
export function peerText(
  definition: Definition,
  { key, verification }: ElectionKey,
  roll: Roll,
  place: PeerPlace,
  next: string,
): Fields & { readonly action: string } {
  const { mixers, trustees, threshold, quorum, questions, ballots_least } = definition
  const mixer = mixers[place.at]
  const processors = mixer === undefined ? trustees : [mixer]
  return {
    action: 'create peer',
    peer_type: mixer === undefined ? 'TRUSTEES' : 'MIX',
    name: peerName(electionId(definition), place),
    owners: ownersOf(definition),
    processor_count: processors.length,
    ...Object.fromEntries(processors.map((id, i) => [`processor_${i + 1}`, id])),
    threshold: mixer === undefined ? threshold : 1,
    key_data: hex(key),
    verification: mixer === undefined ? hex(verification) : '',
    width: widthOf(questions[place.question] as Question),
    size_min: place.at === 0 ? ballots_least : 1,
    size_max: rowsOfRoll(roll),
    quorum,
    next,
    ...(place.at === 0 ? { senders: sendersText(partsOf(roll)) } : {}),
    ...(place.at === 0 && hasTimes(definition) ? { opening: 'quorum' } : {}),
  }
}

/** A question's peers: `chain[0]` takes the ballots, the last one is the trustees'. */
export type Chain = readonly Peer[]

/**
 * Finds an election's peers on a board, and checks that they are just those of its definition and roll.
 *
 * @returns a chain a question
 * @throws VotingError BAD_FOLDER that names the peer
 */
export function chainsOf(board: Board, definition: Definition, roll: Roll): Chain[] {
  const election = electionId(definition)
  const owners = ownersOf(definition).join()
  const named = new Map<string, Consensus[]>()
  // Anybody can give a peer any name, but not these owners
  for (const [id, consensus] of board.consensuses)
    if (board.peers.get(id)?.owners.join() === owners) {
      const name = String(consensus.text['name'])
      named.set(name, [...(named.get(name) ?? []), consensus])
    }
  let key: ElectionKey | undefined
  return definition.questions.map((_, question) => {
    const chain: Peer[] = []
    for (let at = definition.mixers.length; at >= 0; at--) {
      const name = peerName(election, { question, at })
      const wrong = (why: string): VotingError =>
        new VotingError('BAD_FOLDER', `peer of question ${question + 1}, place ${at}: ${why}`)
      const [consensus, ...more] = named.get(name) ?? []
      if (consensus === undefined) throw wrong('is not there')
      if (more.length > 0) throw wrong('is there more than once')
      const peer = peerOf(board, consensus)
      key ??= keyOf(peer)
      const wanted = peerText(definition, key, roll, { question, at }, chain[0]?.peer_id ?? '')
      const field = [...new Set([...Object.keys(wanted), ...Object.keys(consensus.text)])].find(
        each => JSON.stringify(wanted[each]) !== JSON.stringify(consensus.text[each]),
      )
      if (field !== undefined) throw wrong(`${field}: is not what the definition says`)
      chain.unshift(peer)
    }
    return chain
  })
}

function peerOf(board: Board, consensus: Consensus): Peer {
  return board.peer(digestOf(consensus as unknown as Fields))
}

/** Trustees are looked at first: what they agreed on is the key of everything. */
function keyOf({ key_data, verification }: Peer): ElectionKey {
  return { key: fromHex(key_data), verification: fromHex(verification) }
}
