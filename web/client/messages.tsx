// Conversations beside the one that is open; on a telephone one or the other.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { time } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { hrefOf, route } from '../parts/route.ts'
import type { Conversation } from './conversations.ts'
import { daemon } from './daemon.ts'
import { NewConversation } from './new-conversation.tsx'
import { Thread } from './thread.tsx'
import { titleOf } from './titles.ts'

/** Conversations that are drawn at first. */
const firstShown = 100

/** @param requests those that strangers began, which stand apart */
export function MessagesView({ requests }: { readonly requests: boolean }): JSX.Element {
  const { conversations, isLoaded } = daemon.value
  const section = requests ? 'requests' : 'messages'
  const key = route.value[1]
  const listed = conversations.value.filter(one => one.isRequest === requests)
  const open =
    key === 'new' ? undefined : (conversations.value.find(one => one.key === key) ?? emptyWith(key))
  const texts = t().messages
  return (
    <div class={`beside ${key === undefined ? '' : 'inner'}`}>
      <section aria-label={t().sections[section]} class="list">
        {requests ? (
          <p class="quiet">{texts.aboutRequests}</p>
        ) : (
          <a class="button" href={hrefOf('messages', 'new')}>
            {texts.write}
          </a>
        )}
        <ConversationList section={section} conversations={listed} open={key} />
        {listed.length === 0 && (
          <p class="empty">
            {isLoaded.value ? (requests ? texts.noRequests : texts.none) : t().state.loading}
          </p>
        )}
      </section>
      <section aria-label={texts.thread} class="detail">
        {key !== undefined && (
          <a class="back" href={hrefOf(section)}>
            ← {t().sections[section]}
          </a>
        )}
        {key === 'new' ? (
          <NewConversation />
        ) : open === undefined ? (
          <p class="empty">{texts.choose}</p>
        ) : (
          <Thread key={open.key} conversation={open} />
        )}
      </section>
    </div>
  )
}

/** A contact or address to whom nothing was written yet. */
function emptyWith(key: string | undefined): Conversation | undefined {
  if (key === undefined || !/^[ac]:/.test(key)) return undefined
  const contact = key.startsWith('c:') ? key.slice(2) : undefined
  const address =
    contact === undefined
      ? key.slice(2)
      : daemon.value.contacts.value.find(({ name }) => name === contact)?.address
  return { key, contact, address, entries: [], unread: 0, last: 0, isRequest: false }
}

interface ListProps {
  readonly section: string
  readonly conversations: readonly Conversation[]
  readonly open: string | undefined
}

function ConversationList({ section, conversations, open }: ListProps): JSX.Element {
  const [shown, setShown] = useState(firstShown)
  return (
    <>
      <ul class="conversations">
        {conversations.slice(0, shown).map(one => (
          <li key={one.key}>
            <a href={hrefOf(section, one.key)} aria-current={one.key === open ? 'true' : undefined}>
              <span class="who">{titleOf(one)}</span>
              <span class="quiet">{time(one.last)}</span>
              {one.unread > 0 && (
                <span class="badge">
                  {one.unread}
                  <span class="aloud"> {t().messages.unread}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
      {conversations.length > shown && (
        <button type="button" onClick={() => setShown(shown + firstShown)}>
          {t().parts.more(conversations.length - shown)}
        </button>
      )}
    </>
  )
}
