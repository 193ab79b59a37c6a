// Where clients send in rounds, those that came since the last epoch began begin together, in the first round of the
// next (docs/spec/client-clocks.md 8.4): who begins alone is seen to.

/** Decides from when on packets leave in every round. */
export class CommonStart {
  readonly #epoch: () => number
  readonly #isReady: () => boolean
  /** In which it last looked; undefined before: it has sent by other clocks until now. */
  #seen: number | undefined
  #takesPart = false

  /**
   * @param epoch by the clock
   * @param isReady tells whether packets can leave, and what comes back is read
   */
  constructor(epoch: () => number, isReady: () => boolean) {
    this.#epoch = epoch
    this.#isReady = isReady
  }

  /** The rounds begin. @param sends packets have left until now: whoever sends already need not wait */
  begin(sends: boolean): void {
    this.#takesPart = false
    this.#seen = sends ? undefined : this.#epoch()
  }

  /** Asked in each round: whether a packet leaves in it. Who takes part goes on, as well as it can. */
  takesPart(): boolean {
    const epoch = this.#epoch()
    if (epoch !== this.#seen) this.#takesPart ||= this.#isReady()
    this.#seen = epoch
    return this.#takesPart
  }
}
