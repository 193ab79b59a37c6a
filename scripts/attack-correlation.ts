// How well what leaves one place agrees with what reaches another a little later: the largest cross-correlation of their
// rates, as in the attacks that Levine and others compare (Financial Cryptography 2004, "Timing attacks in low-latency mix
// systems").

import { sampleCorrelation } from 'simple-statistics'
import type { Chunk } from './attack-windows.ts'

const binMs = 500
/** More than a packet's way through a network whose delays have a mean of some hundred milliseconds. */
const longestLagMs = 8000

/**
 * @param sender its link: what it sends counts
 * @param receiver its link: what it receives counts
 * @param plan milliseconds: from when, how long
 * @returns -1 to 1; 0 where one of the two never varies
 */
export function agreement(
  sender: readonly Chunk[],
  receiver: readonly Chunk[],
  plan: { readonly from: number; readonly ms: number },
): number {
  const sent = rate(sender, true, plan)
  const received = rate(receiver, false, plan)
  let best = -1
  for (let lag = 0; lag <= longestLagMs / binMs; lag++)
    // Not a number where one of the two never varies
    best = Math.max(best, sampleCorrelation(sent.slice(0, sent.length - lag), received.slice(lag)) || 0)
  return best
}

/** Bytes of one direction in each bin. */
function rate(
  link: readonly Chunk[],
  up: boolean,
  { from, ms }: { readonly from: number; readonly ms: number },
): number[] {
  const bins = new Array<number>(Math.floor(ms / binMs)).fill(0)
  for (const chunk of link) {
    const bin = Math.floor((chunk.at - from) / binMs)
    if (chunk.up === up && bin >= 0 && bin < bins.length) bins[bin] = (bins[bin] as number) + chunk.bytes
  }
  return bins
}
