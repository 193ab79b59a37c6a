// The log of documents as somebody holds it (docs/spec/directory-log.md 14.3): the newest entries, up to the newest
// document.

import { emptyEdge } from '../../encoding/merkle.ts'
import { entryOf, type Logged, LogStretch, readLog } from '../documents/log.ts'
import { DirectoryError } from '../error.ts'

export class HeldLog {
  readonly #onPage: (page: LogStretch) => void
  /** The newest document that is known. */
  #newest: Logged | undefined
  /** Ends where its log does; undefined while nobody has told. */
  #stretch: LogStretch | undefined

  /** @param onPage told of each page that is let go of, the oldest first */
  constructor(onPage: (page: LogStretch) => void = () => {}) {
    this.#onPage = onPage
  }

  /** Says whether the newest document's log is not here. */
  get isMissing(): boolean {
    return this.#newest !== undefined && this.#stretch === undefined
  }

  /**
   * Finds the log of a document.
   *
   * @param told what somebody said it is: of use only when it is, which the document's own log shows
   */
  before(document: Logged, told?: Uint8Array): LogStretch | undefined {
    if (document.body.log.size === 0) return LogStretch.of(emptyEdge, [])
    return this.#whole?.before(document) ?? (told === undefined ? undefined : heard(told)?.before(document))
  }

  /** Goes on from a document, when it is the newest. */
  follow(document: Logged, log: LogStretch | undefined): void {
    if (document.body.epoch < (this.#newest?.body.epoch ?? -1)) return
    const trimmed = log?.trimmed()
    this.#newest = document
    this.#stretch = trimmed?.rest
    if (trimmed?.page !== undefined) this.#onPage(trimmed.page)
  }

  /** Takes the log of the newest document from somewhere else. */
  learn(told: Uint8Array): void {
    const found = this.#newest && heard(told)?.before(this.#newest)
    if (found !== undefined) this.#stretch = found
  }

  /** Reads the name that the log, or the newest document, has for an epoch. */
  nameOf(epoch: number): Uint8Array | undefined {
    const newest = this.#newest?.body.epoch === epoch ? this.#newest.hash : undefined
    return newest ?? this.#stretch?.nameOf(epoch)
  }

  /** Writes it with the newest document. @throws DirectoryError UNAVAILABLE where it is not here */
  serve(): Uint8Array {
    const whole = this.#whole
    if (whole === undefined) throw new DirectoryError('UNAVAILABLE', 'the log of documents is not here')
    return whole.write()
  }

  get #whole(): LogStretch | undefined {
    return this.#newest && this.#stretch?.with(entryOf(this.#newest))
  }
}

/** What is no log is as if nothing had been said. */
function heard(bytes: Uint8Array): LogStretch | undefined {
  try {
    return readLog(bytes)
  } catch (error) {
    if (error instanceof DirectoryError) return undefined
    throw error
  }
}
