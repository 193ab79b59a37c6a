// What a role's `/status` says, in the role's own words for it, and the look at it now and then.

import { signal } from '@preact/signals'
import { RemoteClient } from '../../client/remote/index.ts'
import type { AuthorityStatus as OfAuthority } from '../../directory/authority/index.ts'
import type { NodeStatus as OfNode } from '../../node/index.ts'
import type { MemberStatus as OfMember } from '../../services/crowds/index.ts'
import type { Carried, Resources } from '../../world/index.ts'
import { History } from '../parts/history.ts'
import { askFetch, session, tokenOfTab } from '../parts/session.ts'

/** Holds what every role's status has besides its own: which program it is, what it uses, what it carried. */
interface Common {
  readonly version: string
  readonly upSeconds: number
  readonly process: Pick<Resources, 'rssBytes' | 'handles'>
  readonly traffic: Carried
}

export type NodeStatus = OfNode & Common
export type AuthorityStatus = OfAuthority & Common
export type MemberStatus = OfMember & Common
type Counts = Readonly<Record<string, number>>

export type Status = NodeStatus | AuthorityStatus | MemberStatus

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
  if (of.role === 'member') {
    const { forwarded, submitted, asked } = of
    return { bytesIn, bytesOut, forwarded, submitted, asked: sum(asked) }
  }
  const { received, forwarded, stored, served, dropped } = of.packets
  return { bytesIn, bytesOut, received, forwarded, stored, served, dropped: sum(dropped) }
}

export function sum(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((total, n = 0) => total + n, 0)
}
