// No packet leaves this node twice: the tags that each packet key has seen, in memory and in a journal that
// survives SIGKILL (docs/spec/node.md 3).

import * as crypto from '#crypto'
import type { Random } from '../../world/random.ts'
import type { Files, Journal } from '../files.ts'
import { type TagSet, tagBytes, tagSet } from './tags.ts'

const journalName = /^replay-(\d{1,15})\.tags$/

/** `seen`: a replay. `full`: no room to remember it, so it must not be let through. */
export type Admission = 'new' | 'seen' | 'full'

export interface ReplayStore {
  /**
   * Makes or reloads the tags of an epoch's key; an epoch that is open stays as it is.
   *
   * @returns `incomplete` when the machine started anew since the journal was last written: the system may have
   *   lost its end, and the key must be retired
   * @throws NodeError FOLDER, BAD_FILE
   */
  open(epoch: number): Promise<'ready' | 'incomplete'>
  /** Remembers a tag (32 bytes, the store's to keep). An epoch that is not open is `full`. */
  admit(epoch: number, tag: Uint8Array): Admission
  /**
   * Resolves when every tag admitted before the call is in its journal. Calls made while a write is on its way
   * share the next one.
   *
   * @throws NodeError FOLDER: the tags stay remembered, and are written with the next flush
   */
  flush(): Promise<void>
  /** Forgets the tags of every epoch before this one, whose keys are gone. */
  free(before: number): Promise<void>
  /** Tags remembered now, all epochs together. */
  readonly size: number
  close(): Promise<void>
}

interface Epoch {
  readonly tags: TagSet
  readonly journal: Journal
  unwritten: Uint8Array[]
}

/**
 * @param options.tagsPerKey the bound: tags one key remembers; memory and journal take 32 to 90 bytes each
 */
export function replayStore(options: { files: Files; random: Random; tagsPerKey: number }): ReplayStore {
  const { files, random, tagsPerKey } = options
  const epochs = new Map<number, Epoch>()
  // a journal starts with the name of the machine's start, in the length of a tag
  const bootMark = crypto.blake2b(new TextEncoder().encode(`chaffinch/boot/v1 ${files.boot}`), tagBytes)
  const maxBytes = (1 + tagsPerKey) * tagBytes

  async function write(): Promise<void> {
    for (const epoch of epochs.values()) {
      const batch = epoch.unwritten
      if (batch.length === 0) continue
      epoch.unwritten = []
      try {
        await epoch.journal.append(batch.length === 1 ? (batch[0] as Uint8Array) : Buffer.concat(batch))
      } catch (error) {
        epoch.unwritten = batch.concat(epoch.unwritten)
        throw error
      }
    }
  }

  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  const settled = (): Promise<void> => running.catch(() => {})

  return {
    async open(epoch) {
      if (epochs.has(epoch)) return 'ready'
      const name = fileName(epoch)
      // synced, unlike what is appended: a journal that the machine lost must not look like one of a new key
      if (!(await files.list()).includes(name)) await files.write(name, bootMark)
      const journal = await files.journal(name, tagBytes, maxBytes)
      if (!crypto.equal(journal.written.subarray(0, tagBytes), bootMark)) {
        await journal.close()
        return 'incomplete'
      }
      const tags = tagSet(random)
      for (let at = tagBytes; at < journal.written.length; at += tagBytes) {
        const tag = journal.written.subarray(at, at + tagBytes)
        if (!tags.has(tag)) tags.add(tag)
      }
      epochs.set(epoch, { tags, journal, unwritten: [] })
      return 'ready'
    },
    admit(epoch, tag) {
      const known = epochs.get(epoch)
      if (known === undefined) return 'full'
      if (known.tags.has(tag)) return 'seen'
      if (known.tags.size >= tagsPerKey) return 'full'
      known.tags.add(tag)
      known.unwritten.push(tag)
      return 'new'
    },
    flush() {
      next ??= settled().then(() => {
        running = write()
        next = undefined
        return running
      })
      return next
    },
    async free(before) {
      await settled()
      for (const [epoch, known] of epochs) {
        if (epoch >= before) continue
        epochs.delete(epoch)
        await known.journal.close()
      }
      for (const name of await files.list())
        if (Number(journalName.exec(name)?.[1] ?? Number.NaN) < before) await files.remove(name)
    },
    get size() {
      return [...epochs.values()].reduce((sum, epoch) => sum + epoch.tags.size, 0)
    },
    async close() {
      await settled()
      for (const epoch of epochs.values()) await epoch.journal.close()
      epochs.clear()
    },
  }
}

function fileName(epoch: number): string {
  return `replay-${epoch}.tags`
}
