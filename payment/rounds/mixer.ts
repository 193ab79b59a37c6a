// A peer's part in rounds, for as many notes as it likes: each goes to the next meeting of its denomination, what is
// left of earlier rounds is settled, and whom not to pair with is remembered on disk. docs/spec/payments-rounds.md 4.5,
// 4.8, 4.9.

import { hex, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { codeOf, PaymentError } from '../error.ts'
import { diceKeys, type Keys } from '../keychain.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import { recordsUnder, shortName } from '../records.ts'
import type { RoundTimes } from '../times.ts'
import type { JoinScheme } from './join.ts'
import { carriedBy } from './lineage.ts'
import { readMessage } from './message.ts'
import { type Meeting, nextMeeting } from './pairing.ts'
import { type RoundRecord, readRecord } from './record.ts'
import type { Settlement } from './settle.ts'
import { type Report, RoundShell, recordKey } from './shell.ts'
import type { RoundConfig, RoundState } from './state.ts'
import {
  banish,
  type Carried,
  isCooling,
  noStrike,
  readStrike,
  type Strike,
  type Strikes,
  strike,
  writeStrike,
} from './strikes.ts'

/** Tells the owner of a note that it handed in. */
export interface MixerReport {
  readonly note: Note
  readonly what:
    | { readonly type: 'state'; readonly state: RoundState }
    /** Final: a join paid `outputSecret`, the note is free as before, or it was moved. */
    | { readonly type: 'settled'; readonly settlement: Settlement; readonly record: RoundRecord }
}

/** Holds all that a mixer is made of. */
export interface MixerInit {
  readonly scheme: JoinScheme
  readonly ledger: Ledger
  readonly clock: Clock
  readonly random: Random
  /** Where the keys of outputs come from. Default: the dice, so that nothing but the store brings them back. */
  readonly keys?: Keys
  readonly store: Store
  readonly log: Log
  readonly times: RoundTimes
  /** Peers that a join needs, 3 at least. Default 3. */
  readonly least?: number
  /** Peers of a circle that those of a failed run are parted into. Default 8. */
  readonly leastCircle?: number
  /** Hands a message to all peers of its pairing, also the same bytes again. */
  readonly publish: (message: Uint8Array) => void
  /**
   * The key of a settled note is on no disk but the caller's once this has returned; when it throws, it is told again.
   */
  readonly report: (report: MixerReport) => void | Promise<void>
}

/** Rounds at once. */
const mostRounds = 64

/**
 * Has notes joined in rounds with other peers, meeting after meeting, until each was. Restarts go on from its
 * store.
 */
export class Mixer {
  readonly #init: MixerInit
  readonly #config: RoundConfig
  readonly #keys: Keys
  readonly #rounds = new Map<string, { readonly note: Note; readonly shell: RoundShell }>()
  #strikes: Strikes

  private constructor(init: MixerInit, strikes: Strikes) {
    const { scheme, random, times, clock, least = 3, leastCircle } = init
    this.#init = init
    this.#strikes = strikes
    this.#keys = init.keys ?? diceKeys(random)
    this.#config = {
      scheme,
      random,
      read: readMessage,
      newOutput: () => this.#keys.next('round'),
      isCooling: note => isCooling(this.#strikes, hex(note.id), clock.now()),
      least,
      ...(leastCircle === undefined ? {} : { leastCircle }),
      phaseMs: times.phaseMs,
      voteMs: times.voteMs,
    }
  }

  /** Goes on where an earlier process stopped: rounds that it was in are not taken up again, but settled. */
  static async open(init: MixerInit): Promise<Mixer> {
    const { store, clock } = init
    const notes = new Map<string, Strike>()
    const aside = (key: string): void =>
      init.log.error({ record: shortName(key) }, 'payment round: a record is damaged, and set aside')
    for (const [key, kept] of await recordsUnder(store, 'strike/', readStrike, aside)) {
      if (kept.forgetAt <= clock.now()) await store.del(key)
      else notes.set(key.slice('strike/'.length), kept)
    }
    const mixer = new Mixer(init, { notes })
    for (const record of await lastRounds(store, aside)) mixer.#recover(record)
    return mixer
  }

  /**
   * Takes a note to the next meeting that it can go to.
   *
   * @param secret what spends the note, 32 bytes
   * @param from milliseconds since 1970-01-01 UTC: not before. Default: now
   * @param least peers that this note's joins need; as many as the mixer's at least
   * @throws PaymentError BUSY when too many rounds are open
   */
  join(note: Note, secret: Uint8Array, from?: number, least = 0): Meeting {
    if (this.#rounds.size >= mostRounds)
      throw new PaymentError('BUSY', `mixer: ${mostRounds} rounds are open`)
    const meeting = this.#freeMeeting(note.denomination, from ?? this.#init.clock.now())
    const shell = this.#shell(meeting.pairing, note, least)
    shell.start({ ...meeting, note, noteSecret: secret })
    return meeting
  }

  /** Says whether this note is in a round, on its way to one, or not settled yet. */
  holds({ id }: Note): boolean {
    return [...this.#rounds.values()].some(({ note }) => same(note.id, id))
  }

  /** Counts the notes that it can still take. */
  get free(): number {
    return mostRounds - this.#rounds.size
  }

  /** A message from anybody, for whichever round it is. */
  receive(message: Uint8Array): void {
    for (const { shell } of this.#rounds.values()) shell.receive(message)
  }

  /** Stops where it is; what is on disk stays. */
  close(): void {
    for (const { shell } of this.#rounds.values()) shell.close()
    this.#rounds.clear()
  }

  /** Two notes of one owner in one round would hide among fewer others: the second waits for the next meeting. */
  #freeMeeting(denomination: number, from: number): Meeting {
    const { times, random, ledger } = this.#init
    for (let at = from; ; at += times.epochMs) {
      const meeting = nextMeeting(ledger.id, denomination, times, random, at)
      if (!this.#rounds.has(hex(meeting.pairing))) return meeting
    }
  }

  #recover(record: RoundRecord): void {
    this.#shell(record.pairing, record.note).recover(record)
  }

  #shell(pairing: Uint8Array, note: Note, least = 0): RoundShell {
    const { clock, store, ledger, log, publish } = this.#init
    const report = (told: Report): Promise<void> => this.#told(pairing, note, told)
    const shell = new RoundShell({
      config: { ...this.#config, least: Math.max(this.#config.least, least) },
      keysSaved: () => this.#keys.saved(),
      isCooling: async one => (await this.#carried(one)).coolUntil > clock.now(),
      clock,
      store,
      ledger,
      log,
      publish,
      report,
    })
    this.#rounds.set(hex(pairing), { note, shell })
    return shell
  }

  async #told(pairing: Uint8Array, note: Note, told: Report): Promise<void> {
    switch (told.type) {
      case 'strike':
        return await this.#remember(told.note, strike)
      case 'blame':
        return await this.#remember(told.note, banish)
      case 'state':
        return await this.#init.report({ note, what: told })
      case 'settled':
        await this.#init.report({ note, what: told })
        this.#rounds.delete(hex(pairing))
        return
    }
  }

  /** A ledger that does not show where a note comes from hides nobody's own strikes. */
  async #carried(note: Note): Promise<Carried> {
    const { ledger, clock, log } = this.#init
    try {
      return await carriedBy(ledger, this.#strikes, note, clock.now())
    } catch (error) {
      log.debug({ code: codeOf(error) }, 'payment round: the ledger does not show where a note comes from')
      return noStrike
    }
  }

  async #remember(note: Note, judge: typeof strike): Promise<void> {
    const key = hex(note.id)
    const before = await this.#carried(note)
    this.#strikes = judge(this.#strikes, key, this.#init.clock.now(), before)
    const kept = this.#strikes.notes.get(key)
    if (kept !== undefined) await this.#init.store.put(`strike/${key}`, writeStrike(kept))
  }
}

/**
 * The rounds that a process left. A note goes to a round only after the one before is settled: where the process ended
 * between the two, the earlier record goes, unless something in it could still come about.
 */
async function lastRounds(store: Store, aside: (key: string) => void): Promise<RoundRecord[]> {
  const all = (await recordsUnder(store, 'round/', readRecord, aside)).map(([, record]) => record)
  const isLast = ({ note, expiry }: RoundRecord): boolean =>
    !all.some(other => same(other.note.id, note.id) && other.expiry > expiry)
  const isOpen = ({ attempts, reclaim }: RoundRecord): boolean =>
    reclaim !== null || attempts.some(({ sent }) => sent === 'commit')
  const left = all.filter(record => isLast(record) || isOpen(record))
  for (const record of all) if (!left.includes(record)) await store.del(recordKey(record.pairing))
  return left
}
