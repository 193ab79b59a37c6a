// The JSON of GET /status of each role, as far as the commands here read it.

import type { Packets } from './net-record.ts'

export interface ConsensusStatus {
  readonly epoch: number
  /** Lowercase hex. */
  readonly hash: string
  /** Ids of the authorities that signed. */
  readonly signers: readonly string[]
}

export interface NodeStatus {
  readonly role: 'mix' | 'gateway'
  readonly id: string
  readonly epoch: number
  readonly consensus: ConsensusStatus | null
  /** -1 for a gateway; null while no consensus lists the node. */
  readonly layer: number | null
  readonly packets: Packets
}

export interface AuthorityStatus {
  readonly role: 'authority'
  readonly id: string
  readonly epoch: number
  readonly state: string
  readonly consensus: ConsensusStatus | null
}

export interface ClientStatus {
  readonly role: 'client'
  readonly ready: boolean
  readonly address: string
  readonly epoch: number
  readonly consensus: ConsensusStatus | null
  /** The id of the gateway that it uses. */
  readonly gateway: string | null
  readonly messages: {
    readonly queued: number
    readonly sent: number
    readonly stored: number
    readonly read: number
    readonly failed: number
    readonly received: number
  }
  /** Messages that are not over. */
  readonly queue: number
}

export type Status = NodeStatus | AuthorityStatus | ClientStatus
