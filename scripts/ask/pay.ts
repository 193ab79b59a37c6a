// chaffinch pay: a person's end of payments. Nothing is signed before its cost, time and anonymity were shown.

import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { RemoteError } from '../../client/remote/index.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import {
  type Account,
  type Expected,
  type Forecast,
  forecast,
  mostGap,
  PaymentError,
  type PaymentLine,
  type PaymentTimes,
  type PieceLine,
  type Quote,
  readRequest,
  usualGap,
  usualTimes,
} from '../../payment/index.ts'
import { unlockOf } from '../../roles/client.ts'
import { openFolder, readClientFile, roleFileAt } from '../../roles/files/index.ts'
import { orInterrupted } from '../terminal/interrupt.ts'
import { backUp, bringBack, exportOld, ownTerminal, typedWords } from './pay-backup.ts'
import { bitcoin } from './pay-bitcoin.ts'
import { boltzmannFile } from './pay-boltzmann.ts'
import { openPaySession, type PaySession } from './pay-session.ts'
import { accountText, forecastText, paymentText, showsText } from './pay-text.ts'

const hint = 'chaffinch pay --help'
const usualPeers = 8
/** Members of a round, and what a target may be: docs/spec/payments-paymix.md 5.12. */
const [mostPeers, mostTarget] = [64, 1_000_000] as const
/** The time between two looks at a payment that is not over. */
const lookEveryMs = 1000

interface Asked extends Expected {
  readonly config: string | undefined
  readonly isJson: boolean
  readonly isYes: boolean
  readonly isWaiting: boolean
  readonly deadlineMs: number
  readonly memo: string
  /** Says what is wanted of joins; undefined where any will do. */
  readonly least: number | undefined
  readonly target: number | undefined
  /** Belongs to backup and restore, as the next two do. */
  readonly gap: number
  readonly exportFile: string | undefined
  readonly importFile: string | undefined
}

/** The options of all actions, as they were typed: each has some of them. */
export interface PayOptions {
  readonly config?: string
  readonly json?: true
  readonly yes?: true
  readonly wait?: true
  readonly peers?: string
  readonly colluding?: string
  readonly least?: string
  readonly target?: string
  readonly deadline?: string
  readonly memo?: string
  readonly gap?: string
  readonly export?: string
  readonly import?: string
  readonly ledger?: string
  readonly node?: string
  readonly cookie?: string
  readonly chain?: string
  readonly kind?: string
  readonly coin?: string[]
  readonly feeRate?: string
  readonly blocks?: string
  readonly mostFee?: string
  readonly count?: string
  readonly psbt?: string
}

/** Gives what does an action, of its words and options. */
export function paying(
  action: string,
): (...given: [...words: (string | undefined)[], options: PayOptions]) => Promise<undefined> {
  return async (...given) => {
    const words = given.slice(0, -1).filter(word => word !== undefined) as string[]
    return await run(action, words, given.at(-1) as PayOptions)
  }
}

async function run(action: string, words: readonly string[], values: PayOptions): Promise<undefined> {
  const least = values.least === undefined ? undefined : wholeNumber('least', values.least, 3, mostPeers)
  const target = values.target === undefined ? undefined : wholeNumber('target', values.target, 2, mostTarget)
  const peers = wholeNumber('peers', values.peers ?? String(Math.max(usualPeers, least ?? 0)), 3, mostPeers)
  const asked: Asked = {
    config: values.config,
    isJson: values.json === true,
    isYes: values.yes === true,
    isWaiting: values.wait === true,
    peers,
    colluding: wholeNumber('colluding', values.colluding ?? '2', 0, peers - 1),
    deadlineMs: durationOption('deadline', values.deadline ?? (target === undefined ? '1d' : '30d')),
    memo: values.memo ?? '',
    least,
    target,
    gap: wholeNumber('gap', values.gap ?? String(usualGap), 2, mostGap),
    exportFile: values.export,
    importFile: values.import,
  }
  const isBitcoin = ledgerOf(values.ledger, values.config, action) === 'bitcoin'
  const [word, more] = words
  if (!isBitcoin && more !== undefined)
    throw new CommandError('USAGE', `pay ${action}: unexpected argument '${more}'`, hint)
  try {
    if (isBitcoin) {
      await bitcoin(action, words, {
        ...asked,
        node: values.node,
        cookie: values.cookie,
        chain: values.chain,
        kind: values.kind,
        coins: values.coin ?? [],
        feeRate: values.feeRate,
        blocks: values.blocks,
        mostFee: values.mostFee,
        count: values.count,
        psbt: values.psbt,
      })
      return
    }
    return await act(action, word, asked)
  } catch (error) {
    if (error instanceof PaymentError) throw new CommandError('FAILED', `pay ${action}: ${error.message}`)
    if (error instanceof RemoteError && error.status !== undefined)
      throw new CommandError(
        error.code === 'NO_LEDGER' ? 'CONFIG' : 'FAILED',
        `pay ${action}: ${error.detail}`,
        hints[error.code],
      )
    throw error
  }
}

/** Words and linkability are of no ledger. */
const ofNoLedger: readonly string[] = ['backup', 'restore', 'boltzmann']

function ledgerOf(said: string | undefined, config: string | undefined, action: string): string {
  if (said !== undefined && said !== 'embedded' && said !== 'bitcoin')
    throw new CommandError('USAGE', `pay: --ledger: want embedded or bitcoin, have '${said}'`, hint)
  if (ofNoLedger.includes(action)) return 'embedded'
  if (said !== undefined) return said
  if (isNowhere(config)) return 'embedded'
  return readClientFile(roleFileAt('client', config)).payments.ledger
}

const hints: Readonly<Record<string, string>> = {
  NO_LEDGER: 'ask the maker of the ledger for both lines, in a way that you trust',
  NO_NOTE: "'chaffinch pay status' shows what can be spent",
  WRONG_STATE: "'chaffinch pay status' and 'chaffinch pay history' show what was agreed",
  DEADLINE: 'the ledger did not answer: is it running, and is its address right?',
  FORKED: 'show both heads to the others who use this ledger',
}

async function act(action: string, word: string | undefined, asked: Asked): Promise<undefined> {
  switch (action) {
    case 'boltzmann':
      return boltzmannFile(wanted(word, 'pay boltzmann: want a file'), asked.isJson)
    case 'address':
      return await address(asked)
    case 'request':
      return await request(amountOf(word), asked)
    case 'send': {
      const text = wanted(word, 'pay send: want a request')
      return await pay('/pay/send', { request: text }, amountIn(text), asked)
    }
    case 'mix': {
      const { memo, deadlineMs, target } = asked
      const amount = word === undefined && target !== undefined ? await spendable(asked) : amountOf(word)
      return await pay('/pay/mix', { amount, memo, deadlineMs }, amount, asked)
    }
    case 'backup':
      return await backup(asked)
    case 'restore':
      return await restore(asked)
    case 'finish':
      return await finish(wanted(word, 'pay finish: want a payment'), asked)
    case 'status':
    case 'history':
      return await status(action, asked)
    default:
      throw new CommandError('USAGE', `pay ${action}: only on Bitcoin`, 'with --ledger bitcoin')
  }
}

function wanted(word: string | undefined, message: string): string {
  if (word === undefined) throw new CommandError('USAGE', message, hint)
  return word
}

function amountOf(word: string | undefined): number {
  return wholeNumber('amount', wanted(word, 'pay: want an amount'), 1, Number.MAX_SAFE_INTEGER)
}

/** Adds up all that can be spent. */
async function spendable({ config }: Asked): Promise<number> {
  let sum = 0
  await during(config, async ({ ask }) => {
    const { notes } = (await ask('/pay/status')) as Account
    sum = notes.reduce((total, denomination) => total + denomination, 0)
  })
  if (sum === 0) throw new CommandError('FAILED', 'pay mix: there is nothing to spend', hints['NO_NOTE'])
  return sum
}

/** Reads what a request asks for. */
function amountIn(text: string): number {
  try {
    return readRequest(new Uint8Array(Buffer.from(text, 'base64url'))).amount
  } catch (error) {
    throw new CommandError('USAGE', `pay send: this is no request: ${(error as Error).message}`, hint)
  }
}

async function backup({ config, exportFile }: Asked): Promise<undefined> {
  const file = readClientFile(roleFileAt('client', config))
  const { folder } = file
  openFolder(folder, 'client')
  const unlock = await unlockOf(file)
  if (exportFile === undefined) {
    await backUp(folder, ownTerminal(), unlock)
    return
  }
  const isWritten = await exportOld(folder, exportFile, unlock)
  console.log(
    isWritten ? exportFile : 'every key of this folder comes from its words: there is nothing to export',
  )
}

async function restore({ config, gap, importFile }: Asked): Promise<undefined> {
  const file = readClientFile(roleFileAt('client', config))
  const unlock = await unlockOf(file)
  await bringBack(file.folder, await typedWords(), gap, importFile, unlock)
  console.log('the words are taken: their notes are looked for when payments are opened next')
  console.error("hint: 'chaffinch pay status' looks for them, and shows what was found")
}

/** Where payers send what they have to say, and a fresh key to be paid to. */
async function address({ config, isJson }: Asked): Promise<undefined> {
  await during(config, async ({ ask }) => {
    const found = (await ask('/pay/address', { method: 'POST' })) as { address: string; key: string }
    console.log(isJson ? JSON.stringify(found) : `${found.address}\n${found.key}`)
  })
}

async function request(amount: number, { config, isJson, deadlineMs, memo }: Asked): Promise<undefined> {
  await during(config, async ({ ask }) => {
    const body = { amount, memo, deadlineMs }
    const made = (await ask('/pay/request', { method: 'POST', body })) as { request: string }
    console.log(isJson ? JSON.stringify(made) : made.request)
  })
}

/** Shows what a payment costs and how well it hides; with --yes it is signed, and told until it is over. */
async function pay(path: string, what: object, amount: number, asked: Asked): Promise<undefined> {
  const { config, peers, colluding, least, target } = asked
  if (least !== undefined && peers < least)
    throw new CommandError(
      'USAGE',
      `pay: --least: ${least} are wanted, and --peers ${peers} are expected`,
      hint,
    )
  const wants = { ...(least === undefined ? {} : { least }), ...(target === undefined ? {} : { target }) }
  if (!asked.isYes) {
    const times = timesOf(config)
    const until = target === undefined ? {} : { target }
    tell(forecast({ amount, peers, colluding, ...until, times, joinFee: 0, now: Date.now() }), asked)
    console.error('chaffinch: nothing was signed\nhint: the same with --yes pays')
    return
  }
  await during(config, async session => {
    const body = { ...what, peers, colluding, ...wants }
    const quoted = (await session.ask(path, { method: 'POST', body })) as {
      quote: string
      forecast: Forecast
      shows?: Quote['shows']
    }
    tell(quoted.forecast, asked)
    if (quoted.shows !== undefined && !asked.isJson) console.log(showsText(quoted.shows))
    const signed = await session.ask(`/pay/quotes/${quoted.quote}`, { method: 'POST' })
    await untilOver(session, [(signed as { payment: string }).payment], asked)
  })
}

/** Pays what was kept of a payment, and tells until that is over. */
async function finish(payment: string, asked: Asked): Promise<undefined> {
  await during(asked.config, async session => {
    const body = { deadlineMs: asked.deadlineMs }
    await session.ask(`/pay/payments/${payment}/finish`, { method: 'POST', body })
    await untilOver(session, [payment], asked)
  })
}

/** Nobody named a file, and there is none in the usual places. */
function isNowhere(config: string | undefined): boolean {
  return config === undefined && !existsSync(roleFileAt('client'))
}

/** Also somebody without a client may ask what a payment would cost. */
function timesOf(config: string | undefined): PaymentTimes {
  if (isNowhere(config)) return usualTimes
  return readClientFile(roleFileAt('client', config)).payments.times
}

function tell(told: Forecast, { isJson, isYes }: Asked): void {
  console.log(isJson ? JSON.stringify({ forecast: told, signed: isYes }) : forecastText(told))
}

/** Open payments and requests, or those that are over; with --wait it stays until all that is open is over. */
async function status(which: 'status' | 'history', asked: Asked): Promise<undefined> {
  await during(asked.config, async session => {
    const told = (await session.ask(`/pay/${which}`)) as Account
    console.log(asked.isJson ? JSON.stringify(told) : accountText(told))
    if (!asked.isWaiting) return
    await session.carry()
    await untilOver(
      session,
      told.payments.map(({ payment }) => payment),
      asked,
    )
  })
}

/** Says every change of these payments, until they are over. */
async function untilOver(session: PaySession, names: readonly string[], asked: Asked): Promise<void> {
  const goesOn = 'nothing is lost: the client goes on as long as it runs, and chaffinch pay status shows it'
  await orInterrupted(
    () => goesOn,
    () => told(session, names, asked),
  )
}

async function told(session: PaySession, names: readonly string[], { isJson }: Asked): Promise<void> {
  let before = new Set<string>()
  for (;;) {
    const { payments, pieces } = (await session.ask('/pay/payments')) as Pick<Account, 'payments' | 'pieces'>
    const mine = payments.filter(({ payment }) => names.includes(payment))
    const lines = pieces.filter(({ payment }) => names.includes(payment))
    const texts = isJson
      ? [...lines, ...mine.filter(({ isPaid, why }) => isPaid || why !== '')].map(line =>
          JSON.stringify(line),
        )
      : [...lines.map(({ denomination, why }) => `${denomination}  ${why}`), ...mine.flatMap(paymentText)]
    for (const text of texts) if (!before.has(text)) console.log(text)
    before = new Set(texts)
    if (mine.every(payment => isOver(payment, lines))) return
    await pause(lookEveryMs)
  }
}

function isOver({ payment, why }: PaymentLine, pieces: readonly PieceLine[]): boolean {
  if (why !== '') return true
  const own = pieces.filter(line => line.payment === payment)
  return own.length > 0 && own.every(({ state }) => state === 'paid' || state === 'kept')
}

async function during(
  config: string | undefined,
  work: (session: PaySession) => Promise<void>,
): Promise<void> {
  const session = await openPaySession(config)
  try {
    await work(session)
  } finally {
    await session.close()
  }
}
