// Asking for money and paying: nothing is signed before its owner has seen what it costs and hides.

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Facts } from '../parts/facts.tsx'
import { Field } from '../parts/field.tsx'
import { count, decimal, duration, percent } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { say, sayError } from '../parts/say.ts'
import { askForMoney, pay, type Quote, quoteFor } from './pay-client.ts'

interface FormProps {
  readonly onDone: () => void
}

export function AskForMoney({ onDone }: FormProps): JSX.Element {
  const [amount, setAmount] = useState('')
  const [memo, setMemo] = useState('')
  const [request, setRequest] = useState<string>()
  const texts = t().payments
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      setRequest(await askForMoney(Number(amount), memo))
      onDone()
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <details>
      <summary>{texts.ask}</summary>
      <form onSubmit={event => void ask(event)}>
        <Field label={texts.amount} type="number" value={amount} onInput={setAmount} required />
        <Field label={texts.memo} value={memo} onInput={setMemo} />
        <button type="submit" disabled={!(Number(amount) > 0)}>
          {texts.make}
        </button>
      </form>
      {request !== undefined && (
        <>
          <p>{texts.handOver}</p>
          <p class="address">{request}</p>
          <Copy text={request} />
        </>
      )}
    </details>
  )
}

export function PayRequest({ onDone }: FormProps): JSX.Element {
  const [request, setRequest] = useState('')
  const [quote, setQuote] = useState<Quote>()
  const texts = t().payments
  const look = async (event: Event): Promise<void> => {
    event.preventDefault()
    await quoteFor(request.trim()).then(setQuote, sayError)
  }
  const sign = async (signed: Quote): Promise<void> => {
    try {
      await pay(signed.quote)
      say(texts.signed)
      setQuote(undefined)
      setRequest('')
      onDone()
    } catch (error) {
      sayError(error)
    }
  }
  return (
    <details>
      <summary>{texts.pay}</summary>
      <form onSubmit={event => void look(event)}>
        <Field label={texts.request} value={request} onInput={setRequest} rows={3} required />
        <button type="submit" disabled={request.trim() === ''}>
          {texts.look}
        </button>
      </form>
      {quote !== undefined && (
        <Dialog
          title={texts.quoteTitle}
          action={texts.sign}
          onAction={() => void sign(quote)}
          onClose={() => setQuote(undefined)}
        >
          <Forecast quote={quote} />
        </Dialog>
      )}
    </details>
  )
}

function Forecast({ quote: { forecast } }: { readonly quote: Quote }): JSX.Element {
  const { amount, pieces, cost, joins, time, effectiveSet, linkProbability } = forecast
  const texts = t().payments
  return (
    <Facts
      of={[
        [texts.amount, count(amount)],
        [texts.inPieces, pieces.map(count).join(', ')],
        [texts.cost, count(cost)],
        [texts.joins, count(joins)],
        [texts.takes, texts.usually(duration(time.usualMs), duration(time.longMs))],
        [texts.set, decimal(effectiveSet)],
        [texts.linked, percent(linkProbability)],
      ]}
    />
  )
}
