// The documents on an authority's disk (docs/spec/directory-voting.md 8.8), and the log of them from its first entry on
// (docs/spec/directory-log.md 14.3).

import { entriesUnder, type Store } from '../../world/store.ts'
import type { LogStretch } from '../documents/log.ts'
import { changeKey, documentKey, logKey } from '../follow/documents-on-disk.ts'

const pageKey = (first: number): string => `log-page/${String(first).padStart(16, '0')}`

export class AuthorityDocuments {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Reads all documents that are there, oldest first. */
  async all(): Promise<Uint8Array[]> {
    return (await entriesUnder(this.#store, 'document/')).map(([, value]) => value)
  }

  /** Reads the document of an epoch. */
  async get(epoch: number): Promise<Uint8Array | undefined> {
    return this.#store.get(documentKey(epoch))
  }

  /**
   * Writes down a document.
   *
   * @param with `change` says whether it hands over to other authorities: then it stays; `log` is the end of the log
   * with it
   */
  async put(
    epoch: number,
    bytes: Uint8Array,
    { change, log }: { readonly change: boolean; readonly log: Uint8Array | undefined },
  ): Promise<void> {
    await this.#store.put(documentKey(epoch), bytes)
    if (log !== undefined) await this.#store.put(logKey, log)
    if (change) await this.putChange(epoch, bytes)
  }

  /** Reads the end of the log as it was when the newest document came. */
  async log(): Promise<Uint8Array | undefined> {
    return this.#store.get(logKey)
  }

  /** Writes down a page of the log, for ever. */
  async putLogPage(page: LogStretch): Promise<void> {
    await this.#store.put(pageKey(page.from.size), page.write())
  }

  /** Reads the page of the log that begins with an entry. */
  async logPage(first: number): Promise<Uint8Array | undefined> {
    return this.#store.get(pageKey(first))
  }

  /** Writes down a document that handed over, for ever. */
  async putChange(epoch: number, bytes: Uint8Array): Promise<void> {
    await this.#store.put(changeKey(epoch), bytes)
  }

  /** Documents that handed over, oldest first. */
  async changes(): Promise<Uint8Array[]> {
    return (await entriesUnder(this.#store, 'change/')).map(([, value]) => value)
  }
}
