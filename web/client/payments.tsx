// Payments: what can be spent, what is open and what it waits for, what is over; asking for money, paying, and the copy
// on paper. All of it stands on the routes below /pay (docs/spec/payments-paymix.md 5.10).

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Facts } from '../parts/facts.tsx'
import { count } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { errorText } from '../parts/say.ts'
import { Table } from '../parts/table.tsx'
import { daemon } from './daemon.ts'
import { type Account, readAccount } from './pay-client.ts'
import { AskForMoney, PayRequest } from './pay-forms.tsx'

export function PaymentsView(): JSX.Element {
  const [open, setOpen] = useState<Account>()
  const [over, setOver] = useState<Account>()
  const [trouble, setTrouble] = useState<string>()
  const [again, setAgain] = useState(0)
  const told = daemon.value.payments.value
  useEffect(() => {
    Promise.all([readAccount('status'), readAccount('history')]).then(
      ([status, history]) => {
        setOpen(status)
        setOver(history)
        setTrouble(undefined)
      },
      error => setTrouble(errorText(error)),
    )
  }, [told, again])
  const texts = t().payments
  const changed = (): void => setAgain(again + 1)
  return (
    <>
      <h2>{t().sections.payments}</h2>
      {trouble !== undefined && <p class="warning">{trouble}</p>}
      {open !== undefined && (
        <>
          <Balance account={open} />
          <AskForMoney onDone={changed} />
          <PayRequest onDone={changed} />
          <AccountTables title={texts.open} account={open} />
        </>
      )}
      {over !== undefined && <AccountTables title={texts.over} account={over} />}
      <h3>{texts.backup}</h3>
      <p>{texts.backupSays}</p>
      <pre>chaffinch pay backup --config me/client.toml</pre>
    </>
  )
}

function Balance({ account: { notes } }: { readonly account: Account }): JSX.Element {
  const sum = notes.reduce((total, note) => total + note, 0)
  const texts = t().payments
  return (
    <Facts
      of={[
        [texts.balance, count(sum)],
        [texts.notes, notes.length === 0 ? '–' : notes.map(count).join(', ')],
      ]}
    />
  )
}

function AccountTables({
  title,
  account,
}: {
  readonly title: string
  readonly account: Account
}): JSX.Element {
  const { payments, pieces, requests } = account
  const texts = t().payments
  if (payments.length + requests.length === 0) return <p class="empty">{texts.nothing(title)}</p>
  return (
    <>
      <h3>{title}</h3>
      {payments.length > 0 && (
        <Table
          caption={texts.paying}
          head={[texts.amount, texts.memo, texts.paid, texts.receipt, texts.why]}
          rows={payments.map(({ amount, memo, paid, receipt, why }) => [
            count(amount),
            memo,
            texts.of(count(paid), count(amount)),
            receipt === null ? texts.none : texts.there,
            why,
          ])}
        />
      )}
      {pieces.length > 0 && (
        <Table
          caption={texts.pieces}
          head={[texts.amount, texts.state, texts.joins, texts.set, texts.why]}
          rows={pieces.map(({ denomination, state, joins, effectiveSet, why }) => [
            count(denomination),
            texts.states[state],
            joins.length === 0 ? texts.noJoin : joins.map(count).join(', '),
            count(effectiveSet),
            why,
          ])}
        />
      )}
      {requests.length > 0 && (
        <Table
          caption={texts.requested}
          head={[texts.amount, texts.memo, texts.paid]}
          rows={requests.map(({ amount, memo, paid }) => [
            count(amount),
            memo,
            texts.of(count(paid), count(amount)),
          ])}
        />
      )}
    </>
  )
}
