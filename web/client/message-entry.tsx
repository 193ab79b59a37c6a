// One message: its text as text, its time, and how far it honestly is.

import type { JSX } from 'preact'
import { dateTime, time } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import type { Entry } from './conversations.ts'
import { daemon, isToSave } from './daemon.ts'
import { FileBody } from './file-body.tsx'
import { SentState } from './sent-state.tsx'

export function MessageEntry({ entry }: { readonly entry: Entry }): JSX.Element {
  const { message, by, at } = entry
  const texts = t().messages
  return (
    <li class={`message ${by}`}>
      <span class="aloud">{by === 'me' ? texts.byMe : texts.byThem}</span>
      {isToSave(message) ? <FileBody message={message} /> : <TextBody id={message.id} />}
      <p class="quiet foot">
        <time dateTime={new Date(at).toISOString()} title={dateTime(at)}>
          {time(at)}
        </time>
        {entry.by === 'me' && <SentState message={entry.message} />}
        {entry.by === 'me' && entry.message.kind === 'reply' && <span>{texts.withoutName}</span>}
        {entry.by === 'them' && entry.message.from === null && <span>{texts.cameWithoutName}</span>}
      </p>
    </li>
  )
}

function TextBody({ id }: { readonly id: string }): JSX.Element {
  const content = daemon.value.contents.value.get(id)
  const isMine = daemon.value.sent.value.has(id)
  if (content === undefined) return <p class="quiet">{isMine ? t().messages.noCopy : t().state.loading}</p>
  if (content.text === undefined) return <p class="quiet">{t().messages.noText}</p>
  return <p class="text">{content.text}</p>
}
