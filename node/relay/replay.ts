// No packet leaves this node twice: the tags that each packet key has seen, in memory and in a journal that
// survives SIGKILL (docs/spec/node.md 3).

import * as crypto from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import { turns } from '../../world/turns.ts'
import type { Epoch } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Files, Journal } from '../files.ts'
import { type TagSet, tagBytes, tagSet } from './tags.ts'

const journalName = /^replay-(\d{1,15})\.tags$/

/** `seen` is a replay. `full` has no room to be remembered, so it must not be let through. */
export type Freshness = 'new' | 'seen' | 'full'

export interface ReplayStore {
  /**
   * Makes or reloads the tags of an epoch's key; an epoch that is open stays as it is.
   *
   * @returns `incomplete` when the machine started anew since the journal was last written: the system may have
   *   lost its end; `too long` when it has more tags than one key may remember now. Either way the key must be retired
   * @throws NodeError FOLDER
   */
  open(epoch: Epoch): Promise<'ready' | 'incomplete' | 'too long'>
  /** Remembers a tag (32 bytes, the store's to keep). An epoch that is not open is `full`. */
  admit(epoch: Epoch, tag: Uint8Array): Freshness
  /**
   * Resolves when every tag admitted before the call is in its journal. Calls made while a write is on its way
   * share the next one.
   *
   * @throws NodeError FOLDER: the tags stay remembered, and are written with the next flush
   */
  flush(): Promise<void>
  /** Forgets the tags of every epoch before this one, whose keys are gone. */
  free(before: Epoch): Promise<void>
  /** Counts the tags that are remembered now, all epochs together. */
  readonly size: number
  close(): Promise<void>
}

/** The tags of one epoch's key. */
interface Remembered {
  readonly tags: TagSet
  readonly journal: Journal
  unwritten: Uint8Array[]
}

/**
 * Begins without any epoch: `open` reads its journal.
 *
 * @param options.tagsPerKey the bound: tags one key remembers; memory and journal take 32 to 90 bytes each
 */
export function replayStore(options: { files: Files; random: Random; tagsPerKey: number }): ReplayStore {
  const { files, random, tagsPerKey } = options
  const epochs = new Map<Epoch, Remembered>()
  // a journal starts with the name of the machine's start, in the length of a tag
  const bootMark = crypto.blake2b(new TextEncoder().encode(`chaffinch/boot/v1 ${files.boot}`), tagBytes)
  const maxBytes = (1 + tagsPerKey) * tagBytes

  async function write(): Promise<void> {
    for (const known of epochs.values()) {
      const batch = known.unwritten
      if (batch.length === 0) continue
      known.unwritten = []
      try {
        await known.journal.append(batch.length === 1 ? (batch[0] as Uint8Array) : concat(batch))
      } catch (error) {
        known.unwritten = batch.concat(known.unwritten)
        throw error
      }
    }
  }

  const turn = turns()
  let next: Promise<void> | undefined

  return {
    async open(epoch) {
      if (epochs.has(epoch)) return 'ready'
      const name = fileName(epoch)
      // synced, unlike what is appended: a journal that the machine lost must not look like one of a new key
      if (!(await files.list()).includes(name)) await files.write(name, bootMark)
      const journal = await unlessTooLong(files.journal(name, tagBytes, maxBytes))
      if (journal === undefined) return 'too long'
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
      next ??= turn(() => {
        next = undefined
        return write()
      })
      return next
    },
    free: before =>
      turn(async () => {
        for (const [epoch, known] of epochs) {
          if (epoch >= before) continue
          epochs.delete(epoch)
          await known.journal.close()
        }
        for (const name of await files.list())
          if (Number(journalName.exec(name)?.[1] ?? Number.NaN) < before) await files.remove(name)
      }),
    get size() {
      return [...epochs.values()].reduce((sum, { tags }) => sum + tags.size, 0)
    },
    close: () =>
      turn(async () => {
        for (const { journal } of epochs.values()) await journal.close()
        epochs.clear()
      }),
  }
}

function fileName(epoch: Epoch): string {
  return `replay-${epoch}.tags`
}

/** More tags than there is room for are none that this key could go on from: it is over, and the node is not. */
async function unlessTooLong(opening: Promise<Journal>): Promise<Journal | undefined> {
  try {
    return await opening
  } catch (error) {
    if (error instanceof NodeError && error.code === 'BAD_FILE') return undefined
    throw error
  }
}
