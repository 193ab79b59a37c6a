// What `chaffinch pay` works with: the wallet under seal in the client's folder, and the ledger and the rounds through the
// running client.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealedValues } from '../client/vault.ts'
import { systemClock } from '../link/clock.ts'
import { openStore, type Store } from '../link/store.ts'
import { embeddedJoins } from '../payment/join.ts'
import type { Genesis, Ledger } from '../payment/ledger.ts'
import { HeadWatch } from '../payment/ledger-heads.ts'
import { readGenesis } from '../payment/log.ts'
import { Payer } from '../payment/payer.ts'
import type { Payment } from '../payment/pieces.ts'
import { paymentsIn } from '../payment/temporal-ledger.ts'
import { usualTimes } from '../payment/times.ts'
import { RoundTransport } from '../payment/transport.ts'
import { ledgerService, RemoteLedger } from '../payment/transport-ledger.ts'
import { Wallet } from '../payment/wallet.ts'
import { systemRandom } from '../sphinx/random.ts'
import { CommandError } from './command.ts'
import { clientEndpoint, readClientFile } from './config.ts'
import { askService } from './daemon.ts'
import { readKey, writeKey } from './folder.ts'
import { paymentsTopic } from './net-payments-client.ts'
import { machineError, openLog } from './role.ts'

const patienceMs = 120_000
/** docs/payments.md 4.10; the same for all who want to meet. */
const times = usualTimes

export interface Session {
  readonly wallet: Wallet
  readonly ledger: Ledger
  /** As they stand on disk. */
  payments(): Promise<readonly Payment[]>
  /** Takes part in rounds and pays out from now on, until the session is closed. */
  carry(): Promise<Payer>
  close(): Promise<void>
}

/** Which ledger a wallet is of: its genesis in hex, and the address where it answers, one on a line. */
interface Pinned {
  readonly genesis: Genesis
  readonly address: string
}

/**
 * @param config the client's file; default client.toml
 * @throws CommandError CONFIG, FAILED
 */
export async function openSession(config: string | undefined): Promise<Session> {
  const file = readClientFile(config ?? 'client.toml')
  const endpoint = clientEndpoint(config)
  const { genesis, address } = pinnedIn(join(file.folder, 'payments.ledger'))
  const log = openLog('payments', file.log)
  const store = await openSealed(file.folder)
  const ask = (question: Uint8Array): Promise<Uint8Array> =>
    askService(endpoint, address, ledgerService, question, patienceMs)
  let watch: HeadWatch | null = null
  const remote = new RemoteLedger({ genesis, ask, onHead: head => watch?.seen(head) })
  let payer: Payer | null = null
  const transport = await RoundTransport.open({
    topic: paymentsTopic(endpoint),
    store,
    clock: systemClock,
    log,
    receive(message) {
      watch?.receive(message)
      payer?.receive(message)
    },
    giveUpMs: times.phaseMs + times.voteMs,
  })
  watch = new HeadWatch({
    genesis,
    ask,
    tell: head => transport.publish(head),
    clock: systemClock,
    onAlarm: ({ isProven }) =>
      console.error(
        `chaffinch: the ledger ${isProven ? 'shows two histories' : 'does not prove its history'}: nothing is paid with it`,
      ),
  })
  const ledger = watch.guard(remote)
  return {
    wallet: new Wallet({ store, ledger, random: systemRandom }),
    ledger,
    payments: () => paymentsIn(store).all(),
    async carry() {
      payer ??= await Payer.open({
        scheme: embeddedJoins(ledger.id),
        ledger,
        clock: systemClock,
        random: systemRandom,
        store,
        log,
        times,
        publish: message => transport.publish(message),
      })
      return payer
    },
    async close() {
      payer?.close()
      watch?.close()
      await transport.close()
      await store.close()
    },
  }
}

function pinnedIn(file: string): Pinned {
  if (!existsSync(file)) {
    throw new CommandError(
      'CONFIG',
      `${file}: no such file`,
      "write two lines into it: the ledger's genesis and its address, as 'chaffinch ledger' prints them",
    )
  }
  const [genesis, address] = readFileSync(file, 'utf8').trim().split(/\s+/)
  if (genesis === undefined || address === undefined) {
    throw new CommandError('CONFIG', `${file}: want two lines: the ledger's genesis and its address`)
  }
  try {
    return { genesis: readGenesis(new Uint8Array(Buffer.from(genesis, 'hex'))), address }
  } catch (error) {
    throw new CommandError('CONFIG', `${file}: genesis: ${(error as Error).message}`)
  }
}

/** The wallet's store; its key lies beside it. */
async function openSealed(folder: string): Promise<Store> {
  const file = join(folder, 'payments.key')
  const key = existsSync(file)
    ? readKey(file)
    : writeKey(file, 'key of the payments beside it', () => new Uint8Array(0))
  try {
    return await openStore(join(folder, 'payments'), sealedValues(key, systemRandom))
  } catch (error) {
    throw machineError(error)
  }
}
