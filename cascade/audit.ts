// An audit (docs/spec/cascade.md 9): follows the log, applies every request to a board of its own, and checks every
// proof. Mixers, trustees, clients and verifiers all stand on one. It names whoever did what the rules do not allow.

import { concat, fromHex, hex, same } from '../encoding/bytes.ts'
import { leafHash, MerkleTree } from '../encoding/merkle.ts'
import { type Decryption, type DecryptionShare, decrypt, type Group, ShuffleError } from '../shuffle/index.ts'
import type { Random } from '../world/random.ts'
import { Board } from './board.ts'
import { CascadeError } from './error.ts'
import { entryOf, readCheckpoint } from './log.ts'
import { courseOf, hasRow, rowsFor } from './packets/packet.ts'
import { packetBytes, pointOf } from './packets/suite.ts'
import {
  type Cycle,
  contextOf,
  noBytesHash,
  outRowBytesOf,
  type Peer,
  packetChain,
  rowsOf,
} from './records.ts'
import { type Rules, strict } from './rules.ts'
import { type SignedRequest, sha256Hex } from './signed.ts'

/** Says who did what. */
export interface Finding {
  /** The Controller, or the id of who signed. */
  readonly who: string
  readonly what: string
}

/** Asks a Controller, however far away it is. `undefined` stands for no answer. */
export interface Source {
  log(
    from: number,
  ): Promise<{ readonly entries: readonly SignedRequest[]; readonly checkpoint: string } | undefined>
  blob(hash: string): Promise<Uint8Array | undefined>
}

/** Stands for the Controller in a finding. */
export const controllerName = 'controller'

/** Follows a mix-net's log, checks every step of everybody, and names who did what the rules do not allow. */
export class Audit {
  readonly board: Board
  readonly findings: Finding[] = []
  /** Counts those of what a root has held for. */
  #sure = 0
  /** Proofs that hold, by the cycle's name. */
  readonly #good = new Set<string>()
  /** Proofs that do not. */
  readonly #bad = new Set<string>()
  readonly #shares = new Map<string, DecryptionShare[]>()
  readonly #blobs = new Map<string, Uint8Array>([[noBytesHash, new Uint8Array(0)]])
  readonly #entries: SignedRequest[] = []
  readonly #tree = new MerkleTree()
  readonly #controllerKey: Uint8Array
  readonly #group: Group
  readonly #random: Random
  readonly #rules: Rules
  #checkpoint = ''

  /** @param rules what is checked; another than `strict` is for trials */
  constructor(
    mixnet: string,
    controllerKey: Uint8Array,
    group: Group,
    random: Random,
    rules: Rules = strict,
  ) {
    this.#rules = rules
    this.#controllerKey = controllerKey
    this.#group = group
    this.#random = random
    this.board = new Board(mixnet, group, hash => this.#blobs.get(hash)?.length, rules)
  }

  /** Counts the entries that it has taken. */
  get size(): number {
    return this.#entries.length
  }

  /** The last checkpoint that was checked: what auditors compare. */
  get checkpoint(): string {
    return this.#checkpoint
  }

  /** Gives the entries that it has taken, in their order. */
  get entries(): readonly SignedRequest[] {
    return this.#entries
  }

  /** Says whether the Controller has been found lying: nothing it shows is believed from then on. */
  get isForked(): boolean {
    return this.findings.some(({ who }) => who === controllerName)
  }

  /** Follows the log as far as it goes. */
  async follow(source: Source): Promise<void> {
    while (!this.isForked) {
      const stretch = await source.log(this.#entries.length)
      if (stretch === undefined) return
      const head = readCheckpoint(this.board.mixnet, this.#controllerKey, stretch.checkpoint)
      if (head === undefined) return
      const { entries } = stretch
      if (head.size < this.#entries.length) return this.#find(controllerName, 'its log became shorter')
      for (const entry of entries.slice(0, head.size - this.#entries.length)) {
        if (!(await this.#take(source, entry))) return
      }
      if (this.#entries.length < head.size) {
        if (entries.length === 0) return
        continue
      }
      if (!this.#rules.isRoot(this.#tree.root(), head.root))
        return this.#find(controllerName, 'its log is not what it signed')
      this.#checkpoint = stretch.checkpoint
      this.#sure = this.findings.length
      return
    }
  }

  /** Compares with what somebody else was shown. Two heads of one size must have one root. */
  compare(checkpoint: string): void {
    const other = readCheckpoint(this.board.mixnet, this.#controllerKey, checkpoint)
    if (other === undefined || other.size > this.#entries.length || other.size === 0) return
    if (!same(this.#tree.root(other.size), other.root)) this.#find(controllerName, 'shows different logs')
  }

  /** Names a cycle. */
  static nameOf({ peer_id, id }: { readonly peer_id: string; readonly id: number }): string {
    return `${peer_id} ${id}`
  }

  /** Says whether all that led to a cycle's input holds: every mix before it proved its step. */
  isSound(cycle: Cycle): boolean {
    if (cycle.status === 'VOID') return false
    if (cycle.from === undefined) return true
    const before = this.board.cycle(cycle.from.peer_id, cycle.from.id)
    if (!this.isSound(before)) return false
    return before.status === 'SKIPPED' || this.#good.has(Audit.nameOf(before))
  }

  /** Counts the mixes whose proofs hold on the way to a cycle. */
  mixesBefore(cycle: Cycle): number {
    if (cycle.from === undefined) return 0
    const before = this.board.cycle(cycle.from.peer_id, cycle.from.id)
    const here = before.status === 'PROCESSED' && this.#good.has(Audit.nameOf(before)) ? 1 : 0
    return here + this.mixesBefore(before)
  }

  /** Says whether a cycle was mixed with a proof that does not hold. */
  isBad(cycle: Cycle): boolean {
    return this.#bad.has(Audit.nameOf(cycle))
  }

  /** Says whether a cycle was mixed with a proof that holds. */
  isGood(cycle: Cycle): boolean {
    return this.#good.has(Audit.nameOf(cycle))
  }

  /** Gives the cycle that came of a cycle, void or not. */
  cycleAfter({ peer_id, id }: Cycle): Cycle | undefined {
    const { next } = this.board.peer(peer_id)
    return this.board.cycles.get(next)?.find(({ from }) => from?.peer_id === peer_id && from.id === id)
  }

  /** Gives what a cycle handed out. Undefined when it is not there. */
  output({ output_hash }: Cycle): Uint8Array | undefined {
    return output_hash === '' ? undefined : this.#blobs.get(output_hash)
  }

  /** Gives the points of all packets that a peer was handed before a cycle, in hexadecimal. */
  pointsBefore({ peer_id, id }: Cycle): ReadonlySet<string> {
    const points = new Set<string>()
    const size = packetBytes(this.board.peer(peer_id))
    for (const cycle of this.board.cycles.get(peer_id)?.slice(0, id - 1) ?? []) {
      const rows = cycle.input_hash === '' ? undefined : this.input(cycle)
      for (let at = 0; rows !== undefined && at < rows.length; at += size)
        points.add(hex(pointOf(rows.subarray(at, at + size))))
    }
    return points
  }

  /** Gives a cycle's input rows. Undefined when they are not there. */
  input(cycle: Cycle): Uint8Array | undefined {
    const { messages, input_hash } = this.board.originOf(cycle)
    return messages.length > 0 ? rowsOf(messages) : this.#blobs.get(input_hash)
  }

  /** Gives what trustees decrypt in a cycle. Undefined while its rows are not there. */
  decryptionOf(cycle: Cycle): Decryption | undefined {
    const { verification, threshold, width } = this.board.peer(cycle.peer_id)
    const rows = this.input(cycle)
    const context = contextOf(this.board.mixnet, 'cycle', cycle.peer_id, cycle.id)
    return rows && { context, verification: fromHex(verification), threshold, width, rows }
  }

  /** Gives the plain points of a cycle, 32 bytes each, once enough true shares of a sound list are there. */
  result(cycle: Cycle): Uint8Array | undefined {
    const decryption = this.decryptionOf(cycle)
    const shares = this.#shares.get(Audit.nameOf(cycle)) ?? []
    if (decryption === undefined || shares.length < decryption.threshold || !this.isSound(cycle))
      return undefined
    return decrypt(this.#group, decryption, shares)
  }

  async #take(source: Source, entry: SignedRequest): Promise<boolean> {
    const { payload } = entry
    for (const name of ['outbox_hash', 'proof_hash', 'points_hash']) {
      const hash = payload[name]
      if (typeof hash !== 'string' || this.#blobs.has(hash)) continue
      const blob = await source.blob(hash)
      if (blob === undefined) return false
      if (!this.#rules.isBlob(blob, hash)) {
        this.#find(controllerName, 'hands out something else than was handed in')
        return false
      }
      this.#blobs.set(hash, blob)
    }
    try {
      this.board.apply(entry)
    } catch (error) {
      if (!(error instanceof CascadeError)) throw error
      this.#find(controllerName, `accepted what is not allowed: ${error.message}`)
      return false
    }
    this.#entries.push(entry)
    this.#tree.append(leafHash(entryOf(entry)))
    if (payload.resource === 'cycle') this.#checkStep(entry)
    return true
  }

  #checkStep({ payload }: SignedRequest): void {
    const action = payload['action']
    if (payload.operation !== 'action' || ['close', 'end', 'skip'].includes(String(action))) return
    const peer = this.board.peer(payload['peer_id'] as string)
    const cycle = this.board.cycle(peer.peer_id, payload['cycle_id'] as number)
    if (action === 'share') this.#checkShare(cycle, payload.signer)
    else if (action === 'consume') this.#checkConsumed(peer, cycle)
    else if (action === 'complain') this.#checkComplaint(peer, cycle)
    else if (peer.peer_type === 'SPHINX') this.#checkPackets(peer, cycle, payload.signer)
    else this.#checkMix(peer, cycle, payload.signer)
  }

  /** Looks at all of a batch that can be seen without its sender's help: that it says nothing by its order. */
  #checkPackets(peer: Peer, cycle: Cycle, signer: string): void {
    const name = Audit.nameOf(cycle)
    const output = this.#blobs.get(cycle.output_hash)
    if (output !== undefined && this.#rules.isRising(output, outRowBytesOf(peer))) {
      this.#good.add(name)
      return
    }
    this.#bad.add(name)
    this.#find(signer, `handed on packets of ${name} that do not rise`)
  }

  /** Follows a packet along its course: the first mixer behind which it is not is who dropped or changed it. */
  #checkComplaint(peer: Peer, cycle: Cycle): void {
    const said = cycle.complaints.at(-1)
    const message = cycle.messages.find(({ sender }) => sender === said?.who)
    if (said === undefined || message === undefined || !this.#rules.isHeard()) return
    const size = packetBytes(peer)
    const packet = message.row.subarray(size * (said.packet - 1), size * said.packet)
    const chain = packetChain(this.board, peer)
    const course = courseOf(this.#group, peer, chain, packet, said.opening)
    let at: Cycle | undefined = cycle
    for (const row of course) {
      const output: Uint8Array | undefined =
        at.output_hash === '' ? undefined : this.#blobs.get(at.output_hash)
      if (output === undefined) break
      if (!hasRow(output, row)) {
        const name = Audit.nameOf(at)
        this.#good.delete(name)
        this.#bad.add(name)
        const who = this.board.peer(at.peer_id).processors[0] as string
        this.#find(who, `dropped or changed a packet in ${name}`)
        return
      }
      at = this.cycleAfter(at)
      if (at === undefined) break
    }
    this.#find(said.who, `complained of packet ${said.packet} in ${Audit.nameOf(cycle)} without cause`)
  }

  #checkConsumed(peer: Peer, cycle: Cycle): void {
    const said = cycle.consumed.at(-1)
    const output = this.#blobs.get(cycle.output_hash)
    if (said === undefined || output === undefined) return
    if (rowsFor(output, peer, said.who).length !== said.taken)
      this.#find(said.who, `took another number of packets out of ${Audit.nameOf(cycle)} than there are`)
  }

  #checkMix(peer: Peer, cycle: Cycle, signer: string): void {
    const name = Audit.nameOf(cycle)
    const input = this.input(cycle)
    const output = this.#blobs.get(cycle.output_hash)
    const proof = this.#blobs.get(cycle.proof_hash)
    const context = contextOf(this.board.mixnet, 'cycle', cycle.peer_id, cycle.id)
    if (input && output && proof) {
      const statement = { context, key: fromHex(peer.key_data), width: peer.width, input, output }
      if (this.#rules.isMixed(this.#group, statement, proof, this.#random)) {
        this.#good.add(name)
        return
      }
    }
    this.#bad.add(name)
    this.#find(signer, `mixed ${name} with a proof that does not hold`)
  }

  #checkShare(cycle: Cycle, signer: string): void {
    const name = Audit.nameOf(cycle)
    const said = cycle.shares.at(-1)
    const decryption = this.decryptionOf(cycle)
    const points = said && this.#blobs.get(said.points_hash)
    if (said && decryption && points) {
      const share = { index: said.index, points, proof: said.proof }
      if (this.#holds(decryption, share)) {
        this.#shares.set(name, [...(this.#shares.get(name) ?? []), share])
        return
      }
    }
    this.#find(signer, `decrypted ${name} with a share that does not hold`)
  }

  #holds(decryption: Decryption, share: DecryptionShare): boolean {
    try {
      return this.#rules.isShare(this.#group, decryption, share)
    } catch (error) {
      if (error instanceof ShuffleError) return false
      throw error
    }
  }

  /** Names who did something. What a lying Controller showed since its log held says nothing of anybody else. */
  #find(who: string, what: string): void {
    if (who === controllerName) this.findings.length = this.#sure
    this.findings.push({ who, what })
  }
}

/** Gives the points of a list row by row, so that lists can be compared whatever their order. */
export function rowsSorted(points: Uint8Array, width: number): string[] {
  const size = 32 * width
  return Array.from({ length: points.length / size }, (_, i) =>
    sha256Hex(concat([points.subarray(size * i, size * (i + 1))])),
  ).sort()
}
