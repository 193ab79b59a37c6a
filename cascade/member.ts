// A Mix Server or a Trustee (docs/spec/cascade.md 10): follows the log, checks every step of everybody, does what is
// its turn, and agrees with the other owners on closing a cycle and on leaving out a mixer that lied or is away. It
// acts on what it has checked itself, and after a restart goes on where it was.

import { fromHex, hex } from '../encoding/bytes.ts'
import { decryptionShare, prove, shuffle } from '../shuffle/index.ts'
import { Audit } from './audit.ts'
import { Caller, type SignerParts } from './caller.ts'
import type { Foundation } from './founding.ts'
import { mixPackets } from './packets/packet.ts'
import { type Cycle, contextOf, othersOf, type Peer, quorumOf } from './records.ts'
import { digestOf, type Fields, sha256Hex } from './signed.ts'
import { openingWish, type Wish, wishFor } from './wish.ts'

/** Holds what a member is handed. */
export interface MemberParts extends SignerParts {
  /** A trustee's share of the key, 32 bytes, secret; not for one that founds the mix-net. */
  readonly share?: Uint8Array
  /** The secret of the key that packets are made for, 32 bytes; for a mixer of packets. */
  readonly sealingSecret?: Uint8Array | undefined
  /** Makes the mix-net from its plan, and what else is founded on it, where there is a plan. */
  readonly founding?: Foundation
  /** Says whether it is time to close an open cycle. */
  readonly mayClose: (cycle: Cycle, peer: Peer, now: number) => boolean
  /** Says what is to become of a cycle that has too few messages; undefined, or nothing, while nobody has said. */
  readonly afterFew?: (cycle: Cycle, peer: Peer, now: number) => AfterFew | undefined
  /** Milliseconds that a mixer has for its cycle. */
  readonly patience: number
  /** Counts the mixes whose proofs hold that a list has passed before these trustees decrypt it. */
  readonly mixesAtLeast: (trustees: Peer) => number
}

/** Says what is to become of a cycle with too few messages: it is given up for good, or goes on until a time. */
export type AfterFew =
  | { readonly do: 'end' }
  | {
      readonly do: 'open'
      /** As 2026-01-31T18:00:00Z. */
      readonly until: string
    }

/** Does a mixer's or a trustee's work, and decides about peers with the other owners. */
export class Member {
  readonly audit: Audit
  readonly #parts: MemberParts
  readonly #caller: Caller
  /** When each closed cycle was first seen. */
  readonly #seen = new Map<string, number>()

  constructor(parts: MemberParts) {
    this.#parts = parts
    this.audit = new Audit(parts.mixnet, parts.controllerKey, parts.group, parts.random, parts.rules)
    this.#caller = new Caller(parts.mixnet, parts.signer, parts.shelf, parts.post)
  }

  /** Does one thing, if there is one to do, and says whether there was. Is called again and again. */
  async tick(now: number): Promise<boolean> {
    await this.audit.follow(this.#parts.source)
    if (this.audit.isForked) return false
    if (this.#caller.waiting() === undefined) this.#decide(now)
    const answered = await this.#caller.send()
    if (answered !== undefined) this.#caller.done()
    return answered?.reply.is === 'accepted'
  }

  /** Prepares the next request, if there is one to make. */
  #decide(now: number): void {
    const { signer, founding } = this.#parts
    if (founding === undefined && !this.audit.board.persons.has(signer.id)) return
    const step = founding?.next(this.audit.board, now)
    if (step?.do === 'say') return void this.#caller.prepare(step.fields)
    // While the others have not agreed, what was founded before goes on
    if (step?.do === 'agree' && this.#pursue(step)) return
    if (step?.do === 'wait') return
    const cycles = [...this.audit.board.cycles.values()].flat()
    for (const cycle of cycles) if (this.#process(cycle, this.audit.board.peer(cycle.peer_id))) return
    for (const cycle of cycles) {
      const wish = this.#wish(cycle, this.audit.board.peer(cycle.peer_id), now)
      if (wish !== undefined && this.#pursue(wish)) return
    }
  }

  /** Processes a cycle when it is this member's turn, and says whether it has. */
  #process(cycle: Cycle, peer: Peer): boolean {
    const index = peer.processors.indexOf(this.#parts.signer.id) + 1
    if (index === 0 || !this.audit.isSound(cycle)) return false
    if (peer.peer_type !== 'TRUSTEES' && cycle.status !== 'CLOSED') return false
    if (peer.peer_type === 'MIX') return this.#mix(cycle, peer)
    if (peer.peer_type === 'SPHINX') return this.#takeOff(cycle, peer)
    const isOurs = cycle.shares.some(each => each.index === index)
    const isClosed = cycle.status === 'CLOSED' || cycle.status === 'PROCESSED'
    return isClosed && !isOurs && this.audit.result(cycle) === undefined && this.#decrypt(cycle, peer, index)
  }

  #mix(cycle: Cycle, peer: Peer): boolean {
    const { group, random, mixnet } = this.#parts
    const input = this.audit.input(cycle)
    if (input === undefined) return false
    const about = { key: fromHex(peer.key_data), width: peer.width, input }
    const { output, secret } = shuffle(group, about, random)
    const context = contextOf(mixnet, 'cycle', cycle.peer_id, cycle.id)
    const proof = prove(group, { ...about, context, output }, secret, random)
    const hashes = { outbox_hash: sha256Hex(output), proof_hash: sha256Hex(proof) }
    this.#act(cycle, 'process', hashes, [output, proof])
    return true
  }

  /** Takes its layer off every packet. After a crash the same batch gives the same bytes. */
  #takeOff(cycle: Cycle, peer: Peer): boolean {
    const { group, sealingSecret } = this.#parts
    const input = this.audit.input(cycle)
    if (input === undefined || sealingSecret === undefined) return false
    const seen = this.audit.pointsBefore(cycle)
    const next = peer.next === '' ? undefined : peer.next
    const { output, ...dropped } = mixPackets(group, peer, sealingSecret, input, next, seen)
    const blobs = output.length === 0 ? [] : [output]
    this.#act(cycle, 'process', { outbox_hash: sha256Hex(output), ...dropped }, blobs)
    return true
  }

  #decrypt(cycle: Cycle, peer: Peer, index: number): boolean {
    const { group, random, founding, mixesAtLeast } = this.#parts
    const share = this.#parts.share ?? founding?.share(this.audit.board)
    if (share === undefined || this.audit.mixesBefore(cycle) < mixesAtLeast(peer)) return false
    const decryption = this.audit.decryptionOf(cycle)
    if (decryption === undefined) return false
    const { points, proof } = decryptionShare(group, decryption, { index, share }, random)
    this.#act(cycle, 'share', { index, points_hash: sha256Hex(points), proof: hex(proof) }, [points])
    return true
  }

  #act(cycle: Cycle, action: string, fields: Fields, blobs: readonly Uint8Array[] = []): void {
    const { peer_id, id } = cycle
    const payload = { resource: 'cycle', operation: 'action', action, peer_id, cycle_id: id, ...fields }
    this.#caller.prepare(payload, blobs)
  }

  /** Gives what this member wants to be agreed about a cycle. */
  #wish(cycle: Cycle, peer: Peer, now: number): Wish | undefined {
    const { signer, mayClose, patience } = this.#parts
    if (!peer.owners.includes(signer.id)) return undefined
    const few = this.#wishAfterFew(cycle, peer, now)
    if (few !== undefined) return few
    if (cycle.status === 'OPEN') {
      if (this.#parts.founding?.isOver?.(this.audit.board, peer.peer_id) === true) return undefined
      const isTime = mayClose(cycle, peer, now) && !this.#wasGivenUp(cycle, peer)
      return isTime ? wishFor('close', cycle, peer.owners, peer.quorum) : undefined
    }
    const isOwn = peer.processors[0] === signer.id
    if (peer.peer_type === 'TRUSTEES' || isOwn || !this.audit.isSound(cycle)) return undefined
    const name = Audit.nameOf(cycle)
    if (!this.#seen.has(name)) this.#seen.set(name, now)
    const isLate = cycle.status === 'CLOSED' && now - (this.#seen.get(name) as number) > patience
    const isFalse = cycle.status === 'PROCESSED' && this.audit.isBad(cycle)
    if (!isLate && !isFalse) return undefined
    const participants = othersOf(peer)
    return wishFor('skip', cycle, participants, quorumOf(peer, participants))
  }

  /** Gives what is to be agreed about the last cycle of those that take messages, where it has too few. */
  #wishAfterFew(cycle: Cycle, peer: Peer, now: number): Wish | undefined {
    const isLast = this.audit.board.cycles.get(peer.peer_id)?.at(-1) === cycle
    const isFew = isLast && cycle.from === undefined && cycle.messages.length < peer.size_min
    if (!isFew || (cycle.status !== 'OPEN' && cycle.status !== 'ABORTED')) return undefined
    const what = this.#parts.afterFew?.(cycle, peer, now)
    if (what?.do === 'end') return wishFor('end', cycle, peer.owners, peer.quorum)
    if (what === undefined || cycle.status === 'OPEN' || peer.opening === undefined) return undefined
    return openingWish(peer, cycle.id + 1, what.until)
  }

  /** Says whether a cycle has just what was too little before: to give it up again would change nothing. */
  #wasGivenUp({ peer_id, id, messages }: Cycle, { size_min, opening }: Peer): boolean {
    if (opening !== undefined) return false
    const before = this.audit.board.cycles.get(peer_id)?.[id - 2]
    return (
      messages.length < size_min && before?.status === 'ABORTED' && before.messages.length === messages.length
    )
  }

  /** Goes the next step towards a wish: begins, agrees, or does what was agreed. */
  #pursue({ text, participants, least, request }: Wish): boolean {
    const { board } = this.audit
    const { signer, mixnet, random } = this.#parts
    const wanted = digestOf(text)
    const asked = [...participants].sort().join()
    for (const [id, consensus] of board.consensuses) {
      // Somebody may have agreed on the text with nobody but itself: that is no consensus of those who must
      const isTheirs =
        Object.keys(consensus.participants).sort().join() === asked && consensus.least === least
      if (!isTheirs || digestOf(consensus.text) !== wanted) continue
      this.#caller.prepare(request(id))
      return true
    }
    const ours = [...board.negotiations.values()].filter(
      each =>
        each.consensus === undefined &&
        each.least === least &&
        Object.keys(each.participants).sort().join() === asked,
    )
    const begun =
      ours.find(({ contributions }) => contributions.some(said => digestOf(said.text) === wanted)) ??
      ours.find(({ by, contributions }) => by === signer.id && contributions.length === 0)
    if (begun === undefined) {
      const nonce = hex(random(32))
      const fields = { participants: [...participants].sort(), least, nonce }
      this.#caller.prepare({ resource: 'negotiation', operation: 'create', ...fields })
      return true
    }
    if (begun.contributions.some(said => said.signer === signer.id)) return false
    const said = { mixnet, negotiation_id: begun.id, text }
    const text_signature = signer.sign('text', said)
    this.#caller.prepare({
      resource: 'negotiation',
      operation: 'action',
      action: 'contribute',
      negotiation_id: begun.id,
      text,
      accepts: 'yes',
      text_signature,
    })
    return true
  }
}
