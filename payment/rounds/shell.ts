// Carries a round: feeds it messages and time, keeps its record, asks the ledger, publishes. After the round it sees to
// it that the note is settled. Everything it touches is handed in.

import { hex, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Store } from '../../world/store.ts'
import { Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import { type Ms, second } from '../../world/units.ts'
import { codeOf, PaymentError } from '../error.ts'
import { isSpending, type Ledger, type NoteState } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import { momentOf } from '../times.ts'
import type { Conviction } from './judge.ts'
import { startRound } from './keys.ts'
import { Looks, type Named } from './looks.ts'
import { type RoundRecord, readRecord, writeRecord } from './record.ts'
import { votesIn } from './requests.ts'
import { step } from './round.ts'
import { type Settlement, settle, shownOf, spenderIn } from './settle.ts'
import type { RoundAction, RoundConfig, RoundEvent, RoundInit, RoundState, Spent, Step } from './state.ts'

/** Tells the owner of the note. */
export type Report =
  | { readonly type: 'state'; readonly state: RoundState }
  | { readonly type: 'blame'; readonly note: Note; readonly conviction: Conviction }
  | { readonly type: 'strike'; readonly note: Note }
  /** Final. The record goes when this has returned, so keep the key first; when it throws, it is told again. */
  | { readonly type: 'settled'; readonly settlement: Settlement; readonly record: RoundRecord }

/** Holds all that a round is carried with. */
export interface ShellInit {
  readonly config: RoundConfig
  /** Returns when it is on disk that no key that `newOutput` gave is given again. Default: at once. */
  readonly keysSaved?: () => Promise<void>
  /** Says of a note that the ledger has shown whether it is passed over for what it was made of (lineage.ts). */
  readonly isCooling?: (note: Note) => Promise<boolean>
  readonly clock: Clock
  readonly store: Store
  readonly ledger: Ledger
  readonly log: Log
  /** Hands a message to all peers of the pairing; also the same bytes again. */
  readonly publish: (message: Uint8Array) => void
  readonly report: (report: Report) => void | Promise<void>
}

/** Events that may wait for the disk or the ledger; more are dropped, and counted. */
const mostWaiting = 4096
/** The ledger is asked again whether a signed join has come about, or what it did not answer, after so long. */
const askEveryMs = 30 * second

/** Between a second and askEveryMs. @param left until something else may be known */
function laterMs(left: Ms): Ms {
  return left <= 0 ? askEveryMs : Math.min(askEveryMs, Math.max(second, left))
}

/** The key of a round's record. */
export function recordKey(pairing: Uint8Array): string {
  return `round/${hex(pairing)}`
}

/** Carries one round: its messages, its times, its record on disk, and the settling after it. */
export class RoundShell {
  readonly #init: ShellInit
  readonly #step: typeof step
  readonly #timers: Timers
  readonly #looks: Looks
  readonly #inTurn = turns()
  #state: RoundState | null = null
  #record: RoundRecord | null = null
  /** The join with everybody's signatures, once this peer has them. */
  #joined: Uint8Array | undefined
  #waiting = 0
  dropped = 0

  /** @param of the state machine; another one in tests that plant a defect */
  constructor(init: ShellInit, of: typeof step = step) {
    this.#init = init
    this.#timers = new Timers(init.clock)
    this.#looks = new Looks({
      ledger: init.ledger,
      timers: this.#timers,
      random: init.config.random,
      log: init.log,
      isWanted: ({ id, evidence }) => this.#isDoubtful(id, evidence),
      votes: () => this.#votes(),
      tell: (named, note) => void this.#noted(named, note),
    })
    this.#step = of
  }

  /** null before start. */
  get state(): RoundState | null {
    return this.#state
  }

  /** Begins a round. */
  start(round: RoundInit): void {
    this.#enqueue(async () => {
      const started = startRound(this.#init.config, {
        ...round,
        evidence: await this.#evidenceOf(round.note),
      })
      const why = await this.#feeTooLow()
      if (why === null) return await this.#carry(started)
      this.#init.log.warn({ why }, 'payment round: this peer does not join')
      const state: RoundState = { at: 'aborted', reason: 'fee-too-low', attempts: [], joins: [] }
      await this.#carry([state, started[1].filter(action => action.do === 'save')])
    })
  }

  /** Without it, peers who follow the ledger by themselves pass the request over; the note goes to a later meeting. */
  async #evidenceOf({ id }: Note): Promise<Uint8Array> {
    try {
      return (await this.#init.ledger.evidence?.(id)) ?? new Uint8Array(0)
    } catch (error) {
      const message = 'payment round: the ledger does not show this note yet'
      this.#init.log.warn({ code: codeOf(error) }, message)
      return new Uint8Array(0)
    }
  }

  /** A ledger that does not say keeps nobody from a round: the join would only wait longer. */
  async #feeTooLow(): Promise<string | null> {
    const { ledger, config, log } = this.#init
    return await ledger.feeTooLow(config.least).catch((error: unknown) => {
      log.warn({ code: codeOf(error) }, 'payment round: the ledger does not say what joins cost')
      return null
    })
  }

  /** After a restart: takes no further part in the round, and settles what it left. */
  recover(record: RoundRecord): void {
    this.#record = record
    this.#enqueue(async () => await this.#settle())
  }

  /** A message from anybody. */
  receive(bytes: Uint8Array): void {
    this.#event({ type: 'message', bytes })
  }

  /** Stops where it is, as a crash would: what is on disk stays. */
  close(): void {
    this.#timers.close()
    this.#looks.close()
  }

  #event(event: RoundEvent): void {
    this.#enqueue(async () => {
      if (this.#state === null) return
      await this.#carry(this.#step(this.#init.config, this.#state, event, momentOf(this.#init.clock)))
    })
  }

  async #noted({ id, evidence }: Named, note: NoteState | null): Promise<void> {
    const isCooling = note !== null && ((await this.#init.isCooling?.(note)) ?? false)
    this.#event({ type: 'note', id, evidence, note: isCooling ? null : note })
  }

  /** One thing after the other; what fails is said, and the round goes on with the next event. */
  #enqueue(work: () => Promise<void>): void {
    if (this.#timers.isClosed) return
    if (this.#waiting >= mostWaiting) {
      this.dropped++
      return
    }
    this.#waiting++
    void this.#inTurn(async () => {
      try {
        if (!this.#timers.isClosed) await work()
      } catch (error) {
        this.#init.log.error({ code: codeOf(error) }, 'payment round: an event could not be carried out')
      } finally {
        this.#waiting--
      }
    })
  }

  async #carry([state, actions]: Step): Promise<void> {
    const before = this.#state
    this.#state = state
    for (const action of actions) {
      if (this.#timers.isClosed) return
      await this.#do(action)
    }
    if (before?.at !== state.at) await this.#init.report({ type: 'state', state })
    const isOver = state.at === 'done' || state.at === 'aborted'
    if (isOver && before?.at !== state.at) await this.#settle()
  }

  async #do(action: RoundAction): Promise<void> {
    const { publish, report } = this.#init
    switch (action.do) {
      case 'save':
        return await this.#save(readRecord(action.record))
      case 'send':
        return publish(action.message)
      case 'wake':
        this.#timers.at(action.at, () => this.#event({ type: 'time' }))
        return
      case 'wait':
        this.#timers.after(action.ms, () => this.#event({ type: 'time' }))
        return
      case 'look':
        return this.#looks.ask({ id: action.note, evidence: action.evidence })
      case 'watch':
        return this.#watch(action.transaction)
      case 'submit':
        return this.#submit(action.transaction)
      case 'blame':
        return await report({ type: 'blame', note: action.note, conviction: action.conviction })
      case 'strike':
        return await report({ type: 'strike', note: action.note })
    }
  }

  #isDoubtful(note: Uint8Array, evidence: Uint8Array): boolean {
    const state = this.#state
    if (state === null || !('doubtful' in state)) return false
    return [...state.doubtful.values()].some(
      ({ body }) => same(body.note.id, note) && same(body.evidence, evidence),
    )
  }

  #votes(): ReadonlyMap<string, number> {
    const state = this.#state
    return state !== null && 'doubtful' in state ? votesIn(state) : new Map()
  }

  async #save(record: RoundRecord): Promise<void> {
    await this.#init.keysSaved?.()
    await this.#init.store.put(recordKey(record.pairing), writeRecord(record))
    this.#record = record
  }

  /** The ledger may be slow or away: nothing waits for it. */
  #ask<T>(answer: Promise<T>, then: (value: T) => void): void {
    answer.then(then, error =>
      this.#init.log.warn({ code: codeOf(error) }, 'payment round: the ledger does not answer'),
    )
  }

  #watch(transaction: Uint8Array): void {
    this.#timers.after(askEveryMs, () => {
      if (this.#state?.at === 'done' || this.#state?.at === 'aborted') return
      this.#ask(this.#init.ledger.positionOf(transaction), receipt => {
        if (receipt !== null) this.#event({ type: 'entered', transaction })
      })
      this.#watch(transaction)
    })
  }

  #submit(transaction: Uint8Array): void {
    this.#joined = transaction
    const answer = this.#init.ledger.submit(transaction)
    answer.then(
      receipt => this.#event({ type: 'entered', transaction: receipt.transaction }),
      error => {
        this.#init.log.warn({ code: codeOf(error) }, 'payment round: the ledger refuses a join')
        if (error instanceof PaymentError && error.code === 'DOUBLE_SPEND') this.#whoSpent()
      },
    )
  }

  #whoSpent(): void {
    if (this.#state?.at !== 'submitting') return
    const { notes } = this.#state.join
    this.#ask(Promise.all(notes.map(note => spending(this.#init.ledger, note.id))), found =>
      this.#event({ type: 'refused', spent: found.flat() }),
    )
  }

  /** docs/spec/payments-rounds.md 4.8 */
  async #settle(): Promise<void> {
    const record = this.#record
    if (record === null) return
    const { ledger, clock } = this.#init
    let settlement: Settlement
    try {
      settlement = await this.#settlementOf(record)
    } catch (error) {
      this.#init.log.warn({ code: codeOf(error) }, 'payment round: the ledger does not answer')
      return this.#settleLater(askEveryMs)
    }
    switch (settlement.is) {
      case 'open':
        // Until it is deep enough: who keeps what waits for a block may have lost it
        if (this.#joined !== undefined) this.#ask(ledger.submit(this.#joined), () => {})
        return this.#settleLater(laterMs(settlement.until - clock.now()))
      case 'reclaim': {
        const { config } = this.#init
        const reclaim = record.reclaim ?? config.newOutput()
        await this.#save({ ...record, reclaim })
        const move = config.scheme.move(record.note, record.noteSecret, config.scheme.outputOf(reclaim))
        this.#ask(ledger.submit(move), () => {})
        return this.#settleLater(askEveryMs)
      }
      default:
        return await this.#settled(settlement, record)
    }
  }

  /** The record goes only when the owner has what it needs on disk; until then it is told again. */
  async #settled(settlement: Settlement, record: RoundRecord): Promise<void> {
    try {
      await this.#init.report({ type: 'settled', settlement, record })
    } catch (error) {
      this.#init.log.warn({ code: codeOf(error) }, 'payment round: its end could not be taken up')
      return this.#settleLater(askEveryMs)
    }
    await this.#init.store.del(recordKey(record.pairing))
    this.close()
  }

  /** Or as soon as there is more of the ledger to be seen. */
  #settleLater(ms: number): void {
    let isDone = false
    let stop: (() => void) | undefined
    const again = (): void => {
      if (isDone) return
      isDone = true
      timer.cancel()
      stop?.()
      this.#enqueue(async () => await this.#settle())
    }
    const timer = this.#timers.after(ms, again)
    stop = this.#init.ledger.onGrowth?.(again)
  }

  async #settlementOf(record: RoundRecord): Promise<Settlement> {
    const { ledger, clock, config } = this.#init
    return settle(record, await shownOf(ledger, config.scheme, record), clock.now())
  }
}

/** Finds those who are proven to have spent a note. Nobody is held to what a ledger only says. */
async function spending(ledger: Ledger, id: Uint8Array): Promise<Spent[]> {
  const note = await ledger.note(id)
  const by = note === null ? null : await spenderIn(ledger, note)
  if (by === null) return []
  const position = await ledger.positionOf(by)
  return isSpending(position, id) ? [{ note: id, by, isAlone: position?.spends?.length === 1 }] : []
}
