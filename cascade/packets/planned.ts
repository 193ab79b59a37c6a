// The chain of packets that a plan wants (docs/spec/cascade.md 14, docs/spec/packets.md 8), and how its members found
// it.

import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Group } from '../../shuffle/index.ts'
import type { Board } from '../board.ts'
import type { Foundation, Step } from '../founding.ts'
import { ownersOf, type Plan } from '../plan.ts'
import { keyId, type Signer } from '../signed.ts'
import { type ChainForm, Chains } from './chains.ts'
import { sealingKey } from './contents.ts'

/** Gives the chains of a plan; undefined where it has none. */
export function plannedChains(plan: Plan): Chains | undefined {
  const { packets, mixnet, size_min, size_max, cycles } = plan
  if (packets === undefined) return undefined
  const mixers = plan.mixers.map(({ key_data }) => keyId(fromHex(key_data)))
  const form: ChainForm = {
    ...packets,
    name: `${mixnet} packets`,
    hops: mixers.length,
    mixers,
    owners: ownersOf(plan),
    size_min,
    size_max,
    senders: [],
    sendersText: '',
    cycles,
  }
  return new Chains(form)
}

/** Holds what a member of chains is handed. */
export interface ChainFoundingParts {
  readonly group: Group
  readonly signer: Signer
  /** 32 bytes, secret: the seed of the signer's key, from which its sealing key follows. */
  readonly seed: Uint8Array
  /** Names the member. */
  readonly name: string
  readonly chains: readonly Chains[]
}

/** Says what a member does next until all chains that it has a part in are there. */
export class ChainFounding implements Foundation {
  readonly #parts: ChainFoundingParts
  readonly #sealingKey: string

  constructor(parts: ChainFoundingParts) {
    this.#parts = parts
    this.#sealingKey = hex(sealingKey(parts.group, parts.seed))
  }

  /** Gives what this member does next. */
  next(board: Board): Step {
    const { signer, name, chains } = this.#parts
    if (!board.persons.has(signer.id)) {
      const keys = { key_data: hex(signer.keyData), sealing_key: this.#sealingKey }
      return {
        do: 'say',
        fields: { resource: 'peer', operation: 'create', name, peer_type: 'CLIENT', ...keys },
      }
    }
    const steps = chains.map(each => each.next(board, signer.id))
    return steps.find(({ do: act }) => act === 'agree' || act === 'say') ?? { do: 'work' }
  }

  /** Says whether a newer chain has taken the place of a peer's. */
  isOver(board: Board, peer_id: string): boolean {
    return this.#parts.chains.some(each => each.isOver(board, peer_id))
  }

  /** Gives nothing: who takes layers off has no share of a key. */
  share(): undefined {}
}
