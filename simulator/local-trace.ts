// Traces what happened in a local network, as far as its protocols speak of it.

/** Something that happened to a role. */
export interface TraceEvent {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  /** `mix 2` */
  readonly who: string
  readonly what: string
}

export class Tracer {
  readonly events: TraceEvent[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(who: string, what: string): void {
    this.events.push({ at: this.#now(), who, what })
  }
}
