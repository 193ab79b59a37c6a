// How large a local network is, and what happens in it.

import type { CoverLevel } from '../../client/index.ts'
import { second } from '../../world/units.ts'

export type KillKind = 'mix' | 'gateway' | 'authority' | 'authorities'

/** A crowd in the place of mixes, gateways and clients. */
export interface CrowdOptions {
  /** Members that are processes, and ask. */
  readonly members: number
  /** Members inside the process that starts them, which write down what they see. */
  readonly colluders: number
  readonly sessions: number
  /** URLs that members ask, by name. */
  readonly destinations: Readonly<Record<string, string>>
}

export interface NetOptions {
  readonly authorities: number
  readonly mixes: number
  readonly gateways: number
  readonly clients: number
  readonly layers: number
  readonly topology: 'stratified' | 'cascade'
  readonly messages: number
  /** Peers that join their payments at the end; 0: none. */
  readonly payments: number
  /** The ledger that they are joined on. */
  readonly ledger: 'embedded' | 'bitcoin'
  readonly kill: readonly KillKind[]
  readonly crowd: CrowdOptions | undefined
  /** Nodes mix in rounds, and each client sends one packet in each (docs/spec/client-clocks.md 8.4). */
  readonly rounds: boolean
  readonly epochMs: number
  readonly delayMs: number
  /** User data of a packet, bytes. */
  readonly userBytes: number
  /** Work takes so many times as long as on two idle cores. */
  readonly slow: number
  /** Fragments that a client sends a minute; undefined: what two cores carry. */
  readonly payloadPerMinute?: number
  /** The level of every client. */
  readonly cover: CoverLevel
  readonly seed: number
  /** undefined: a temporary folder, removed at the end. */
  readonly dir: string | undefined
  /** The rates of a network in which nobody votes for others, instead of those that suit one machine. */
  readonly usualRates: boolean
  /** Nodes measure by being clients, which costs as much as so many clients. */
  readonly probes: boolean
  /** Taps every link and prints what an observer saw. */
  readonly observe: boolean
  readonly once: boolean
  readonly stay: boolean
  readonly json: boolean
}

/** Lets epochs be longer where more clients share the machine's cores. */
export function usualEpochMs(clients: number): number {
  return Math.max(30, 2.5 * clients) * second
}

/** Describes the network that runs when nobody says otherwise. */
export const usualOptions: NetOptions = {
  authorities: 3,
  mixes: 6,
  gateways: 2,
  clients: 6,
  layers: 3,
  topology: 'stratified',
  messages: 12,
  payments: 0,
  ledger: 'embedded',
  kill: ['mix', 'gateway'],
  crowd: undefined,
  rounds: false,
  epochMs: usualEpochMs(6),
  delayMs: 50,
  userBytes: 2000,
  slow: 1,
  cover: 'default',
  seed: 0,
  dir: undefined,
  usualRates: false,
  probes: false,
  observe: false,
  once: false,
  stay: false,
  json: false,
}
