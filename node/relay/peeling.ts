// Peeling in two halves, with the replay check between them: the first finds the key and checks the header's MAC,
// the second takes the layer off (docs/spec/sphinx.md 7). Both halves of a packet run in one thread.

import { SphinxError } from '../../sphinx/error.ts'
import { type Geometry, suiteOf } from '../../sphinx/geometry.ts'
import { discard, type Opened, openHeader, peeledOf, takeOff } from '../../sphinx/peel.ts'
import type { Epoch } from '../../world/units.ts'
import type { PacketKey } from './keys.ts'
import type { DropReason, PeelResult } from './relay.ts'
import type { ReplayStore } from './replay.ts'

/** A packet whose header fits the key of this epoch; it holds secrets until `finish` or `discard`. */
export interface Fitting {
  readonly epoch: Epoch
  readonly opened: Opened
}

export type Opening = Fitting | { readonly drop: DropReason }

/**
 * Takes steps 7.1 to 7.3, with the likeliest key first; the neighbouring epoch's only where the first one's MAC does
 * not fit. Throws nothing that a packet can bring about.
 */
export function open(
  g: Geometry,
  keys: readonly Pick<PacketKey, 'epoch' | 'secret'>[],
  packet: Uint8Array,
): Opening {
  let drop: DropReason = 'NO_KEY'
  for (const { epoch, secret } of keys) {
    try {
      return { epoch, opened: openHeader(g, secret, packet) }
    } catch (error) {
      drop = codeOf(error)
      if (drop !== 'BAD_MAC') break
    }
  }
  return { drop }
}

/** These reasons lie in what the packet is, and not in what this node lacks: whoever sent it, sent it for nothing. */
const misfits: ReadonlySet<DropReason> = new Set(['BAD_LENGTH', 'BAD_AD', 'BAD_POINT', 'BAD_MAC', 'REPLAY'])

/** Tells of the packets of one neighbour how many opened for the first time, and how many never could. */
export interface Fit {
  fitting: number
  misfits: number
}

/** Counts what became of one packet before its payload was touched; undefined when it may go on. */
export function countFit(fit: Fit, drop: DropReason | undefined): void {
  if (drop === undefined) fit.fitting++
  else if (misfits.has(drop)) fit.misfits++
}

/**
 * Refuses a client's packet that ends at its first hop: only what has come through the network is delivered
 * (docs/spec/node.md 1.1).
 */
export function unlessFirstHop(result: PeelResult, isNode: boolean): PeelResult {
  if (isNode || 'drop' in result || result.peeled.at === 'forward') return result
  return { drop: 'NO_ROUTE' }
}

/** Takes step 7.4, the replay check. Returns the reason when the packet may not go on. */
export function refusal(replay: ReplayStore, epoch: Epoch, tag: Uint8Array): DropReason | undefined {
  const freshness = replay.admit(epoch, tag)
  if (freshness === 'new') return undefined
  return freshness === 'full' ? 'REPLAY_FULL' : 'REPLAY'
}

/** Takes steps 7.5 to 7.7, in the packet's own bytes. Wipes the secrets. */
export function finish({ opened }: Fitting, packet: Uint8Array): PeelResult {
  try {
    return { peeled: peeledOf(suiteOf(opened.geometry), takeOff(opened, packet)) }
  } catch (error) {
    return { drop: codeOf(error) }
  } finally {
    discard(opened)
  }
}

/** @throws what is not sphinx's */
function codeOf(error: unknown): DropReason {
  if (error instanceof SphinxError) return error.code
  throw error
}
