// Chains of mixers of packets on a board (docs/spec/packets.md 8): the members of a mix-net make one, and a new one
// without a mixer that was left out. Everybody finds them by their whole texts, so that no other peer passes for one.

import { hex } from '../../encoding/bytes.ts'
import type { Board } from '../board.ts'
import type { Step } from '../founding.ts'
import type { Peer } from '../records.ts'
import { digestOf, type Fields } from '../signed.ts'
import type { PacketForm } from './suite.ts'

/** Says what chains there are to be. */
export interface ChainForm extends PacketForm {
  /** Begins the names of all its peers. */
  readonly name: string
  /** Ids of the mixers, in their order. */
  readonly mixers: readonly string[]
  /** Ids of all who decide, mixers included. */
  readonly owners: readonly string[]
  /** So many mixers a chain has at least. */
  readonly mixers_least: number
  /** Packets of a message. */
  readonly each: number
  readonly size_min: number
  readonly size_max: number
  /** Parts of the list of senders (docs/spec/cascade.md 4.3); none where anybody may send. */
  readonly senders: readonly Uint8Array[]
  /** Stands for the senders in the text that owners agree on. */
  readonly sendersText: string
  /** Cycles that a chain has; 0 for no end. */
  readonly cycles: number
}

/** Finds chains, and says what is to be done for the next one. */
export class Chains {
  readonly form: ChainForm
  /** Chains that are there for good, by how many mixers were out before: their peers from the first on. */
  readonly #made = new Map<number, readonly Peer[]>()
  readonly #digests = new Map<string, string>()

  constructor(form: ChainForm) {
    this.form = form
  }

  /** Gives all chains, the newest last; each from its first peer on. */
  all(board: Board): readonly (readonly Peer[])[] {
    this.#look(board)
    return [...this.#made].sort(([a], [b]) => a - b).map(([, chain]) => chain)
  }

  /** Gives the chain that takes messages now; undefined while it is being made, or when too few mixers are left. */
  now(board: Board): readonly Peer[] | undefined {
    const { missing } = this.#look(board)
    return missing === undefined ? this.all(board).at(-1) : undefined
  }

  /** Says whether a peer is of a chain that a newer one, or none, has taken the place of. */
  isOver(board: Board, peer_id: string): boolean {
    const has = (chain: readonly Peer[] | undefined): boolean =>
      chain?.some(peer => peer.peer_id === peer_id) === true
    return this.all(board).some(has) && !has(this.now(board))
  }

  /** Gives what a member does next for these chains; `work` where there is nothing to do. */
  next(board: Board, member: string): Step {
    const { missing, owners } = this.#look(board)
    // Who was left out has no part in what comes then
    if (missing === 'no more' || !owners.includes(member)) return { do: 'work' }
    if (missing === 'a key') return { do: 'wait' }
    if (missing !== undefined)
      return {
        do: 'agree',
        text: missing,
        participants: [...owners].sort(),
        least: owners.length,
        request: consensus_id => ({ resource: 'peer', operation: 'create', consensus_id }),
      }
    const [entry] = this.now(board) ?? []
    return (entry && this.#open(board, entry)) ?? { do: 'work' }
  }

  /** Brings the list of senders, and opens the next cycle. */
  #open(board: Board, { peer_id, senders }: Peer): Step | undefined {
    const part = senders?.missing
    if (part !== undefined) {
      const data = hex(this.form.senders[part - 1] as Uint8Array)
      const fields = { resource: 'peer', operation: 'action', action: 'senders', peer_id, part, data }
      return { do: 'say', fields }
    }
    const cycles = (board.cycles.get(peer_id) ?? []).filter(({ status }) => status !== 'ABORTED')
    const isOver = this.form.cycles > 0 && cycles.length >= this.form.cycles
    if (isOver || cycles.some(({ status }) => status === 'OPEN')) return undefined
    return { do: 'say', fields: { resource: 'cycle', operation: 'create', peer_id } }
  }

  /**
   * Finds what is there, and what is missing: a text, a mixer's key, or nothing more to be had. Whoever is left out of
   * any of the chains first is out of all that come then: the order of the log decides, whenever somebody looks.
   */
  #look(board: Board): {
    readonly missing: Fields | 'a key' | 'no more' | undefined
    readonly owners: readonly string[]
  } {
    const mixerOf = new Map<string, string>()
    const out: string[] = []
    let missing = this.#find(board, out, mixerOf)
    for (const { peer_id } of board.skipped) {
      const mixer = mixerOf.get(peer_id)
      if (mixer === undefined || out.includes(mixer)) continue
      out.push(mixer)
      missing = this.#find(board, out, mixerOf)
    }
    return { missing, owners: this.form.owners.filter(id => !out.includes(id)) }
  }

  /** Finds the chain without these mixers; else gives what is missing. */
  #find(
    board: Board,
    out: readonly string[],
    mixerOf: Map<string, string>,
  ): Fields | 'a key' | 'no more' | undefined {
    const mixers = this.form.mixers.filter(id => !out.includes(id))
    if (mixers.length < this.form.mixers_least) return 'no more'
    const missing = this.#made.has(out.length) ? undefined : this.#make(board, out, mixers)
    for (const { peer_id, processors } of this.#made.get(out.length) ?? [])
      mixerOf.set(peer_id, processors[0] as string)
    return missing
  }

  /** Keeps a chain whose peers are all there; else gives what is missing. */
  #make(board: Board, out: readonly string[], mixers: readonly string[]): Fields | 'a key' | undefined {
    const owners = this.form.owners.filter(id => !out.includes(id))
    const chain: Peer[] = []
    for (const [i, mixer] of [...mixers.entries()].reverse()) {
      const key_data = board.persons.get(mixer)?.sealingKey
      if (key_data === undefined) return 'a key'
      const name = `${this.form.name} ${out.length + 1} ${i + 1}`
      const next = chain[0]?.peer_id ?? ''
      const text = chainText(this.form, { name, owners, mixer, key_data, next, isFirst: i === 0 })
      const wanted = digestOf(text)
      const peer = [...board.peers.values()].find(
        each => each.name === name && this.#digestOf(board, each.peer_id) === wanted,
      )
      if (peer === undefined) return text
      chain.unshift(peer)
    }
    this.#made.set(out.length, chain)
    return undefined
  }

  #digestOf(board: Board, peer_id: string): string {
    const known = this.#digests.get(peer_id) ?? digestOf(board.consensuses.get(peer_id)?.text as Fields)
    this.#digests.set(peer_id, known)
    return known
  }
}

interface Place {
  readonly name: string
  readonly owners: readonly string[]
  readonly mixer: string
  readonly key_data: string
  readonly next: string
  readonly isFirst: boolean
}

/** Gives the text that all owners of a chain's peer agree on. */
function chainText(form: ChainForm, { name, owners, mixer, key_data, next, isFirst }: Place): Fields {
  const { hops, body_bytes, each, size_min, size_max, sendersText } = form
  return {
    action: 'create peer',
    peer_type: 'SPHINX',
    name,
    owners: [...owners].sort(),
    processor_count: 1,
    processor_1: mixer,
    threshold: 1,
    key_data,
    verification: '',
    hops,
    body_bytes,
    each,
    size_min: isFirst ? size_min : 1,
    size_max,
    quorum: Math.floor(owners.length / 2) + 1,
    next,
    ...(isFirst && sendersText !== '' ? { senders: sendersText } : {}),
  }
}

/** Gives a chain's last peer, out of which recipients take what is for them. */
export function lastOf(chain: readonly Peer[]): Peer {
  return chain.at(-1) as Peer
}
