// The status notes of an authority as they are made (docs/spec/directory-voting.md 8.11): one timer, one machine an
// epoch.

import { same } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch } from '../../world/units.ts'
import type { Evidence } from '../documents/evidence.ts'
import { epochAt, epochStart, type Network } from '../documents/network.ts'
import { notePhases } from '../documents/status-note.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import type { HeldNotes } from '../follow/status-note-held.ts'
import { lookAgain } from '../own-moments.ts'
import {
  beginNote,
  type NoteMessage,
  type NoteRules,
  type NoteState,
  type NoteStepped,
  notePhaseEnd,
  stepNote,
  writeNoteMessage,
} from '../rounds/status-note-machine.ts'
import type { AuthorityPeers } from './peers.ts'
import type { StatisticsBook } from './statistics.ts'

export interface StatusNoteKeeperInit {
  readonly network: Network
  readonly rules: Omit<NoteRules, 'network'>
  /** The network with the authorities that make the document of an epoch: the note before is theirs too. */
  readonly networkFor: (document: number) => Network
  readonly clock: Clock
  readonly log: Log
  readonly peers: AuthorityPeers
  readonly notes: HeldNotes
  readonly statistics: StatisticsBook
  readonly current: () => View | undefined
  /** Writes down that this authority speaks of an epoch; false when that is on disk already. */
  readonly maySpeak: (epoch: number) => Promise<boolean>
  readonly accuse: (evidence: Evidence) => void
}

export class StatusNoteKeeper {
  readonly #init: StatusNoteKeeperInit
  #state: NoteState | undefined
  /** The last epoch whose note it began, or left to the others. */
  #begun: Epoch = -1
  #timer: Timer | undefined
  #closed = false

  constructor(init: StatusNoteKeeperInit) {
    this.#init = init
  }

  /** Where the note of this epoch is. */
  get state(): NoteState | undefined {
    return this.#state
  }

  start(): void {
    const { network, clock } = this.#init
    const now = clock.now()
    const epoch = Math.max(0, epochAt(network, now))
    // An authority that comes later has not measured this epoch.
    if (now >= epochStart(network, epoch + notePhases.opinions)) this.#begun = epoch
    this.#plan()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** @throws DirectoryError as `stepNote`; WRONG_STATE and LATE for an epoch whose note is not being made */
  take(message: NoteMessage): void {
    const { network, clock } = this.#init
    const state = this.#state
    if (state === undefined || state.epoch < message.epoch) {
      const code = message.epoch >= epochAt(network, clock.now()) ? 'WRONG_STATE' : 'LATE'
      throw new DirectoryError(code, `note of epoch ${message.epoch}: not made here now`)
    }
    this.#apply(stepNote(this.#rules(state.epoch), state, message, clock.now()))
    this.#plan()
  }

  #rules(epoch: Epoch): NoteRules {
    const { rules, networkFor } = this.#init
    return { ...rules, network: networkFor(epoch + 1) }
  }

  /** Looks at the clock when something may be due, and now and then, since it may be set meanwhile. */
  #plan(): void {
    const { network, clock } = this.#init
    this.#timer?.cancel()
    if (this.#closed) return
    const now = clock.now()
    const epoch = Math.max(0, epochAt(network, now))
    const opinions = epochStart(network, epoch + notePhases.opinions)
    const begin = this.#begun === epoch || now > opinions ? opinions + network.epochMs : opinions
    const end = this.#state === undefined ? begin : notePhaseEnd(network, this.#state)
    this.#timer = lookAgain(clock, Math.min(begin, end), () => this.#look())
  }

  async #look(): Promise<void> {
    const { network, clock, log } = this.#init
    try {
      const now = clock.now()
      if (this.#state !== undefined) {
        this.#apply(stepNote(this.#rules(this.#state.epoch), this.#state, undefined, now))
      }
      const epoch = epochAt(network, now)
      const phase = (now - epochStart(network, epoch)) / network.epochMs
      const begins = epoch >= 0 && phase >= notePhases.opinions && phase < notePhases.signatures
      if (begins && epoch !== this.#begun) await this.#begin(epoch)
    } catch (error) {
      log.error({ why: String(error) }, 'authority: a note could not go on')
    }
    this.#plan()
  }

  async #begin(epoch: Epoch): Promise<void> {
    const { statistics, current, maySpeak } = this.#init
    this.#begun = epoch
    const view = current()
    const rules = this.#rules(epoch)
    const inOffice = rules.network.authorities.some(({ id }) => same(id, rules.id))
    if (!inOffice || view === undefined || !(await maySpeak(epoch)) || this.#closed) return
    const dead = [...view.nodes.keys()].filter(id => statistics.isDead(2 * epoch, id))
    this.#apply(beginNote(rules, epoch, view, dead))
  }

  #apply([state, actions]: NoteStepped): void {
    const { log, accuse } = this.#init
    const { epoch } = state
    if (state.at !== this.#state?.at || epoch !== this.#state.epoch) {
      log.info({ epoch, state: state.at, why: state.at === 'none' ? state.why : '' }, 'authority: note')
    }
    this.#state = state
    for (const action of actions) {
      if (action.do === 'accuse') accuse(action.evidence)
      else if (action.do === 'publish') this.#publish(action.bytes)
      else this.#send(epoch, action.message)
    }
  }

  #send(epoch: Epoch, noteMessage: NoteMessage): void {
    const { network, peers } = this.#init
    const message = writeNoteMessage(noteMessage)
    peers.tell({ ask: 'noting', message }, epochStart(network, epoch + notePhases.end))
  }

  /** A clock that was set meanwhile may make it a note of another time. */
  #publish(bytes: Uint8Array): void {
    const { clock, log, notes } = this.#init
    try {
      notes.add(bytes, clock.now())
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      log.warn({ code: error.code, why: error.message }, 'authority: refused a note')
    }
  }
}
