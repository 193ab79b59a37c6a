// Where `chaffinch pay` asks: at the running client, or, where none runs, at one that it runs itself for as long as it takes.

import { clientRoutes } from '../../client/api/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { paymentApi } from '../../payment/index.ts'
import { systemClock } from '../../world/clock.ts'
import { type ClientFile, clientEndpoint, readClientFile } from '../files/config.ts'
import { openFolder } from '../files/folder.ts'
import { clientStatus } from '../remote/daemon.ts'
import { type Asked, answerOf, askJson } from '../remote/http.ts'
import { openFrom } from '../roles/client.ts'
import { paymentsFrom } from '../roles/payments.ts'
import { machineError } from '../roles/role.ts'

/** The payment routes of docs/spec/payments-paymix.md 5.10. */
export interface PaySession {
  /** @throws HttpRefusal, CommandError FAILED */
  ask(path: string, asked?: Asked): Promise<unknown>
  /** Carries what is open from now on, where no running client does. */
  carry(): Promise<void>
  close(): Promise<void>
}

/** A ledger is asked through the mixnet, several times for one answer. */
const patienceMs = 300_000
/** Until a client of one's own can send. */
const readyWithinMs = 60_000

/**
 * @param config the client's file; default client.toml
 * @throws CommandError CONFIG, FAILED
 */
export async function openPaySession(config = 'client.toml'): Promise<PaySession> {
  const file = readClientFile(config)
  return (await isRunning(file)) ? atRunning(config) : await ownSession(file)
}

async function isRunning({ file, apiPort }: ClientFile): Promise<boolean> {
  if (apiPort === 0) return false
  try {
    await clientStatus(clientEndpoint(file))
    return true
  } catch (error) {
    if (error instanceof CommandError) return false
    throw error
  }
}

function atRunning(config: string): PaySession {
  const endpoint = clientEndpoint(config)
  return {
    ask: (path, asked = {}) => askJson(endpoint, path, { timeoutMs: patienceMs, ...asked }),
    carry: async () => {},
    close: async () => {},
  }
}

async function ownSession(file: ClientFile): Promise<PaySession> {
  openFolder(file.folder, 'client')
  const identities = await openFrom(file).catch((error: unknown) => {
    throw machineError(error)
  })
  const { main: client } = identities
  const payments = paymentsFrom(file, client)
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
  return {
    async ask(path, { method = 'GET', body } = {}) {
      const headers = { 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) }
      return await answerOf(await app.request(path, { method, ...sent }))
    },
    async carry() {
      await (await payments.open()).carry()
    },
    async close() {
      closing.abort()
      await close()
    },
  }
}
