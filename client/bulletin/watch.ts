// Whether gateways show what they should (docs/spec/bulletin.md 8): an entry that another gateway has shown, or that
// a service has acknowledged, must turn up on every board that is read to its end. Bounded, without I/O.

export interface GatewayRecord {
  /** Entries that it showed. */
  shown: number
  /** Entries that it did not show although it had the time. */
  missing: number
  /** Entries that are none of their topic: it made them up, or did not check them. */
  forged: number
}

/** The longest that gossip, disturbed or not, may take, milliseconds. */
export const patienceMs = 60_000
/** Entries that are looked out for. */
const mostExpected = 2048

interface Expected {
  readonly since: number
  readonly shownBy: Set<string>
  readonly missingAt: Set<string>
}

export class GatewayWatch {
  /** By the entry's id, the oldest first. */
  readonly #expected = new Map<string, Expected>()
  readonly #records = new Map<string, GatewayRecord>()
  /** Since when each board is read without a break. */
  readonly #readSince = new Map<string, number>()

  record(gateway: string): GatewayRecord {
    const record = this.#records.get(gateway) ?? { shown: 0, missing: 0, forged: 0 }
    this.#records.set(gateway, record)
    return record
  }

  /** A service has acknowledged an entry of ours. */
  published(id: string, now: number): void {
    this.#expect(id, now)
  }

  /** A gateway shows an entry. */
  shown(gateway: string, id: string, now: number): void {
    const expected = this.#expect(id, now)
    if (expected.shownBy.has(gateway)) return
    expected.shownBy.add(gateway)
    this.record(gateway).shown++
  }

  /** A board has been opened: what was before is not its fault. */
  opened(gateway: string, now: number): void {
    this.#readSince.set(gateway, now)
  }

  /** A board has been read to its end. @returns the entries that are found missing now */
  readToEnd(gateway: string, now: number): string[] {
    const since = this.#readSince.get(gateway)
    if (since === undefined) return []
    const missing: string[] = []
    for (const [id, expected] of this.#expected) {
      if (expected.since + patienceMs > now) break
      if (expected.since < since || expected.shownBy.has(gateway) || expected.missingAt.has(gateway)) continue
      expected.missingAt.add(gateway)
      this.record(gateway).missing++
      missing.push(id)
    }
    return missing
  }

  #expect(id: string, now: number): Expected {
    const expected = this.#expected.get(id) ?? { since: now, shownBy: new Set(), missingAt: new Set() }
    this.#expected.set(id, expected)
    if (this.#expected.size > mostExpected) {
      this.#expected.delete(this.#expected.keys().next().value as string)
    }
    return expected
  }
}
