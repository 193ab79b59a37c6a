// What happened, the newest in front: in the reader's words where the page has them, else in the program's.

import type { JSX } from 'preact'
import { decimal } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { type HappenedNow, type NetState, state } from './state.ts'

export function EventsView(): JSX.Element {
  const { events } = state.value as NetState
  const { happened, after } = t().net
  const known = happened as Readonly<Record<string, ((of: HappenedNow['what']) => string) | undefined>>
  return (
    <>
      <h2>{t().net.events}</h2>
      <ol class="log">
        {events.toReversed().map(({ at, words, what }, i) => {
          const own = known[what.event]?.(what)
          return (
            <li key={events.length - i}>
              <span class="quiet">{after(decimal(at / 1000))}</span>{' '}
              <span lang={own === undefined ? 'en' : undefined}>{own ?? words}</span>
              {what.event === 'died' && own !== undefined && <pre lang="en">{what.log}</pre>}
            </li>
          )
        })}
      </ol>
    </>
  )
}
