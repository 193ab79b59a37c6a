// What `chaffinch net` says of its network, looked at once a second, and what it is told to do.

import { signal } from '@preact/signals'
import { RemoteClient } from '../../client/remote/index.ts'
import type { NetAct, NetState } from '../../scripts/network/page-state.ts'
import { askFetch, session, tokenOfTab } from '../parts/session.ts'

export type {
  ClaimNow,
  HappenedNow,
  MessageNow,
  NetAct,
  NetState,
  ProcessNow,
  SeenNow,
} from '../../scripts/network/page-state.ts'

export const state = signal<NetState | undefined>(undefined)
export const isConnected = signal(true)
/** Whose links are shown: a process, or `client` for those of all clients. */
export const watched = signal('client')

const net = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch })
const lookEveryMs = 1000

async function lookOnce(): Promise<void> {
  state.value = (await net.ask(`/net?of=${encodeURIComponent(watched.value)}`)) as NetState
}

/** Looks for as long as the session lasts. */
export async function look(): Promise<void> {
  while (session.value.at === 'open') {
    try {
      if (document.visibilityState === 'visible' || state.value === undefined) await lookOnce()
      isConnected.value = true
    } catch {
      isConnected.value = false
    }
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  }
}

/** Does something to a process. @throws RemoteError */
export async function act(name: string, what: NetAct): Promise<void> {
  await net.ask(`/net/processes/${encodeURIComponent(name)}`, { method: 'POST', body: { do: what } })
  await lookOnce()
}

/** Sends texts by hand. @throws RemoteError */
export async function send(from: string, to: string, text: string, count: number): Promise<void> {
  await net.ask('/net/messages', { method: 'POST', body: { from, to, text, count } })
  await lookOnce()
}
