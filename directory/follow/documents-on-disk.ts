// The documents of a node or client on its disk (docs/spec/directory-travel.md 10): the newest, the log of them, all that
// handed over to other authorities, and contradictions. A disk that refuses costs no document that is held in memory.

import type { Log } from '../../world/log.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import { changes } from '../documents/authority-set.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { HeldDocument } from './held-documents.ts'
import { type StoredSplit, storedSplits, storeSplit } from './splits-on-disk.ts'

const number = (epoch: number): string => String(epoch).padStart(16, '0')

/** Keys of a store in the order of their epochs. */
export function documentKey(epoch: number): string {
  return `document/${number(epoch)}`
}

/** Changes of the authorities stay, as long as anybody may have an old configuration. */
export function changeKey(epoch: number): string {
  return `change/${number(epoch)}`
}

/** Key of the end of the log. */
export const logKey = 'log'

export class DocumentsOnDisk {
  readonly #store: Store | undefined
  readonly #log: Log

  /** @param store without one nothing outlives the process */
  constructor(store: Store | undefined, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Documents that handed over, oldest first. */
  async changes(): Promise<Uint8Array[]> {
    return this.#valuesUnder('change/')
  }

  async documents(): Promise<Uint8Array[]> {
    return this.#valuesUnder('document/')
  }

  async splits(networkFor: NetworkFor): Promise<StoredSplit[]> {
    return this.#store === undefined ? [] : storedSplits(this.#store, networkFor)
  }

  /** Reads the log as it was when the newest document came. */
  async log(): Promise<Uint8Array | undefined> {
    return this.#store?.get(logKey)
  }

  /** A document that came, in the place of old ones, and the log up to the newest one, where it is known. */
  async put({ view, document, bytes }: HeldDocument, log: Uint8Array | undefined): Promise<void> {
    await this.#try(async store => {
      if (log !== undefined) await store.put(logKey, log)
      await store.put(documentKey(view.epoch), bytes)
      if (changes(document.body) !== undefined) await store.put(changeKey(view.epoch), bytes)
      await store.clear({ gte: documentKey(0), lt: documentKey(Math.max(0, view.epoch - 2)) })
    })
  }

  async putChange(epoch: number, bytes: Uint8Array): Promise<void> {
    await this.#try(store => store.put(changeKey(epoch), bytes))
  }

  async putSplit(split: StoredSplit): Promise<void> {
    await this.#try(store => storeSplit(store, split))
  }

  async #valuesUnder(prefix: string): Promise<Uint8Array[]> {
    if (this.#store === undefined) return []
    return (await entriesUnder(this.#store, prefix)).map(([, value]) => value)
  }

  async #try(write: (store: Store) => Promise<void>): Promise<void> {
    try {
      if (this.#store !== undefined) await write(this.#store)
    } catch (error) {
      this.#log.warn({ why: String(error) }, 'directory: the document could not be stored')
    }
  }
}
