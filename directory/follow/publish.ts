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

/** So many of the nodes, on average, put the pointer, and say that they have the document. Authorities always do. */
const [putters, providers] = [3, 8]
const putMs = 10 * second

export class Publisher {
  readonly #init: PublisherInit
  readonly #timers = new Set<Timer>()
  readonly #always: boolean
  readonly #abort = new AbortController()
  readonly #within = { timeoutMs: putMs, signal: this.#abort.signal }

  /** @param always authorities; nodes take turns by chance */
  constructor(init: PublisherInit, always: boolean) {
    this.#init = init
    this.#always = always
  }

  /** A document that came. */
  document({ document, view }: HeldDocument): void {
    const { network, link } = this.#init
    this.#later(async () => {
      if (!this.#chosen(putters, view.nodes.size)) return
      const { body, hash, signatures } = document
      const pointer = writePointer({ epoch: body.epoch, hash, signatures })
      await link.dht.put(consensusKey(network.name, body.epoch), pointer, this.#within)
    })
    this.#later(async () => {
      if (this.#chosen(providers, view.nodes.size)) await link.dht.provide(document.hash, this.#within)
    })
  }

  /** A node's own descriptor. */
  descriptor(descriptor: Descriptor): void {
    const { network, link } = this.#init
    const { epoch, stable } = descriptor
    this.#later(async () => {
      await link.dht.put(
        descriptorKey(network.name, epoch, stable.id),
        writeDescriptor(descriptor),
        this.#within,
      )
    })
  }

  close(): void {
    this.#abort.abort()
    for (const timer of this.#timers) timer.cancel()
  }

  #chosen(wanted: number, nodes: number): boolean {
    return this.#always || fraction(this.#init.random) * nodes < wanted
  }

  /** Within the next 1/64 of an epoch. */
  #later(run: () => Promise<void>): void {
    if (this.#abort.signal.aborted) return
    const { clock, network, random } = this.#init
    const timer = clock.after((network.epochMs / 64) * fraction(random), () => {
      this.#timers.delete(timer)
      return run()
    })
    this.#timers.add(timer)
  }
}
