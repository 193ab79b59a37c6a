// The status notes of an authority as they are made (docs/spec/directory-voting.md 8.11): one timer, one machine an
// epoch.

import { same } from '../../encoding/bytes.ts'
import { type Clock, onceAt, type Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Evidence } from '../documents/evidence.ts'
import { epochAt, epochStart, type Network } from '../documents/network.ts'
import { notePhases } from '../documents/status-note.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import type { HeldNotes } from '../follow/status-note-held.ts'
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
    const begin = epochStart(network, epoch + notePhases.opinions)
    // Who comes later has not measured this epoch.
    this.#beginAt(now < begin ? epoch : epoch + 1)
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
  }

  #rules(epoch: number): NoteRules {
    const { rules, networkFor } = this.#init
    return { ...rules, network: networkFor(epoch + 1) }
  }

  #beginAt(epoch: number): void {
    const { network, clock } = this.#init
    const at = epochStart(network, epoch + notePhases.opinions)
    this.#wakeAt(at > clock.now() ? at : clock.now(), () => void this.#begin(epoch))
  }

  async #begin(epoch: number): Promise<void> {
    const { log, statistics, current, maySpeak } = this.#init
    const view = current()
    const rules = this.#rules(epoch)
    const inOffice = rules.network.authorities.some(({ id }) => same(id, rules.id))
    try {
      if (inOffice && view !== undefined && (await maySpeak(epoch)) && !this.#closed) {
        const dead = [...view.nodes.keys()].filter(id => statistics.isDead(2 * epoch, id))
        this.#apply(beginNote(rules, epoch, view, dead))
        return
      }
    } catch (error) {
      log.error({ why: String(error) }, 'authority: a note could not begin')
    }
    this.#beginAt(epoch + 1)
  }

  #turn(): void {
    const state = this.#state
    if (state === undefined) return
    this.#apply(stepNote(this.#rules(state.epoch), state, undefined, this.#init.clock.now()))
  }

  #apply([state, actions]: NoteStepped): void {
    const { network, clock, log, peers, notes, accuse } = this.#init
    const { epoch } = state
    if (state.at !== this.#state?.at || epoch !== this.#state.epoch) {
      log.info({ epoch, state: state.at, why: state.at === 'none' ? state.why : '' }, 'authority: note')
    }
    this.#state = state
    for (const action of actions) {
      if (action.do === 'accuse') accuse(action.evidence)
      else if (action.do === 'publish') notes.add(action.bytes, clock.now())
      else {
        const message = writeNoteMessage(action.message)
        peers.tell({ ask: 'noting', message }, epochStart(network, epoch + notePhases.end))
      }
    }
    const end = notePhaseEnd(network, state)
    if (end === Number.POSITIVE_INFINITY) this.#beginAt(epoch + 1)
    else this.#wakeAt(end, () => this.#turn())
  }

  #wakeAt(at: number, run: () => void): void {
    this.#timer?.cancel()
    if (this.#closed) return
    this.#timer = onceAt(this.#init.clock, at, run)
  }
}
