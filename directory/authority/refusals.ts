// Counts what an authority refused, by code.

import type { DirectoryError, DirectoryErrorCode } from '../error.ts'

export type RefusalCounts = Readonly<Partial<Record<DirectoryErrorCode, number>>>

export class Refusals {
  readonly #counts: Partial<Record<DirectoryErrorCode, number>> = {}

  get counts(): RefusalCounts {
    return { ...this.#counts }
  }

  count({ code }: DirectoryError): void {
    // Whoever waits for a document asks for it before it is there.
    if (code === 'UNAVAILABLE') return
    this.#counts[code] = (this.#counts[code] ?? 0) + 1
  }
}
