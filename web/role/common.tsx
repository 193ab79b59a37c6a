// What every role says of itself.

import type { JSX } from 'preact'
import type { Fact } from '../parts/facts.tsx'
import { count, dateTime, duration, fromNow, short, size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import type { NodeStatus, Status } from './status.ts'

/** A word of the role in the reader's language, where there is one. */
export function named(words: Readonly<Record<string, string>>, word: string): string {
  return Object.hasOwn(words, word) ? (words[word] as string) : word
}

/** Warns where no fresh document comes, or two that contradict each other have come. */
export function Late({ directory }: { readonly directory: NodeStatus['directory'] }): JSX.Element {
  const { late, splits } = directory
  const texts = t().operator
  return (
    <>
      {late !== null && <p class="warning">{t().network.late(fromNow(late.worksUntil))}</p>}
      {splits.length > 0 && <p class="warning">{texts.split(count(splits.length))}</p>}
    </>
  )
}

/** Tells by how much a clock is wrong; nothing while it is right. */
export function Clock({ errorMs }: { readonly errorMs: number }): JSX.Element | null {
  if (errorMs === 0) return null
  const by = duration(Math.abs(errorMs))
  const texts = t().operator
  return <p class="warning">{errorMs > 0 ? texts.clockAhead(by) : texts.clockBehind(by)}</p>
}

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
