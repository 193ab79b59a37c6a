// Descriptors between authorities (docs/spec/directory-nodes.md 5.3): before they close, each asks the others for nodes
// that reached only them, and the table for nodes that reached none.

import { hex } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { type Descriptor, readDescriptor, writeDescriptor } from '../documents/descriptor.ts'
import { readDescriptors } from '../documents/exchange.ts'
import { epochAt, epochStart, type Network, phaseEnds } from '../documents/network.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { descriptorKey } from '../follow/table.ts'
import { lookAgain } from '../own-moments.ts'
import type { AuthorityPeers } from './peers.ts'
import type { Rounds } from './rounds.ts'

export interface GossipInit {
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  readonly link: Link
  readonly peers: AuthorityPeers
  readonly rounds: Rounds
  /** The document of now. */
  readonly current: () => View | undefined
  /** Lets a descriptor in. @throws DirectoryError */
  readonly take: (descriptor: Descriptor) => Promise<void>
}

/** Descriptors looked for in the table, a round, and milliseconds for each. */
const mostSearched = 32
const searchMs = 2000

/** Answers of `missing` stay under this, bytes. */
const mostAnswer = 3 * 1024 * 1024

export class Gossip {
  readonly #init: GossipInit
  #timer: Timer | undefined
  #closed = false

  constructor(init: GossipInit) {
    this.#init = init
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** Descriptors for an epoch's document, without those of these nodes. */
  missing(epoch: number, have: readonly Uint8Array[]): Uint8Array[] {
    const known = new Set(have.map(hex))
    let left = mostAnswer
    return [...(this.#taken(epoch)?.entries() ?? [])]
      .filter(([id]) => !known.has(id))
      .map(([, descriptor]) => writeDescriptor(descriptor))
      .filter(bytes => {
        left -= bytes.length + 3
        return left > 0
      })
  }

  /** Plans to ask in the round that has begun. */
  plan(): void {
    const { network, clock, peers } = this.#init
    this.#timer?.cancel()
    if (this.#closed) return
    const now = clock.now()
    const epoch = epochAt(network, now)
    const at = epochStart(network, epoch + phaseEnds.descriptors * 0.75)
    if (now < at) {
      this.#timer = lookAgain(clock, at, () => this.plan())
      return
    }
    this.#timer = clock.after(0, () => {
      for (const peer of peers.others) void this.#ask(peer, epoch + 1)
      this.#search(epoch + 1).catch((error: unknown) => {
        this.#init.log.error(
          { why: String(error) },
          'authority: a descriptor from the table could not be kept',
        )
      })
    })
  }

  /** A node that reaches no authority puts its descriptor into the table; the consensus says whose are lacking. */
  async #search(epoch: number): Promise<void> {
    const { network, link, current, take } = this.#init
    const known = this.#taken(epoch)
    const lacking = [...(current()?.nodes.values() ?? [])].filter(({ id }) => known?.has(hex(id)) === false)
    for (const { id } of lacking.slice(0, mostSearched)) {
      const found = await link.dht.get(descriptorKey(network.name, epoch, id), { timeoutMs: searchMs })
      if (found === undefined || this.#closed) continue
      await take(readDescriptor(found)).catch((error: unknown) => {
        if (!(error instanceof DirectoryError)) throw error
      })
    }
  }

  #taken(epoch: number): ReadonlyMap<string, Descriptor> | undefined {
    const { rounds } = this.#init
    const state = rounds.state(rounds.roundFor(epoch))
    return state?.at === 'descriptors' ? state.descriptors.get(epoch) : undefined
  }

  async #ask(peer: Peer, epoch: number): Promise<void> {
    const { peers, log, take } = this.#init
    const taken = this.#taken(epoch)
    if (taken === undefined) return
    const have = [...taken.values()].map(({ stable }) => stable.id)
    try {
      for (const bytes of readDescriptors(await peers.ask(peer, { ask: 'missing', epoch, have }))) {
        await take(readDescriptor(bytes)).catch((error: unknown) => {
          if (!(error instanceof DirectoryError)) throw error
        })
      }
    } catch (error) {
      log.debug({ authority: hex(peer.id), why: String(error) }, 'authority: no descriptors came')
    }
  }
}
