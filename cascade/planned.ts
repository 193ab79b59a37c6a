// What of a plan stands on a board (docs/spec/cascade.md 14): the trustees' key that was agreed on, and the peers that
// its members made of the plan. Members, clients and verifiers find them by the whole text, so that no other peer
// passes for one.

import { fromHex } from '../encoding/bytes.ts'
import type { Board } from './board.ts'
import type { Consensus } from './negotiation.ts'
import { digestOfPlan, ownersOf, type Plan } from './plan.ts'
import { digestOf, type Fields, keyId } from './signed.ts'

/** Holds the ids of a plan's peers. */
export interface PlannedPeers {
  /** The peer that takes messages: the first mix. */
  readonly entry: string
  readonly trustees: string
  /** From the trustees back to the first mix. */
  readonly all: readonly string[]
}

export function trusteesOf({ trustees }: Plan): string[] {
  return trustees.map(({ key_data }) => keyId(fromHex(key_data)))
}

/** Finds the first consensus in which all trustees certified a key for this plan. */
export function keyAgreed(plan: Plan, board: Board): Consensus | undefined {
  const asked = trusteesOf(plan).sort().join()
  const digest = digestOfPlan(plan)
  return [...board.consensuses.values()].find(
    ({ text, participants, least }) =>
      text['action'] === 'make key' &&
      text['plan'] === digest &&
      least === plan.trustees.length &&
      Object.keys(participants).sort().join() === asked,
  )
}

/** Gives the peers that are there, and the text of the first that is not. */
export function peersSoFar(
  plan: Plan,
  board: Board,
  agreed: Consensus,
): { readonly made: readonly string[]; readonly missing: Fields | undefined } {
  const made: string[] = []
  for (const text of textsOf(plan, agreed, made)) {
    const wanted = digestOf(text)
    const peer = [...board.peers.keys()].find(
      id => digestOf((board.consensuses.get(id) as Consensus).text) === wanted,
    )
    if (peer === undefined) return { made, missing: text }
    made.push(peer)
  }
  return { made, missing: undefined }
}

/** Finds a plan's peers, once all are there. */
export function plannedPeers(plan: Plan, board: Board): PlannedPeers | undefined {
  const agreed = keyAgreed(plan, board)
  if (agreed === undefined) return undefined
  const { made, missing } = peersSoFar(plan, board, agreed)
  if (missing !== undefined) return undefined
  return { entry: made.at(-1) as string, trustees: made[0] as string, all: made }
}

/** Gives the text of each peer, trustees first; `made` has the ids of those before. */
function* textsOf(plan: Plan, agreed: Consensus, made: readonly string[]): Generator<Fields> {
  const { width, size_min, size_max, quorum, mixnet, threshold } = plan
  const owners = ownersOf(plan)
  const trustees = trusteesOf(plan)
  const key_data = agreed.text['key_data'] as string
  const common = { action: 'create peer', owners, key_data, width, size_min, size_max, quorum }
  yield {
    ...common,
    peer_type: 'TRUSTEES',
    name: `${mixnet} trustees`,
    processor_count: trustees.length,
    ...Object.fromEntries(trustees.map((id, i) => [`processor_${i + 1}`, id])),
    threshold,
    verification: agreed.text['verification'] as string,
    next: '',
  }
  for (const { name, key_data: mixer } of [...plan.mixers].reverse())
    yield {
      ...common,
      peer_type: 'MIX',
      name: `${mixnet} ${name}`,
      processor_count: 1,
      processor_1: keyId(fromHex(mixer)),
      threshold: 1,
      verification: '',
      next: made.at(-1) as string,
    }
}
