// Messages by hand: from one client to another, and what became of them, beside those of the run.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Choice } from '../parts/choice.tsx'
import { Field } from '../parts/field.tsx'
import { count, duration, size, timeSeconds } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { say, sayError } from '../parts/say.ts'
import { Table } from '../parts/table.tsx'
import { type MessageNow, type NetState, send, state } from './state.ts'

/** So many, one behind the other, to watch some of them survive. */
const many = 10

export function HandView(): JSX.Element {
  const { processes, messages } = state.value as NetState
  const clients = processes.filter(({ role }) => role === 'client').map(({ name }) => name)
  const [from, setFrom] = useState(clients[0] ?? '')
  const [to, setTo] = useState(clients[1] ?? '')
  const [text, setText] = useState('')
  const texts = t().net
  const go = (times: number): void => void send(from, to, text, times).then(() => say(texts.handed), sayError)
  return (
    <>
      <h2>{texts.byHand}</h2>
      <form
        onSubmit={event => {
          event.preventDefault()
          go(1)
        }}
      >
        <div class="inline">
          <Choice label={texts.from} value={from} of={clients} onChange={setFrom} />
          <Choice label={texts.to} value={to} of={clients} onChange={setTo} />
        </div>
        <Field label={t().compose.message} value={text} onInput={setText} required />
        <div class="row">
          <button type="submit">{t().compose.send}</button>
          <button type="button" class="quiet" disabled={text === ''} onClick={() => go(many)}>
            {texts.sendMany(many)}
          </button>
        </div>
      </form>
      <Table
        caption={texts.allMessages}
        head={[texts.from, texts.to, t().compose.message, texts.sentAt, texts.state, texts.took]}
        rows={messages.toReversed().map(rowOf)}
      />
    </>
  )
}

function rowOf(message: MessageNow): readonly string[] {
  const { from, to, text, bytes, acceptedAt, state, readAt } = message
  const texts = t().net
  const [first] = readAt
  const twice = readAt.length > 1 ? ` ${texts.times(count(readAt.length))}` : ''
  return [
    from,
    to,
    text ?? size(bytes),
    acceptedAt === undefined ? '' : timeSeconds(acceptedAt),
    `${texts.messageStates[state]}${twice}`,
    acceptedAt === undefined || first === undefined ? '' : duration(Math.max(0, first - acceptedAt)),
  ]
}
