// A room of mixers on a virtual clock, with one embedded ledger that each may see in a way of its own: slow, lossy,
// lying. Not a test itself.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import type { Genesis, Ledger } from '../payment/ledger/ledger.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { embeddedJoins, type Join } from '../payment/rounds/join.ts'
import {
  ownershipOf,
  type PairRequest,
  type Received,
  readMessage,
  writeMessage,
} from '../payment/rounds/message.ts'
import { Mixer, type MixerReport } from '../payment/rounds/mixer.ts'
import type { Settlement } from '../payment/rounds/settle.ts'
import type { RoundTimes } from '../payment/times.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { fraction, type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute, second } from '../world/units.ts'

export const times: RoundTimes = {
  epochMs: 10 * minute,
  arriveMs: minute,
  roundMs: 20 * minute,
  phaseMs: minute,
  voteMs: minute / 2,
}
export const ledgerSeed: Uint8Array = new Uint8Array(32).fill(1)
export const mintSeed: Uint8Array = new Uint8Array(32).fill(2)
export const genesis: Genesis = { name: 'room', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }

export interface Guest {
  readonly name: string
  readonly store: Store
  readonly note: Note
  readonly secret: Uint8Array
  readonly told: MixerReport[]
  mixer: Mixer
}

/** Shows the ledger to a guest. */
export type View = (ledger: Ledger, name: string) => Ledger

export interface RoomOptions {
  readonly roundTimes?: RoundTimes
  readonly seed?: number
  readonly leastCircle?: number
}

export class Room {
  readonly clock: VirtualClock
  readonly guests: Guest[] = []
  ledger: EmbeddedLedger = null as unknown as EmbeddedLedger
  /** Decides what becomes of a message: null when it is withheld. Others may do something when they see it. */
  way: (message: Received, from: Guest) => Uint8Array | null = ({ bytes }) => bytes
  /** When it comes to somebody, milliseconds after it was published. */
  travel: (to: Guest) => number = () => 500
  readonly #view: View
  readonly #times: RoundTimes
  readonly #leastCircle: number | undefined

  private constructor(clock: VirtualClock, view: View, roundTimes: RoundTimes, leastCircle?: number) {
    this.clock = clock
    this.#view = view
    this.#times = roundTimes
    this.#leastCircle = leastCircle
  }

  static async open(
    names: readonly string[],
    viewIn: (clock: VirtualClock) => View = () => ledger => ledger,
    { roundTimes = times, seed = 0, leastCircle }: RoomOptions = {},
  ): Promise<Room> {
    const clock = virtualClock(1_800_000_000_000)
    const room = new Room(clock, viewIn(clock), roundTimes, leastCircle)
    const now = (): number => Math.floor(room.clock.now())
    room.ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now })
    for (const [i, name] of names.entries()) {
      const random = seededRandom(1000 * seed + i)
      const secret = random(32)
      const note = await room.mint(random(32), { denomination: 10, owner: ownerOf(secret) })
      const guest = { name, store: memoryStore(), note, secret, told: [], mixer: null as unknown as Mixer }
      room.guests.push(guest)
      await room.enter(guest, 1000 * seed + i + 100)
    }
    return room
  }

  async mint(nonce: Uint8Array, output: { denomination: number; owner: Uint8Array }): Promise<Note> {
    const bytes = signMint(this.ledger.id, nonce, [output], mintSeed)
    await this.ledger.submit(bytes)
    const { id, transaction } = readTransaction(this.ledger.id, bytes)
    return notesOf(id, transaction)[0] as Note
  }

  /** Opens a guest's mixer on its store: for the first time, or after a crash. */
  async enter(guest: Guest, seed: number, view: View = this.#view): Promise<void> {
    guest.mixer = await Mixer.open({
      scheme: embeddedJoins(this.ledger.id),
      ledger: view(this.ledger, guest.name),
      clock: this.clock,
      random: seededRandom(seed),
      store: guest.store,
      log: silent,
      times: this.#times,
      ...(this.#leastCircle === undefined ? {} : { leastCircle: this.#leastCircle }),
      publish: bytes => {
        const sent = this.way(readMessage(bytes) as Received, guest)
        if (sent !== null) this.say(sent, guest)
      },
      report: report => {
        guest.told.push(report)
      },
    })
  }

  /** Anybody may say something: it comes to all but its sender. */
  say(bytes: Uint8Array, from?: Guest): void {
    for (const guest of this.guests) {
      if (guest !== from) this.clock.after(this.travel(guest), () => guest.mixer.receive(bytes))
    }
  }

  /** All take their notes to a meeting, and so much time goes by. */
  async meet(ms: number, guests: readonly Guest[] = this.guests): Promise<void> {
    for (const { mixer, note, secret } of guests) mixer.join(note, secret)
    await this.clock.advance(ms)
  }

  close(): void {
    for (const { mixer } of this.guests) mixer.close()
  }
}

export function joinOf({ told }: Guest): Join | null {
  for (const { what } of told) if (what.type === 'state' && what.state.at === 'done') return what.state.join
  return null
}

export function settlementOf({ told }: Guest): Settlement | null {
  const last = told.findLast(({ what }) => what.type === 'settled')
  return last?.what.type === 'settled' ? last.what.settlement : null
}

/** A request that names somebody's note under an owner's key of one's own: a stranger without any note makes it. */
export function forgedTwin(request: PairRequest, random: Random): Uint8Array {
  const [identitySeed, ownerSeed] = [random(32), random(32)]
  const note = { ...request.note, owner: ed25519PublicKey(ownerSeed) }
  return requestBy(identitySeed, { ...request, note }, ownerSeed)
}

/** A request under an identity of one's own for a note. @param ownerSeed what spends the note, 32 bytes */
export function requestBy(
  identitySeed: Uint8Array,
  { pairing, note, expiry, evidence }: Omit<PairRequest, 'kind' | 'proof'>,
  ownerSeed: Uint8Array,
): Uint8Array {
  const body = { kind: 'PR' as const, pairing, note, expiry, evidence }
  const proof = ed25519Sign(ownerSeed, ownershipOf(ed25519PublicKey(identitySeed), body))
  return writeMessage({ ...body, proof }, identitySeed)
}

/** A ledger whose answers take from 0 to `most` ms each way, and of whose questions a part never gets an answer. */
export function slowly(
  clock: VirtualClock,
  random: Random,
  most: number,
  lost = 0,
): (ledger: Ledger) => Ledger {
  const pause = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
  async function through<T>(work: () => Promise<T>): Promise<T> {
    if (fraction(random) < lost) {
      await pause(120 * second)
      throw new Error('no answer')
    }
    await pause(fraction(random) * most)
    const back = (): Promise<void> => pause(fraction(random) * most)
    try {
      const answer = await work()
      await back()
      return answer
    } catch (error) {
      await back()
      throw error
    }
  }
  return ledger => ({
    id: ledger.id,
    note: id => through(() => ledger.note(id)),
    notesOwnedBy: (owner, after) => through(() => ledger.notesOwnedBy(owner, after)),
    submit: transaction => through(() => ledger.submit(transaction)),
    positionOf: transaction => through(() => ledger.positionOf(transaction)),
    feeTooLow: async () => null,
  })
}
