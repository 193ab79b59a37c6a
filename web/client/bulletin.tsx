// The bulletin: what everybody reads and nobody can tell who wrote.

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { EntryJson } from '../../client/remote/index.ts'
import { Field } from '../parts/field.tsx'
import { dateTime, time } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { say, sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

const topic = 'open'
const againMs = 5000
/** Entries that are drawn. */
const mostShown = 100

export function BulletinView(): JSX.Element {
  const [entries, setEntries] = useState<readonly EntryJson[]>([])
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const { client } = daemon.value
  const texts = t().bulletin
  useEffect(() => {
    const ending = new AbortController()
    void readOn(ending.signal, more => setEntries(before => [...before, ...more].slice(-mostShown)))
    return () => ending.abort()
  }, [client])
  const publish = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await client.publish(topic, text)
      setText('')
      say(texts.published)
    } catch (error) {
      sayError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <h2>{t().sections.bulletin}</h2>
      <p class="quiet">{texts.about}</p>
      <form onSubmit={event => void publish(event)}>
        <Field label={texts.entry} value={text} onInput={setText} rows={2} />
        <button type="submit" disabled={busy || text.trim() === ''}>
          {busy ? texts.publishing : texts.publish}
        </button>
      </form>
      {entries.length === 0 && <p class="empty">{texts.none}</p>}
      <ol class="thread">
        {entries.toReversed().map(({ id, at, text }) => (
          <li key={id} class="message them">
            <p class="text">{text ?? t().messages.noText}</p>
            <p class="quiet foot">
              <time dateTime={new Date(at).toISOString()} title={dateTime(at)}>
                {time(at)}
              </time>
            </p>
          </li>
        ))}
      </ol>
    </>
  )
}

/** Reads what there is, then what comes. */
async function readOn(signal: AbortSignal, tell: (entries: readonly EntryJson[]) => void): Promise<void> {
  let after = -1
  while (!signal.aborted) {
    try {
      const page = await daemon.value.client.entries(topic, { after, waitMs: 20_000, signal })
      after = page.next
      if (page.entries.length > 0) tell(page.entries)
    } catch {
      await new Promise(resolve => setTimeout(resolve, againMs))
    }
  }
}
