// The proof of address (docs/spec/directory-nodes.md 5.6): an authority dials what a node announces, and who answers
// there must have the node's key. So it also finds what a name stands for.

import { ed25519Verify } from '#crypto'
import { type Link, LinkError } from '../../link/link.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import type { StablePart } from '../documents/descriptor.ts'
import { nonceBytes, presenceBytes, presenceProtocol } from '../documents/joining.ts'
import type { Network } from '../documents/network.ts'
import { DirectoryError } from '../error.ts'

/** Nodes that are dialled at once; a request that comes then is told to come again. And how long one is waited for. */
export const presenceLimits: { readonly proofs: number; readonly proofMs: Ms } = {
  proofs: 64,
  proofMs: 5 * second,
}

export interface PresenceInit {
  readonly network: Network
  readonly link: Link
  readonly random: Random
}

export class Presence {
  readonly #init: PresenceInit
  #proving = 0

  constructor(init: PresenceInit) {
    this.#init = init
  }

  /**
   * Dials addresses of a node, each on a connection of its own.
   *
   * @returns the addresses as they were found: with an IP address in the place of a name
   * @throws DirectoryError BUSY while too many are dialled; NO_ANSWER unless all of them answer with its key
   */
  async prove({ id, addresses }: Pick<StablePart, 'id' | 'addresses'>): Promise<readonly string[]> {
    if (this.#proving >= presenceLimits.proofs) {
      throw new DirectoryError('BUSY', 'join: too many addresses are being proven: ask again in some seconds')
    }
    this.#proving++
    try {
      return await Promise.all(addresses.map(address => this.#dial(id, address)))
    } finally {
      this.#proving--
    }
  }

  async #dial(id: Uint8Array, address: string): Promise<string> {
    const { network, link, random } = this.#init
    const nonce = random(nonceBytes)
    let found = address
    const reached = (at: string): void => {
      found = at
    }
    const options = { timeoutMs: presenceLimits.proofMs, maxBytes: 64, dialAnew: true, reached }
    try {
      const signature = await link.request({ id, addresses: [address] }, presenceProtocol, nonce, options)
      if (ed25519Verify(id, presenceBytes(network.name, link.id, nonce), signature)) return found
      throw new LinkError('REFUSED', 'the answer is not signed by the node')
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      throw new DirectoryError(
        'NO_ANSWER',
        `join: ${address}: no answer when dialled (${error.message}): open the port, or correct 'announce'`,
      )
    }
  }
}
