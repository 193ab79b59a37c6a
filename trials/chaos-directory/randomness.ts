// What must hold of the shared randomness (docs/spec/directory-voting.md 8.9): it is fixed when the votes are frozen,
// and nobody knows it before. Whoever deals here is watched, so that this watch knows what each dealing is worth
// whoever opens it.

import { sharingSecretKey } from '../../directory/authority/keys.ts'
import type { ConsensusBody } from '../../directory/documents/consensus.ts'
import type { Network } from '../../directory/documents/network.ts'
import { DirectoryError } from '../../directory/error.ts'
import { combineRandomness } from '../../directory/randomness/beacon.ts'
import {
  type Dealing,
  type SecretSharing,
  type Share,
  sharingPublicKey,
} from '../../directory/randomness/sharing.ts'
import {
  bootstrapMs,
  type InReveals,
  type RevealMessage,
  type Stepped,
} from '../../directory/rounds/state.ts'
import { digest } from '../../directory/statement.ts'
import { hex, same } from '../../encoding/bytes.ts'

/** The same operations, each answer given once: many authorities of one process ask the same. */
export function remembering(sharing: SecretSharing): SecretSharing {
  const remember = <T>(memory: Map<string, T>, key: string, make: () => T): T => {
    const known = memory.get(key) ?? make()
    memory.set(key, known)
    return known
  }
  const [verified, dealings, own] = [
    new Map<string, Dealing>(),
    new Map<string, Dealing>(),
    new Map<string, Uint8Array>(),
  ]
  const shares = new Map<string, Share>()
  const at = ({ epoch, dealer }: Dealing['sharing'], bytes: Uint8Array): string =>
    `${epoch} ${hex(dealer)} ${hex(digest(bytes))}`
  return {
    ...sharing,
    verifyDealing: (of, bytes) => remember(verified, at(of, bytes), () => sharing.verifyDealing(of, bytes)),
    readDealing: (of, bytes) => remember(dealings, at(of, bytes), () => sharing.readDealing(of, bytes)),
    openShare: (of, key) => remember(own, `${hex(of.hash)} ${hex(key)}`, () => sharing.openShare(of, key)),
    verifyShare: (of, bytes) => {
      const key = `${hex(of.hash)} ${hex(digest(bytes))}`
      return remember(shares, key, () => sharing.verifyShare(of, bytes))
    },
  }
}

/** Collects what honest authorities said of one dealing. */
interface Told {
  /** When its dealer first opened it; when each holder first opened a share. */
  opening: number
  readonly shares: Map<string, { readonly at: number; readonly bytes: Uint8Array }>
}

type Violated = (invariant: 'randomness-fixed' | 'randomness-hidden', why: string) => void

export class RandomnessWatch {
  /** For every authority, liars too. */
  readonly sharing: SecretSharing
  readonly #network: Network
  /** Their keys for shares, the public one in hex: not all of them are authorities all the time. */
  readonly #liars: readonly { readonly secretKey: Uint8Array; readonly publicKey: string }[]
  readonly #liarIds: ReadonlySet<string>
  readonly #violated: Violated
  /** Contributions of dealings, by the hex of the digest. */
  readonly #worth = new Map<string, Uint8Array>()
  /** By round and hex of the dealer. */
  readonly #told = new Map<string, Told>()
  /**
   * Contributions that the frozen votes of an authority make, by round and its hex: dealers with what they contribute.
   */
  readonly #frozen = new Map<
    string,
    { readonly dealer: Uint8Array; readonly value: Uint8Array | undefined }[]
  >()

  /** @param liars seeds, by the hex of the id */
  constructor(
    network: Network,
    sharing: SecretSharing,
    liars: ReadonlyMap<string, Uint8Array>,
    violated: Violated,
  ) {
    this.#network = network
    this.#liars = [...liars.values()].map(seed => {
      const secretKey = sharingSecretKey(seed)
      return { secretKey, publicKey: hex(sharingPublicKey(secretKey)) }
    })
    this.#liarIds = new Set(liars.keys())
    this.#violated = violated
    this.sharing = {
      ...sharing,
      deal: (of, random) => {
        const dealt = sharing.deal(of, random)
        const dealing = sharing.readDealing(of, dealt.dealing)
        this.#worth.set(hex(dealing.hash), sharing.verifyOpening(dealing, dealt.opening))
        return dealt
      },
    }
  }

  /**
   * An honest authority took one step.
   *
   * @param undisturbed whether nothing befell it in this round, so that its votes freeze when those of the others do
   */
  stepped(
    id: string,
    [after, actions]: Stepped,
    hasFrozen: boolean,
    undisturbed: boolean,
    now: number,
  ): void {
    // Before its own reveal is noted: what was said earlier is what counts.
    if (after.at === 'reveals' && hasFrozen && !after.round.interrupted) {
      if (undisturbed) this.#checkHidden(id, after, now)
      this.#freeze(id, after)
    }
    for (const action of actions) {
      if (action.do === 'send' && action.message.kind === 'reveal') this.#note(id, action.message, now)
    }
  }

  #note(by: string, { round, dealer, signer, opened }: RevealMessage, now: number): void {
    const key = `${round} ${hex(dealer)}`
    const told = this.#told.get(key) ?? { opening: Number.POSITIVE_INFINITY, shares: new Map() }
    this.#told.set(key, told)
    if (same(dealer, signer)) told.opening = Math.min(told.opening, now)
    else if (!told.shares.has(by)) told.shares.set(by, { at: now, bytes: opened })
  }

  #freeze(id: string, { round, own, opened }: InReveals): void {
    const worth = (own ?? []).map(({ author: dealer }) => {
      const of = opened.get(hex(dealer))
      return { dealer, value: of && this.#worth.get(hex(of.dealing.hash)) }
    })
    this.#frozen.set(`${round.epoch} ${id}`, worth)
  }

  /** The liars, with all their shares and all that honest authorities said before, cannot open an honest dealing. */
  #checkHidden(id: string, { round, opened }: InReveals, now: number): void {
    // Where phases follow each other as fast as messages travel, honest authorities are less than a relay round apart.
    const before = round.bootstrap ? now - bootstrapMs.relay : now
    for (const [dealer, { dealing }] of opened) {
      if (this.#liarIds.has(dealer)) continue
      const told = this.#told.get(`${round.epoch} ${dealer}`)
      const known = (told?.opening ?? now) < before || this.#canCombine(dealing, told, before)
      if (known) {
        this.#violated('randomness-hidden', `round ${round.epoch}: ${id.slice(0, 8)} still took votes`)
        return
      }
    }
  }

  #canCombine(dealing: Dealing, told: Told | undefined, before: number): boolean {
    const holders = new Set(dealing.sharing.holders.map(hex))
    const own = this.#liars
      .filter(({ publicKey }) => holders.has(publicKey))
      .map(({ secretKey }) => this.sharing.openShare(dealing, secretKey))
    const heard = [...(told?.shares.values() ?? [])].filter(({ at }) => at < before).map(({ bytes }) => bytes)
    const shares = [...own, ...heard].map(bytes => this.sharing.verifyShare(dealing, bytes))
    try {
      this.sharing.combine(dealing, shares)
      return true
    } catch (error) {
      if (error instanceof DirectoryError && error.code === 'TOO_FEW_SHARES') return false
      throw error
    }
  }

  /** A document of a round has the randomness of the votes that an undisturbed authority froze. */
  checkDocument(round: number, id: string, { epoch, randomness: [have, last] }: ConsensusBody): void {
    const contributions = this.#frozen.get(`${round} ${id}`)
    if (contributions === undefined) return
    const known = contributions.flatMap(({ dealer, value }) =>
      value === undefined ? [] : [{ dealer, value }],
    )
    const want = combineRandomness(this.#network.name, epoch, last, known)
    if (known.length < contributions.length) {
      this.#violated('randomness-fixed', `round ${round}: a vote counts with a dealing of nobody's`)
    } else if (!same(have, want)) {
      this.#violated('randomness-fixed', `round ${round}: not what the frozen votes dealt`)
    }
  }
}
