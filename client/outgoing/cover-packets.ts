// What leaves at a tick with nothing to say (docs/spec/client-clocks.md 8.2). A control overrides `make`, a trial that
// counts what comes `drop` and `own`.

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
  /** Says whether something of it comes to the own mailbox, under `made.replyId`: its acknowledgement, or itself. */
  readonly comesBack: boolean
}

export class CoverPackets {
  static drop: typeof dropPacket = dropPacket
  static own: typeof ownPacket = ownPacket
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
   * Makes what leaves at a tick of this clock. The loop clock's are messages to the own mailbox; what really came there
   * takes the place of one, so that as much comes to the mailbox whether somebody writes or not. Acknowledgements are
   * the other clocks' alone: one that followed a message to oneself, and no other, would tell the two apart.
   *
   * @param now wall time
   * @throws ClientError NO_PATH, NO_CONSENSUS
   */
  make(around: Surroundings, name: 'payload' | 'loop' | 'drop', now: number): Cover {
    if (name === 'loop') {
      // Gateways that are not the home have a share of them, so that there too what comes is not all somebody's
      const isAside = around.asides.length > 0 && fraction(around.random) < asideShare
      if (this.#arrivals.takesPlace(isAside ? 'aside' : 'message'))
        return { made: CoverPackets.drop(around, now, false), comesBack: false }
      const at = isAside ? pick(around.random, around.asides) : around.home
      const size = fragmentBytes(around.g, 'forward', this.#sealing.overhead)
      const user = this.#sealing.seal(this.#sealingKey, around.random(size), around.random)
      const made = CoverPackets.own(around, user, now, at)
      return { made: { ...made, replyId: this.#arrivals.expect(user) }, comesBack: true }
    }
    const comesBack = !this.#arrivals.takesPlace('answer')
    return { made: CoverPackets.drop(around, now, comesBack), comesBack }
  }
}
