// What leaves at a tick with nothing to say (docs/spec/client-clocks.md 8.2). A control overrides `make`.

import { fraction, pick } from '../../world/random.ts'
import { fragmentBytes } from '../packets/fragments.ts'
import { dropPacket, type Outbound, ownPacket, type Surroundings } from '../packets/packets.ts'
import type { Sealing } from '../packets/sealing.ts'
import type { Arrivals } from './arrivals.ts'

/** So many of the messages to oneself go to the other gateways that keep mail. */
const asideShare = 1 / 4

/** A packet of cover. */
export interface Cover {
  readonly made: Outbound
  /** Says whether its acknowledgement comes to the own mailbox. */
  readonly comesBack: boolean
}

export class CoverPackets {
  readonly #arrivals: Arrivals
  readonly #sealing: Sealing
  readonly #sealingKey: Uint8Array

  /** @param sealingKey 32 bytes: the client's own, for messages to itself */
  constructor(arrivals: Arrivals, sealing: Sealing, sealingKey: Uint8Array) {
    this.#arrivals = arrivals
    this.#sealing = sealing
    this.#sealingKey = sealingKey
  }

  /**
   * Makes what leaves at a tick of this clock. The loop clock's are messages to the own mailbox, and all come back:
   * what really came there takes the place of one, so that as much comes to the mailbox whether somebody writes or
   * answers or not.
   *
   * @param now wall time
   * @throws ClientError NO_PATH, NO_CONSENSUS
   */
  make(around: Surroundings, name: 'payload' | 'loop' | 'drop', now: number): Cover {
    // Gateways that are not the home have a share of them, so that there too what comes is not all somebody's
    const isAside = around.asides.length > 0 && fraction(around.random) < asideShare
    const at = isAside ? pick(around.random, around.asides) : around.home
    if (name === 'loop' && !this.#arrivals.takesPlace(isAside ? 'aside' : 'message')) {
      const size = fragmentBytes(around.g, 'forward', this.#sealing.overhead)
      const user = this.#sealing.seal(this.#sealingKey, around.random(size), around.random)
      this.#arrivals.expect(user)
      return { made: ownPacket(around, user, now, at), comesBack: true }
    }
    const comesBack = !this.#arrivals.takesPlace('answer')
    return { made: dropPacket(around, now, comesBack), comesBack }
  }
}
