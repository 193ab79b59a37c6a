// What the client of the stranger says in a run of `npm run chaos -- client` that is not so.

import { hpkeSealing, type Sealing } from '../../client/packets/sealing.ts'
import { below, pick, type Random } from '../../world/random.ts'
import type { Attack } from './plan.ts'

/** Lies of its fragments, of the reply blocks that it gives, of what it has received. */
export type Lie = Extract<Attack, 'fragments' | 'blocks' | 'receipts'>

/** Where a fragment has its parts (client/packets/fragments.ts). */
const head = { kind: 0, id: 1, index: 17, count: 19, data: 24 } as const
const kinds = { message: 1, blocks: 2, receipt: 3 } as const
const receiptHave = head.data + 18

/**
 * Seals what a client writes, and changes it before.
 *
 * @param lies which it tells now
 */
export function lyingSealing(random: Random, lies: ReadonlySet<Lie>): Sealing {
  return {
    ...hpkeSealing,
    seal: (key, plain, dice) => hpkeSealing.seal(key, changed(plain, random, lies), dice),
  }
}

function changed(plain: Uint8Array, random: Random, lies: ReadonlySet<Lie>): Uint8Array {
  const out = plain.slice()
  const kind = out[head.kind]
  if (lies.has('receipts') && kind === kinds.receipt) lieOfReceipt(out, random)
  if (lies.has('blocks') && (kind === kinds.message || kind === kinds.blocks)) {
    // Anywhere in them: what a block is made for, where it begins, what it says
    for (let n = 0; n < 4; n++)
      out[head.data + 18 + below(random, out.length - head.data - 18)] = below(random, 256)
  }
  if (lies.has('fragments') && below(random, 2) === 0) {
    const [at, bytes] = pick(random, [
      [head.kind, 1],
      [head.id, 2],
      [head.index, 2],
      [head.count, 2],
      [head.data, 32],
    ] as const)
    out.set(random(bytes), at)
  }
  return out
}

/** It has all, or none, or another number of fragments, or those of another reply. */
function lieOfReceipt(receipt: Uint8Array, random: Random): void {
  switch (below(random, 4)) {
    case 0:
      receipt.fill(0xff, receiptHave, receiptHave + 1)
      break
    case 1:
      receipt.fill(0, receiptHave, receiptHave + 1)
      break
    case 2:
      receipt.set(random(2), receiptHave - 2)
      break
    default:
      receipt.set(random(16), head.data)
  }
}
