// The questions of somebody who is no node and no client of a network: a document, its proofs, the time, and the word
// that a node leaves (docs/spec/directory-travel.md 9). Whoever asks needs to believe no single authority.

import { ed25519Sign } from '#crypto'
import { hex } from '../../encoding/bytes.ts'
import { startHost } from '../../link/libp2p/host.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { type Clock, systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { shuffle, systemRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { type ConsensusDocument, readDocument } from '../documents/document.ts'
import { type Evidence, openProofs, proofHash } from '../documents/evidence.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  readTime,
  writeRequest,
} from '../documents/exchange.ts'
import { signLeave, writeLeave } from '../documents/joining.ts'
import { type LogStretch, readLog } from '../documents/log.ts'
import { epochAt, epochStart, type Network } from '../documents/network.ts'
import { followChanges, Succession } from '../documents/succession.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { isLogged, stretchOf } from './public-log.ts'
import { judge, type Verdict } from './report.ts'

const requestMs = 5 * second
/** So many nodes are asked for proofs. */
const nodesAsked = 8
/** A clock that is asked across a slow link says little. */
const timeMs = 3 * second
const maxTimeBytes = 64
const maxLeaveBytes = 4096

/** A consensus that verified: as it was signed, as it was read, and what follows from it. */
export interface FoundConsensus {
  readonly bytes: Uint8Array
  readonly document: ConsensusDocument
  readonly view: View
}

/** Proofs by the hex of their names, and why an authority gave none, for each that did not. */
export interface FoundEvidence {
  readonly proofs: ReadonlyMap<string, Evidence>
  readonly failures: readonly string[]
}

/** Measures how far the clock of an authority is ahead of the asker's, milliseconds; true to half of the round trip. */
export interface AuthorityTime {
  /** Lowercase hex, 64 digits. */
  readonly id: string
  readonly offMs: number
  readonly roundTripMs: number
}

/** Says how an inquiry asks; everything has a default. */
export interface InquiryOptions {
  /** 32 bytes: the key to ask as; without one the identity is drawn and thrown away. */
  readonly seed?: Uint8Array
  readonly clock?: Clock
}

/** Asks the authorities of a network, over a host of its own that serves nothing. Made by `openInquiry`. */
export class Inquiry {
  readonly #link: Link
  readonly #clock: Clock
  readonly #seed: Uint8Array | undefined
  readonly #succession: Succession

  /** @internal */
  constructor(network: Network, link: Link, clock: Clock, seed: Uint8Array | undefined) {
    this.#link = link
    this.#clock = clock
    this.#seed = seed
    this.#succession = new Succession(network)
  }

  /** Reads the network with the newest authorities that a document so far has told of. */
  get newest(): Network {
    return this.#succession.newest
  }

  /** Reads the pinned network with everybody who ever was an authority, as far as is known. */
  get everybody(): Network {
    return this.#succession.everybody
  }

  /** Reads the network with the authorities that make the document of an epoch. */
  networkFor(epoch: number): Network {
    return this.#succession.networkFor(epoch)
  }

  /**
   * Fetches a document that some authority has and that verifies.
   *
   * @param epoch undefined for the newest
   * @throws DirectoryError UNAVAILABLE when every authority that answers says that there is none; NO_ANSWER with what
   *   each authority said
   */
  consensus(epoch?: number): Promise<FoundConsensus> {
    return this.#fetch(epoch, bytes => {
      const document = readDocument(bytes)
      return { bytes, document, view: this.#succession.verify(document) }
    })
  }

  /**
   * Fetches what the first authority hands out that has anything, and judges it step by step.
   *
   * @param epoch undefined for the newest
   * @throws DirectoryError as `consensus`
   */
  async verdict(epoch?: number): Promise<Verdict> {
    const bytes = await this.#fetch(epoch, document => document)
    const verdict = await this.#judgeFollowing(bytes)
    return verdict.valid ? await this.judgeLog(bytes, verdict) : verdict
  }

  async #judgeFollowing(bytes: Uint8Array): Promise<Verdict> {
    const verdict = this.#judge(bytes)
    if (!isOfUnknownSet(verdict)) return verdict
    // Before one judges, one asks who the authorities are that are not known.
    for (const authority of this.#succession.everybody.authorities) {
      await this.#follow(authority).catch((error: unknown) => {
        if (!(error instanceof LinkError)) throw error
      })
    }
    return this.#judge(bytes)
  }

  /**
   * Asks every authority, and some nodes of the newest document, for proofs that somebody contradicted itself, and
   * checks them with the pinned keys.
   */
  async evidence(): Promise<FoundEvidence> {
    const { everybody } = this.#succession
    const proofs = new Map<string, Evidence>()
    const failures: string[] = []
    const take = async (peer: Peer): Promise<void> => {
      const answer = await this.#ask(peer, { ask: 'evidence' })
      for (const proof of openProofs(everybody, answer)) proofs.set(hex(proofHash(proof)), proof)
    }
    for (const authority of everybody.authorities) {
      try {
        await take(authority)
      } catch (error) {
        failures.push(refusalOf(authority, error).says)
      }
    }
    // Authorities that are themselves to blame would not say so
    await Promise.all(
      (await this.#someNodes()).map(node => take(node).catch(error => void refusalOf(node, error))),
    )
    return { proofs, failures }
  }

  /** Draws nodes of the newest document; none where no authority gives one. */
  async #someNodes(): Promise<readonly Peer[]> {
    try {
      const { view } = await this.consensus()
      return shuffle(systemRandom, [...view.nodes.values()]).slice(0, nodesAsked)
    } catch (error) {
      if (error instanceof DirectoryError) return []
      throw error
    }
  }

  /** Asks every authority for the end of its log, by the hex of their ids; none of it is checked. */
  async logs(): Promise<ReadonlyMap<string, LogStretch>> {
    const logs = new Map<string, LogStretch>()
    for (const authority of this.#succession.everybody.authorities) {
      try {
        logs.set(hex(authority.id), readLog(await this.#ask(authority, { ask: 'log', page: null })))
      } catch (error) {
        refusalOf(authority, error)
      }
    }
    return logs
  }

  /**
   * Judges also whether a document stands in the log of the newest.
   *
   * @param verdict of the document
   * @throws DirectoryError as `consensus`
   */
  async judgeLog(bytes: Uint8Array, verdict: Verdict): Promise<Verdict> {
    if (verdict.checks.some(({ check, holds }) => check === 'form' && !holds)) return verdict
    const { document: newest } = await this.consensus()
    const document = readDocument(bytes)
    const log = stretchOf(newest, (await this.logs()).values())
    const is = isLogged(document, newest, log)
    const where = `the log of ${newest.body.log.size} documents before epoch ${newest.body.epoch}`
    const detail = {
      true: `is the newest, or in ${where}`,
      false: `is NOT in ${where}`,
      undefined: `nobody shows ${where} far enough`,
    }
    const holds = is !== false
    const check = { check: 'log', holds, detail: detail[`${is}`] } as const
    return { ...verdict, valid: verdict.valid && holds, checks: [...verdict.checks, check] }
  }

  /** Asks every authority for its time; one that does not answer is left out. */
  async times(): Promise<readonly AuthorityTime[]> {
    const asked = this.newest.authorities.map(async (authority): Promise<AuthorityTime[]> => {
      const sent = this.#clock.now()
      try {
        const limits = { timeoutMs: timeMs, maxBytes: maxTimeBytes }
        const theirs = readTime(await this.#ask(authority, { ask: 'time' }, limits))
        const back = this.#clock.now()
        return [{ id: hex(authority.id), offMs: theirs - (sent + back) / 2, roundTripMs: back - sent }]
      } catch (error) {
        refusalOf(authority, error)
        return []
      }
    })
    return (await Promise.all(asked)).flat()
  }

  /**
   * Tells every authority that the node whose key this asks with leaves.
   *
   * @returns whether each knows, by its id in lowercase hex
   * @throws DirectoryError WRONG_STATE without a key
   */
  async leave(): Promise<ReadonlyMap<string, boolean>> {
    const seed = this.#seed
    if (seed === undefined) throw new DirectoryError('WRONG_STATE', 'leave: want the key of the node')
    const { newest } = this
    const now = this.#clock.now()
    const epoch = epochAt(newest, now)
    const serial = Math.floor(now - epochStart(newest, epoch))
    const signed = signLeave(newest.name, { id: this.#link.id, epoch, serial }, message =>
      ed25519Sign(seed, message),
    )
    const request = { ask: 'leave', note: writeLeave(signed) } as const
    const told = new Map<string, boolean>()
    for (const authority of newest.authorities) {
      try {
        await this.#ask(authority, request, { timeoutMs: requestMs, maxBytes: maxLeaveBytes })
        told.set(hex(authority.id), true)
      } catch (error) {
        refusalOf(authority, error)
        told.set(hex(authority.id), false)
      }
    }
    return told
  }

  /** Closes the host. */
  close(): Promise<void> {
    return this.#link.close()
  }

  #judge(bytes: Uint8Array): Verdict {
    return judge(this.#succession, bytes, this.#clock.now())
  }

  /** Takes the first authority's document that `accept` takes. */
  async #fetch<T>(epoch: number | undefined, accept: (bytes: Uint8Array) => T): Promise<T> {
    const refusals: Refusal[] = []
    for (const authority of this.#succession.everybody.authorities) {
      try {
        const bytes = await this.#ask(authority, { ask: 'document', epoch: epoch ?? null })
        try {
          return accept(bytes)
        } catch (error) {
          if (!(error instanceof DirectoryError && error.code === 'WRONG_AUTHORITIES')) throw error
          if (!(await this.#follow(authority))) throw error
          return accept(bytes)
        }
      } catch (error) {
        refusals.push(refusalOf(authority, error))
      }
    }
    const answers = refusals.filter(({ answered }) => answered)
    const isNowhere = answers.length > 0 && answers.every(({ code }) => code === 'UNAVAILABLE')
    const says = refusals.map(refusal => refusal.says).join('; ')
    throw new DirectoryError(isNowhere ? 'UNAVAILABLE' : 'NO_ANSWER', says)
  }

  /** Learns what an authority knows of changes. */
  #follow(authority: Peer): Promise<boolean> {
    const ask = (after: number | null): Promise<Uint8Array> => this.#ask(authority, { ask: 'change', after })
    return followChanges(this.#succession, ask, async () => {})
  }

  async #ask(
    authority: Peer,
    request: DirectoryRequest,
    limits: { readonly timeoutMs: number; readonly maxBytes: number } = {
      timeoutMs: requestMs,
      maxBytes: maxAnswerBytes,
    },
  ): Promise<Uint8Array> {
    return readAnswer(await this.#link.request(authority, directoryProtocol, writeRequest(request), limits))
  }
}

function isOfUnknownSet({ checks }: Verdict): boolean {
  return checks.some(({ holds, detail }) => !holds && detail.endsWith('(WRONG_AUTHORITIES)'))
}

interface Refusal {
  readonly code: string
  /** It was reached, and said no. */
  readonly answered: boolean
  readonly says: string
}

/** Why an authority gave nothing; an error of another kind is thrown on. */
function refusalOf({ id }: Peer, error: unknown): Refusal {
  if (!(error instanceof LinkError || error instanceof DirectoryError)) throw error
  const { code, message } = error
  const says = `authority ${hex(id).slice(0, 8)}: ${message} (${code})`
  return { code, answered: error instanceof DirectoryError, says }
}

/**
 * Starts a host that asks the authorities of a network and serves nothing. Its `close` ends it.
 *
 * @throws LinkError where no host can be started
 */
export async function openInquiry(network: Network, options: InquiryOptions = {}): Promise<Inquiry> {
  const { seed, clock = systemClock } = options
  const link = await startHost({
    seed,
    listen: [],
    cellBytes: geometry(network).packetBytes,
    clock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'client',
  })
  return new Inquiry(network, link, clock, seed)
}

/**
 * Follows the changes of the authorities: from the pinned ones along the documents in which they changed.
 *
 * @returns the network with the authorities of now
 * @throws DirectoryError UNAVAILABLE, NO_ANSWER when no authority of any time answers
 */
export async function followedNetwork(network: Network): Promise<Network> {
  const inquiry = await openInquiry(network)
  try {
    await inquiry.consensus()
    return inquiry.newest
  } finally {
    await inquiry.close()
  }
}
