// The options of an authority: its network, key, surroundings and wishes.

import type { Link, NodeLink } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import type { Successors } from '../documents/consensus.ts'
import type { Network } from '../documents/network.ts'
import type { Parameters } from '../documents/view.ts'
import type { SecretSharing } from '../randomness/sharing.ts'
import type { step } from '../rounds/round.ts'
import type { AdmissionPolicy } from './admission.ts'

/** Holds what `startAuthority` is handed: network, key, surroundings, and what it votes for. */
export interface AuthorityOptions {
  readonly network: Network
  /** 32 bytes: the seed of its Ed25519 key, which is the link's identity. */
  readonly seed: Uint8Array
  readonly link: Link & Pick<NodeLink, 'rankPeers'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly store: Store
  /** Says which nodes it lets in. Default: everybody comes in, unasked. */
  readonly admission?: AdmissionPolicy | undefined
  /** Names the parameters that it votes for, each with its value; it leaves the rest to the others. */
  readonly wanted?: Partial<Parameters> | undefined
  /**
   * Names those it wants to be the authorities from some epoch on, if not the same (docs/spec/directory-consensus.md
   * 6.5).
   */
  readonly successors?: Successors | null | undefined
  /** The mixing strategy it votes for. */
  readonly mixing?: string | undefined
  /** Shares out the secrets for the shared randomness. A simulation hands in a cheaper way. */
  readonly sharing?: SecretSharing | undefined
  /** The voting machine. A test hands in one that it looks over the shoulder of. */
  readonly step?: typeof step | undefined
}
