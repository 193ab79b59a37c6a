// Planted defects of `npm run chaos -- replay`: what a node is handed to keep its tags with, each with one promise
// of docs/spec/node.md 3, not kept.

import type { Files, Journal } from '../../node/files.ts'
import type { NodeLimits } from '../../node/limits.ts'
import { tagBytes } from '../../node/relay/tags.ts'

/** Remembers tags for a node. */
export interface Memory {
  readonly files: Files
  readonly limits: Partial<NodeLimits>
}

type Append = Journal['append']

/** Long enough for a packet to leave in between. */
const behindMs = 30
const journalName = /^replay-(\d+)\.tags$/

export const defects: Readonly<Record<string, (memory: Memory) => Memory>> = {
  /** Tags are in memory only. */
  'journal-not-written': withAppend(() => async () => {}),

  /** Packets leave first, their tags are written later. */
  'journal-after-forwarding': withAppend(append => async records => {
    const late = records.slice()
    setTimeout(() => void append(late).catch(() => {}), behindMs)
  }),

  /** The last of a batch of tags is not written. */
  'last-of-batch-lost': withAppend(
    append => records => append(records.length > tagBytes ? records.subarray(0, -tagBytes) : records),
  ),

  /** A node that starts again begins its journals anew. */
  'journal-not-read': ({ files, limits }) => ({
    limits,
    files: {
      ...files,
      journal: async (name, ...sizes) => {
        await empty(files, name)
        return files.journal(name, ...sizes)
      },
    },
  }),

  /** A key's tags go when the next key's journal is made, and not with the key. */
  'tags-lost-at-rotation': ({ files, limits }) => ({
    limits,
    files: {
      ...files,
      journal: async (name, ...sizes) => {
        const journal = await files.journal(name, ...sizes)
        for (const other of journal.written.length > tagBytes ? [] : await files.list())
          if (epochOf(other) < epochOf(name)) await empty(files, other)
        return journal
      },
    },
  }),

  /** A start of the machine is taken for a start of the process. */
  'machine-start-unnoticed': ({ files, limits }) => ({ limits, files: { ...files, boot: 'always' } }),

  /** As many tags as come. */
  'no-bound': ({ files, limits }) => ({ files, limits: { ...limits, tagsPerKey: 1_000_000 } }),
}

function withAppend(change: (append: Append) => Append): (memory: Memory) => Memory {
  return ({ files, limits }) => ({
    limits,
    files: {
      ...files,
      journal: async (...args) => {
        const journal = await files.journal(...args)
        return { ...journal, append: change(journal.append) }
      },
    },
  })
}

/** Leaves of a journal what it begins with: the mark of the machine's start. */
async function empty(files: Files, name: string): Promise<void> {
  const begin = (await files.read(name, Number.POSITIVE_INFINITY))?.slice(0, tagBytes)
  if (begin !== undefined) await files.write(name, begin)
}

/** Reads the epoch of a file; one that is no journal is never less than another. */
function epochOf(name: string): number {
  return Number(journalName.exec(name)?.[1] ?? Number.NaN)
}
