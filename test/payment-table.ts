// Payment rounds around one table: state machines without a shell, on messages that arrive at once unless a test keeps
// one back. Time moves when nobody has anything to do.

import { hex } from '../encoding/bytes.ts'
import { type Note, ownerOf } from '../payment/ledger/transaction.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { startRound } from '../payment/rounds/keys.ts'
import { type Body, pairingId, type Received, readMessage, writeMessage } from '../payment/rounds/message.ts'
import { step } from '../payment/rounds/round.ts'
import type { RoundAction, RoundConfig, RoundEvent, RoundState } from '../payment/rounds/state.ts'
import { seededRandom } from '../world/random.ts'

export const times = { phaseMs: 60_000, voteMs: 30_000 }
export const until = 120_000
export const expiry = 3_600_000
export const pairing: Uint8Array = pairingId(new Uint8Array(32).fill(1), 10, 1)

/** Decides what becomes of a message on its way to a peer: null when it does not arrive. */
export type Way = (message: Received, from: Seat, to: Seat) => Uint8Array | null

export interface Seat {
  readonly name: number
  readonly config: RoundConfig
  readonly note: Note
  readonly noteSecret: Uint8Array
  state: RoundState
  readonly sent: Received[]
  readonly actions: RoundAction[]
}

export class Table {
  readonly seats: Seat[]
  /** The time that has gone by. */
  now = 0
  #set = 0
  readonly #way: Way
  /** Moments of the wall clock, and moments of the time that has gone by. */
  readonly #wakes = new Set<number>()
  readonly #waits = new Set<number>()
  readonly #waiting: [Seat, RoundEvent][] = []

  constructor(peers: number, way: Way = ({ bytes }) => bytes, config: Partial<RoundConfig> = {}) {
    this.#way = way
    this.seats = Array.from({ length: peers }, (_, name) => seat(name, config))
    for (const one of this.seats) {
      const [state, actions] = startRound(one.config, roundOf(one))
      one.state = state
      this.#carry(one, actions)
    }
  }

  seat(name: number): Seat {
    return this.seats[name] as Seat
  }

  /** Signs a body as that peer, and hands it to another. */
  forge(from: Seat, body: Body, to: Seat): void {
    this.tell(to, { type: 'message', bytes: signedBy(from, body) })
  }

  /** Hands an event to one peer, and carries out all that follows from it. */
  tell(one: Seat, event: RoundEvent): void {
    this.#waiting.push([one, event])
    this.#settle()
  }

  /** Puts the wall clock forth, or back where negative. */
  set(ms: number): void {
    this.#set += ms
  }

  /** Until this holds, nobody waits for anything any more, or all time is over. */
  run(isEnough: () => boolean = () => false): void {
    while (!isEnough() && this.#wakes.size + this.#waits.size > 0 && this.now < 2 * expiry) {
      const next = Math.min(...this.#waits, ...[...this.#wakes].map(at => at - this.#set))
      this.#waits.delete(next)
      this.#wakes.delete(next + this.#set)
      this.now = Math.max(this.now, next)
      for (const one of this.seats) this.#waiting.push([one, { type: 'time' }])
      this.#settle()
    }
  }

  /** The states that the peers are in. */
  get at(): string[] {
    return this.seats.map(({ state }) => state.at)
  }

  #settle(): void {
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      const [one, event] = next
      const [state, actions] = step(one.config, one.state, event, {
        wall: this.now + this.#set,
        elapsed: this.now,
      })
      one.state = state
      this.#carry(one, actions)
    }
  }

  #carry(one: Seat, actions: readonly RoundAction[]): void {
    for (const action of actions) {
      one.actions.push(action)
      if (action.do === 'wake') this.#wakes.add(action.at)
      if (action.do === 'wait') this.#waits.add(this.now + action.ms)
      if (action.do === 'look') this.#waiting.push([one, this.#look(action)])
      if (action.do !== 'send') continue
      const message = readMessage(action.message) as Received
      one.sent.push(message)
      for (const to of this.seats) {
        const bytes = to === one ? null : this.#way(message, one, to)
        if (bytes !== null) this.#waiting.push([to, { type: 'message', bytes }])
      }
    }
  }

  #look({ note: id, evidence }: Extract<RoundAction, { do: 'look' }>): RoundEvent {
    const note = this.seats.map(one => one.note).find(one => hex(one.id) === hex(id))
    return { type: 'note', id, evidence, note: note === undefined ? null : { ...note, spentBy: null } }
  }
}

export function signedBy({ state }: Seat, body: Body): Uint8Array {
  return writeMessage(body, 'mine' in state ? state.mine.identitySeed : new Uint8Array(32))
}

function seat(name: number, more: Partial<RoundConfig>): Seat {
  const random = seededRandom(1000 + name)
  const noteSecret = random(32)
  const config: RoundConfig = {
    scheme: embeddedJoins(new Uint8Array(32).fill(1)),
    random,
    read: readMessage,
    newOutput: () => random(32),
    isCooling: () => false,
    least: 3,
    ...times,
    ...more,
  }
  const note = { id: new Uint8Array(32).fill(name + 1), denomination: 10, owner: ownerOf(noteSecret) }
  return {
    name,
    config,
    note,
    noteSecret,
    state: { at: 'aborted', reason: 'crash', attempts: [], joins: [] },
    sent: [],
    actions: [],
  }
}

function roundOf({ note, noteSecret, name }: Seat): Parameters<typeof startRound>[1] {
  return { note, noteSecret, pairing, ask: 1000 + name, until, expiry }
}
