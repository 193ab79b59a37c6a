// What liars do: with their own keys, and whatever the log shows them.

import type { Source } from '../../cascade/audit.ts'
import type { Controller, Reply } from '../../cascade/controller.ts'
import type { Cycle } from '../../cascade/records.ts'
import { contextOf } from '../../cascade/records.ts'
import { type Fields, request, type SignedRequest, type Signer, sha256Hex } from '../../cascade/signed.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { decryptionShare, makeBallot, reencrypt, scalars } from '../../shuffle/index.ts'
import { group, type World } from '../../simulator/cascade-world.ts'

type Said = Fields & { readonly resource: string; readonly operation: string }

/** Somebody with a key who says what the rules do not allow. */
export class Liar {
  readonly signer: Signer
  readonly #world: World
  #sequence = 1000
  readonly #done = new Set<string>()

  constructor(world: World, signer: Signer) {
    this.#world = world
    this.signer = signer
  }

  /** Says whether a thing of this name is done for the first time. */
  #once(name: string): boolean {
    if (this.#done.has(name)) return false
    this.#done.add(name)
    return true
  }

  async #say(fields: Said, blobs: readonly Uint8Array[] = []): Promise<Reply | undefined> {
    this.#sequence++
    const { controller, mixnet } = this.#world
    return await quietly(controller.post(request(this.signer, mixnet, this.#sequence, fields), blobs))
  }

  /** Puts a message in the place of another. @param proofOf gives the proof that goes with it */
  async mix(
    peer_id: string,
    proofOf: (controller: Controller) => Promise<Uint8Array | undefined>,
  ): Promise<void> {
    const { controller } = this.#world
    const cycle = closedOf(controller, peer_id)
    if (cycle === undefined) return
    const input = await inputOf(controller, cycle)
    const proof = await proofOf(controller)
    if (input === undefined || proof === undefined || !this.#once(`mix ${cycle.id}`)) return
    const output = input.slice()
    output.set(input.subarray(0, 64), 64)
    const hashes = { outbox_hash: sha256Hex(output), proof_hash: sha256Hex(proof) }
    const about = { resource: 'cycle', operation: 'action', action: 'process', peer_id, cycle_id: cycle.id }
    await this.#say({ ...about, ...hashes }, [output, proof])
  }

  /** Hands in points that are not its share's, with the proof of the right ones. */
  async decrypt(peer_id: string, index: number): Promise<void> {
    const { controller, mixnet, key, random } = this.#world
    const cycle = closedOf(controller, peer_id)
    const rows = cycle && (await inputOf(controller, cycle))
    if (cycle === undefined || rows === undefined || !this.#once(`share ${cycle.id}`)) return
    const context = contextOf(mixnet, 'cycle', peer_id, cycle.id)
    const decryption = { context, verification: key.verification, threshold: 2, width: 1, rows }
    const share = key.shares[index - 1] as Uint8Array
    const right = decryptionShare(group, decryption, { index, share }, random)
    const points = right.points.slice()
    points.set(right.points.subarray(32, 64), 0)
    const fields = {
      peer_id,
      cycle_id: cycle.id,
      index,
      points_hash: sha256Hex(points),
      proof: hex(right.proof),
    }
    await this.#say({ resource: 'cycle', operation: 'action', action: 'share', ...fields }, [points])
  }

  /** Tries, once each, all that an owner must not, while a cycle is open. */
  async meddle(peer_id: string): Promise<void> {
    const { controller, mixnet, random, key } = this.#world
    const cycle = controller.board.cycles.get(peer_id)?.find(({ status }) => status === 'OPEN')
    const { entries } = await controller.log(0)
    const message = entries.findLast(({ payload }) => payload.resource === 'message')
    if (cycle === undefined || message === undefined) return
    if (this.#once('register')) {
      // Its own message, twice: a person of its own, since an owner is one already
      const about = {
        context: contextOf(mixnet, 'message', peer_id),
        voter: fromHex(this.signer.id),
        key: key.key,
      }
      const { row, proof } = makeBallot(group, about, new TextEncoder().encode(liarText), 1, random)
      const fields = { peer_id, cycle_id: cycle.id, box: 0, data: hex(row), proof: hex(proof) }
      for (let i = 0; i < 2; i++) await this.#say({ resource: 'message', operation: 'create', ...fields })
    }
    if (this.#once('copy')) {
      const row = reencrypt(
        group,
        key.key,
        fromHex(message.payload['data'] as string),
        scalars(group, random, 1),
      )
      const fields = {
        peer_id,
        cycle_id: cycle.id,
        box: 0,
        data: hex(row),
        proof: message.payload['proof'] as string,
      }
      await this.#say({ resource: 'message', operation: 'create', ...fields })
    }
    const negotiation = { resource: 'negotiation', operation: 'create', least: 1, nonce: hex(random(32)) }
    if (this.#once('forge')) {
      const { payload } = message as SignedRequest
      const forged = request(this.signer, mixnet, 5000, { ...negotiation, participants: [this.signer.id] })
      await quietly(controller.post({ ...forged, payload: { ...forged.payload, signer: payload.signer } }))
    }
    if (this.#once('replay')) {
      const old = entries.find(
        ({ payload }) => payload.resource === 'negotiation' && payload.operation === 'create',
      )
      if (old !== undefined) await quietly(controller.post(old))
    }
    const text = { action: 'close', peer_id, cycle_id: cycle.id }
    const action = { resource: 'cycle', operation: 'action', ...text }
    if (this.#once('close')) await this.#decideAlone(text, action)
  }

  /** Opens, and prolongs or gives up, with nobody but itself, whatever the others are about to agree on. */
  async meddleWithFew(peer_id: string, others: 'open' | 'end'): Promise<void> {
    const all = this.#world.controller.board.cycles.get(peer_id) ?? []
    const last = all.at(-1)
    const isFew = last?.status === 'ABORTED'
    const open = { action: 'open', peer_id, cycle_id: all.length + 1 }
    const create = { resource: 'cycle', operation: 'create', peer_id }
    if (last === undefined && this.#once('open')) await this.#decideAlone(open, create)
    if (isFew && others === 'end' && this.#once(`prolong ${last.id}`))
      await this.#decideAlone({ ...open, until: '2027-01-31T18:00:00Z' }, create)
    const isOpenOrFew = isFew || last?.status === 'OPEN'
    if (isOpenOrFew && others === 'open' && this.#once(`end ${last.id} ${last.status}`)) {
      const text = { action: 'end', peer_id, cycle_id: last.id }
      await this.#decideAlone(text, { resource: 'cycle', operation: 'action', ...text })
    }
  }

  async #decideAlone(text: Fields, what: Said): Promise<void> {
    const nonce = hex(this.#world.random(32))
    const negotiation = { resource: 'negotiation', operation: 'create', least: 1, nonce }
    const begun = await this.#say({ ...negotiation, participants: [this.signer.id] })
    if (begun?.is !== 'accepted') return
    const signed = { mixnet: this.#world.mixnet, negotiation_id: begun.id, text }
    const said = {
      negotiation_id: begun.id,
      text,
      accepts: 'yes',
      text_signature: this.signer.sign('text', signed),
    }
    const agreed = await this.#say({
      resource: 'negotiation',
      operation: 'action',
      action: 'contribute',
      ...said,
    })
    if (agreed?.is !== 'accepted') return
    await this.#say({ ...what, consensus_id: agreed.id })
  }
}

/** Says what a liar's own message is; it may come out once. */
export const liarText = 'a liar'

async function quietly(reply: Promise<Reply>): Promise<Reply | undefined> {
  return await reply.catch(() => undefined)
}

function closedOf({ board }: Controller, peer_id: string): Cycle | undefined {
  return board.cycles.get(peer_id)?.find(({ status }) => status === 'CLOSED')
}

async function inputOf(controller: Controller, cycle: Cycle): Promise<Uint8Array | undefined> {
  if (cycle.messages.length === 0) return await controller.blob(cycle.input_hash)
  return fromHex(cycle.messages.map(({ row }) => hex(row)).join(''))
}

/** Shows two messages in each other's place, which nobody's rules forbid; `lied` is told when there were two. */
export function swapping(source: Source, lied: () => void): Source {
  return {
    async log(from) {
      const stretch = await source.log(from)
      if (stretch === undefined) return undefined
      const entries = [...stretch.entries]
      const at = entries.findIndex((entry, i) => isMessage(entry) && isMessage(entries[i + 1]))
      if (at === -1) return stretch
      const [first, second] = entries.slice(at, at + 2) as [SignedRequest, SignedRequest]
      if (first.payload.signer === second.payload.signer) return stretch
      lied()
      entries.splice(at, 2, second, first)
      return { ...stretch, entries }
    },
    blob: hash => source.blob(hash),
  }
}

function isMessage(entry: SignedRequest | undefined): boolean {
  return entry?.payload.resource === 'message'
}

/** Hands out blobs of which one byte is another. */
export function changing(source: Source, lied: () => void): Source {
  return {
    log: from => source.log(from),
    async blob(hash) {
      const blob = (await source.blob(hash))?.slice()
      if (blob === undefined) return undefined
      lied()
      blob[blob.length - 1] = (blob.at(-1) as number) ^ 1
      return blob
    },
  }
}
