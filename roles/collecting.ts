// Has a process that passes packets on collect its garbage less often.

import { setFlagsFromString } from 'node:v8'

/** The old generation may outgrow what the last full collection left by so much, percent. */
const growthPercent = 400

/**
 * Has V8 collect the old generation less often. A packet lives for a few milliseconds in half a dozen buffers outside
 * the heap, and V8 counts their bytes towards the next full collection: with its usual limits a relay of 6,000 packets
 * a second collects ten times a second, a third of its CPU (docs/record/performance.md). The heap itself is some 25 MB.
 */
export function collectSeldom(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
}
