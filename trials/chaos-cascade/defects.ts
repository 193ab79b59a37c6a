// Planted defects: a suite that cannot fail proves nothing. Each is everybody's program with one check left out, or one
// write too late.

import type { Shelf } from '../../cascade/caller.ts'
import type { Journal } from '../../cascade/journal.ts'
import { type Rules, strict } from '../../cascade/rules.ts'
import { sha256Hex } from '../../cascade/signed.ts'

export interface Defect {
  /** Says that it is looked for among packets; default: among rows. */
  readonly of?: 'packets'
  /** Made anew for each run. */
  readonly rules?: () => Rules
  readonly mixesAtLeast?: number
  readonly journal?: (journal: Journal) => Journal
  readonly shelf?: (shelf: Shelf) => Shelf
}

const without = (...names: readonly (keyof Rules)[]): Defect => ({
  rules: () => ({ ...strict, ...Object.fromEntries(names.map(name => [name, () => true])) }),
})

/** Takes what one owner has agreed on with itself, of this kind alone. */
const oneSigner = (action: 'open' | 'end'): Defect => ({
  rules: () => ({
    ...strict,
    isAgreed: (consensus, owners, least) =>
      consensus.text['action'] === action || strict.isAgreed(consensus, owners, least),
  }),
})

export const defects: Readonly<Record<string, Defect>> = {
  /** A cycle is closed with one signer. */
  'one-signer-closes': without('isAgreed'),
  /** A cycle is opened, or prolonged, with one signer. */
  'one-signer-opens': oneSigner('open'),
  /** A cycle is given up for good with one signer. */
  'one-signer-ends': oneSigner('end'),
  /** Nobody looks at the proof of a mix. */
  'proof-unchecked': without('isMixed'),
  /** A proof that held once holds for every statement. */
  'proof-without-statement': {
    rules: () => {
      const held = new Set<string>()
      return {
        ...strict,
        isMixed: (group, statement, proof, random) => {
          const name = sha256Hex(proof)
          if (held.has(name)) return true
          if (!strict.isMixed(group, statement, proof, random)) return false
          held.add(name)
          return true
        },
      }
    },
  },
  /** Nobody looks at the proof of a share. */
  'share-unchecked': without('isShare'),
  /** Nobody looks at who signed a request. */
  unsigned: without('isSigned'),
  /** A request that was said before is taken again. */
  replayed: without('isLater'),
  /** A sender need not know what is in its message: it may be somebody else's, encrypted anew. */
  'message-copied': without('isKnown'),
  /** A row is taken twice. */
  'row-twice': without('isFresh'),
  /** Nobody compares the log with what its Controller signed. */
  'root-unchecked': without('isRoot'),
  /** Nobody compares what a Controller hands out with its hash. */
  'blob-unchecked': without('isBlob'),
  /** A client believes "accepted" without a receipt. */
  'receipt-unchecked': without('isReceipt'),
  /** A packet need not be its sender's own: it may be somebody else's, handed in once more. */
  'packet-copied': { of: 'packets', ...without('isMade', 'isFresh') },
  /** Nobody looks whether a batch of packets rises, and has nothing twice. */
  'batch-unordered': { of: 'packets', ...without('isRising') },
  /** Nobody looks at what a sender shows of a packet that was lost. */
  'complaint-unheard': { of: 'packets', rules: () => ({ ...strict, isHeard: () => false }) },
  /** Trustees decrypt what nobody has mixed. */
  'decrypts-unmixed': { mixesAtLeast: 0 },
  /** A Controller answers before it has written. */
  'answered-before-written': {
    journal: journal => {
      const late: Parameters<Journal['append']>[] = []
      return {
        ...bound(journal),
        // The one before is written with the next one: the last is lost with the process
        async append(from, written) {
          for (const [at, before] of late.splice(0)) await journal.append(at, before)
          late.push([from, written])
        },
        async entries(from, most) {
          const held = late.flatMap(([, written]) => written.map(({ request }) => request))
          const there = await journal.entries(from, most)
          const first = late[0]?.[0] ?? 0
          return [...there, ...held.slice(Math.max(0, from - first))].slice(0, most)
        },
        async blob(hash) {
          const held = late.flatMap(([, written]) => written.flatMap(({ blobs }) => blobs))
          return (await journal.blob(hash)) ?? held.find(blob => sha256Hex(blob) === hash)
        },
      }
    },
  },
  /** Somebody says things without writing them down first. */
  'said-before-kept': {
    shelf: shelf => {
      const held = new Map<string, string>()
      return {
        get: name => held.get(name) ?? shelf.get(name),
        put: (name, text) => {
          if (name === 'messages') shelf.put(name, text)
          else held.set(name, text)
        },
      }
    },
  },
}

function bound(journal: Journal): Journal {
  return {
    append: (from, written) => journal.append(from, written),
    entries: (from, most) => journal.entries(from, most),
    blob: hash => journal.blob(hash),
    stretch: (hash, from, to) => journal.stretch(hash, from, to),
    lengths: () => journal.lengths(),
    close: () => journal.close(),
  }
}
