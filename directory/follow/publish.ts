// Puts into the table what a host holds (docs/spec/directory-travel.md 10.2), a while after it came, so that not all do
// it at once.

import type { Link } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import { fraction, type Random } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import type { Descriptor } from '../documents/descriptor.ts'
import { writeDescriptor } from '../documents/descriptor.ts'
import type { Network } from '../documents/network.ts'
import type { HeldDocument } from './held-documents.ts'
import { consensusKey, descriptorKey, writePointer } from './table.ts'

export interface PublisherInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
}

/** So many of the nodes, on average, put the pointer, and say that they have the document. */
const [putters, providers] = [2, 4]
/** So many of the authorities, on average, put the pointer. Everybody asks them for the document anyway. */
const authorityPutters = 2
const putMs = 10 * second

export class Publisher {
  readonly #init: PublisherInit
  readonly #timers = new Set<Timer>()
  readonly #isAuthority: boolean
  readonly #abort = new AbortController()
  readonly #within = { timeoutMs: putMs, signal: this.#abort.signal }

  constructor(init: PublisherInit, isAuthority: boolean) {
    this.#init = init
    this.#isAuthority = isAuthority
  }

  /** A document that came. */
  document({ document, view }: HeldDocument): void {
    const { network, link } = this.#init
    const { authorities } = network
    const [wanted, of] = this.#isAuthority
      ? [authorityPutters, authorities.length]
      : [putters, view.nodes.size]
    this.#later(async () => {
      if (!this.#chosen(wanted, of)) return
      const { body, hash, signatures } = document
      const pointer = writePointer({ epoch: body.epoch, hash, signatures })
      await link.dht.put(consensusKey(network.name, body.epoch), pointer, this.#within)
    })
    if (this.#isAuthority) return
    this.#later(async () => {
      if (this.#chosen(providers, view.nodes.size)) await link.dht.provide(document.hash, this.#within)
    })
  }

  /**
   * A node's own descriptor.
   *
   * @param isWanted asked when it is time: whether authorities still lack it
   */
  descriptor(descriptor: Descriptor, isWanted: () => boolean): void {
    const { network, link } = this.#init
    const { epoch, stable } = descriptor
    this.#later(async () => {
      if (!isWanted()) return
      await link.dht.put(
        descriptorKey(network.name, epoch, stable.id),
        writeDescriptor(descriptor),
        this.#within,
      )
    }, 1)
  }

  close(): void {
    this.#abort.abort()
    for (const timer of this.#timers) timer.cancel()
  }

  #chosen(wanted: number, of: number): boolean {
    return fraction(this.#init.random) * of < wanted
  }

  /** Within 1/64 of an epoch, after so many. */
  #later(run: () => Promise<void>, after = 0): void {
    if (this.#abort.signal.aborted) return
    const { clock, network, random } = this.#init
    const timer = clock.after((network.epochMs / 64) * (after + fraction(random)), () => {
      this.#timers.delete(timer)
      return run()
    })
    this.#timers.add(timer)
  }
}
