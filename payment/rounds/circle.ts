// Parts the members of a run that failed into two circles, which run side by side from then on: who is silent in one
// stops nobody in the other. docs/spec/payments-rounds.md 4.6.

import type { Common, Member, RoundConfig } from './state.ts'

/** No circle is made smaller than this, or than a join needs: some of it may go silent in their turn. */
const usualLeast = 8

/**
 * Gives the circle of this peer after a run of these members has failed. All of them part in the same way: by bits of
 * their requests' hashes, which were out before anybody could know whose run would fail.
 */
export function parted<S extends Common>(config: RoundConfig, state: S, members: readonly Member[]): S {
  // Another bit after every run, of whose number all of them think the same
  const side = (member: Member): number => bitOf(member.request.hash, state.attempts.length)
  const least = Math.max(config.leastCircle ?? usualLeast, config.least)
  const ones = members.filter(member => side(member) === 1).length
  const me = members.find(({ from }) => from === state.mine.from)
  if (me === undefined || ones < least || members.length - ones < least) return state
  const circle = new Set(members.filter(one => side(one) === side(me)).map(({ from }) => from))
  return { ...state, circle }
}

/** Says whether this peer may still run with that one. */
export function isInCircle({ circle, excluded }: Common, from: string): boolean {
  return !excluded.has(from) && (circle === null || circle.has(from))
}

function bitOf(hash: Uint8Array, place: number): number {
  return ((hash[place >> 3] ?? 0) >> (place & 7)) & 1
}
