// The JSON of GET /status of each role, as far as the commands here read it.

import type { ClientStatus } from '../../client/status.ts'
import type { ConsensusStatus } from '../../directory/documents/view.ts'

import type { Resources } from '../../world/resources.ts'
import type { Packets } from '../network/record.ts'

export type { ClientStatus } from '../../client/status.ts'
export type { ConsensusStatus } from '../../directory/documents/view.ts'

/** Set while the newest document is not fresh any more; milliseconds since 1970-01-01 UTC. */
export interface LateStatus {
  readonly since: number
  readonly worksUntil: number
}

export interface NodeStatus {
  readonly role: 'mix' | 'gateway'
  readonly id: string
  readonly epoch: number
  readonly consensus: ConsensusStatus | null
  readonly directory: { readonly late: LateStatus | null }
  /** -1 for a gateway; null while no consensus lists the node. */
  readonly layer: number | null
  readonly packets: Packets
  readonly neighbours: readonly { readonly id: string }[]
  readonly shut: { readonly nodes: readonly { readonly id: string }[] }
}

export interface AuthorityStatus {
  readonly role: 'authority'
  readonly id: string
  readonly epoch: number
  readonly state: string
  readonly consensus: ConsensusStatus | null
}

export type Status = (NodeStatus | AuthorityStatus | ClientStatus) & { readonly process: Resources }
