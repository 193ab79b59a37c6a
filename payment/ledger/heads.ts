// Peers tell each other which heads the ledger has shown them, and ask it to prove that these are of one history; what
// follows from that is watch.ts. docs/spec/payments-ledger.md 3.6, 3.8.

import { same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Clock } from '../../world/clock.ts'
import type { Store } from '../../world/store.ts'
import { Timers } from '../../world/timers.ts'
import { minute, second } from '../../world/units.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import type { EmbeddedLedger } from './embedded.ts'
import type { Genesis, Ledger } from './ledger.ts'
import { longestHead, readHead, type SignedHead, writeHead } from './log.ts'
import { type Fork, type WatchEvent, type WatchState, watch } from './watch.ts'

const longestQuestion = 64
const longestProof = 4096
const mostHashes = 96
const forkKey = 'fork'
/** An open question is asked again, and the followed head told to others, with so much time between, milliseconds. */
const askEveryMs = 30 * second
const tellEveryMs = 5 * minute

/**
 * The ledger's answer to a question for a proof of consistency; null when the bytes are no such question. Never throws.
 */
export function answerProof(
  ledger: Pick<EmbeddedLedger, 'consistency'>,
  question: Uint8Array,
): Uint8Array | null {
  try {
    const read = new Reader(question, 'question', longestQuestion)
    read.map(3)
    read.key('ask').oneOf('consistency')
    const first = read.key('first').uint()
    const second = read.key('second').uint()
    read.end()
    return write({ first, second, path: ledger.consistency(first, second) })
  } catch {
    return null
  }
}

/** The ledger, and those with whom its heads are compared. */
export interface HeadWatchInit {
  readonly genesis: Genesis
  /** Carries a question to the ledger and its answer back; rejects when none comes. */
  readonly ask: (question: Uint8Array) => Promise<Uint8Array>
  /** Tells a head, as gossip carries it, to all other peers. */
  readonly tell: (head: Uint8Array) => void
  readonly clock: Clock
  /** Keeps a fork that is proven, so that a restart forgets nothing. Absent: it is forgotten. */
  readonly store?: Pick<Store, 'get' | 'put'>
  /** The ledger shows two histories, or does not prove that it has one. Both heads have been told to all. */
  readonly onAlarm: (fork: Fork) => void
}

/**
 * Compares the heads that a ledger shows with those that it showed to others, and raises the alarm when they are
 * of two histories.
 */
export class HeadWatch {
  readonly #init: HeadWatchInit
  readonly #timers: Timers
  #state: WatchState

  /** @param state what is known already: that of an earlier process */
  constructor(init: HeadWatchInit, state: WatchState = { at: 'start' }) {
    this.#init = init
    this.#state = state
    this.#timers = new Timers(init.clock)
    this.#timers.every(askEveryMs, () => this.#event({ type: 'time' }))
    this.#timers.every(tellEveryMs, () => {
      const followed = this.#followed
      if (followed !== null) init.tell(writeHead(followed.head))
    })
  }

  /** Goes on with what an earlier process has found. */
  static async open(init: HeadWatchInit): Promise<HeadWatch> {
    const kept = await init.store?.get(forkKey).catch(() => undefined)
    const fork = kept === undefined ? null : readFork(kept, init.genesis)
    return new HeadWatch(init, fork === null ? { at: 'start' } : { at: 'forked', fork, owing: null })
  }

  /** Tells what the ledger is caught at, for ever, or which proof it owes, until it gives it; null otherwise. */
  get fork(): Fork | null {
    return this.#state.at === 'forked' ? this.#state.fork : null
  }

  /** A head that came with an answer of the ledger. */
  seen(head: SignedHead): void {
    this.#event({ type: 'head', head })
  }

  /** Something that another peer told; what is no head of this ledger is passed over. Never throws. */
  receive(bytes: Uint8Array): void {
    let head: SignedHead
    try {
      head = readHead(bytes, this.#init.genesis)
    } catch {
      return
    }
    this.seen(head)
  }

  /** The same ledger, whose `submit` rejects with PaymentError FORKED once it is caught. */
  guard(ledger: Ledger): Ledger {
    return {
      id: ledger.id,
      ...(ledger.confirmations === undefined ? {} : { confirmations: ledger.confirmations }),
      ...(ledger.looksBack === undefined ? {} : { looksBack: ledger.looksBack }),
      note: async id => await ledger.note(id),
      ...(ledger.evidence === undefined ? {} : { evidence: ledger.evidence.bind(ledger) }),
      ...(ledger.noteAt === undefined ? {} : { noteAt: ledger.noteAt.bind(ledger) }),
      ...(ledger.onGrowth === undefined ? {} : { onGrowth: ledger.onGrowth.bind(ledger) }),
      ...(ledger.spenderOf === undefined ? {} : { spenderOf: ledger.spenderOf.bind(ledger) }),
      ...(ledger.originOf === undefined ? {} : { originOf: ledger.originOf.bind(ledger) }),
      notesOwnedBy: async (owner, after) => await ledger.notesOwnedBy(owner, after),
      positionOf: async transaction => await ledger.positionOf(transaction),
      feeTooLow: async peers => await ledger.feeTooLow(peers),
      submit: async transaction => {
        if (this.fork === null) return await ledger.submit(transaction)
        const how = this.fork.isProven ? 'has shown two histories' : 'does not prove that it has one history'
        throw new PaymentError('FORKED', `ledger: it ${how}: nothing is paid with it`)
      },
    }
  }

  /** Ends all that waits. */
  close(): void {
    this.#timers.close()
  }

  #event(event: WatchEvent): void {
    if (this.#timers.isClosed) return
    const [state, actions] = watch(this.#state, event, this.#init.clock.elapsed())
    this.#state = state
    for (const action of actions) {
      if (action.do === 'ask') void this.#ask(action.first, action.second)
      else this.#alarm(action.fork)
    }
  }

  #alarm(fork: Fork): void {
    if (fork.isProven) this.#keep(fork)
    this.#init.tell(writeHead(fork.first))
    this.#init.tell(writeHead(fork.second))
    this.#init.onAlarm(fork)
  }

  /** Never rejects: a disk that takes nothing now leaves the process with what it knows. */
  #keep({ first, second }: Fork): void {
    const value = write({ first: writeHead(first), second: writeHead(second) })
    this.#init.store?.put(forkKey, value).catch(() => {})
  }

  /** Until there is an answer that proves it, or the question is too old. Never rejects. */
  async #ask(first: number, second: number): Promise<void> {
    let path: Uint8Array[] | null = null
    try {
      path = readProof(await this.#init.ask(write({ ask: 'consistency', first, second })), first, second)
    } catch {
      // No answer, or none that can be read: it is asked again.
    }
    if (path !== null) this.#event({ type: 'proof', first, second, path })
    if (this.#isOpen(first, second)) this.#timers.after(askEveryMs, () => void this.#ask(first, second))
  }

  /** The log that is followed, also while the ledger owes a proof. */
  get #followed(): Extract<WatchState, { at: 'following' }> | null {
    if (this.#state.at === 'following') return this.#state
    return this.#state.at === 'forked' ? this.#state.owing : null
  }

  #isOpen(first: number, second: number): boolean {
    const open = this.#followed?.open ?? []
    return open.some(({ head, against }) => {
      const [smaller, larger] = [Math.min(head.size, against.size), Math.max(head.size, against.size)]
      return smaller === first && larger === second
    })
  }
}

/** The fork that a store keeps, if it is one. */
function readFork(bytes: Uint8Array, genesis: Genesis): Fork | null {
  try {
    const read = new Reader(bytes, 'fork', 2 * longestHead + 64)
    read.map(2)
    const first = readHead(read.key('first').bytesUpTo(longestHead), genesis)
    const second = readHead(read.key('second').bytesUpTo(longestHead), genesis)
    read.end()
    return first.size === second.size && !same(first.root, second.root)
      ? { first, second, isProven: true }
      : null
  } catch {
    return null
  }
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
function readProof(bytes: Uint8Array, first: number, second: number): Uint8Array[] {
  const read = new Reader(bytes, 'proof', longestProof)
  read.map(3)
  const path = read.items('path', mostHashes, () => read.bytes(32))
  const [from, to] = [read.key('first').uint(), read.key('second').uint()]
  read.end()
  if (from !== first || to !== second) throw new PaymentError('BAD_DOCUMENT', 'proof: it is of other heads')
  return path
}
