// A client's daemon for tests of its page: on a network in memory whose clock a timer drives, with a correspondent.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { serveClient } from '../../client/api/daemon.ts'
import { logPart } from '../../client/api/log.ts'
import type { Client } from '../../client/client.ts'
import { type Identities, openIdentities } from '../../client/identities.ts'
import { paymentApi } from '../../payment/api/routes.ts'
import { PaymentError } from '../../payment/error.ts'
import type { Loopback } from '../../world/http.ts'
import { silent } from '../../world/log.ts'
import { LogLines } from '../../world/log-lines.ts'
import { seededRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { FakeLink, FakeNetwork } from '../client-network.ts'
import { storesInMemory } from '../stores-in-memory.ts'
import { type Complaints, openPage } from './browser.ts'

export const token = 'the token of the owner, long enough'

export interface DaemonWorld {
  readonly net: FakeNetwork
  readonly identities: Identities
  /** Whose page it is. */
  readonly alice: Client
  readonly bob: Client
  readonly api: Loopback
  readonly lines: LogLines
  /** Opens the page as its owner does. */
  open(
    browser: Browser,
    options?: BrowserContextOptions,
  ): Promise<{ readonly page: Page; readonly complaints: Complaints }>
  close(): Promise<void>
}

/** Time of the network that passes in a second of the page. */
const hurry = 4
const stepMs = 50

export async function daemonWorld(seed: number): Promise<DaemonWorld> {
  // Slow clocks: the browser beside it wants the processor
  const parameters = { payloadPerMinute: 240, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 120 }
  const net = new FakeNetwork({ seed, gateways: 3, parameters })
  const lines = new LogLines(() => Date.now())
  const log = lines.around(silent)
  const dice = (name: string): ReturnType<typeof seededRandom> => {
    const seedOf = new Uint8Array(32)
    new TextEncoder().encodeInto(name, seedOf)
    return seededRandom(seedOf)
  }
  const parts = (name: string) => ({
    link: new FakeLink(net, dice(`link ${name}`)(32)),
    directory: net.directory(),
    random: dice(name),
  })
  const identities = await openIdentities({
    network: net.network,
    clock: net.clock,
    store: memoryStore(),
    stores: storesInMemory(),
    spreadMs: 1,
    log,
    parts,
    ...parts('main'),
  })
  const { client: bob } = await net.client('bob')
  bob.serve('echo', ({ bytes }) => bytes, { announce: true })
  await net.clock.advance(60 * second)
  const paying = paymentApi({
    payments: async () => {
      throw new PaymentError('NO_LEDGER', 'payments: no ledger is named')
    },
    on: () => () => {},
    apps: new Set(),
    now: () => net.clock.now(),
  })
  const api = await serveClient({
    client: identities.main,
    identities,
    port: 0,
    token,
    parts: [paying, logPart(lines)],
  })
  log.info({}, 'ready')
  log.warn({ gateway: 'a1b2c3d4' }, 'left an entry gateway')
  const stop = pump(net)
  return {
    net,
    identities,
    alice: identities.main,
    bob,
    api,
    lines,
    async open(browser, options = {}) {
      const opened = await openPage(browser, options)
      await opened.page.goto(api.pageUrl())
      return opened
    },
    async close() {
      await api.close()
      stop()
      net.clock.advance(10 * second).catch(() => {})
      await Promise.all([identities.close(), bob.close()])
    },
  }
}

/** Lets the network's time pass with this machine's, faster. Returns how to stop. */
function pump({ clock }: FakeNetwork): () => void {
  let over = false
  const again = async (): Promise<void> => {
    if (over) return
    await clock.advance(hurry * stepMs)
    setTimeout(() => void again(), stepMs)
  }
  void again()
  return () => {
    over = true
  }
}
