// chaffinch ledger mirror: the log of a ledger that somebody else keeps, read, checked and told on; and ledger verify
// --url, which reads and checks one from afar. docs/spec/payments-ledger.md 3.7, 3.8.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { serveAt } from '../../client/remote/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { type Genesis, PaymentError, readGenesis } from '../../payment/index.ts'
import {
  type Ask,
  answerProof,
  answerQuestion,
  FollowedLedger,
  ledgerService,
} from '../../payment/ledger/index.ts'
import { runningClient } from '../../roles/files/index.ts'
import { closing, machineError, type Running } from '../../roles/role.ts'
import { stayAlive, systemClock } from '../../world/clock.ts'
import { type Log, silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { memoryStore, openStore } from '../../world/store.ts'
import { minute, second } from '../../world/units.ts'
import { askAt, serveLog } from './ledger-http.ts'

export interface MirrorOptions {
  /** Hex. */
  readonly genesis: string
  /** Where it is read from: an address of the mixnet, through the running client of `config`, or a URL. */
  readonly address: string | undefined
  readonly url: string | undefined
  readonly config: string | undefined
  /** It is told on over HTTP too. */
  readonly port: number | undefined
}

/** Follows a ledger, and answers for it at the running client's address and on the port. */
export function mirror(folder: string, options: MirrorOptions, log: Log): Promise<Running> {
  const { address, url, config, port } = options
  const genesis = genesisIn(options.genesis)
  if ((address === undefined) === (url === undefined))
    throw new CommandError('USAGE', 'ledger mirror: want --at or --url, and not both')
  return closing(async later => {
    const client = url === undefined || config !== undefined ? runningClient(config) : undefined
    const ending = new AbortController()
    mkdirSync(folder, { recursive: true })
    const store = await openStore(join(folder, 'log')).catch((error: unknown) => {
      throw machineError(error)
    })
    later(() => store.close())
    const followed = await FollowedLedger.open({
      genesis,
      store,
      ledger: url === undefined ? throughMixnet(client, address ?? '') : askAt(url),
      clock: systemClock,
      random: systemRandom,
      log,
      everyMs: url === undefined ? minute : 5 * second,
      onInvalid: ({ message }) =>
        log.error({ why: message }, 'ledger mirror: the ledger has signed a log that does not hold'),
    })
    later(async () => followed.close())
    const served = followed.mirror()
    const answer: Ask = async question =>
      answerProof(followed, question) ?? (await answerQuestion(served, question))
    if (port !== undefined) {
      const { close, url: own } = await serveLog(port, answer)
      later(close)
      log.info({ url: own }, 'ledger mirror: answers over HTTP')
    }
    if (client === undefined) return {}
    const work = serveAt(client, ledgerService, answer, ending.signal)
    later(async () => {
      ending.abort()
      await work
    })
    const { address: own } = await client.status()
    log.info({ ledger: genesis.name, at: own }, 'started')
    return {}
  })
}

function throughMixnet(client: ReturnType<typeof runningClient> | undefined, address: string): Ask {
  if (client === undefined) throw new CommandError('USAGE', 'ledger mirror: --at wants a running client')
  return async question => await client.request(ledgerService, question, { to: address })
}

/** A log that was read from afar, and holds. */
export interface ReadLog {
  readonly genesis: Genesis
  readonly ledger: FollowedLedger
  readonly entries: readonly Uint8Array[]
}

/** A server that starts anew meanwhile is waited for; one that is not there is not. */
const mostFailures = 3

/**
 * Reads a whole log from a URL and checks every entry of it.
 *
 * @throws CommandError FAILED when it does not hold, or questions have no answer, or one of another ledger
 */
export async function readAt(url: string, hex: string): Promise<ReadLog> {
  const genesis = genesisIn(hex)
  const failing = failures(url)
  const ledger = await FollowedLedger.open({
    genesis,
    store: memoryStore(),
    ledger: failing.counted(askAt(url)),
    clock: systemClock,
    random: systemRandom,
    log: failing.log,
    everyMs: second,
  })
  ledger.onGrowth(failing.over)
  // Timers alone do not keep a process from ending
  const rest = stayAlive()
  try {
    for (let size = -1; ledger.size > size; ) {
      size = ledger.size
      const isRead = await Promise.race([whole(ledger), caught(ledger), failing.often])
      if (ledger.invalid !== undefined)
        throw new CommandError('FAILED', `${url}: the log does not hold: ${ledger.invalid.message}`)
      if (isRead) return { genesis, ledger, entries: await ledger.entries(0, ledger.size) }
      if (failing.isOften) break
    }
    throw new CommandError('FAILED', `${url}: its log could not be read: ${failing.why}`)
  } finally {
    rest()
    ledger.close()
  }
}

interface Failures {
  /** Asks, and remembers why there was no answer. */
  counted(ask: Ask): Ask
  /** Hears of each question that came to nothing. */
  readonly log: Log
  /** The log has grown: what failed before it does not count. */
  readonly over: () => void
  /** Resolves with false when several have, one after another. */
  readonly often: Promise<false>
  readonly isOften: boolean
  readonly why: string
}

/** Counts the questions that come to nothing, from one growth of the log to the next. */
function failures(url: string): Failures {
  let [count, last, why] = [0, '', 'nobody answers']
  let end: (_: false) => void = () => {}
  const often = new Promise<false>(resolve => {
    end = resolve
  })
  return {
    often,
    over: () => {
      count = 0
    },
    counted: ask => async question => {
      last = ''
      try {
        return await ask(question)
      } catch (error) {
        last = error instanceof Error ? error.message : String(error)
        throw error
      }
    },
    log: {
      ...silent,
      warn: ({ code }) => {
        why = last === '' ? `what ${url} answers is not the log of this genesis (${code})` : last
        if (++count >= mostFailures) end(false)
      },
    },
    get isOften() {
      return count >= mostFailures
    },
    get why() {
      return why
    },
  }
}

async function whole(ledger: FollowedLedger): Promise<boolean> {
  return await ledger.ready().then(
    () => true,
    () => false,
  )
}

/** Resolves once the ledger is found to have signed what does not hold. */
async function caught(ledger: FollowedLedger): Promise<boolean> {
  while (ledger.invalid === undefined && !ledger.isClosed)
    await new Promise<void>(resolve => systemClock.after(second / 10, resolve))
  return false
}

function genesisIn(hex: string): Genesis {
  try {
    return readGenesis(fromHex(hex.trim()))
  } catch (error) {
    const why = error instanceof PaymentError || error instanceof Error ? error.message : String(error)
    throw new CommandError('USAGE', `ledger: --genesis: ${why}`)
  }
}
