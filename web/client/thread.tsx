// A conversation: its newest messages, earlier ones when they are asked for, and the place to write.

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../parts/language.ts'
import { hrefOf } from '../parts/route.ts'
import { Composer } from './composer.tsx'
import { answerable, type Conversation } from './conversations.ts'
import { daemon } from './daemon.ts'
import { MessageEntry } from './message-entry.tsx'
import { SaveContact } from './save-contact.tsx'
import { titleOf } from './titles.ts'

/** Messages that are drawn at first, and added at a time. */
const step = 50

export function Thread({ conversation }: { readonly conversation: Conversation }): JSX.Element {
  const { entries, contact, address, isRequest } = conversation
  const [shown, setShown] = useState(step)
  const from = Math.max(0, entries.length - shown)
  const visible = entries.slice(from)
  const end = useRef<HTMLDivElement>(null)
  const newest = entries.at(-1)?.message.id
  useEffect(() => {
    daemon.value.readContents(visible.map(({ message }) => message)).catch(() => {})
  }, [newest, from])
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [newest])
  const texts = t().messages
  return (
    <>
      <h2>{titleOf(conversation)}</h2>
      {contact !== undefined && (
        <a class="quiet" href={hrefOf('contacts', contact)}>
          {texts.about(contact)}
        </a>
      )}
      {contact === undefined && address !== undefined && <SaveContact address={address} />}
      {isRequest && address === undefined && <p class="quiet">{texts.namelessRequest}</p>}
      {from > 0 && (
        <button type="button" class="quiet" onClick={() => setShown(shown + step)}>
          {texts.earlier(from)}
        </button>
      )}
      <ol class="thread">
        {visible.map(entry => (
          <MessageEntry key={entry.message.id} entry={entry} />
        ))}
      </ol>
      <div ref={end} />
      <Composer conversation={conversation} answers={answerable(conversation)} />
    </>
  )
}
