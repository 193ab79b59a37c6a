// Persons of a local network pay each other through their clients: the first pays the second's request, the others mix,
// all in one round; their ledger is a process of its own. docs/spec/payments-paymix.md 5.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hex } from '../../encoding/bytes.ts'
import { parseDuration } from '../../encoding/duration.ts'
import type { Seen } from '../../payment/anonymity/index.ts'
import type { Account, PaymentLine, PaymentTimes, PieceLine } from '../../payment/index.ts'
import { mixEpoch, openEpoch } from '../../payment/rounds/index.ts'
import type { JoinRecord, PaidRecord, Run } from '../../simulator/processes/index.ts'
import { type PlannedProcess, personTimes, remoteOf } from '../../simulator/processes/index.ts'
import { second } from '../../world/units.ts'
import { Bank } from './payments-bank.ts'

/** The ledger answers through the mixnet, several times for one request to the API. */
const patienceMs = 120 * second
/** Until all is paid and receipted: three turns, and a round. */
const longestMeetingMs = 240 * second
/** From "now" until the last order is prepared. */
const leadMs = 25 * second
/** One of them is worth a note of each turn. */
const amounts = [10, 20, 50]
const mostMeetings = 2
const memo = 'for the tea'

const times: Pick<PaymentTimes, 'epochMs' | 'arriveMs'> = {
  epochMs: parseDuration(personTimes.epoch) ?? 0,
  arriveMs: parseDuration(personTimes.arrive) ?? 0,
}

/** Keeps the largest join, and what became of the payment, in the record. */
export async function payEachOther(run: Run): Promise<void> {
  const { plan, watch, record, now, tell, signal } = run
  if (plan.options.payments === 0) return
  const clients = plan.processes.filter(({ role }) => role === 'client')
  const [clerk, ...others] = clients.toReversed()
  if (clerk === undefined) return
  const persons = others.reverse().slice(0, plan.options.payments)
  const bank = new Bank(join(plan.folder, 'bank'), clerk)
  const genesis = await bank.found()
  const status = watch.last(clerk.name)
  const address = status?.role === 'client' ? status.address : ''
  for (const { tokenFile } of persons)
    writeFileSync(join(tokenFile, '..', 'payments.ledger'), `${genesis}\n${address}\n`)
  try {
    for (let meeting = 0; meeting < mostMeetings && record.join?.size !== persons.length; meeting++) {
      tell({ event: 'persons-meet', persons: persons.length })
      const amount = amountOfTurn(now())
      await bank.mint(amount, await Promise.all(persons.map(keyOf)))
      bank.serve()
      await untilSeen(persons, amount, signal)
      const { paid, mixed } = await carryOut(persons, amount, signal)
      record.paid = record.paid?.receipts === 2 ? record.paid : paid
      await bank.close()
      const join = largestJoin(await bank.public(), mixed)
      if (join !== undefined && join.size > (record.join?.size ?? 1)) record.join = join
    }
  } finally {
    await bank.close()
  }
  tell(
    record.join === undefined
      ? { event: 'not-joined' }
      : { event: 'joined', transaction: record.join.transaction, receipts: record.paid?.receipts },
  )
}

/** Notes of 1, 2 and 5 meet in turns: which of them soonest, and not before all have their orders. */
function amountOfTurn(now: number): number {
  const first = openEpoch(times, now + leadMs)
  return amounts.find(amount => mixEpoch(amount, first) === first) ?? (amounts[0] as number)
}

/** Nobody can pay with a note that the ledger's log has not shown to its wallet yet. */
async function untilSeen(
  persons: readonly PlannedProcess[],
  amount: number,
  signal: AbortSignal,
): Promise<void> {
  for (const until = Date.now() + longestMeetingMs; Date.now() < until; ) {
    const accounts = await Promise.all(
      persons.map(
        async person => (await ask(person, '/pay/status').catch(() => undefined)) as Account | undefined,
      ),
    )
    if (accounts.every(account => account?.notes.includes(amount))) return
    await pause(second, undefined, { signal })
  }
}

async function carryOut(
  persons: readonly PlannedProcess[],
  amount: number,
  signal: AbortSignal,
): Promise<{ readonly paid: PaidRecord; readonly mixed: number }> {
  const [payer, receiver] = persons as [PlannedProcess, PlannedProcess]
  const { request } = (await ask(receiver, '/pay/request', { amount, memo })) as { request: string }
  const orders = persons.map(person =>
    person === payer ? order(payer, '/pay/send', { request }) : order(person, '/pay/mix', { amount }),
  )
  const names = await Promise.all(orders)
  let mixed = 0
  for (const until = Date.now() + longestMeetingMs; Date.now() < until; ) {
    const all = await Promise.all(persons.map(async person => (await ask(person, '/pay/payments')) as Paid))
    mixed = all.filter(({ payments }, i) => lineOf(payments, names[i])?.isPaid).length
    const isOver = all.every(({ pieces }, i) => isSettled(pieces, names[i]))
    const isReceipted = lineOf(all[0]?.payments ?? [], names[0])?.receipt !== null
    if (isOver && (isReceipted || mixed < persons.length)) break
    await pause(second, undefined, { signal })
  }
  return { paid: await recordOf(persons, payer, receiver), mixed }
}

type Paid = Pick<Account, 'payments' | 'pieces'>

/** Asks what it costs, and agrees, as a person does. @returns the payment's name */
async function order(person: PlannedProcess, path: string, what: object): Promise<string> {
  const { quote } = (await ask(person, path, what)) as { quote: string }
  return ((await ask(person, `/pay/quotes/${quote}`, {})) as { payment: string }).payment
}

async function ask(person: PlannedProcess, path: string, body?: object): Promise<unknown> {
  const asked = body === undefined ? {} : { method: 'POST' as const, body }
  return await remoteOf(person).ask(path, { ...asked, timeoutMs: patienceMs })
}

async function keyOf(person: PlannedProcess): Promise<string> {
  return ((await ask(person, '/pay/address', {})) as { key: string }).key
}

function isSettled(pieces: readonly PieceLine[], payment: string | undefined): boolean {
  return pieces.every(line => line.payment !== payment || line.state === 'paid' || line.state === 'kept')
}

function lineOf(payments: readonly PaymentLine[], name: string | undefined): PaymentLine | undefined {
  return payments.find(({ payment }) => payment === name)
}

/** Records what both sides say, and who holds the receipt. */
async function recordOf(
  persons: readonly PlannedProcess[],
  payer: PlannedProcess,
  receiver: PlannedProcess,
): Promise<PaidRecord> {
  const accounts = new Map<PlannedProcess, Account>()
  for (const person of persons) accounts.set(person, (await ask(person, '/pay/history')) as Account)
  const sent = accounts.get(payer)?.payments.findLast(line => line.memo === memo)
  const asked = accounts.get(receiver)?.requests.findLast(line => line.memo === memo)
  const holders = [...accounts.values()].filter(account => receiptsIn(account).includes(sent?.receipt ?? ''))
  return {
    amount: sent?.amount ?? 0,
    payerSaysPaid: sent?.isPaid === true,
    receiverSaysPaid: asked?.isPaid === true,
    receipts: sent?.receipt == null ? 0 : holders.length,
  }
}

function receiptsIn({ payments, requests }: Account): (string | null)[] {
  return [...payments, ...requests].map(({ receipt }: Pick<PaymentLine, 'receipt'>) => receipt)
}

/**
 * Every output of a join's most common amount may be anybody's, as far as the ledger shows.
 *
 * @param mixed persons whose note went through it, as they say
 */
function largestJoin(seen: readonly Seen[], mixed: number): JoinRecord | undefined {
  const joins = seen.flatMap(({ is, signed: { id, transaction } }) => {
    if (is !== 'join' || transaction.kind === 'mint') return []
    const size = transaction.inputs.length
    const alike = new Map<number, number>()
    for (const { denomination } of transaction.outputs)
      alike.set(denomination, (alike.get(denomination) ?? 0) + 1)
    return [
      { transaction: hex(id), size, effectiveSet: Math.max(...alike.values()), paid: Math.min(size, mixed) },
    ]
  })
  return joins.sort((a, b) => b.size - a.size)[0]
}
