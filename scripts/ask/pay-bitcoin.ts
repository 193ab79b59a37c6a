// chaffinch pay --ledger bitcoin: a person's coins on Bitcoin, by a node of their own. docs/spec/payments-bitcoin.md
// 6.6, docs/guide/bitcoin.md.

import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { Address, NETWORK, OutScript, TEST_NETWORK } from '@scure/btc-signer'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import {
  bitcoinJoins,
  coinNamed,
  type Draft,
  fresh,
  type KeyPlace,
  nameOf,
  type OwnCoin,
  type Paid,
  PaymentError,
  readLabels,
  rungOf,
  type ScriptKind,
  scriptOf,
  writeLabels,
} from '../../payment/ledger/index.ts'
import { Mixer, RoundTransport, type Settlement } from '../../payment/rounds/index.ts'
import { readClientFile, replaceFile, roleFileAt } from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { topicAt } from '../network/topic.ts'
import { type BitcoinSession, openBitcoinSession } from './pay-node.ts'
import { openPaySession } from './pay-session.ts'

/** Repeats what the command line says. */
export interface BitcoinAsked {
  readonly config: string | undefined
  readonly isJson: boolean
  readonly isYes: boolean
  readonly node: string | undefined
  readonly cookie: string | undefined
  readonly chain: string | undefined
  readonly kind: string | undefined
  readonly coins: readonly string[]
  readonly feeRate: string | undefined
  readonly blocks: string | undefined
  readonly mostFee: string | undefined
  readonly count: string | undefined
  /** Notes that a join needs; undefined where three will do. */
  readonly least: number | undefined
  readonly psbt: string | undefined
}

const hint = 'chaffinch pay --help'
const kinds: readonly ScriptKind[] = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh']
const chains = ['main', 'test', 'testnet4', 'signet', 'regtest'] as const
const lookEveryMs = 1000
/** Satoshi that a fee may take where the command line says nothing. */
const usualMostFee = 50_000

type Work = (session: BitcoinSession, words: readonly string[], asked: BitcoinAsked) => Promise<void>

const works: Readonly<Record<string, Work>> = {
  address,
  status,
  send,
  fund,
  mix,
  bump,
  lift,
  freeze: (session, words) => freeze(session, words, true),
  thaw: (session, words) => freeze(session, words, false),
  label,
  labels,
  descriptors,
  submit,
}

/** Does one thing with a person's coins. @throws CommandError */
export async function bitcoin(action: string, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  const work = works[action]
  if (work === undefined) throw new CommandError('USAGE', `pay: no action '${action}' on Bitcoin`, hint)
  const chain = chains.find(one => one === asked.chain)
  if (asked.chain !== undefined && chain === undefined)
    throw new CommandError('USAGE', `pay: --chain: want one of ${chains.join(', ')}`)
  const { node, cookie } = asked
  const session = await openBitcoinSession(readClientFile(roleFileAt('client', asked.config)), {
    ...(node === undefined ? {} : { node }),
    ...(cookie === undefined ? {} : { cookie }),
    ...(chain === undefined ? {} : { chain }),
  })
  try {
    await work(session, words, asked)
  } finally {
    await session.close()
  }
}

function networkOf({ facts }: BitcoinSession): typeof NETWORK {
  if (facts.chain === 'main') return NETWORK
  return facts.chain === 'regtest' ? { ...TEST_NETWORK, bech32: 'bcrt' } : TEST_NETWORK
}

function wanted(words: readonly string[], place: number, what: string): string {
  const word = words[place]
  if (word === undefined) throw new CommandError('USAGE', `pay: want ${what}`, hint)
  return word
}

function amountOf(word: string): number {
  return wholeNumber('amount', word, 1, 21e14)
}

function tell(isJson: boolean, value: object, lines: readonly string[]): void {
  console.log(isJson ? JSON.stringify(value) : lines.join('\n'))
}

async function address(session: BitcoinSession, _: readonly string[], asked: BitcoinAsked): Promise<void> {
  const kind = kinds.find(one => one === (asked.kind ?? 'p2wpkh'))
  if (kind === undefined)
    throw new CommandError('USAGE', `pay address: --kind: want one of ${kinds.join(', ')}`)
  const owner = await session.wallet.freshOwner(kind)
  const text = Address(networkOf(session)).encode(OutScript.decode(scriptOf(owner)))
  tell(asked.isJson, { address: text }, [text])
}

async function status(
  session: BitcoinSession,
  _: readonly string[],
  { isJson }: BitcoinAsked,
): Promise<void> {
  const coins = await session.wallet.coins()
  const lines = coins.map(coin => coinLine(session, coin))
  const sum = lines.reduce((all, { amount }) => all + amount, 0)
  tell(isJson, { height: session.facts.height, sum, coins: lines }, [
    ...lines.map(
      ({ coin, amount, confirmations, rungs, frozen, label: name }) =>
        `${String(amount).padStart(12)}  ${coin}  ${confirmations === 0 ? 'waits' : `${confirmations} deep`}${rungs === null ? '' : `  ${rungs} joins left`}${frozen ? '  frozen' : ''}${name === '' ? '' : `  ${JSON.stringify(name)}`}`,
    ),
    `${String(sum).padStart(12)}  satoshi in ${lines.length} coins, at block ${session.facts.height}`,
  ])
}

interface CoinLine {
  readonly coin: string
  readonly amount: number
  readonly confirmations: number
  readonly kind: ScriptKind
  /** Joins that it can pay for; null off the ladder. */
  readonly rungs: number | null
  readonly frozen: boolean
  readonly label: string
}

function coinLine(
  { ladder }: BitcoinSession,
  { note, place, depth, isFrozen, label: name }: OwnCoin,
): CoinLine {
  return {
    coin: nameOf(note.id),
    amount: note.denomination,
    confirmations: depth,
    kind: place.kind,
    rungs: rungOf(note.denomination, ladder),
    frozen: isFrozen,
    label: name,
  }
}

async function rateOf({ ledger }: BitcoinSession, { feeRate, blocks }: BitcoinAsked): Promise<number> {
  if (feeRate === undefined) return await ledger.feeRate(wholeNumber('blocks', blocks ?? '6', 1, 1008))
  const rate = Number(feeRate)
  if (!(rate > 0 && rate <= 1000))
    throw new CommandError('USAGE', `pay: --fee-rate: want a number up to 1000, have '${feeRate}'`)
  return rate
}

async function send(session: BitcoinSession, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  const to = wanted(words, 0, 'an address and an amount')
  const paid: Paid = {
    script: scriptIn(session, to),
    amount: amountOf(wanted(words, 1, 'an amount in satoshi')),
  }
  const draft = await session.payments.draft([paid], await rateOf(session, asked), asked.coins.map(coinNamed))
  await carryOut(session, draft, asked)
}

function scriptIn(session: BitcoinSession, text: string): Uint8Array {
  try {
    return OutScript.encode(Address(networkOf(session)).decode(text))
  } catch (error) {
    throw new CommandError(
      'USAGE',
      `pay send: no address of ${session.facts.chain}: ${(error as Error).message}`,
    )
  }
}

/** Brings coins onto the ladder: notes of an amount, each with all its rungs. */
async function fund(session: BitcoinSession, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  const { wallet, keys, ladder } = session
  const amount = fresh(amountOf(wanted(words, 0, 'a denomination')), ladder)
  const count = wholeNumber('count', asked.count ?? '1', 1, 64)
  const places = Array.from(
    { length: count },
    (): KeyPlace => wallet.nextPlace(ladder.outputs ?? 'p2wpkh', 'own'),
  )
  const paid = places.map(place => ({ amount, script: scriptOf(keys.ownerAt(place)) }))
  const draft = await session.payments.draft(
    paid,
    await rateOf(session, asked),
    asked.coins.map(coinNamed),
    places,
  )
  await carryOut(session, draft, asked)
}

async function bump(session: BitcoinSession, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  await carryOut(
    session,
    await session.payments.bump(wanted(words, 0, 'a transaction'), await rateOf(session, asked)),
    asked,
  )
}

async function lift(session: BitcoinSession, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  const coin = coinNamed(wanted(words, 0, 'a coin, txid:vout'))
  await carryOut(session, await session.payments.lift(coin, await rateOf(session, asked)), asked)
}

/** Says what a payment costs and shows; with --yes it is signed and sent, with --psbt it goes to a signer elsewhere. */
async function carryOut({ payments }: BitcoinSession, draft: Draft, asked: BitcoinAsked): Promise<void> {
  const { fee, change, coins } = draft
  const most = wholeNumber('most-fee', asked.mostFee ?? String(usualMostFee), 1, 1_000_000)
  if (fee > most)
    throw new CommandError(
      'FAILED',
      `pay: the fee would be ${fee} satoshi: want at most ${most}`,
      'wait, or say --most-fee',
    )
  const told = { fee, change, coins: coins.map(({ note }) => nameOf(note.id)) }
  const merged = coins.length > 1 ? [`it shows that these ${coins.length} coins are of one owner`] : []
  const lines = [
    `fee ${fee} satoshi, change ${change}`,
    ...told.coins.map(coin => `spends ${coin}`),
    ...merged,
  ]
  if (asked.psbt !== undefined) {
    replaceFile(asked.psbt, `${Buffer.from(await payments.psbt(draft)).toString('base64')}\n`, 0o600)
    return tell(asked.isJson, { ...told, psbt: asked.psbt }, [...lines, `to be signed: ${asked.psbt}`])
  }
  if (!asked.isYes) {
    tell(asked.isJson, { ...told, sent: null }, lines)
    console.error('chaffinch: nothing was signed\nhint: the same with --yes sends it')
    return
  }
  const sent = await payments.send(draft)
  tell(asked.isJson, { ...told, sent }, [...lines, sent])
}

/** Takes a PSBT back that was signed elsewhere. */
async function submit(
  { payments }: BitcoinSession,
  words: readonly string[],
  { isJson }: BitcoinAsked,
): Promise<void> {
  const bytes = readFile(wanted(words, 0, 'a file with a signed PSBT'))
  const text = bytes.toString('latin1').trim()
  const psbt = text.startsWith('psbt') ? new Uint8Array(bytes) : new Uint8Array(Buffer.from(text, 'base64'))
  const sent = await payments.takeBack(psbt)
  tell(isJson, { sent }, [sent])
}

async function freeze(
  { wallet }: BitcoinSession,
  words: readonly string[],
  isFrozen: boolean,
): Promise<void> {
  await wallet.freeze(coinNamed(wanted(words, 0, 'a coin, txid:vout')), isFrozen)
}

async function label({ wallet }: BitcoinSession, words: readonly string[]): Promise<void> {
  await wallet.name(coinNamed(wanted(words, 0, 'a coin, txid:vout')), words[1] ?? '')
}

/** Writes all labels, or takes those of a file in. */
async function labels({ wallet }: BitcoinSession, words: readonly string[]): Promise<void> {
  const [file] = words
  if (file === undefined) return void process.stdout.write(writeLabels(await wallet.labels()))
  const read = readLabels(readFile(file).toString('utf8'))
  await wallet.keepLabels(read)
  console.log(`${read.length} labels`)
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${(error as Error).message}`)
  }
}

async function descriptors(
  { keys }: BitcoinSession,
  _: readonly string[],
  { isJson }: BitcoinAsked,
): Promise<void> {
  const all = keys.descriptors()
  tell(isJson, { descriptors: all }, all)
}

/** Has a note of an amount joined with others', and settles what was left of earlier rounds. */
async function mix(session: BitcoinSession, words: readonly string[], asked: BitcoinAsked): Promise<void> {
  const denomination = amountOf(wanted(words, 0, 'a denomination'))
  const { ladder, ledger, wallet, keys, store } = session
  const chosen = asked.coins.map(coinNamed).map(nameOf)
  const coin = (await wallet.coins()).find(({ note, depth, isFrozen, place }) => {
    const rungs = rungOf(note.denomination, ladder)
    const isMeant = chosen.length === 0 ? !isFrozen : chosen.includes(nameOf(note.id))
    const isOf = rungs !== null && rungs > 0 && note.denomination - rungs * ladder.step === denomination
    return isOf && isMeant && depth > 0 && place.kind !== 'p2sh-p2wpkh'
  })
  if (coin === undefined)
    throw new PaymentError(
      'NO_NOTE',
      `no note of ${denomination} with a join left is in a block: 'pay fund' makes some`,
    )
  if (!asked.isYes) {
    tell(asked.isJson, { coin: nameOf(coin.note.id), fee: ladder.step }, [
      `joins ${nameOf(coin.note.id)}: fee ${ladder.step} satoshi`,
    ])
    console.error('chaffinch: nothing was signed\nhint: the same with --yes joins')
    return
  }
  const client = await openPaySession(asked.config)
  const { times } = readClientFile(roleFileAt('client', asked.config)).payments
  let mixer: Mixer | undefined
  const transport = await RoundTransport.open({
    topic: topicAt(client.client, 'payments'),
    store,
    clock: systemClock,
    log: silent,
    receive: message => mixer?.receive(message),
    giveUpMs: times.phaseMs + times.voteMs,
  })
  try {
    let settled: Settlement | undefined
    const own = await Mixer.open({
      scheme: bitcoinJoins(ledger.id, ladder),
      ledger,
      clock: systemClock,
      random: systemRandom,
      keys: wallet,
      store,
      log: silent,
      times,
      publish: message => transport.publish(message),
      report({ note, what }) {
        if (what.type === 'settled') {
          if (nameOf(note.id) === nameOf(coin.note.id)) settled = what.settlement
        } else if (!asked.isJson) console.log(`the round is at ${what.state.at}`)
      },
    })
    mixer = own
    if (!own.holds(coin.note)) own.join(coin.note, keys.secretAt(coin.place), undefined, asked.least)
    while (settled === undefined) await pause(lookEveryMs)
    const joined = settled.is === 'paid' ? settled.joined : undefined
    tell(asked.isJson, { settled: settled.is, joined }, [
      settled.is === 'paid'
        ? `joined${joined === undefined ? '' : `, in a join of ${joined}`}`
        : `not joined: the note is ${settled.is}`,
    ])
  } finally {
    mixer?.close()
    await transport.close()
    await client.close()
  }
}
