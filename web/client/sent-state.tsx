// How far a message of one's own is, as the network knows it and no further; and the way to call it off.

import type { JSX } from 'preact'
import type { QueuedJson } from '../../client/remote/index.ts'
import { t } from '../parts/language.ts'
import { sayError } from '../parts/say.ts'
import { daemon } from './daemon.ts'

const marks: Readonly<Record<QueuedJson['state'], string>> = {
  queued: '○',
  sent: '◔',
  stored: '◑',
  received: '●',
  read: '✓',
  failed: '✕',
}

export function SentState({ message }: { readonly message: QueuedJson }): JSX.Element {
  const { id, state, reason, fragments, kind } = message
  const arrived = daemon.value.progress.value.get(id)?.arrived ?? 0
  const isUnderWay = state === 'queued' || state === 'sent'
  const texts = t().states
  const cancel = (): void => void daemon.value.client.cancel(id).catch(sayError)
  // A reply goes to the asker's own client: nobody else stores it
  const word = kind === 'reply' && state === 'stored' ? texts.received : texts[state]
  return (
    <>
      <span class={`sent ${state}`}>
        <span aria-hidden="true">{marks[state]}</span> {word}
        {state === 'failed' && reason !== null && `: ${reasonOf(reason)}`}
      </span>
      {isUnderWay && fragments > 1 && (
        <progress max={fragments} value={arrived} aria-label={t().messages.parts(arrived, fragments)} />
      )}
      {isUnderWay && (
        <button type="button" class="quiet" onClick={cancel}>
          {t().messages.callOff}
        </button>
      )}
    </>
  )
}

function reasonOf(code: string): string {
  return (t().reasons as Readonly<Record<string, string>>)[code] ?? code
}
