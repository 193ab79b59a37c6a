// The parameters of tests of clients alone: small and quick.

import { defaultParameters } from '../directory/documents/parameters.ts'
import type { Parameters } from '../directory/documents/view.ts'

export const testParameters: Parameters = {
  ...defaultParameters,
  hopDelayMs: 50,
  maxHopDelayMs: 5000,
  payloadPerMinute: 600,
  loopPerMinute: 30,
  dropPerMinute: 30,
  readPerMinute: 240,
  pageEntries: 16,
  nodeLoopPerMinute: 0,
  mailboxEntries: 20_000,
  mailboxMinutes: 60,
  batchPackets: 20,
  batchMs: 500,
  poolPackets: 20,
  poolPercent: 60,
  bulletinPageBytes: 1024,
  bulletinMinutes: 30,
  bulletinKiB: 1024,
  openKiB: 64,
  paymentsKiB: 128,
  headsKiB: 16,
}
