// Where a message is written: as oneself or without a name, a text or a file.

import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { ListedJson } from '../../client/remote/index.ts'
import { Check } from '../parts/field.tsx'
import { size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { say, sayError } from '../parts/say.ts'
import type { Conversation } from './conversations.ts'
import { daemon } from './daemon.ts'
import { send, type Way } from './sending.ts'

const largestFile = 16 * 1024 * 1024 - 1024

interface ComposerProps {
  readonly conversation: Conversation
  /** The message that can be answered without a name. */
  readonly answers: ListedJson | undefined
}

export function Composer({ conversation, answers }: ComposerProps): JSX.Element {
  const { contact } = conversation
  const address =
    daemon.value.contacts.value.find(({ name }) => name === contact)?.address ?? conversation.address
  const [text, setText] = useState('')
  const [named, setNamed] = useState(contact !== undefined)
  const [asReply, setAsReply] = useState(address === undefined)
  const [busy, setBusy] = useState(false)
  const id = useId()
  const texts = t().compose
  const way: Way | undefined =
    asReply && answers !== undefined
      ? { by: 'reply', to: answers.id }
      : address !== undefined
        ? { by: 'address', to: address, named }
        : undefined
  if (way === undefined) return <p class="quiet">{texts.noWay}</p>

  const hand = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true)
    try {
      await act()
    } catch (error) {
      sayError(error)
    } finally {
      setBusy(false)
    }
  }
  const sendText = (): Promise<void> =>
    hand(async () => {
      if (text.trim() === '') return
      await send(way, text)
      setText('')
    })
  const sendFile = (file: File | undefined): Promise<void> =>
    hand(async () => {
      if (file === undefined) return
      if (file.size > largestFile) return say(texts.tooLarge(size(largestFile)))
      await send(way, { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })
    })
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    void sendText()
  }
  return (
    <form
      class="compose"
      onSubmit={event => {
        event.preventDefault()
        void sendText()
      }}
    >
      <label for={id}>{texts.message}</label>
      <textarea
        id={id}
        rows={2}
        value={text}
        onInput={event => setText(event.currentTarget.value)}
        onKeyDown={onKey}
        aria-describedby={`${id}-hint`}
      />
      <p id={`${id}-hint`} class="quiet">
        {way.by === 'reply' ? texts.replyHint : named ? texts.namedHint : texts.namelessHint}
      </p>
      <div class="row">
        <button type="submit" disabled={busy || text.trim() === ''}>
          {texts.send}
        </button>
        {way.by === 'address' && <Check label={texts.named} checked={named} onChange={setNamed} />}
        {answers !== undefined && address !== undefined && (
          <Check label={texts.asReply} checked={asReply} onChange={setAsReply} />
        )}
        {way.by === 'address' && (
          <label class="button quiet">
            {texts.file}
            <input
              type="file"
              class="aloud"
              disabled={busy}
              onChange={event => {
                const input = event.currentTarget
                void sendFile(input.files?.[0]).then(() => {
                  input.value = ''
                })
              }}
            />
          </label>
        )}
      </div>
    </form>
  )
}
