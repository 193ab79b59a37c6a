// One round of a few authorities as a graph (trials/chaos-directory/model.ts searches it): where each honest machine
// stands, which messages are under way, and what the liar, who is the last of them, has said.

import { sharingSecretKey } from '../../directory/authority/keys.ts'
import type { SignedVote, VotingMessage } from '../../directory/documents/message.ts'
import { revealHash, setHash } from '../../directory/documents/message.ts'
import type { Network } from '../../directory/documents/network.ts'
import { writeVote } from '../../directory/documents/vote.ts'
import { combineRandomness } from '../../directory/randomness/beacon.ts'
import { type SecretSharing, sharingOf } from '../../directory/randomness/sharing.ts'
import { step } from '../../directory/rounds/round.ts'
import type { RoundRules } from '../../directory/rounds/state.ts'
import { digest, signStatement } from '../../directory/statement.ts'
import { hex, same } from '../../encoding/bytes.ts'
import { cheapSharing } from '../../simulator/cheap-sharing.ts'
import { rulesOf as roundRulesOf } from '../../simulator/directory-alone.ts'
import { descriptorsOf, voteOf } from '../../simulator/directory-samples.ts'
import { networkOf, seedOf } from '../../simulator/directory-world.ts'
import { seededRandom } from '../../world/random.ts'
import { Machine, Messages, type Slots, slotsOf, unchecked } from './model-machine.ts'

export interface ModelInit {
  readonly authorities: number
  readonly threshold: number
  readonly losses: boolean
  readonly defect?: ((of: typeof step) => typeof step) | undefined
}

interface UnderWay {
  readonly to: number
  readonly message: number
  /** The last slot in which it may arrive. */
  readonly due: number
}

/** Where everything stands. Honest authorities by their place, states and messages by their numbers. */
export interface Happening {
  readonly slot: number
  readonly states: readonly number[]
  readonly underWay: readonly UnderWay[]
  /** The lies that were told, one bit each. */
  readonly told: number
  /** The signature under a name that each honest one said, or none. */
  readonly signed: readonly (number | undefined)[]
  /** The promise that broke on the way here. */
  readonly broke?: string | undefined
}

/** Something that the liar can say to one of them within some slots, at most once. */
interface Lie {
  readonly what: string
  readonly to: number
  readonly from: number
  readonly until: number
  readonly message: (happening: Happening) => VotingMessage | undefined
}

const round = 4

export class Model {
  readonly #network: Network
  readonly #slots: Slots
  readonly #losses: boolean
  readonly #messages = new Messages()
  readonly #machines: readonly Machine[]
  readonly #lies: readonly Lie[]
  /** By the hex of the dealer. */
  readonly #worth: ReadonlyMap<string, Uint8Array>

  constructor({ authorities, threshold, losses, defect = unchanged }: ModelInit) {
    const network = networkOf({ authorities, threshold, layers: 1, mixes: 1, gateways: 1 })
    this.#network = network
    this.#slots = slotsOf(network, round)
    this.#losses = losses
    const dealt = network.authorities.map(({ id }, i) =>
      cheapSharing.deal(sharingOf(network, round, id), seededRandom(i)),
    )
    this.#worth = new Map(
      network.authorities.map(({ id }, i) => [hex(id), worthOf(network, id, dealt[i] as Dealt)]),
    )
    const honest = network.authorities.slice(0, -1)
    this.#machines = honest.map(
      (_, i) => new Machine(rulesOf(network, i, dealt[i] as Dealt), round, this.#messages, defect(step)),
    )
    this.#lies = this.#drawLies(dealt.at(-1) as Dealt)
  }

  /** Everybody has cast its vote. */
  begin(): Happening {
    const descriptors = descriptorsOf(this.#network, round + 1, 1, 1)
    const states = this.#machines.map(machine =>
      descriptors.reduce(
        (at, descriptor) => machine.upload(at, { kind: 'descriptor', descriptor }),
        machine.begin,
      ),
    )
    const nobody = { underWay: [], told: 0, signed: states.map(() => undefined) }
    return this.#tick({ slot: -1, states, ...nobody })
  }

  /** Two that have the same name have the same future. */
  name({ slot, states, underWay, told, signed, broke }: Happening): string {
    const letters = underWay.map(({ to, message, due }) => `${message}>${to}<${due}`).sort()
    return `${slot};${states};${letters};${told};${signed};${broke}`
  }

  isOver({ slot }: Happening): boolean {
    return slot === this.#slots.count - 1
  }

  /** Everything that can happen next, with what to call it. */
  *next(at: Happening): Iterable<[string, Happening]> {
    if (this.isOver(at)) return
    for (const letter of at.underWay) {
      const rest = { ...at, underWay: at.underWay.filter(other => other !== letter) }
      const { kind } = this.#messages.get(letter.message)
      yield [
        `slot ${at.slot}: a ${kind} arrives at ${letter.to}`,
        this.#deliver(rest, letter.to, letter.message),
      ]
    }
    for (const [i, { what, to, from, until, message }] of this.#lies.entries()) {
      if ((at.told & (1 << i)) !== 0 || at.slot < from || at.slot > until) continue
      const said = message(at)
      if (said === undefined) continue
      const number = this.#messages.number(said)
      if (!this.#matters(at, to, number)) continue
      yield [
        `slot ${at.slot}: the liar tells ${to} ${what}`,
        this.#deliver({ ...at, told: at.told | (1 << i) }, to, number),
      ]
    }
    const waits = at.underWay.some(({ due }) => due <= at.slot)
    if (!waits || this.#losses) yield [`slot ${at.slot} ends`, this.#tick(at)]
  }

  /** The invariant that does not hold here. */
  broken(at: Happening): string | undefined {
    if (at.broke !== undefined) return at.broke
    const states = at.states.map((state, i) => (this.#machines[i] as Machine).state(state))
    const sets = states.flatMap(state =>
      state.at === 'reveals' && state.own !== undefined ? [state.own] : [],
    )
    if (!this.#losses && sets.length > 0) {
      if (new Set(sets.map(set => hex(setHash(set)))).size > 1) return 'one-set'
      const counted = this.#machines.every(({ rules }) =>
        sets[0]?.some(({ author }) => same(author, rules.id)),
      )
      if (!counted) return 'own-votes-count'
    }
    if (!this.isOver(at)) return undefined
    const published = states.flatMap(state => (state.at === 'published' ? state.documents : []))
    if (!this.#losses && published.length < states.length) return 'progress'
    for (const { hash, body } of published) {
      const signers = at.signed.filter(number => {
        const message = number === undefined ? undefined : this.#messages.get(number)
        return message?.kind === 'signature' && same(message.hash, hash)
      })
      // The liar signs anything; of two names with t signatures each it alone can stand under both.
      if (signers.length + 1 < this.#network.threshold) return 'one-document'
      if (!this.#losses && !same(hash, published[0]?.hash as Uint8Array)) return 'one-document'
      const voters = body.authorities.filter(({ voted }) => voted)
      const contributions = voters.map(({ id: dealer }) => ({
        dealer,
        value: this.#worth.get(hex(dealer)) as Uint8Array,
      }))
      const want = combineRandomness(body.network, body.epoch, body.randomness[1], contributions)
      if (!same(body.randomness[0], want)) return 'randomness-fixed'
    }
    return undefined
  }

  #deliver(at: Happening, to: number, message: number): Happening {
    const { to: state, said } = (this.#machines[to] as Machine).take(
      at.states[to] as number,
      message,
      at.slot,
    )
    return this.#said({ ...at, states: at.states.with(to, state) }, to, said)
  }

  /** The slot ends: what has not arrived in time is lost. */
  #tick(at: Happening): Happening {
    const slot = at.slot + 1
    let next: Happening = { ...at, slot, underWay: at.underWay.filter(({ due }) => due >= slot) }
    for (const [i, machine] of this.#machines.entries()) {
      const { to, said } = machine.tick(next.states[i] as number, slot)
      next = this.#said({ ...next, states: next.states.with(i, to) }, i, said)
    }
    return next
  }

  /** Puts what somebody said under way, and takes from it what would change nothing any more. */
  #said(at: Happening, by: number, said: readonly number[]): Happening {
    const { slot } = at
    // While votes are passed on a message takes a relay round at most; later ones are answered within their slot.
    const due = slot < this.#slots.frozen ? slot + 1 : slot
    const others = this.#machines.keys()
    const letters = [...others]
      .filter(to => to !== by)
      .flatMap(to => said.map(message => ({ to, message, due })))
    const signed = said.find(number => this.#messages.get(number).kind === 'signature')
    const early =
      said.some(number => this.#messages.get(number).kind === 'reveal') && slot < this.#slots.frozen
    const twice = signed !== undefined && at.signed[by] !== undefined && at.signed[by] !== signed
    return {
      ...at,
      signed: signed === undefined ? at.signed : at.signed.with(by, signed),
      underWay: [...at.underWay, ...letters].filter(({ to, message }) => this.#matters(at, to, message)),
      broke: at.broke ?? (early ? 'randomness-hidden' : twice ? 'one-statement' : undefined),
    }
  }

  /** Tells whether a message can change something: else it never will, being known already, or its phase over. */
  #matters({ states, slot }: Happening, to: number, message: number): boolean {
    const from = states[to] as number
    const arrow = (this.#machines[to] as Machine).take(from, message, slot)
    return arrow.to !== from || arrow.said.length > 0
  }

  // The liar: two votes, its secret or silence, everybody's list and name for everybody

  #drawLies({ dealing, opening }: Dealt): Lie[] {
    const { frozen, count } = this.#slots
    const network = this.#network
    const i = network.authorities.length - 1
    const signer = network.authorities[i]?.id as Uint8Array
    const sign = unchecked(signer)
    const all = [...this.#machines.keys()]
    const descriptors = descriptorsOf(network, round + 1, 1, 1)
    const votes = [1, 2].map(clock =>
      signVote(network, i, { ...voteOf(network, i, descriptors), clock, dealing }),
    )
    const about = revealHash(signer, opening)
    const signature = signStatement(network.name, { kind: 'reveal', epoch: round, signer, about }, sign)
    const reveal: VotingMessage = {
      kind: 'reveal',
      round,
      signer,
      dealer: signer,
      opened: opening,
      signature,
    }
    const setOf = (of: number, { states }: Happening): VotingMessage | undefined => {
      const state = this.#machines[of]?.state(states[of] as number)
      if (state?.at !== 'reveals' || state.own === undefined) return undefined
      const statement = { kind: 'set', epoch: round, signer, about: setHash(state.own) } as const
      const own = signStatement(network.name, statement, sign)
      return { kind: 'set', round, signer, set: state.own, signature: own }
    }
    const nameOf = (of: number, { signed }: Happening): VotingMessage | undefined => {
      const number = signed[of]
      const message = number === undefined ? undefined : this.#messages.get(number)
      return message?.kind === 'signature' ? { ...message, signer, signature: sign(message.hash) } : undefined
    }
    return all.flatMap((to): Lie[] => [
      ...votes.map((signed, n) => ({
        what: `vote ${n + 1}`,
        to,
        from: 0,
        // The last one is too late.
        until: frozen,
        message: (): VotingMessage => ({ kind: 'vote', round, signed }),
      })),
      { what: 'its secret', to, from: frozen, until: frozen + 1, message: () => reveal },
      ...all.flatMap(of => [
        {
          what: `the list of ${of}`,
          to,
          from: frozen,
          until: frozen,
          message: (at: Happening) => setOf(of, at),
        },
        {
          what: `the name of ${of}`,
          to,
          from: count - 2,
          until: count - 2,
          message: (at: Happening) => nameOf(of, at),
        },
      ]),
    ])
  }
}

type Dealt = ReturnType<SecretSharing['deal']>

function unchanged<T>(machine: T): T {
  return machine
}

function worthOf(network: Network, dealer: Uint8Array, { dealing, opening }: Dealt): Uint8Array {
  return cheapSharing.verifyOpening(
    cheapSharing.readDealing(sharingOf(network, round, dealer), dealing),
    opening,
  )
}

function signVote(network: Network, i: number, vote: ReturnType<typeof voteOf>): SignedVote {
  const signer = network.authorities[i]?.id as Uint8Array
  const bytes = writeVote(vote)
  const hash = digest(bytes)
  const statement = { kind: 'vote', epoch: round, signer, about: hash } as const
  const signature = signStatement(network.name, statement, unchecked(signer))
  return { vote, bytes, hash, signatures: [{ signer, signature }] }
}

function rulesOf(network: Network, i: number, dealt: Dealt): RoundRules {
  const sharingKey = sharingSecretKey(seedOf(`authority ${i}`))
  return roundRulesOf(
    i,
    {
      sign: unchecked(network.authorities[i]?.id as Uint8Array),
      deal: () => dealt,
      openShare: dealing => cheapSharing.openShare(dealing, sharingKey),
      sharing: cheapSharing,
    },
    network,
  )
}
