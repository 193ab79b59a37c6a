// What every role says of itself.

import type { Fact } from '../parts/facts.tsx'
import { count, dateTime, duration, short, size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import type { Status } from './status.ts'

export function commonFacts({ id, epoch, version, upSeconds, consensus, process }: Status): readonly Fact[] {
  const texts = t().operator
  return [
    [texts.id, short(id, 16)],
    [texts.epoch, String(epoch)],
    [
      texts.consensus,
      consensus === null
        ? texts.none
        : texts.document(short(consensus.hash, 12), consensus.signers.length, dateTime(consensus.validUntil)),
    ],
    [texts.up, duration(upSeconds * 1000), version],
    [texts.memory, size(process.rssBytes), texts.handles(count(process.handles))],
  ]
}
