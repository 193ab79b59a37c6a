// What everybody of one network is configured with, and the arithmetic of its epochs (docs/directory.md 1, 2).

/** An authority as its key and addresses stand in every configuration. */
export interface AuthorityEntry {
  /** 32 bytes: its Ed25519 public key, which signs documents and is its libp2p identity. */
  readonly id: Uint8Array
  /** Multiaddrs without the /p2p part. */
  readonly addresses: readonly string[]
}

export type Topology = 'stratified' | 'cascade'

/** Pinned: the same in every configuration of the network, and cross-checked in every document. */
export interface Network {
  readonly name: string
  /** Start of epoch 0, milliseconds since 1970-01-01 UTC. */
  readonly genesis: number
  readonly epochMs: number
  readonly authorities: readonly AuthorityEntry[]
  /** How many authorities' signatures make a document: 2 * threshold > authorities.length. */
  readonly threshold: number
  readonly suite: 'x25519'
  /** Hops of a path: the entry gateway, one mix of each layer, the far gateway. */
  readonly hops: number
  /** User data of a packet, bytes. */
  readonly userBytes: number
  readonly topology: Topology
  /** Layers of mixes: hops - 2. */
  readonly layers: number
  /** Epoch 0 waits for this many nodes of each kind, at most until its time is over. */
  readonly minimum: { readonly mixes: number; readonly gateways: number }
}

/** The epoch that `now` lies in; negative before genesis. */
export function epochAt(network: Network, now: number): number {
  return Math.floor((now - network.genesis) / network.epochMs)
}

/** When an epoch starts, milliseconds since 1970-01-01 UTC. */
export function epochStart(network: Network, epoch: number): number {
  return network.genesis + epoch * network.epochMs
}

/** Ends of the phases within an epoch, as fractions of it; the document they make is the next epoch's. */
export const phaseEnds: Readonly<
  Record<'descriptors' | 'votes' | 'agreement' | 'reveals' | 'signatures', number>
> = { descriptors: 1 / 8, votes: 2 / 8, agreement: 3 / 8, reveals: 4 / 8, signatures: 5 / 8 }

/** A document is valid for this many epochs from its own on, so that a failed round stops nobody. */
export const epochsValid = 3
