// What a client expects to come back: acknowledgements of fragments and drops, and its own loops. From them it
// learns how long the way really takes, and which nodes its losses have in common.

import { hex } from '../../encoding/bytes.ts'
import type { Outbound } from '../packets/packets.ts'
import type { Suspicion } from './suspicion.ts'

export type Sent =
  | { readonly what: 'fragment'; readonly id: string; readonly index: number; readonly attempt: number }
  | { readonly what: 'loop' }
  /** To the gateway that sends an answer on. */
  | { readonly what: 'answer' }
  | { readonly what: 'drop' }

/** Tells what became of a packet of cover that was to come back. */
export interface LoopFate {
  /** The nodes that it passed, there and back, lowercase hex; a node may be named twice. */
  readonly nodes: readonly string[]
  /** Says whether it came back in its time. */
  readonly returned: boolean
}

interface Expected {
  readonly sent: Sent
  readonly nodes: readonly string[]
  readonly far: string
  readonly sentAt: number
  readonly roundTripMs: number
  /** When it counts as lost. */
  readonly due: number
  lost: boolean
}

/** Packets that are remembered; what is older comes back unknown. */
const most = 8192
/** Something may still come back and be known this long after its time, milliseconds. */
const lateMs = 60_000
/** Slack before anything was measured, and the least ever, milliseconds. */
const firstSlackMs = 2500
const leastSlackMs = 750
/** So many packets of cover lost with nothing that came back in between: the way is shut, not bad. */
const silentAfter = 8

export class Returns {
  readonly #suspicion: Suspicion
  readonly #mostSlackMs: () => number
  readonly #batchesMs: () => number
  readonly #openSince: () => number | undefined
  readonly #onLoop: (returned: boolean, nodes: readonly string[]) => void
  /** By the lowercase hex of the reply id, in order of sending. */
  readonly #expected = new Map<string, Expected>()
  /** Like the estimate of RFC 6298, of what a round trip took beyond the delays drawn. */
  #smoothed: number | undefined
  #variation = 0
  readonly loops: { sent: number; returned: number } = { sent: 0, returned: 0 }
  readonly #onRevived: () => void
  /** Packets of cover that were lost since anything came back. */
  #lostInARow = 0
  /** The nodes that were doubted when `losesAnother` was asked last. */
  #doubted: ReadonlySet<string> = new Set()

  /**
   * @param mostSlackMs what takes longer waited for a gateway that was away, and tells nothing of the way
   * @param batchesMs what mixing in batches may add to a round trip
   * @param openSince since when what comes back is read; what left before then says nothing of the way
   * @param onLoop told of each loop whether it came back in its time, and which nodes it passed
   * @param onRevived told when something comes back after a time in which nothing did
   */
  constructor(
    suspicion: Suspicion,
    mostSlackMs: () => number,
    batchesMs: () => number = () => 0,
    openSince: () => number | undefined = () => Number.NEGATIVE_INFINITY,
    onLoop: (returned: boolean, nodes: readonly string[]) => void = () => {},
    onRevived: () => void = () => {},
  ) {
    this.#onLoop = onLoop
    this.#onRevived = onRevived
    this.#suspicion = suspicion
    this.#mostSlackMs = mostSlackMs
    this.#batchesMs = batchesMs
    this.#openSince = openSince
  }

  /** The time that a round trip is given beyond the delays drawn, milliseconds. */
  get slackMs(): number {
    if (this.#smoothed === undefined) return firstSlackMs + this.#batchesMs()
    // The wait for a tick of the read clock is exponential: six mean deviations leave one in two hundred behind
    return Math.min(this.#mostSlackMs(), Math.max(leastSlackMs, this.#smoothed + 6 * this.#variation))
  }

  /**
   * Tells that nothing comes back: the entry passes nothing on, the home is away, or whatever lies between. One without
   * cover cannot know.
   */
  get isSilent(): boolean {
    return this.#lostInARow >= silentAfter
  }

  /** Tells that some node on the ways has died of late, though not all: it is on what others made before. */
  losesSome(now: number): boolean {
    return !this.isSilent && this.#suspicion.doubted(now).length > 0
  }

  /** Tells that another node has died since this was asked last: it is on what this client made before. */
  losesAnother(now: number): boolean {
    if (this.isSilent) return false
    const doubted = this.#suspicion.doubted(now)
    const isNew = doubted.some(id => !this.#doubted.has(id))
    this.#doubted = new Set(doubted)
    return isNew
  }

  /** Something has left. */
  expect(sent: Sent, packet: Outbound, now: number): void {
    if (sent.what === 'loop') this.loops.sent++
    const { nodes, far, roundTripMs } = packet
    const due = now + roundTripMs + this.slackMs
    this.#expected.set(hex(packet.replyId), { sent, nodes, far, sentAt: now, roundTripMs, due, lost: false })
    if (this.#expected.size > most) {
      const [oldest] = this.#expected.keys()
      this.#expected.delete(oldest as string)
    }
  }

  /**
   * Something came back under this reply id; undefined when it is none of these.
   *
   * @returns with the far gateway, lowercase hex, that sent it back, and when it had left
   */
  returned(
    replyId: string,
    now: number,
  ): { readonly sent: Sent; readonly far: string; readonly sentAt: number } | undefined {
    const expected = this.#expected.get(replyId)
    if (expected === undefined) return undefined
    this.#expected.delete(replyId)
    const wasSilent = this.isSilent
    this.#lostInARow = 0
    if (expected.sent.what === 'loop') {
      this.#suspicion.acknowledged(expected.nodes, now, expected.far)
      this.#onLoop(true, expected.nodes)
    }
    if (this.#wasOpen(expected)) this.#measure(Math.max(0, now - expected.sentAt - expected.roundTripMs))
    if (expected.sent.what === 'loop') this.loops.returned++
    if (wasSilent) this.#onRevived()
    const { sent, far, sentAt } = expected
    return { sent, far, sentAt }
  }

  /** Counts what is overdue as lost, and forgets what is long overdue. */
  sweep(now: number): void {
    for (const [replyId, expected] of this.#expected) {
      if (!expected.lost && expected.due <= now) {
        expected.lost = true
        if (expected.sent.what === 'loop' || expected.sent.what === 'drop') this.#lostInARow++
        // A message's can be withheld by whoever runs the receiver's gateway, who would choose our paths so
        if (expected.sent.what === 'loop' && this.#wasOpen(expected)) {
          this.#suspicion.lost(expected.nodes, now, expected.far)
          this.#onLoop(false, expected.nodes)
        }
      }
      if (expected.due + lateMs <= now) this.#expected.delete(replyId)
    }
  }

  /** Tells whether the home was open all the while. */
  #wasOpen({ sentAt }: Expected): boolean {
    const since = this.#openSince()
    return since !== undefined && since <= sentAt
  }

  #measure(taken: number): void {
    const extra = Math.min(taken, this.#mostSlackMs())
    if (this.#smoothed === undefined) {
      this.#smoothed = extra
      this.#variation = extra / 2
      return
    }
    this.#variation += (Math.abs(this.#smoothed - extra) - this.#variation) / 4
    this.#smoothed += (extra - this.#smoothed) / 8
  }
}
