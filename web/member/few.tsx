// What this member's operator says of an election that has too few ballots: that it is given up, or goes on.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ElectionStatus } from '../../roles/mixnet/member-status.ts'
import { DateField, utcOf } from '../parts/date-field.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { count, zonedTime } from '../parts/format.ts'
import { say, sayError } from '../parts/say.ts'
import { giveUp, prolong } from './member.ts'
import { tm } from './texts.ts'

/** Shows nothing where every question has enough ballots, or is over. */
export function FewView({ election: of }: { readonly election: ElectionStatus }): JSX.Element | null {
  const { standing, least, title, election, timed, ends, prolongs } = of
  const [time, setTime] = useState('')
  const [isAsked, setAsked] = useState(false)
  const texts = tm().few
  const isFew = standing?.some(
    ({ stage, ballots }) => stage === 'few' || (stage === 'open' && ballots < least),
  )
  if (isFew !== true) return null
  const until = utcOf(time)
  const act = async (what: () => Promise<void>): Promise<void> => {
    setAsked(false)
    await what().then(() => say(tm().closed), sayError)
  }
  return (
    <section aria-label={texts.title(title)}>
      <h4>{texts.title(title)}</h4>
      <p>{texts.says(count(least), count(of.quorum))}</p>
      {ends && <p>{texts.ends}</p>}
      {!ends && prolongs !== null && <p>{texts.prolongs(zonedTime(Date.parse(prolongs)))}</p>}
      {!ends && timed && (
        <>
          <DateField label={texts.until} hint={texts.untilHint} value={time} onInput={setTime} />
          <button
            type="button"
            disabled={until === undefined}
            onClick={() => until !== undefined && void act(() => prolong(election, until))}
          >
            {texts.prolong}
          </button>
        </>
      )}
      {!ends && (
        <button type="button" class="danger" onClick={() => setAsked(true)}>
          {texts.giveUp}
        </button>
      )}
      {isAsked && (
        <Dialog
          title={texts.giveUpTitle(title)}
          action={texts.giveUp}
          onAction={() => void act(() => giveUp(election))}
          onClose={() => setAsked(false)}
        >
          <p>{texts.giveUpSays}</p>
        </Dialog>
      )}
    </section>
  )
}
