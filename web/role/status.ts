// What a role's `/status` says, as far as the page shows it, and the look at it now and then.

import { signal } from '@preact/signals'
import { RemoteClient } from '../../client/remote/index.ts'
import { History } from '../parts/history.ts'
import { askFetch, session, tokenOfTab } from '../parts/session.ts'

type Counts = Readonly<Record<string, number>>

interface Common {
  readonly epoch: number
  readonly id: string
  readonly version: string
  readonly upSeconds: number
  readonly consensus: {
    readonly epoch: number
    readonly hash: string
    readonly signers: readonly string[]
    readonly validUntil: number
  } | null
  readonly process: { readonly rssBytes: number; readonly heapBytes: number; readonly handles: number }
  readonly traffic: {
    readonly bytesIn: number
    readonly bytesOut: number
    readonly refusals: Readonly<Record<string, Counts>>
  }
}

export interface NodeStatus extends Common {
  readonly role: 'mix' | 'gateway'
  readonly state: string
  readonly listed: boolean
  readonly layer: number
  readonly standing: { readonly running: boolean; readonly reliable: boolean } | null
  readonly refusals: readonly { readonly authority: string; readonly code: string; readonly why: string }[]
  readonly packets: {
    readonly received: number
    readonly forwarded: number
    readonly stored: number
    readonly served: number
    readonly held: number
    readonly dropped: Counts
  }
  readonly loops: { readonly sent: number; readonly returned: number }
  readonly alarm: {
    readonly raised: boolean
    readonly wary: boolean
    readonly since: number | null
    readonly count: number
    readonly usualLoss: number
  }
  readonly neighbours: readonly {
    readonly id: string
    readonly state: string
    readonly queued: number
    readonly sent: number
    readonly dropped: Counts
  }[]
  readonly disk: { readonly refusals: number; readonly failing: readonly string[] }
  readonly replay: { readonly tags: number }
  readonly mail: {
    readonly mailboxes: number
    readonly entries: number
    readonly bytes: number
    readonly clients: number
    readonly turnedAway: number
  } | null
}

export interface AuthorityStatus extends Common {
  readonly role: 'authority'
  readonly state: string
  readonly nodes: number
  readonly authorities: readonly { readonly id: string; readonly seen: number | null }[]
  readonly rounds: { readonly published: number; readonly failed: number }
  readonly evidence: number
  readonly refused: Counts
  readonly applicants: readonly {
    readonly id: string
    readonly role: string
    readonly at: number
    readonly refused: { readonly code: string; readonly why: string } | null
  }[]
}

export type Status = NodeStatus | AuthorityStatus

export const status = signal<Status | undefined>(undefined)
export const isConnected = signal(true)
export const history = new History()
export const role = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch })

const lookEveryMs = 2000

/** Looks for as long as the session lasts. */
export async function look(): Promise<void> {
  while (session.value.at === 'open') {
    try {
      if (document.visibilityState === 'visible') {
        status.value = (await role.ask('/status')) as Status
        history.add(Date.now(), countersOf(status.value))
      }
      isConnected.value = true
    } catch {
      isConnected.value = false
    }
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  }
}

function countersOf(of: Status): Counts {
  const { bytesIn, bytesOut } = of.traffic
  if (of.role === 'authority') return { bytesIn, bytesOut, refused: sum(of.refused) }
  const { received, forwarded, stored, served, dropped } = of.packets
  return { bytesIn, bytesOut, received, forwarded, stored, served, dropped: sum(dropped) }
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, n) => total + n, 0)
}
