// The payments of a client's folder: `payments.ledger` names the ledger; keys, requests and payments lie under seal in
// `payments`, whose key is `payments.key`. docs/spec/payments-paymix.md 5.9.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealedValues } from '../client/folder/index.ts'
import type { Client } from '../client/index.ts'
import { fromHex } from '../encoding/bytes.ts'
import {
  PaymentError,
  Payments,
  type PaymentsEvent,
  type PinnedLedger,
  readGenesis,
} from '../payment/index.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'
import { openStore, type Store } from '../world/store.ts'
import type { ClientFile } from './files/config.ts'
import { readKey, writeKey } from './files/folder.ts'
import { openLog } from './role.ts'

export interface FolderPayments {
  /** A ledger is named. */
  readonly isNamed: boolean
  /** Opens them when they are first asked for. @throws PaymentError NO_LEDGER while none is named, BAD_DOCUMENT */
  readonly open: () => Promise<Payments>
  /** Tells what happens to them from when they are open; returns how to stop. */
  readonly on: (tell: (event: PaymentsEvent) => void) => () => void
  readonly close: () => Promise<void>
}

export function paymentsFrom(file: ClientFile, client: Client): FolderPayments {
  const ledgerFile = join(file.folder, 'payments.ledger')
  const listeners = new Set<(event: PaymentsEvent) => void>()
  let opening: Promise<Opened> | undefined
  let isClosed = false
  const openOnce = async (): Promise<Opened> => {
    if (isClosed) throw new PaymentError('WRONG_STATE', 'payments: they are closed')
    const ledger = pinnedIn(ledgerFile)
    const store = await openSealed(file.folder)
    const { times } = file.payments
    const log = openLog('payments', file.log)
    const publicLog = await openStore(join(file.folder, 'payments-log'))
    const init = { client, ledger, store, publicLog, clock: systemClock, random: systemRandom, log, times }
    const payments = await Payments.open(init)
    payments.on(event => {
      for (const tell of listeners) tell(event)
    })
    return { stores: [store, publicLog], payments }
  }
  return {
    get isNamed() {
      return existsSync(ledgerFile)
    },
    async open() {
      opening ??= openOnce().catch(error => {
        opening = undefined
        throw error
      })
      return (await opening).payments
    },
    on(tell) {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    async close() {
      isClosed = true
      const opened = await opening?.catch(() => undefined)
      await opened?.payments.close()
      for (const store of opened?.stores ?? []) await store.close()
    },
  }
}

interface Opened {
  readonly payments: Payments
  readonly stores: readonly Store[]
}

/** The ledger's genesis in hex, the address where it answers, and, one a line, those where its mirrors do. */
function pinnedIn(file: string): PinnedLedger {
  if (!existsSync(file)) {
    throw new PaymentError(
      'NO_LEDGER',
      `${file}: no such file: write two lines into it, the ledger's genesis and its address, as 'chaffinch ledger' prints them`,
    )
  }
  const [genesis, address, ...mirrors] = readFileSync(file, 'utf8').trim().split(/\s+/)
  if (genesis === undefined || address === undefined)
    throw new PaymentError('NO_LEDGER', `${file}: want two lines: the ledger's genesis and its address`)
  try {
    return { genesis: readGenesis(fromHex(genesis)), address, mirrors }
  } catch (error) {
    throw new PaymentError('NO_LEDGER', `${file}: line 1, genesis: ${(error as Error).message}`)
  }
}

/** @throws PaymentError DAMAGED when the key is not there, or is another one, although payments are */
async function openSealed(folder: string): Promise<Store> {
  const [file, payments] = [join(folder, 'payments.key'), join(folder, 'payments')]
  if (!existsSync(file) && existsSync(payments)) {
    throw new PaymentError(
      'DAMAGED',
      `${file}: no such file, and ${payments} cannot be read without it: put it back from a copy`,
    )
  }
  const key = existsSync(file)
    ? readKey(file)
    : writeKey(file, 'key of the payments beside it', () => new Uint8Array(0))
  const store = await openStore(payments, sealedValues(key, systemRandom))
  if (await isOfKey(store)) return store
  await store.close()
  throw new PaymentError(
    'DAMAGED',
    `${file}: it is not the key of ${payments}: put the right one back from a copy`,
  )
}

/** Some records may be damaged; where none of the first can be read, the key is another one. */
async function isOfKey(store: Store): Promise<boolean> {
  const keys = await store.keys({ limit: 64 }).all()
  for (const key of keys) {
    const isRead = await store.get(key).then(
      () => true,
      () => false,
    )
    if (isRead) return true
  }
  return keys.length === 0
}
