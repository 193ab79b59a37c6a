// chaffinch pay: a person's end of payments. Nothing is signed before its cost, time and anonymity were shown.

import { setTimeout as pause } from 'node:timers/promises'
import { hex, same } from '../payment/document.ts'
import { PaymentError } from '../payment/error.ts'
import { type Forecast, forecast } from '../payment/forecast.ts'
import type { Payer } from '../payment/payer.ts'
import type { Payment } from '../payment/pieces.ts'
import { readRequest } from '../payment/request.ts'
import { usualTimes } from '../payment/times.ts'
import { CommandError, readOptions, wholeNumber } from './command.ts'
import { clientEndpoint } from './config.ts'
import { clientStatus } from './daemon.ts'
import { durationOption } from './duration.ts'
import { columns } from './net-table.ts'
import { boltzmannFile } from './pay-boltzmann.ts'
import { openSession, type Session } from './pay-session.ts'
import { forecastText, pieceLines, requestLine } from './pay-text.ts'

const hint = 'chaffinch pay --help'
/** How often it is looked whether a payment is over. */
const lookEveryMs = 1000

interface Asked {
  readonly config: string | undefined
  readonly isJson: boolean
  readonly isYes: boolean
  readonly isWaiting: boolean
  readonly peers: number
  readonly colluding: number
  readonly deadlineMs: number
  readonly memo: string
}

export async function run(args: readonly string[]): Promise<undefined> {
  const { values, positionals } = readOptions(
    'pay',
    args,
    {
      config: { type: 'string' },
      json: { type: 'boolean' },
      yes: { type: 'boolean' },
      wait: { type: 'boolean' },
      peers: { type: 'string' },
      colluding: { type: 'string' },
      deadline: { type: 'string' },
      memo: { type: 'string' },
    },
    [1, 2],
  )
  const [action, word] = positionals as [string, string | undefined]
  const peers = wholeNumber('peers', values.peers ?? '8', 3, 64)
  const asked: Asked = {
    config: values.config,
    isJson: values.json === true,
    isYes: values.yes === true,
    isWaiting: values.wait === true,
    peers,
    colluding: wholeNumber('colluding', values.colluding ?? '2', 0, peers - 1),
    deadlineMs: durationOption('deadline', values.deadline ?? '1d'),
    memo: values.memo ?? '',
  }
  try {
    return await act(action, word, asked)
  } catch (error) {
    if (error instanceof PaymentError) throw new CommandError('FAILED', `pay ${action}: ${error.message}`)
    throw error
  }
}

async function act(action: string, word: string | undefined, asked: Asked): Promise<undefined> {
  switch (action) {
    case 'boltzmann':
      return boltzmannFile(wanted(word, 'pay boltzmann: want a file'), asked.isJson)
    case 'address':
      return await address(asked)
    case 'request':
      return await request(amountOf(word), asked)
    case 'send':
      return await send(requestOf(wanted(word, 'pay send: want a request')), asked)
    case 'mix':
      return await mix(amountOf(word), asked)
    case 'status':
    case 'history':
      return await status(action, asked)
    default:
      throw new CommandError('USAGE', `pay: no action '${action}'`, hint)
  }
}

function wanted(word: string | undefined, message: string): string {
  if (word === undefined) throw new CommandError('USAGE', message, hint)
  return word
}

function amountOf(word: string | undefined): number {
  return wholeNumber('amount', wanted(word, 'pay: want an amount'), 1, Number.MAX_SAFE_INTEGER)
}

function requestOf(text: string): Uint8Array {
  try {
    const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
    readRequest(bytes)
    return bytes
  } catch (error) {
    throw new CommandError('USAGE', `pay send: this is no request: ${(error as Error).message}`, hint)
  }
}

/** Where payers send what they have to say, and a fresh key to be paid to. */
async function address({ config, isJson }: Asked): Promise<undefined> {
  const { address } = await clientStatus(clientEndpoint(config))
  await during(config, async ({ wallet }) => {
    const key = hex(await wallet.newKey())
    if (isJson) console.log(JSON.stringify({ address, key }))
    else console.log(`${address}\n${key}`)
  })
}

async function request(amount: number, { config, isJson, deadlineMs, memo }: Asked): Promise<undefined> {
  await during(config, async ({ wallet }) => {
    const deadline = Date.now() + deadlineMs
    const text = Buffer.from(await wallet.request(amount, deadline, memo, '')).toString('base64url')
    if (isJson)
      console.log(JSON.stringify({ request: text, amount, memo, deadline: new Date(deadline).toISOString() }))
    else console.log(text)
  })
}

async function send(request: Uint8Array, asked: Asked): Promise<undefined> {
  const { amount } = readRequest(request)
  if (!agreed(forecastOf(amount, asked), asked)) return
  await during(asked.config, async ({ wallet, carry }) => {
    const payer = await carry()
    const id = await payer.pay(request, await wallet.prepare(amount, payer.payments))
    await untilOver(payer, one => same(one.id, id), asked)
  })
}

/** Pays an amount to oneself: its notes come back mixed. */
async function mix(amount: number, asked: Asked): Promise<undefined> {
  if (!agreed(forecastOf(amount, asked), asked)) return
  await during(asked.config, async ({ wallet, carry }) => {
    const payer = await carry()
    const own = await wallet.request(amount, Date.now() + asked.deadlineMs, asked.memo, '')
    const id = await payer.pay(own, await wallet.prepare(amount, payer.payments))
    await untilOver(payer, one => same(one.id, id), asked)
  })
}

/** Open payments and requests, or those that are over; with --wait it stays, and carries what is open, until all is over. */
async function status(which: 'status' | 'history', asked: Asked): Promise<undefined> {
  await during(asked.config, async ({ wallet, payments, carry }) => {
    const all = await payments()
    const isWanted = (payment: Payment): boolean => isOver(payment) === (which === 'history')
    const requests = (await wallet.requests()).filter(({ paid }) => paid.isPaid === (which === 'history'))
    const told = {
      notes: (await wallet.notes(all)).map(({ note }) => note.denomination),
      pieces: all.filter(isWanted).flatMap(payment => pieceLines(payment, usualTimes.epochMs)),
      requests: requests.map(requestLine),
    }
    if (asked.isJson) console.log(JSON.stringify(told))
    else console.log(statusText(told))
    if (asked.isWaiting) await untilOver(await carry(), () => true, asked)
  })
}

function statusText({ notes, pieces, requests }: Told): string {
  const sum = notes.reduce((total, denomination) => total + denomination, 0)
  return [
    `to spend  ${sum}${notes.length === 0 ? '' : `: ${notes.join(' + ')}`}`,
    ...(pieces.length === 0
      ? []
      : [
          '',
          ...columns(
            ['payment', 'piece', 'it'],
            pieces.map(one => [one.payment, one.denomination, one.why]),
          ),
        ]),
    ...(requests.length === 0
      ? []
      : [
          '',
          ...columns(
            ['request', 'amount', 'paid', 'deadline', 'memo'],
            requests.map(one => [one.request, one.amount, one.paid, one.deadline, one.memo]),
          ),
        ]),
  ].join('\n')
}

interface Told {
  readonly notes: readonly number[]
  readonly pieces: ReturnType<typeof pieceLines>
  readonly requests: readonly ReturnType<typeof requestLine>[]
}

function forecastOf(amount: number, { peers, colluding }: Asked): Forecast {
  return forecast({ amount, peers, colluding, times: usualTimes, joinFee: 0, now: Date.now() })
}

/** Shows what the payment costs and how well it hides; without --yes that is all. */
function agreed(told: Forecast, { isJson, isYes }: Asked): boolean {
  if (isJson) console.log(JSON.stringify({ forecast: told, signed: isYes }))
  else console.log(forecastText(told))
  if (!isYes) console.error('chaffinch: nothing was signed\nhint: the same with --yes pays')
  return isYes
}

/** Says every change of the payments that are meant, until all of these are over. */
async function untilOver(
  payer: Payer,
  isMeant: (payment: Payment) => boolean,
  { isJson }: Asked,
): Promise<void> {
  let before = new Set<string>()
  for (;;) {
    const payments = payer.payments.filter(isMeant)
    const lines = payments.flatMap(payment => pieceLines(payment, usualTimes.epochMs))
    const texts = lines.map(line => (isJson ? JSON.stringify(line) : `${line.denomination}  ${line.why}`))
    for (const text of texts) if (!before.has(text)) console.log(text)
    before = new Set(texts)
    if (payments.every(isOver)) return
    await pause(lookEveryMs)
  }
}

function isOver({ pieces }: Payment): boolean {
  return pieces.every(({ state }) => state.at === 'paid' || state.at === 'kept')
}

async function during(config: string | undefined, work: (session: Session) => Promise<void>): Promise<void> {
  const session = await openSession(config)
  try {
    await work(session)
  } finally {
    await session.close()
  }
}
