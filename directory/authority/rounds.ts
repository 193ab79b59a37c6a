// The rounds of an authority as they run (docs/spec/directory-voting.md 8.8): one event after the other, each on disk
// before its consequences are said, and one timer for the phase that ends next.

import { hex, same } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { turns } from '../../world/turns.ts'
import type { Epoch } from '../../world/units.ts'
import { writeMessage } from '../documents/message.ts'
import { epochAt, epochStart, type Network, type VotingNetwork } from '../documents/network.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { lookAgain } from '../own-moments.ts'
import type { step } from '../rounds/round.ts'
import {
  beginRound,
  type Descriptors,
  isMember,
  type Made,
  nextTurn,
  type RoundAction,
  type RoundEvent,
  type RoundRules,
  type RoundState,
} from '../rounds/state.ts'
import type { Archive } from './archive.ts'
import type { AuthorityPeers } from './peers.ts'
import type { Proofs } from './proofs.ts'
import type { AuthorityStore, Heard, RecordedEvent } from './store.ts'

export interface RoundsInit {
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  /** Holds the rules that are the same in every round. */
  readonly rules: Omit<RoundRules, 'network'>
  readonly store: AuthorityStore
  readonly archive: Archive
  readonly peers: AuthorityPeers
  readonly proofs: Proofs
  readonly step: typeof step
  /** A round has begun. */
  readonly onBegin: () => void
}

/** Sets how long until a disk that refused to write, or peers that had no body, are asked again, milliseconds. */
const retryMs = 500

/** Holds what the disk has of a round. */
interface Past {
  readonly made: Made
  readonly heard: readonly Heard[]
  readonly descriptors: Descriptors
}

export class Rounds {
  /** Rounds since the start that ended. */
  readonly counts = { published: 0, failed: 0 }
  readonly #init: RoundsInit
  readonly #states = new Map<number, RoundState>()
  /** Holds the network of each round that is held, with those who vote in it, by the round's epoch. */
  readonly #networks = new Map<number, VotingNetwork>()
  readonly #fetching = new Set<string>()
  /** One thing after the other: no event meets a state that is being written. */
  readonly #inTurn = turns()
  /** The epoch of the last look at the clock, and a round in which it may not speak. */
  #epoch = -1
  #barred = -1
  #timer: Timer | undefined
  #closed = false

  constructor(init: RoundsInit) {
    this.#init = init
  }

  /** Takes up what was going on, and begins what is due. @throws DirectoryError as `AuthorityStore.made` */
  async start(): Promise<void> {
    const { network, clock, store } = this.#init
    const epoch = Math.max(0, epochAt(network, clock.now()))
    await store.prune(epoch)
    if (epoch > 0) await this.#resume(epoch - 1)
    await this.#resume(epoch)
    await this.turn()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#inTurn(async () => {})
  }

  /** The state of a round, if it is held now. */
  state(round: number): RoundState | undefined {
    return this.#states.get(round)
  }

  /** The network as a round has it, also one that is not held. */
  networkOf(round: number): VotingNetwork {
    const { succession } = this.#init.archive.documents
    return this.#networks.get(round) ?? succession.votingNetwork(round + 1, round + 1)
  }

  #rules(round: number): RoundRules {
    return { ...this.#init.rules, network: this.networkOf(round) }
  }

  /** From here on the round has these authorities; none when this one is not among them. */
  #fix(epoch: number, bootstrap: boolean): VotingNetwork | undefined {
    const { archive, rules } = this.#init
    const network = archive.documents.succession.votingNetwork(bootstrap ? epoch : epoch + 1, epoch + 1)
    const takesPart = [...network.authorities, ...(network.incoming?.authorities ?? [])]
    if (!takesPart.some(({ id }) => same(id, rules.id))) return undefined
    this.#networks.set(epoch, network)
    return network
  }

  /** Says whether a round holds the vote of this digest. */
  hasVote(hash: Uint8Array): boolean {
    return [...this.#states.values()].some(
      state => 'votes' in state && [...state.votes.values()].flat().some(vote => same(vote.hash, hash)),
    )
  }

  /** The number of the round that makes an epoch's document: the one before, or one that starts the network in it. */
  roundFor(epoch: number): number {
    return this.#states.get(epoch)?.round.bootstrap === true ? epoch : epoch - 1
  }

  /** @throws DirectoryError as `step`, or WRONG_STATE and LATE for a round that is not held; the disk's error */
  take(round: () => number, event: RoundEvent): Promise<void> {
    return this.#inTurn(async () => {
      await this.#apply(round(), event)
      this.#plan()
    })
  }

  /** Lets time act on every round, begins what is due, and sets the timer for what comes next. */
  turn(): Promise<void> {
    return this.#inTurn(() => this.#turn())
  }

  async #turn(): Promise<void> {
    if (this.#closed) return
    const { network, clock, log, archive } = this.#init
    try {
      const epoch = epochAt(network, clock.now())
      if (epoch < this.#epoch) await archive.recall(epoch)
      this.#epoch = epoch
      for (const round of [...this.#states.keys()]) {
        await this.#see(round)
        if (Math.abs(round - epoch) > 1) this.#forget(round)
      }
      if (epoch >= 0) await this.#begin(epoch)
    } catch (error) {
      log.error({ why: String(error) }, 'authority: a round could not go on')
    }
    this.#plan()
  }

  /**
   * Lets go of a round that is over, or ahead of a clock put back. What was said in it is on disk, should time lead
   * there.
   */
  #forget(round: Epoch): void {
    this.#states.delete(round)
    this.#networks.delete(round)
  }

  #plan(): void {
    const { network, clock } = this.#init
    this.#timer?.cancel()
    if (this.#closed) return
    const now = clock.now()
    const epoch = Math.max(-1, epochAt(network, now))
    const ends = [...this.#states].map(([round, state]) => nextTurn(this.networkOf(round), state, now))
    const next = Math.min(epochStart(network, epoch + 1), ...ends)
    // A phase that is over and still there met a disk that refused to write.
    const turn = (): Promise<void> => this.turn()
    this.#timer = next > now ? lookAgain(clock, next, turn) : clock.after(retryMs, turn)
  }

  /** Begins the round of this epoch. One that waits to start the network gives way when a document turns up. */
  async #begin(epoch: Epoch): Promise<void> {
    const { log, store, archive, onBegin } = this.#init
    const have = this.#states.get(epoch)
    if (have !== undefined) {
      const waits = have.at === 'descriptors' && have.round.bootstrap && have.round.made.vote === undefined
      if (!waits || archive.current() === undefined) return
      log.info({ round: epoch }, 'authority: there is a document, this round is an ordinary one')
    } else {
      if (this.#isStarting(epoch - 1) || epoch === this.#barred) return
      await store.prune(epoch)
      archive.forget(epoch)
      if (store.isForgotten(epoch)) {
        this.#barred = epoch
        log.warn({ round: epoch }, 'authority: too old a round to speak in: compare the clock')
        return
      }
    }
    const past = await this.#past(epoch)
    // Nothing stays of a round that was to start the network but the nodes
    const opened = this.#open(epoch, have === undefined ? past : { ...past, made: {}, heard: [] })
    if (!opened) return
    await this.#see(epoch)
    onBegin()
  }

  async #see(round: number): Promise<void> {
    const { authorities } = this.networkOf(round)
    await this.#apply(round, { kind: 'seen', authorities: this.#init.peers.inContact(authorities) })
  }

  /** A round that starts the network may run on into the next epoch, and makes that one's document too. */
  #isStarting(round: number): boolean {
    const state = this.#states.get(round)
    return state?.round.bootstrap === true && state.at !== 'published' && state.at !== 'failed'
  }

  /** Takes up a round where this authority stopped, if it took part in it. */
  async #resume(epoch: Epoch): Promise<void> {
    const past = await this.#past(epoch)
    const nodes = [...past.descriptors.values()].some(of => of.size > 0)
    if (past.made.vote !== undefined || past.heard.length > 0 || nodes) this.#open(epoch, past)
  }

  /** Reads what is known of a round; some nodes may be here already, taken for one that ended in no document. */
  async #past(epoch: Epoch): Promise<Past> {
    const { store } = this.#init
    return {
      made: await store.made(epoch),
      heard: await store.heard(epoch),
      descriptors: await store.descriptors([epoch, epoch + 1]),
    }
  }

  /**
   * Holds a round from now on: what was said in it stays said, what was heard is heard again.
   *
   * @returns whether this authority has a part in it
   */
  #open(epoch: Epoch, { made, heard, descriptors }: Past): boolean {
    const { clock, archive, step } = this.#init
    const bootstrap = startsNetwork(made, heard) ?? archive.current() === undefined
    const now = heard[0]?.now ?? clock.now()
    const network = this.#fix(epoch, bootstrap)
    if (network === undefined) return false
    const rules = this.#rules(epoch)
    const observes = !isMember(rules)
    let state: RoundState = beginRound(network, { epoch, bootstrap, now, made, descriptors, observes })
    const said: RoundAction[] = []
    for (const { now: then, message } of heard) {
      try {
        const [next, actions] = step(rules, state, message, then)
        state = next
        said.push(...actions)
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error
      }
    }
    this.#states.set(epoch, state)
    // The others may not have heard it before the end.
    for (const action of said) if (action.do === 'send') this.#perform(epoch, action)
    return true
  }

  /** One event through one round: what changes is on disk before anything is said. */
  async #apply(round: number, event: RoundEvent): Promise<void> {
    const { network, clock, log, store, step } = this.#init
    const now = clock.now()
    const state = this.#states.get(round)
    if (state === undefined) {
      const code = round >= epochAt(network, now) ? 'WRONG_STATE' : 'LATE'
      throw new DirectoryError(code, `round ${round}: not held now`)
    }
    const [next, actions] = step(this.#rules(round), state, event, now)
    const kept = actions.filter(action => action.do === 'keep')
    await store.record(round, next === state ? undefined : recorded(event, now), kept)
    this.#states.set(round, next)
    if (next.at !== state.at) {
      log.info({ round, state: next.at, why: next.at === 'failed' ? next.why : '' }, 'authority: round')
      if (next.at === 'published' || next.at === 'failed') this.counts[next.at]++
    }
    for (const action of actions) this.#perform(round, action)
  }

  #perform(round: number, action: RoundAction): void {
    const { network, archive, peers, proofs } = this.#init
    if (action.do === 'keep') {
      if (action.message.kind === 'signature') archive.sign(action.message, action.body)
    } else if (action.do === 'send') {
      // A round that starts the network may run on into the next epoch.
      const message = writeMessage(action.message)
      peers.tell({ ask: 'voting', message }, epochStart(network, round + 2))
    } else if (action.do === 'fetch') {
      void this.#fetchBody(action.pointer)
    } else if (action.do === 'publish') {
      const { document, signatures } = action
      archive.publish(document, signatures)
    } else {
      proofs.accuse(action.evidence)
    }
  }

  /** The body of a document that votes name and this authority never had. Whoever signed it has it. */
  async #fetchBody({ hash, signatures }: Pointer): Promise<void> {
    const { clock, log, archive, peers } = this.#init
    const name = hex(hash)
    if (this.#fetching.has(name) || this.#closed) return
    this.#fetching.add(name)
    const signers = new Set(signatures.map(({ signer }) => hex(signer)))
    for (const peer of peers.others.filter(({ id }) => signers.has(hex(id)))) {
      try {
        archive.learnBody(hash, await peers.ask(peer, { ask: 'body', hash }))
        break
      } catch (error) {
        log.debug({ authority: hex(peer.id), why: String(error) }, 'authority: a body did not come')
      }
    }
    const wait = archive.body(name) === undefined ? retryMs : 0
    clock.after(wait, () => {
      this.#fetching.delete(name)
      return this.turn()
    })
  }
}

/** Says whether the round of these votes starts the network; unknown without votes. */
function startsNetwork(made: Made, heard: readonly Heard[]): boolean | undefined {
  for (const { message } of heard) {
    if (message.kind === 'vote') return message.signed.vote.ballots.length === 2
  }
  return made.vote === undefined ? undefined : made.vote.vote.ballots.length === 2
}

function recorded(event: RoundEvent, now: number): RecordedEvent | undefined {
  if (event.kind === 'tick' || event.kind === 'seen') return undefined
  return event.kind === 'descriptor' ? { descriptor: event.descriptor } : { now, message: event }
}
