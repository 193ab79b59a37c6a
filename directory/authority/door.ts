// Decides which descriptors an authority takes (docs/spec/directory-nodes.md 5.3).

import { checkPacketKeys, type Descriptor, verifyDescriptor } from '../documents/descriptor.ts'
import type { Network } from '../documents/network.ts'
import { DirectoryError } from '../error.ts'
import type { Admission } from './admission.ts'
import type { Proofs } from './proofs.ts'

export interface DoorInit {
  readonly network: Network
  readonly proofs: Proofs
  /** Without it everybody comes in, unasked. */
  readonly admission: Admission | undefined
}

export class Door {
  readonly #init: DoorInit

  constructor(init: DoorInit) {
    this.#init = init
  }

  /** Says whether a node may come in. */
  admits(descriptor: Descriptor): boolean {
    try {
      this.check(descriptor)
      return true
    } catch (error) {
      if (error instanceof DirectoryError) return false
      throw error
    }
  }

  /** Says whether a node that came in is still wanted. */
  stays(descriptor: Descriptor): boolean {
    const { proofs, admission } = this.#init
    return !proofs.isAccused(descriptor.stable.id) && (admission?.wants(descriptor) ?? true)
  }

  /**
   * Lets a node in, or throws why not. Checks what is cheap first.
   *
   * @throws DirectoryError NOT_ADMITTED without an address, CONFLICT when it contradicted itself, or as
   * `Admission.check`, `verifyDescriptor` and `checkPacketKeys`
   */
  check(descriptor: Descriptor): void {
    if (descriptor.stable.addresses.length === 0) {
      throw new DirectoryError('NOT_ADMITTED', 'descriptor: addresses: want at least one')
    }
    this.checkAccused(descriptor)
    this.#init.admission?.check(descriptor)
    verifyDescriptor(this.#init.network, descriptor)
    checkPacketKeys(descriptor)
  }

  /** @throws DirectoryError CONFLICT when the node contradicted itself */
  checkAccused({ stable }: Descriptor): void {
    if (!this.#init.proofs.isAccused(stable.id)) return
    throw new DirectoryError(
      'CONFLICT',
      'descriptor: the node signed two of one serial (chaffinch consensus evidence): do two processes use its key? It needs a new one',
    )
  }
}
