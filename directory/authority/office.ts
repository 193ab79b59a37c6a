// Tells who is in office, and what this authority wants for its vote (docs/spec/directory-consensus.md 6.5).

import { hex, same } from '../../encoding/bytes.ts'
import { sameSet } from '../documents/authority-set.ts'
import type { Successors } from '../documents/consensus.ts'
import { type AuthorityEntry, checkNetwork, type Network } from '../documents/network.ts'
import type { Parameters } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import type { Archive } from './archive.ts'
import type { AuthorityPeers } from './peers.ts'

export interface OfficeInit {
  readonly network: Network
  readonly archive: Archive
  readonly peers: AuthorityPeers
}

export class Office {
  /** Holds the parameters that it votes for; it leaves the rest to the others. */
  parameters: Partial<Parameters>
  readonly #init: OfficeInit
  #successors: Successors | null

  constructor(init: OfficeInit, parameters: Partial<Parameters>, successors: Successors | null) {
    this.#init = init
    this.parameters = parameters
    this.#successors = successors
  }

  /** @throws DirectoryError BAD_NETWORK when this is no authority, or one of another sharing key */
  checkOwn({ id, sharingKey }: AuthorityEntry): void {
    const { everybody } = this.#init.archive.documents.succession
    const known = [...everybody.authorities, ...(this.#successors?.authorities ?? [])]
    const found = known.filter(authority => same(authority.id, id))
    if (found.length === 0) {
      throw new DirectoryError('BAD_NETWORK', `network: authorities: none is ${hex(id)}`)
    }
    const other = found.find(authority => !same(authority.sharingKey, sharingKey))
    if (other === undefined) return
    const want = `want sharing key ${hex(sharingKey)} for ${hex(id)}`
    throw new DirectoryError('BAD_NETWORK', `network: authorities: ${want}, have ${hex(other.sharingKey)}`)
  }

  /** @throws DirectoryError BAD_NETWORK when they cannot be authorities */
  propose(successors: Successors | null): void {
    if (successors !== null) checkNetwork({ ...this.#init.network, ...successors })
    this.#successors = successors
    this.meet()
  }

  /** A change that has happened is no wish any more; one that was signed, and may have happened, is no longer free. */
  get successors(): Successors | null {
    const { archive } = this.#init
    const wanted = archive.pendingChange() ?? this.#successors
    return wanted === null || sameSet(wanted, archive.documents.succession.newest) ? null : wanted
  }

  /** Meets the authorities of now, and those who are announced or wanted. */
  meet(): void {
    const { newest, announced } = this.#init.archive.documents.succession
    const coming = [announced, this.successors].flatMap(set => set?.authorities ?? [])
    this.#init.peers.meet([...newest.authorities, ...coming])
  }
}
