// Where `chaffinch pay` asks: at the running client, or, where none runs, at one that it runs itself for as long as it
// takes.

import { clientRoutes } from '../../client/api/index.ts'
import { type Asked, RemoteClient } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { paymentApi } from '../../payment/index.ts'
import { openFrom, unlockOf } from '../../roles/client.ts'
import {
  type ClientFile,
  isAway,
  openFolder,
  readClientFile,
  roleFileAt,
  runningClient,
} from '../../roles/files/index.ts'
import { paymentsFrom } from '../../roles/payments.ts'
import { machineError } from '../../roles/role.ts'
import { systemClock } from '../../world/clock.ts'

/** The payment routes of docs/spec/payments-paymix.md 5.10. */
export interface PaySession {
  /** @throws RemoteError, CommandError FAILED */
  ask(path: string, asked?: Asked): Promise<unknown>
  /** Reaches the client itself. */
  readonly client: RemoteClient
  /** Carries what is open from now on, where no running client does. */
  carry(): Promise<void>
  close(): Promise<void>
}

/** A ledger is asked through the mixnet, several times for one answer. */
const patienceMs = 300_000
/** Until a client of one's own can send. */
const readyWithinMs = 60_000

/**
 * @param given the client's file; by default the one that `roleFileAt` finds
 * @throws CommandError CONFIG, FAILED
 */
export async function openPaySession(given?: string): Promise<PaySession> {
  const config = roleFileAt('client', given)
  const file = readClientFile(config)
  return (await isRunning(file)) ? atRunning(config) : await ownSession(file)
}

async function isRunning({ file, apiPort }: ClientFile): Promise<boolean> {
  if (apiPort === 0) return false
  try {
    await runningClient(file).status()
    return true
  } catch (error) {
    if (isAway(error)) return false
    throw error
  }
}

function atRunning(config: string): PaySession {
  const client = runningClient(config)
  return {
    client,
    ask: (path, asked = {}) => client.ask(path, { timeoutMs: patienceMs, ...asked }),
    carry: async () => {},
    close: async () => {},
  }
}

async function ownSession(file: ClientFile): Promise<PaySession> {
  openFolder(file.folder, 'client')
  const unlock = await unlockOf(file)
  const identities = await openFrom(file, undefined, undefined, unlock).catch((error: unknown) => {
    throw machineError(error)
  })
  const { main: client } = identities
  const payments = paymentsFrom(file, client, unlock)
  const close = async (): Promise<void> => {
    await payments.close()
    await identities.close()
  }
  try {
    await client.ready(AbortSignal.timeout(readyWithinMs)).catch(() => {
      throw new CommandError('FAILED', client.notReady().message)
    })
  } catch (error) {
    await close()
    throw error
  }
  const part = paymentApi({
    payments: payments.open,
    on: payments.on,
    apps: new Set(),
    now: () => systemClock.now(),
  })
  const closing = new AbortController()
  const app = clientRoutes({ client, clock: systemClock, closing: closing.signal, parts: [part] })
  const own = new RemoteClient({
    url: 'http://127.0.0.1',
    token: '',
    fetch: (...asked) => app.request(...asked),
  })
  return {
    client: own,
    ask: (path, asked = {}) => own.ask(path, { timeoutMs: patienceMs, ...asked }),
    async carry() {
      await (await payments.open()).carry()
    },
    async close() {
      closing.abort()
      await close()
    },
  }
}
