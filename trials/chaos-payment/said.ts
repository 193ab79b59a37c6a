// What a world of the chaos harness says about somebody else: a stranger without a note who names the notes of others,
// and a ledger that is slow, loses answers, is busy, or lies about notes.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { PaymentError } from '../../payment/error.ts'
import type { Ledger, NoteState } from '../../payment/ledger/ledger.ts'
import {
  type Body,
  ownershipOf,
  type PairRequest,
  type Received,
  writeMessage,
} from '../../payment/rounds/message.ts'
import type { VirtualClock } from '../../world/clock.ts'
import { below, fraction, type Random, seededRandom } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'

/** Names how a ledger misbehaves towards the peers of a world. */
export type LedgerFault = 'slow' | 'lossy' | 'lying'
const ledgerFaults: readonly LedgerFault[] = ['slow', 'lossy', 'lying']

export function ledgerFaultOf(seed: number): LedgerFault {
  return ledgerFaults[seed % ledgerFaults.length] as LedgerFault
}

/** Says before the run whose requests are forged, or in the midst of it; in odd worlds nobody says anything. */
export function strangerOf(seed: number): 'PR' | 'SR' | null {
  if (seed % 2 === 1) return null
  return seed % 4 === 0 ? 'PR' : 'SR'
}

/** Votes for each message of a phase, that it did not come: more than any run here has members. */
const votesEach = 21

/**
 * Forges a request for every note that was asked with, under owners' keys of its own; and, under many names, votes that
 * messages did not come.
 */
export class Stranger {
  readonly #random: Random
  readonly #when: 'PR' | 'SR' | null
  readonly #heard: PairRequest[] = []
  readonly #votedOn = new Set<string>()
  readonly #say: (bytes: Uint8Array) => void

  constructor(seed: number, say: (bytes: Uint8Array) => void) {
    this.#random = seededRandom(70_000 + seed)
    this.#when = strangerOf(seed)
    this.#say = say
  }

  hear({ body, from, identity }: Received): void {
    if (body.kind === 'PR') this.#heard.push(body)
    if (this.#when === null || body.kind !== this.#when) return
    for (const request of this.#heard.splice(0)) this.#say(this.#forge(request))
    if (body.kind === 'SR' && !this.#votedOn.has(from)) this.#voteOut(from, identity, body)
  }

  /** Once for each: what is said of one is enough to hurt it. */
  #voteOut(from: string, identity: Uint8Array, { pairing, attempt }: Extract<Body, { kind: 'SR' }>): void {
    this.#votedOn.add(from)
    const vote = { kind: 'TO' as const, pairing, attempt, phase: 'SR' as const, missing: [identity] }
    for (let n = 0; n < votesEach; n++) this.#say(writeMessage(vote, this.#random(32)))
  }

  #forge({ pairing, note, expiry, evidence }: PairRequest): Uint8Array {
    const [identitySeed, ownerSeed] = [this.#random(32), this.#random(32)]
    const body = {
      kind: 'PR' as const,
      pairing,
      expiry,
      evidence,
      note: { ...note, owner: ed25519PublicKey(ownerSeed) },
    }
    const proof = ed25519Sign(ownerSeed, ownershipOf(ed25519PublicKey(identitySeed), body))
    return writeMessage({ ...body, proof }, identitySeed)
  }
}

/** Answers take up to 20 s; one in ten is lost, one in ten is that it is busy. */
const [mostMs, mostLost] = [20 * second, 0.1] as const
/** A peer waits so long for an answer that does not come. */
const patience = 2 * minute
/** So long a ledger lies: one that lied for ever would keep notes from their owners for ever. */
const lyingFor = 50 * minute

/** Holds what of a world decides how its ledger is seen. */
interface LedgerIn {
  readonly ledger: Ledger
  readonly clock: VirtualClock
  readonly seed: number
}

/** The ledger as a peer of this world sees it. */
export function ledgerSeenIn(world: LedgerIn, name: number): Ledger {
  const { ledger, clock, seed } = world
  const random = seededRandom(80_000 + 100 * seed + name)
  const fault = ledgerFaultOf(seed)
  const until = clock.now() + lyingFor
  const pause = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
  async function through<T>(work: () => Promise<T>): Promise<T> {
    const dice = fraction(random)
    if (fault === 'lossy' && dice < mostLost) {
      await pause(patience)
      throw new PaymentError('NODE', 'ledger: no answer')
    }
    await pause(below(random, fault === 'slow' ? mostMs / 2 : second))
    if (fault === 'lossy' && dice < 2 * mostLost) throw new PaymentError('BUSY', 'ledger: it is busy')
    return await work()
  }
  /** Every second note is spent, it says, by a transaction that there is not. */
  const told = (note: NoteState | null): NoteState | null => {
    const isLie = fault === 'lying' && clock.now() < until && note?.spentBy === null
    return isLie && (note.id[0] as number) % 2 === 0 ? { ...note, spentBy: new Uint8Array(32).fill(9) } : note
  }
  return {
    id: ledger.id,
    note: id => through(async () => told(await ledger.note(id))),
    notesOwnedBy: (owner, after) => through(() => ledger.notesOwnedBy(owner, after)),
    submit: transaction => through(() => ledger.submit(transaction)),
    positionOf: transaction => through(() => ledger.positionOf(transaction)),
    feeTooLow: async () => null,
  }
}
