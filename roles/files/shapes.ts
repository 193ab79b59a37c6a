// What the files of roles say, once they are read.

import type { Acknowledge, CoverLevel, OwnServiceName } from '../../client/index.ts'
import type { AdmissionPolicy, Network, Successors } from '../../directory/authority/index.ts'
import type { Parameters } from '../../directory/index.ts'
import type { Peer, ProxyInit } from '../../link/index.ts'
import type { PaymentTimes } from '../../payment/index.ts'
import type { SecretFiles } from './secret.ts'
import type { TlsFiles } from './tls.ts'

/** A role's file, its paths made absolute and its network read. */
export interface RoleFile {
  /** The file itself, as it was named. */
  readonly file: string
  readonly network: Network
  readonly networkFile: string
  /** Where it keeps what it must remember. */
  readonly folder: string
  readonly log: 'debug' | 'info' | 'warn' | 'error'
  /** The address of this machine from which it dials; undefined leaves the choice to the system. */
  readonly dialFrom: string | undefined
}

export interface ServerFile extends RoleFile {
  /** The file with the seed of its Ed25519 identity. */
  readonly key: string
  readonly listen: readonly string[]
  /** Addresses that others are told; `listen` when empty. */
  readonly announce: readonly string[]
  readonly statusPort: number
  readonly statusAddress: string
}

export interface AuthorityFile extends ServerFile {
  /** Its votes where they differ from the default. */
  readonly parameters: Partial<Parameters>
  /** The strategy of nodes that it votes for (docs/spec/mixing.md 1); undefined: the usual one. */
  readonly mixing: string | undefined
  /** The nodes that it lets in. */
  readonly admission: AdmissionPolicy
  /** The file with the authorities that it wants later, and what it says; null where there is none. */
  readonly successorsFile: string
  readonly successors: Successors | null
}

export interface NodeFile extends ServerFile {
  readonly family: string
  readonly country: string
  readonly contact: string
  /** The file that `chaffinch key certify` wrote; undefined where the node's key is its own identity. */
  readonly certificate: string | undefined
  /** At a gateway the hex of the mailbox keys whose owners may announce a service; undefined for those of anyone. */
  readonly announcers: readonly string[] | undefined
  /** The certificate that its addresses that end in `/tls/ws` show. */
  readonly tls: TlsFiles | undefined
  /** Which of its addresses only proxies reach. */
  readonly proxies: ProxyInit | undefined
  /** Threads that peel packets; undefined leaves the choice to the node. */
  readonly threads: number | undefined
  /** Connections that it has at most, and so clients. */
  readonly connections: number
  /** Tags that it remembers of one packet key at most. */
  readonly tags: number
  /** Says whether it measures what clients get, with a client of its own. */
  readonly probe: boolean
  /** Says whether it publishes counts of its traffic, with noise (docs/spec/counts.md). */
  readonly counts: boolean
  /** Cores of the machine that a gateway may take; undefined leaves the choice to it. */
  readonly cores: number | undefined
  readonly sources: readonly Peer[]
}

/** A member of the crowd. */
export interface MemberFile extends ServerFile {
  readonly family: string
  /** URLs by the names under which members ask for them. */
  readonly destinations: ReadonlyMap<string, string>
}

export interface ClientFile extends RoleFile {
  readonly gateways: readonly Uint8Array[]
  /** So many gateways keep its mail where none are named; undefined: as many as clients have by default. */
  readonly homes: 1 | 2 | 3 | undefined
  /** Says for how long a message without a deadline is tried; undefined: as long as by default. */
  readonly patienceMs: number | undefined
  readonly sources: readonly Peer[]
  readonly apiPort: number
  readonly cover: CoverLevel
  /** Says whom it tells that it has all of a message. */
  readonly acknowledge: Acknowledge
  /** Services that it runs itself. */
  readonly serve: readonly OwnServiceName[]
  /** The one of them that its gateway announces; empty for none. */
  readonly announce: OwnServiceName | ''
  /** Apps that have a token of their own. */
  readonly apps: readonly string[]
  /** By app: the identity that it is for; others are for the first. */
  readonly appIdentities: ReadonlyMap<string, string>
  readonly payments: {
    /** Those of the apps that may pay. */
    readonly apps: readonly string[]
    readonly times: PaymentTimes
    /** The ledger that `chaffinch pay` is about where it is not told. */
    readonly ledger: 'embedded' | 'bitcoin'
    readonly bitcoin: BitcoinSettings
  }
  /** The secret that opens its folder, if that is locked. */
  readonly secret: SecretFiles
}

/** A Bitcoin node of one's own, and the ladder that all who meet must mean. */
export interface BitcoinSettings {
  /** http://user@host:port; undefined: at 127.0.0.1 and the chain's usual port. */
  readonly node: string | undefined
  /** The node's cookie file, absolute. */
  readonly cookie: string | undefined
  readonly chain: 'main' | 'test' | 'testnet4' | 'signet' | 'regtest'
  readonly outputs: 'p2wpkh' | 'p2tr'
  readonly step: number
  readonly rungs: number
  readonly least: number
  readonly confirmations: number
}
