// The disk of an authority (docs/spec/directory-voting.md 8.8): everything it said, before it is said, and
// what it heard of the rounds that are not over, so that it can stop at any point.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Log } from '../../world/log.ts'
import { entriesUnder, keysUnder, type Store } from '../../world/store.ts'
import type { Epoch } from '../../world/units.ts'
import { changes } from '../documents/authority-set.ts'
import { type ConsensusBody, readBody } from '../documents/consensus.ts'
import {
  type Descriptor,
  descriptorLimits,
  readDescriptor,
  readTexts,
  writeDescriptor,
} from '../documents/descriptor.ts'
import { type Evidence, readEvidence, verifyEvidence, writeEvidence } from '../documents/evidence.ts'
import { joinLimits, type Member, readJoin, writeJoin } from '../documents/joining.ts'
import {
  maxMessageBytes,
  openMessage,
  ownSignature,
  statementOf,
  type VotingMessage,
  writeMessage,
} from '../documents/message.ts'
import type { VotingNetwork } from '../documents/network.ts'
import type { Succession } from '../documents/succession.ts'
import type { Vote } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { type SecretSharing, sharingOf } from '../randomness/sharing.ts'
import { Reader } from '../reader.ts'
import type { Descriptors, Kept, Made } from '../rounds/state.ts'
import { digest, verifyStatement } from '../statement.ts'
import { AuthorityDocuments } from './store-documents.ts'

/** Sets for how many epochs signed documents stay, and the own statements that must not be made twice. */
export const storedEpochs = 72

const number = (epoch: number): string => String(epoch).padStart(16, '0')
const keys = {
  own: (kind: VotingMessage['kind'] | 'opening', epoch: number) => `own/${kind}/${number(epoch)}`,
  body: (epoch: number) => `body/${number(epoch)}`,
  handedOver: 'own/handed-over',
  heard: (round: number, place: number) => `heard/${number(round)}/${number(place)}`,
  descriptor: (epoch: number, id: string) => `descriptor/${number(epoch)}/${id}`,
}

/** Lists the kinds of statement that an authority must not make twice in an epoch. */
const statements = ['vote', 'set', 'signature', 'note'] as const
type Statement = (typeof statements)[number]

const memberKey = (id: string): string => `member/${id}`

type Put = { type: 'put'; key: string; value: Uint8Array }

/** A message as it came in. */
export interface Heard {
  readonly now: number
  readonly message: VotingMessage
}

/** Keeps of an event what a restarted authority needs. */
export type RecordedEvent = Heard | { readonly descriptor: Descriptor }

export class AuthorityStore {
  /** The documents, and the log of them. */
  readonly documents: AuthorityDocuments
  readonly #store: Store
  readonly #succession: Succession
  readonly #log: Log
  readonly #sharing: SecretSharing
  #heard = 0
  /** Names by kind the epoch before which it may have said something that is on disk no more. */
  readonly #forgotten = new Map<Statement, Epoch>()

  /**
   * @param succession who votes in which round
   * @param sharing what checks dealings
   */
  constructor(store: Store, succession: Succession, log: Log, sharing: SecretSharing) {
    this.#store = store
    this.documents = new AuthorityDocuments(store)
    this.#succession = succession
    this.#log = log
    this.#sharing = sharing
  }

  /** One atomic write: an event that changed a round, and what the authority says because of it. */
  async record(round: number, event: RecordedEvent | undefined, kept: readonly Kept[]): Promise<void> {
    const puts: Put[] = []
    if (event !== undefined && 'message' in event) {
      const value = write([Math.floor(event.now), writeMessage(event.message)])
      puts.push({ type: 'put', key: keys.heard(round, this.#heard++), value })
    } else if (event !== undefined) {
      const { descriptor } = event
      const key = keys.descriptor(descriptor.epoch, hex(descriptor.stable.id))
      puts.push({ type: 'put', key, value: writeDescriptor(descriptor) })
    }
    for (const { message, body, opening } of kept) {
      const epoch = message.kind === 'signature' ? message.epoch : message.round
      puts.push({ type: 'put', key: keys.own(message.kind, epoch), value: writeMessage(message) })
      if (body !== undefined) puts.push({ type: 'put', key: keys.body(epoch), value: body.bytes })
      if (body !== undefined && changes(body.body) !== undefined)
        puts.push({ type: 'put', key: keys.handedOver, value: body.bytes })
      if (opening !== undefined) puts.push({ type: 'put', key: keys.own('opening', epoch), value: opening })
    }
    if (puts.length > 0) await this.#store.batch(puts)
  }

  /** Reads what it said in a round. @throws DirectoryError when that cannot be read */
  async made(round: number): Promise<Made> {
    const vote = await this.#message(keys.own('vote', round))
    const set = await this.#message(keys.own('set', round))
    const opening = await this.#store.get(keys.own('opening', round))
    return {
      vote: vote?.kind === 'vote' ? vote.signed : undefined,
      opening:
        vote?.kind !== 'vote' || opening === undefined
          ? undefined
          : this.#read(keys.own('opening', round), () => this.#checkOpening(vote.signed.vote, opening)),
      set: set?.kind === 'set' ? set : undefined,
    }
  }

  /**
   * The documents it signed: epoch, name, and the body where it is still there.
   *
   * @throws DirectoryError when that cannot be read
   */
  async signed(): Promise<{ epoch: number; hash: Uint8Array; body: ConsensusBody | undefined }[]> {
    const signed: { epoch: number; hash: Uint8Array; body: ConsensusBody | undefined }[] = []
    for (const key of await keysUnder(this.#store, 'own/signature/')) {
      const message = await this.#message(key)
      if (message?.kind !== 'signature') continue
      const bytes = await this.#store.get(keys.body(message.epoch))
      const whole = bytes !== undefined && hex(digest(bytes)) === hex(message.hash)
      signed.push({
        epoch: message.epoch,
        hash: message.hash,
        body: whole ? this.#read(keys.body(message.epoch), () => readBody(bytes)) : undefined,
      })
    }
    return signed
  }

  /**
   * Reads the last document that hands over of those that it signed.
   *
   * @throws DirectoryError when that cannot be read
   */
  async handedOver(): Promise<ConsensusBody | undefined> {
    const bytes = await this.#store.get(keys.handedOver)
    return bytes && this.#readOwn(keys.handedOver, () => readBody(bytes))
  }

  /** The bytes of a body it signed. */
  async bodyBytes(epoch: number): Promise<Uint8Array | undefined> {
    return this.#store.get(keys.body(epoch))
  }

  /** Reads what it heard in a round, in the order in which it came. */
  async heard(round: number): Promise<Heard[]> {
    const heard: Heard[] = []
    for (const [key, value] of await entriesUnder(this.#store, `heard/${number(round)}/`)) {
      this.#heard = Math.max(this.#heard, Number(key.split('/').at(-1)) + 1)
      const entry = this.#read(key, () => {
        const read = new Reader(value, 'heard')
        read.tuple(2)
        const now = read.item('now').uint()
        return { now, message: this.#open(read.item('message').bytesUpTo(maxMessageBytes)) }
      })
      if (entry !== undefined) heard.push(entry)
    }
    return heard
  }

  /** The descriptors it took for these documents. */
  async descriptors(epochs: readonly number[]): Promise<Descriptors> {
    const descriptors = new Map<number, ReadonlyMap<string, Descriptor>>()
    for (const epoch of epochs) {
      const of = new Map<string, Descriptor>()
      for (const [key, value] of await entriesUnder(this.#store, `descriptor/${number(epoch)}/`)) {
        if (value.length > descriptorLimits.bytes) continue
        const descriptor = this.#read(key, () => readDescriptor(value))
        if (descriptor !== undefined) of.set(hex(descriptor.stable.id), descriptor)
      }
      descriptors.set(epoch, of)
    }
    return descriptors
  }

  async putEvidence(evidence: Evidence): Promise<void> {
    const bytes = writeEvidence(evidence)
    await this.#store.put(`evidence/${hex(digest(bytes))}`, bytes)
  }

  async removeEvidence(evidence: Evidence): Promise<void> {
    await this.#store.del(`evidence/${hex(digest(writeEvidence(evidence)))}`)
  }

  /** The proofs that still verify. */
  async evidence(): Promise<Evidence[]> {
    const proofs: Evidence[] = []
    for (const [key, value] of await entriesUnder(this.#store, 'evidence/')) {
      const evidence = this.#read(key, () => {
        const proof = readEvidence(value)
        verifyEvidence(this.#succession.newest.name, proof)
        return proof
      })
      if (evidence !== undefined) proofs.push(evidence)
    }
    return proofs
  }

  /** Writes down that a node was let in, or has left. */
  async putMember({ request, left, reached }: Member): Promise<void> {
    await this.#store.put(
      memberKey(hex(request.stable.id)),
      write([left ? 1 : 0, writeJoin(request), reached]),
    )
  }

  async removeMember(id: string): Promise<void> {
    await this.#store.del(memberKey(id))
  }

  async members(): Promise<Member[]> {
    const members: Member[] = []
    for (const [key, value] of await entriesUnder(this.#store, 'member/')) {
      const member = this.#read(key, () => {
        const read = new Reader(value, 'member')
        // Without where it was reached: as before that was written down
        const fields = read.list(3)
        const left = read.item('left').uint(1) === 1
        const request = readJoin(read.item('request').bytesUpTo(joinLimits.bytes))
        const { addresses, address } = descriptorLimits
        const reached = fields === 3 ? readTexts(read.item('reached'), addresses, address) : []
        return { left, request, reached }
      })
      if (member !== undefined) members.push(member)
    }
    return members
  }

  /** Writes down that it speaks of who is dead in an epoch; false when it did so before. */
  async speak(epoch: Epoch): Promise<boolean> {
    const key = `own/note/${number(epoch)}`
    if (epoch < (this.#forgotten.get('note') ?? 0)) return false
    if ((await this.#store.get(key)) !== undefined) return false
    await this.#store.put(key, write(epoch))
    return true
  }

  /**
   * Forgets what is of no more use in this epoch. Evidence stays, and of each kind of own statement so many as it makes
   * in `storedEpochs` epochs, whatever the clock shows now: one that is set wrong must not let it say something twice.
   */
  async prune(epoch: Epoch): Promise<void> {
    const before = (prefix: string, oldest: Epoch): Promise<void> =>
      this.#store.clear({ gte: prefix, lt: `${prefix}${number(Math.max(0, oldest))}` })
    // Two rounds can run at once; what they made stays as long as anybody could still be told something else.
    await before('heard/', epoch - 1)
    await before('descriptor/', epoch - 1)
    for (const kind of statements) this.#forgotten.set(kind, await this.#keepNewest(`own/${kind}/`))
    await this.#keepNewest('own/opening/')
    await this.#keepNewest('body/')
    await this.#keepNewest('document/')
  }

  /** Says whether it may have spoken in a round and not know any more what it said. */
  isForgotten(round: Epoch): boolean {
    const before = (kind: Statement): Epoch => this.#forgotten.get(kind) ?? 0
    return round < Math.max(before('vote'), before('set'), before('signature') - 1)
  }

  /** Keeps the newest of a kind; tells the epoch before which there may have been others. */
  async #keepNewest(prefix: string): Promise<Epoch> {
    const kept = await keysUnder(this.#store, prefix)
    const over = kept.splice(0, Math.max(0, kept.length - storedEpochs))
    const last = over.at(-1)
    if (last !== undefined) await this.#store.clear({ gte: prefix, lte: last })
    return kept.length < storedEpochs ? 0 : Number(kept[0]?.slice(prefix.length))
  }

  /** Reads what it said itself: if that cannot be read, it does not know what it must not contradict. */
  async #message(key: string): Promise<VotingMessage | undefined> {
    const bytes = await this.#store.get(key)
    if (bytes === undefined) return undefined
    return this.#readOwn(key, () => {
      // Its sayings about others were checked when it was made, with the authorities of then.
      const { everybody } = this.#succession
      const message = openMessage(everybody, bytes, { isHeld: () => true })
      const signature = message.kind === 'vote' ? ownSignature(message.signed) : message.signature
      if (verifyStatement(everybody.name, statementOf(message), signature)) return message
      throw new DirectoryError('BAD_SIGNATURE', `${message.kind}: not signed by its author`)
    })
  }

  /** @throws DirectoryError as `read`, with the key */
  #readOwn<T>(key: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      throw new DirectoryError(error.code, `store: ${key}: ${error.message}`)
    }
  }

  /** One that is damaged is the others' to open. */
  #checkOpening({ epoch, author, dealing }: Vote, opening: Uint8Array): Uint8Array {
    const { readDealing, verifyOpening } = this.#sharing
    verifyOpening(readDealing(sharingOf(this.#networkOf(epoch), epoch, author), dealing), opening)
    return opening
  }

  #networkOf(round: number): VotingNetwork {
    return this.#succession.votingNetwork(round + 1, round + 1)
  }

  #open(bytes: Uint8Array): VotingMessage {
    return openMessage(round => this.#networkOf(round), bytes, { sharing: this.#sharing })
  }

  /** A damaged entry is as if it were not there, but it is told. */
  #read<T>(key: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#log.error({ key, code: error.code }, 'authority: a stored entry is damaged')
      return undefined
    }
  }
}
