// Names a host that one can reach, which a link, its table and its gossip all speak of.

/** A host one can dial. */
export interface Peer {
  /** 32 bytes: the raw Ed25519 public key of its libp2p identity. */
  readonly id: Uint8Array
  /** Multiaddrs without the /p2p part, best first. May be empty for a peer that is already connected. */
  readonly addresses: readonly string[]
}
