// How members found a mix-net from their plan (docs/spec/cascade.md 14): all register, trustees make their key, all
// agree on the peers from the last to the first, and somebody opens the first cycle. Each step follows from what the
// log says, so that whoever is stopped goes on, and a trustee finds its share again with its seed alone.

import { fromHex, hex } from '../encoding/bytes.ts'
import {
  commitTo,
  type Dealing,
  DealingError,
  deal,
  contextOf as dealingContext,
  type Group,
  isCommitted,
  readDealing,
  type Session,
  ShuffleError,
  type Taken,
  take,
  transcriptOf,
  writeDealing,
} from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import type { Board } from './board.ts'
import type { Shelf } from './caller.ts'
import type { Negotiation } from './negotiation.ts'
import { sealingKey } from './packets/contents.ts'
import { digestOfPlan, ownersOf, type Plan, sharingSecret } from './plan.ts'
import { keyAgreed, peersSoFar, trusteesOf } from './planned.ts'
import { type Fields, isHex, keyId, type Payload, type Signer, sha256Hex } from './signed.ts'
import type { Wish } from './wish.ts'

/** Says what one member does next. */
export type Step =
  | { readonly do: 'say'; readonly fields: Fields & Pick<Payload, 'resource' | 'operation'> }
  /** Something that all of these must agree on, and what is asked for then. */
  | ({ readonly do: 'agree' } & Wish)
  /** It is somebody else's turn. */
  | { readonly do: 'wait' }
  | { readonly do: 'work' }

/** Says what a member does next to found something on a mix-net. */
export interface Foundation {
  /**
   * Gives what the member does next; `work` where nothing is left to found.
   *
   * @param now milliseconds since 1970 by the member's clock
   */
  next(board: Board, now: number): Step
  /** Gives the trustee's share of the key, 32 bytes, secret, once the key is there. */
  share(board: Board): Uint8Array | undefined
  /** Says whether another peer has taken a peer's place: then nobody closes its open cycle. */
  isOver?(board: Board, peer_id: string): boolean
}

/** Holds what the founding of a mix-net is handed. */
export interface FoundingParts {
  readonly plan: Plan
  readonly signer: Signer
  /** 32 bytes, secret: the seed of the signer's key, from which a trustee's sharing key follows. */
  readonly seed: Uint8Array
  readonly group: Group
  readonly random: Random
  readonly shelf: Shelf
}

/** Says what a member does next until its mix-net is founded, and finds a trustee's share. */
export class Founding implements Foundation {
  /** Why the trustees' key cannot be made: who dealt what it must not. */
  fault: string | undefined
  readonly #parts: FoundingParts
  readonly #owners: readonly string[]
  readonly #trustees: readonly string[]
  readonly #digest: string
  #taken: Taken | undefined

  constructor(parts: FoundingParts) {
    this.#parts = parts
    this.#owners = ownersOf(parts.plan)
    this.#trustees = trusteesOf(parts.plan)
    this.#digest = digestOfPlan(parts.plan)
  }

  /** Gives the trustee's share of the key, 32 bytes, secret, once the key is there. */
  share(board: Board): Uint8Array | undefined {
    if (this.#taken === undefined && this.#index > 0) {
      const agreed = keyAgreed(this.#parts.plan, board)
      const negotiation = agreed && board.negotiations.get(agreed.negotiation_id)
      if (negotiation !== undefined) this.#taken = this.#take(negotiation)
    }
    return this.#taken?.share
  }

  /** Gives what this member does next. */
  next(board: Board): Step {
    const { plan, signer, group, seed } = this.#parts
    if (!board.persons.has(signer.id)) {
      const members = [...plan.mixers, ...plan.trustees]
      const name = members.find(({ key_data }) => keyId(fromHex(key_data)) === signer.id)?.name ?? 'member'
      const keys = { key_data: hex(signer.keyData), sealing_key: hex(sealingKey(group, seed)) }
      const fields = { name, peer_type: 'CLIENT', ...keys }
      return { do: 'say', fields: { resource: 'peer', operation: 'create', ...fields } }
    }
    if (!this.#owners.every(id => board.persons.has(id))) return { do: 'wait' }
    const agreed = keyAgreed(this.#parts.plan, board)
    if (agreed === undefined) return this.#index > 0 ? this.#makeKey(board) : { do: 'wait' }
    const { made, missing } = peersSoFar(plan, board, agreed)
    if (missing === undefined) return this.#openCycle(board, made.at(-1) as string)
    return {
      do: 'agree',
      text: missing,
      participants: this.#owners,
      least: this.#owners.length,
      request: consensus_id => ({ resource: 'peer', operation: 'create', consensus_id }),
    }
  }

  #openCycle(board: Board, entry: string): Step {
    const cycles = (board.cycles.get(entry) ?? []).filter(({ status }) => status !== 'ABORTED')
    const { cycles: wanted } = this.#parts.plan
    const isOver = wanted > 0 && cycles.length >= wanted
    if (isOver || cycles.some(({ status }) => status === 'OPEN')) return { do: 'work' }
    return { do: 'say', fields: { resource: 'cycle', operation: 'create', peer_id: entry } }
  }

  /** This trustee's number, from 1 on; 0 for others. */
  get #index(): number {
    return this.#trustees.indexOf(this.#parts.signer.id) + 1
  }

  /** Makes the trustees' key: commit, deal, certify; each when all have done what is before. */
  #makeKey(board: Board): Step {
    if (this.fault !== undefined) return { do: 'wait' }
    const { signer, random } = this.#parts
    const asked = [...this.#trustees].sort()
    const open = [...board.negotiations.values()].filter(
      ({ consensus, participants, least }) =>
        consensus === undefined &&
        least === asked.length &&
        Object.keys(participants).sort().join() === asked.join(),
    )
    const negotiation =
      open.find(({ contributions }) => contributions.some(({ text }) => text['action'] === 'make key')) ??
      open.find(({ by, contributions }) => by === signer.id && contributions.length === 0)
    if (negotiation === undefined) {
      const fields = { participants: asked, least: asked.length, nonce: hex(random(32)) }
      return { do: 'say', fields: { resource: 'negotiation', operation: 'create', ...fields } }
    }
    const mine = this.#index - 1
    const commitments = this.#round(negotiation, 'commit', 'commitment')
    if (commitments[mine] === undefined) {
      const commitment = commitTo(this.#session(negotiation), this.#index, this.#dealing(negotiation))
      return this.#contribute(negotiation, { round: 'commit', commitment: hex(commitment) }, false)
    }
    if (commitments.includes(undefined)) return { do: 'wait' }
    const dealings = this.#round(negotiation, 'deal', 'dealing')
    if (dealings[mine] === undefined) {
      const dealing = hex(this.#dealing(negotiation))
      return this.#contribute(negotiation, { round: 'deal', dealing }, false)
    }
    if (dealings.includes(undefined)) return { do: 'wait' }
    if (this.#round(negotiation, 'certify', 'key_data')[mine] !== undefined) return { do: 'wait' }
    const taken = this.#take(negotiation)
    if (taken === undefined) return { do: 'wait' }
    const session = this.#session(negotiation)
    const transcript = transcriptOf(this.#parts.group, session, this.#dealings(negotiation))
    const keys = { key_data: hex(taken.key), verification: hex(taken.verification) }
    const certified = { round: 'certify', transcript_hash: sha256Hex(transcript), ...keys }
    return this.#contribute(negotiation, certified, true)
  }

  #contribute(negotiation: Negotiation, said: Fields, accepts: boolean): Step {
    const { signer, plan } = this.#parts
    const text = { action: 'make key', plan: this.#digest, ...said }
    const signed = { mixnet: plan.mixnet, negotiation_id: negotiation.id, text }
    const fields = {
      negotiation_id: negotiation.id,
      text,
      accepts: accepts ? 'yes' : 'no',
      text_signature: signer.sign('text', signed),
    }
    return {
      do: 'say',
      fields: { resource: 'negotiation', operation: 'action', action: 'contribute', ...fields },
    }
  }

  /** Gives what each trustee said first in a round: a second word changes nothing. */
  #round({ contributions }: Negotiation, round: string, field: string): (string | undefined)[] {
    return this.#trustees.map(id => {
      const said = contributions.find(
        ({ signer, text }) => signer === id && text['action'] === 'make key' && text['round'] === round,
      )
      const value = said?.text[field]
      return isHex(value) ? value : undefined
    })
  }

  /** A key is of one negotiation: what was dealt in another is worth nothing in this one. */
  #session({ id }: Negotiation): Session {
    const { plan } = this.#parts
    const keys = fromHex(plan.trustees.map(({ sharing_key }) => sharing_key).join(''))
    const { threshold } = plan
    const context = dealingContext(fromHex(id), keys)
    return { context, threshold, keys, extension: fromHex(this.#digest) }
  }

  /** Gives this trustee's dealing; it is written down before anybody hears of it. */
  #dealing(negotiation: Negotiation): Uint8Array {
    const { group, seed, random, shelf } = this.#parts
    const name = `dealing ${negotiation.id}`
    const kept = shelf.get(name)
    if (kept !== undefined) return fromHex(kept)
    const trustee = { index: this.#index, secret: sharingSecret(group, seed) }
    const dealing = writeDealing(deal(group, this.#session(negotiation), trustee, random))
    shelf.put(name, hex(dealing))
    return dealing
  }

  /** @throws ShuffleError for one that cannot be read */
  #dealings(negotiation: Negotiation): Dealing[] {
    const session = this.#session(negotiation)
    const said = this.#round(negotiation, 'deal', 'dealing')
    return said.map(text => readDealing(this.#parts.group, session, fromHex(text as string)))
  }

  /** Checks every dealing, and takes this trustee's shares. Undefined when somebody dealt what it must not. */
  #take(negotiation: Negotiation): Taken | undefined {
    const { group, seed } = this.#parts
    const session = this.#session(negotiation)
    const commitments = this.#round(negotiation, 'commit', 'commitment')
    const said = this.#round(negotiation, 'deal', 'dealing')
    try {
      for (const [i, dealing] of said.entries())
        if (!isCommitted(session, i + 1, fromHex(dealing as string), fromHex(commitments[i] as string))) {
          this.fault = `trustee ${i + 1} dealt something else than it had committed to`
          return undefined
        }
      const trustee = { index: this.#index, secret: sharingSecret(group, seed) }
      return take(group, session, trustee, this.#dealings(negotiation))
    } catch (error) {
      if (!(error instanceof DealingError || error instanceof ShuffleError || error instanceof RangeError))
        throw error
      this.fault = error.message
      return undefined
    }
  }
}
