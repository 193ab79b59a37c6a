// An authority that lies: an honest one's program, and between it and the network a link that changes, holds
// back, repeats and multiplies what it says. Liars know each other and sign for each other.

import { successorsOf } from '../../directory/documents/authority-set.ts'
import type { Successors } from '../../directory/documents/consensus.ts'
import {
  directoryProtocol,
  readRequest,
  writeAnswer,
  writeRequest,
} from '../../directory/documents/exchange.ts'
import {
  holderStatement,
  openMessage,
  revealHash,
  type SignedVote,
  setHash,
  type VotingMessage,
  writeMessage,
} from '../../directory/documents/message.ts'
import {
  epochAt,
  epochStart,
  type Network,
  phaseEnds,
  type VotingNetwork,
} from '../../directory/documents/network.ts'
import { type Vote, writeVote } from '../../directory/documents/vote.ts'
import { type SecretSharing, sharingOf } from '../../directory/randomness/sharing.ts'
import { relayRounds } from '../../directory/rounds/state.ts'
import { digest, type Sign, signStatement } from '../../directory/statement.ts'
import { hex, same } from '../../encoding/bytes.ts'
import type { Link, NodeLink, Peer } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import { below, pick, type Random } from '../../world/random.ts'

export const lies = [
  /** Casts a vote and says nothing more in the round. */
  'silence',
  /** One vote for one half of the others, another for the rest. */
  'splitVotes',
  /** A vote for one authority alone, signed by all liars, just before a relay round ends. */
  'lastMoment',
  /** Neither opens its secret nor its shares of the others'. */
  'withhold',
  /** Opens its secret to one authority, just before the others open it. */
  'tellOne',
  /** Opens another secret, and shares that are none. */
  'forgeReveals',
  /** A vote with what another authority dealt. */
  'copyDealing',
  /** A vote list of its own for one half of the others. */
  'splitSets',
  /** Another document's name for one half of the others. */
  'splitNames',
  /** Its signature under the document for one authority alone, of those who come in where there are any. */
  'signForOne',
  /** Votes for liars as the only successors, or against any. */
  'putsch',
  /** Signs every vote list and every name that somebody shows it, for that one. */
  'agreeWithAll',
  /** Everything in the last milliseconds of its phase. */
  'late',
  /** Says again what it said in rounds that are over. */
  'replay',
  /** Hundreds of messages at once, well and badly formed. */
  'flood',
  /** Requests of 10 MiB. */
  'huge',
] as const

export type Lie = (typeof lies)[number]

export interface LiarInit {
  readonly network: Network
  /** Gives those who vote in a round, and those who come in with its document. */
  readonly networkOf: (round: number) => VotingNetwork
  readonly link: NodeLink
  readonly clock: Clock
  readonly random: Random
  /** The keys of all liars, by the hex of the id. */
  readonly keys: ReadonlyMap<string, { readonly id: Uint8Array; readonly sign: Sign }>
  readonly lies: readonly Lie[]
  readonly sharing: SecretSharing
  /** 32 bytes, secret. */
  readonly sharingKey: Uint8Array
  /** Told of each lie as it is told. */
  readonly onLie: (lie: Lie) => void
}

type Of<K extends VotingMessage['kind']> = Extract<VotingMessage, { kind: K }>

const hugeBytes = 10 * 1024 * 1024
const mostKept = 64
const phaseOf = { vote: 'votes', set: 'reveals', reveal: 'reveals', signature: 'signatures' } as const

/** A link that does what `change` says, and otherwise what `link` does. */
export function changedLink<L extends Link>(link: L, change: Partial<NodeLink>): L {
  return new Proxy(link, {
    get(_, name) {
      const of = Object.hasOwn(change, name) ? change : link
      const value = Reflect.get(of, name, of) as unknown
      return typeof value === 'function' ? (value.bind(of) as unknown) : value
    },
  })
}

export class Liar {
  /** For the honest program. */
  readonly link: NodeLink
  readonly #init: LiarInit
  readonly #sign: Sign
  /** Which lies it tells in a round: the first of its own always, others mostly. */
  readonly #drawn = new Map<number, ReadonlySet<Lie>>()
  readonly #victims = new Map<number, { readonly peer: string; readonly relayRound: number }>()
  readonly #kept: Uint8Array[] = []
  readonly #agreed = new Set<string>()
  /** Dealings of others, by round: the first that it heard. */
  readonly #heardDealings = new Map<number, Uint8Array>()

  constructor(init: LiarInit) {
    this.#init = init
    const { link } = init
    this.#sign = init.keys.get(hex(link.id))?.sign as Sign
    this.link = changedLink(link, {
      request: async (to, protocol, body, options) => {
        const message = this.#message(protocol, body)
        if (message === undefined) return link.request(to, protocol, body, options)
        for (const said of this.#twist(to, message)) this.#say(to, said)
        return writeAnswer()
      },
      serve: (protocol, maxBytes, handler) =>
        link.serve(protocol, maxBytes, (from, body) => {
          const message = this.#message(protocol, body)
          if (message !== undefined) this.#overhear(from, message)
          return handler(from, body)
        }),
    })
  }

  /** Those whom it talks to in a round. */
  #others(round: number): Peer[] {
    const { networkOf, link } = this.#init
    const { authorities, incoming } = networkOf(round)
    const all = new Map([...authorities, ...(incoming?.authorities ?? [])].map(peer => [hex(peer.id), peer]))
    return [...all.values()].filter(({ id }) => !same(id, link.id))
  }

  /** Disturbs others without being asked, once an epoch. */
  disturb(): void {
    const { network, clock, random } = this.#init
    const round = epochAt(network, clock.now())
    const others = this.#others(round)
    if (this.#tells('replay', round)) {
      for (let i = 0; i < 20 && this.#kept.length > 0; i++) {
        this.#send(pick(random, others), writeRequest({ ask: 'voting', message: pick(random, this.#kept) }))
      }
    }
    if (this.#tells('huge', round)) this.#send(pick(random, others), new Uint8Array(hugeBytes))
    if (this.#tells('flood', round)) {
      for (const to of others) for (let i = 0; i < 50; i++) this.#send(to, this.#junk(round))
    }
  }

  #tells(lie: Lie, round: number): boolean {
    const { random, lies: mine, onLie } = this.#init
    const drawn = this.#drawn.get(round) ?? new Set(mine.filter((_, i) => i === 0 || below(random, 4) > 0))
    this.#drawn.set(round, drawn)
    if (drawn.has(lie)) onLie(lie)
    return drawn.has(lie)
  }

  #message(protocol: string, body: Uint8Array): VotingMessage | undefined {
    if (protocol !== directoryProtocol) return undefined
    try {
      const request = readRequest(body)
      return request.ask === 'voting'
        ? openMessage(this.#init.networkOf, request.message, { isHeld: () => true })
        : undefined
    } catch {
      // Another liar's junk.
      return undefined
    }
  }

  /** Twists something that the honest program says to somebody. */
  #twist(to: Peer, message: VotingMessage): VotingMessage[] {
    const { link } = this.#init
    const { round } = message
    const own = message.kind === 'vote' ? message.signed.vote.author : message.signer
    if (!same(own, link.id)) return this.#tells('silence', round) ? [] : [message]
    if (message.kind === 'vote') return this.#twistVote(to, message)
    if (this.#tells('silence', round)) return []
    if (message.kind === 'reveal') return this.#twistReveal(to, message)
    if (message.kind === 'signature' && this.#tells('signForOne', round)) {
      return same(this.#others(round).at(-1)?.id ?? own, to.id) ? [message] : []
    }
    if (!this.#isInHalf(round, to)) return [message]
    if (message.kind === 'set') return [this.#tells('splitSets', round) ? this.#otherSet(message) : message]
    return [this.#tells('splitNames', round) ? this.#otherName(message) : message]
  }

  #twistReveal(to: Peer, message: Of<'reveal'>): VotingMessage[] {
    const { round } = message
    if (this.#tells('withhold', round)) return []
    const others = this.#others(round)
    const victim = others[round % others.length] as Peer
    if (this.#tells('tellOne', round)) return same(victim.id, to.id) ? [message] : []
    if (!this.#tells('forgeReveals', round)) return [message]
    return [this.#signReveal(round, message.dealer, digest(message.opened)), this.#forgedShare(round, to.id)]
  }

  /** Forges a share of somebody's dealing, with the right form and a wrong content. */
  #forgedShare(round: number, dealer: Uint8Array): Of<'reveal'> {
    const { networkOf, sharing, random, link } = this.#init
    const of = sharingOf(networkOf(round), round, link.id)
    const { dealing } = sharing.deal(of, random)
    const share = sharing.openShare(sharing.readDealing(of, dealing), this.#init.sharingKey)
    return this.#signReveal(round, dealer, share)
  }

  #signReveal(round: number, dealer: Uint8Array, opened: Uint8Array): Of<'reveal'> {
    const { network, link } = this.#init
    const statement = {
      kind: 'reveal',
      epoch: round,
      signer: link.id,
      about: revealHash(dealer, opened),
    } as const
    const signature = signStatement(network.name, statement, this.#sign)
    return { kind: 'reveal', round, signer: link.id, dealer, opened, signature }
  }

  #twistVote(to: Peer, message: Of<'vote'>): VotingMessage[] {
    const { random, networkOf, link } = this.#init
    const { round, signed } = message
    if (this.#tells('lastMoment', round)) {
      const victim = this.#victims.get(round) ?? {
        peer: hex(pick(random, this.#others(round)).id),
        // In turn the first moment and the last at which one signature must not be enough.
        relayRound: round % 2 === 0 ? 0 : relayRounds(networkOf(round)),
      }
      this.#victims.set(round, victim)
      const all = this.#liarsIn(round)
      return victim.peer === hex(to.id) ? [{ ...message, signed: this.#signVote(signed.vote, all) }] : []
    }
    const heard = this.#heardDealings.get(round)
    if (heard !== undefined && this.#tells('copyDealing', round)) {
      return [{ ...message, signed: this.#signVote({ ...signed.vote, dealing: heard }, this.#only(link.id)) }]
    }
    if (this.#tells('putsch', round)) {
      const vote = { ...signed.vote, successors: this.#putsch(round) }
      return [{ ...message, signed: this.#signVote(vote, this.#only(link.id)) }]
    }
    if (!this.#isInHalf(round, to) || !this.#tells('splitVotes', round)) return [message]
    const later = { ...signed.vote, clock: signed.vote.clock + 1 }
    return [{ ...message, signed: this.#signVote(later, this.#only(link.id)) }]
  }

  #only(author: Uint8Array): { readonly id: Uint8Array; readonly sign: Sign }[] {
    return [...this.#init.keys.values()].filter(({ id }) => same(id, author))
  }

  /** Those of its kind who have a say in a round. */
  #liarsIn(round: number): { readonly id: Uint8Array; readonly sign: Sign }[] {
    const { keys, networkOf } = this.#init
    return networkOf(round).authorities.flatMap(({ id }) => keys.get(hex(id)) ?? [])
  }

  /** Nobody but liars, at once; or nobody else than now. */
  #putsch(round: number): Successors | null {
    const liars = new Set(this.#liarsIn(round).map(({ id }) => hex(id)))
    const authorities = this.#init.networkOf(round).authorities.filter(({ id }) => liars.has(hex(id)))
    const threshold = Math.floor(authorities.length / 2) + 1
    return round % 2 === 0 ? null : successorsOf(round + 1, { authorities, threshold })
  }

  #isInHalf(round: number, to: Peer): boolean {
    return this.#others(round).findIndex(({ id }) => same(id, to.id)) % 2 === 0
  }

  #signVote(vote: Vote, signers: readonly { id: Uint8Array; sign: Sign }[]): SignedVote {
    const { name } = this.#init.network
    const bytes = writeVote(vote)
    const unsigned = { vote, bytes, hash: digest(bytes) }
    const signatures = signers.map(({ id, sign }) => ({
      signer: id,
      signature: signStatement(name, holderStatement(name, unsigned, id), sign),
    }))
    return { ...unsigned, signatures }
  }

  #otherSet({ round, set }: Of<'set'>): Of<'set'> {
    return this.#signSet(round, set.slice(1))
  }

  #signSet(round: number, set: Of<'set'>['set']): Of<'set'> {
    const { network, link } = this.#init
    const statement = { kind: 'set', epoch: round, signer: link.id, about: setHash(set) } as const
    const signature = signStatement(network.name, statement, this.#sign)
    return { kind: 'set', round, signer: link.id, set, signature }
  }

  #otherName({ round, epoch, hash }: Of<'signature'>): Of<'signature'> {
    return this.#signName(round, epoch, digest(hash))
  }

  #signName(round: number, epoch: number, hash: Uint8Array): Of<'signature'> {
    const { network, link } = this.#init
    const statement = { kind: 'consensus', epoch, signer: link.id, about: hash } as const
    const signature = signStatement(network.name, statement, this.#sign)
    return { kind: 'signature', round, epoch, hash, signer: link.id, signature }
  }

  /** Tells whoever shows it a list or a name that it thinks the same. */
  #overhear(from: Uint8Array, message: VotingMessage): void {
    if (message.kind === 'vote' && !this.#heardDealings.has(message.round)) {
      this.#heardDealings.set(message.round, message.signed.vote.dealing)
    }
    if (message.kind === 'vote' || message.kind === 'reveal') return
    if (!this.#tells('agreeWithAll', message.round)) return
    const { round } = message
    const echo =
      message.kind === 'set'
        ? this.#signSet(round, message.set)
        : this.#signName(round, message.epoch, message.hash)
    const to = this.#others(round).find(({ id }) => same(id, from))
    const bytes = writeMessage(echo)
    const once = hex(digest(bytes)) + hex(from)
    if (to === undefined || this.#agreed.has(once)) return
    this.#agreed.add(once)
    this.#send(to, writeRequest({ ask: 'voting', message: bytes }))
  }

  /** At once, or when it does most harm. */
  #say(to: Peer, message: VotingMessage): void {
    const { clock } = this.#init
    const bytes = writeMessage(message)
    if (this.#kept.length < mostKept) this.#kept.push(bytes)
    const body = writeRequest({ ask: 'voting', message: bytes })
    for (const moment of this.#moments(message)) {
      const wait = Math.max(0, moment - clock.now())
      if (wait === 0) this.#send(to, body)
      else clock.after(wait, () => this.#send(to, body))
    }
  }

  #moments(message: VotingMessage): number[] {
    const { network, networkOf, clock, random } = this.#init
    const { kind, round } = message
    const end = (fraction: number): number => epochStart(network, round + fraction) - 5 - below(random, 35)
    const victim = kind === 'vote' ? this.#victims.get(round) : undefined
    if (kind === 'vote' && message.signed.vote.ballots.length === 2)
      return [clock.now() + below(random, 1500)]
    if (victim !== undefined) {
      const part = victim.relayRound / relayRounds(networkOf(round))
      const relayEnd = phaseEnds.votes + part * (phaseEnds.agreement - phaseEnds.votes)
      // Links take up to 20 ms: one of these arrives in time, one does not, and what is passed on hardly does.
      return [16, 12, 8, 4].map(before => epochStart(network, round + relayEnd) - before)
    }
    if (kind === 'reveal' && this.#tells('tellOne', round))
      return [end((phaseEnds.agreement + phaseEnds.reveals) / 2)]
    return [this.#tells('late', round) ? end(phaseEnds[phaseOf[kind]]) : clock.now()]
  }

  #junk(round: number): Uint8Array {
    const { random, link, network } = this.#init
    const hash = random(32)
    switch (below(random, 4)) {
      case 0:
        return random(1 + below(random, 200))
      case 1: {
        const set = [{ author: pick(random, network.authorities).id, hash }]
        return writeRequest({ ask: 'voting', message: writeMessage(this.#signSet(round, set)) })
      }
      case 2: {
        const message = this.#signName(round, round + below(random, 3), hash)
        return writeRequest({ ask: 'voting', message: writeMessage(message) })
      }
      default:
        return writeRequest({ ask: 'missing', epoch: round + 1, have: [link.id, hash] })
    }
  }

  #send(to: Peer, body: Uint8Array): void {
    const options = { timeoutMs: 2000, maxBytes: 2 ** 20 }
    // What becomes of it is nothing to a liar.
    this.#init.link.request(to, directoryProtocol, body, options).catch(() => {})
  }
}
