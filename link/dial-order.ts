// In which order a peer's addresses are tried, and when the next one begins (docs/spec/link.md 1.1). Without sockets.

import type { Ms } from '../world/units.ts'

/** Addresses of a peer that one try begins with; the others come first at a later one. */
export const mostAddresses = 16
/** Peers that are remembered: those that were dialled last. */
const mostPeers = 1024
/** An address has so long for itself before the next one is tried beside it. */
const longestHeadStartMs: Ms = 500
/** So long also where names were looked up so slowly that the first half is over. */
const leastHeadStartMs: Ms = 10

interface Known {
  /** The address that answered last. */
  readonly worked: string | undefined
  /** Counts how often in a row none did. */
  readonly failures: number
}

/** Remembers what came of dialling peers. */
export class DialOrder {
  readonly #peers = new Map<string, Known>()

  /** @returns the address that worked last first, then the others, beginning with another one after each failure */
  of(peer: string, addresses: readonly string[]): string[] {
    const { worked, failures } = this.#peers.get(peer) ?? { worked: undefined, failures: 0 }
    const each = [...new Set(addresses)]
    const first = each.filter(address => address === worked)
    const others = each.filter(address => address !== worked)
    const from = others.length === 0 ? 0 : failures % others.length
    return [...first, ...others.slice(from), ...others.slice(0, from)].slice(0, mostAddresses)
  }

  worked(peer: string, address: string): void {
    this.#remember(peer, { worked: address, failures: 0 })
  }

  failed(peer: string): void {
    const known = this.#peers.get(peer)
    this.#remember(peer, { worked: known?.worked, failures: (known?.failures ?? 0) + 1 })
  }

  /** Hears that the peer that answered there was no good after all: another address comes first. */
  doubt(peer: string): void {
    const known = this.#peers.get(peer)
    if (known?.worked !== undefined) this.#remember(peer, { worked: undefined, failures: known.failures + 1 })
  }

  #remember(peer: string, known: Known): void {
    this.#peers.delete(peer)
    this.#peers.set(peer, known)
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > mostPeers && oldest !== undefined) this.#peers.delete(oldest)
  }
}

/**
 * Says how long the address that has just begun has for itself: so short that all that are left begin within the first
 * half of the time, and each has at least the other half.
 *
 * @param left addresses that have not begun
 * @param untilHalf what is left of the first half
 */
export function headStart(left: number, untilHalf: Ms): Ms {
  return Math.max(leastHeadStartMs, Math.min(longestHeadStartMs, untilHalf / Math.max(1, left)))
}
