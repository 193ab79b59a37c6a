// The payments of a client's folder: `payments.ledger` names the ledger; what else lies there tells
// files/payments-folder.ts. docs/spec/payments-paymix.md 5.9.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, Unlock } from '../client/index.ts'
import { PaymentError, Payments, type PaymentsEvent } from '../payment/index.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'
import { openStore, type Store } from '../world/store.ts'
import { openPayments, pinnedLedger } from './files/payments-folder.ts'
import type { ClientFile } from './files/shapes.ts'
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

/** @param unlock opens the folder, where it is locked */
export function paymentsFrom(file: ClientFile, client: Client, unlock?: Unlock): FolderPayments {
  const ledgerFile = join(file.folder, 'payments.ledger')
  const listeners = new Set<(event: PaymentsEvent) => void>()
  let opening: Promise<Opened> | undefined
  let isClosed = false
  const openOnce = async (): Promise<Opened> => {
    if (isClosed) throw new PaymentError('WRONG_STATE', 'payments: they are closed')
    const ledger = pinnedLedger(file.folder)
    const { store, seed } = await openPayments(file.folder, unlock)
    const { times } = file.payments
    const log = openLog('payments', file.log)
    const publicLog = await openStore(join(file.folder, 'payments-log'))
    const init = {
      client,
      ledger,
      seed,
      store,
      publicLog,
      clock: systemClock,
      random: systemRandom,
      log,
      times,
    }
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
