// Which gateways keep a client's mail, where nobody told it (docs/spec/client-clocks.md 9.3). No I/O.

import { areApart } from '../../directory/documents/groups.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { same } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import { canDial, pickGateway } from './choice.ts'

/** Picks one of the gateways of a view, 32 bytes; undefined for none. */
export type ChooseGateway = (view: View) => Uint8Array | undefined

/** Makes a choice of one gateway that runs, by what they can carry. */
export function anyGateway(random: Random): ChooseGateway {
  return view => {
    const running = view.gateways.filter(canDial)
    return running.length === 0 ? undefined : pickGateway(random, running, running).id
  }
}

/**
 * Adds gateways to those that a client has until there are so many: of other families and networks than these where
 * there are such, and never the last one that it could enter by.
 *
 * @param had 32 bytes each; they stay, in front
 * @param choose picks one of the gateways of the view that it is handed
 * @param isFull tells of a gateway, 32 bytes, that it has no room: it can still be an entry
 */
export function chooseHomes(
  view: View,
  wanted: number,
  had: readonly Uint8Array[],
  choose: ChooseGateway,
  isFull: (id: Uint8Array) => boolean = () => false,
): readonly Uint8Array[] {
  const homes = [...had]
  while (homes.length < wanted) {
    const candidates = candidatesFor(view, homes).filter(({ id }) => !isFull(id))
    const chosen = candidates.length === 0 ? undefined : choose({ ...view, gateways: candidates })
    if (chosen === undefined) break
    homes.push(chosen)
  }
  return homes
}

function candidatesFor(view: View, homes: readonly Uint8Array[]): readonly NodeEntry[] {
  const isHome = ({ id }: NodeEntry): boolean => homes.some(home => same(home, id))
  const kept = view.gateways.filter(isHome)
  const others = view.gateways.filter(gateway => canDial(gateway) && !isHome(gateway))
  // The first one has no choice: somebody must keep the mail
  if (homes.length === 0) return others
  const isApart = (from: readonly NodeEntry[]) => (one: NodeEntry) =>
    from.every(other => areApart(other, [one], other, view.parameters))
  const entries = others.filter(isApart(kept))
  const leaves = (some: readonly NodeEntry[], one: NodeEntry): boolean =>
    some.some(other => other !== one && (some === others || isApart([one])(other)))
  const fit = entries.filter(one => leaves(entries, one))
  if (fit.length > 0) return fit
  // Better one home, and an entry that has nothing to do with it, than two and none
  return entries.length > 0 ? [] : others.filter(one => leaves(others, one))
}
