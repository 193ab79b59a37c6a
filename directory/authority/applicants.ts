// Who asked an authority to be let in, for its operator: the newest of those that came in, and of those that did not. A
// flood of strangers pushes nobody out but strangers.

import { hex } from '../../encoding/bytes.ts'
import type { Ms } from '../../world/units.ts'
import { identityOf, type StablePart } from '../documents/descriptor.ts'
import type { Role } from '../documents/view.ts'
import type { DirectoryError, DirectoryErrorCode } from '../error.ts'

/** Describes a node that asked to join, and what came of it. */
export interface Applicant {
  /** Hex, as the identity that certified it, which is the id where none did. */
  readonly id: string
  readonly identity: string
  readonly role: Role
  readonly addresses: readonly string[]
  /** When it asked last: milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
  /** Why it was refused; null when it was let in. */
  readonly refused: { readonly code: DirectoryErrorCode; readonly why: string } | null
}

/** Nodes of each kind that are listed. */
const most = 64
const longestWhy = 200

export class Applicants {
  /** By id, the newest last. */
  readonly #admitted = new Map<string, Applicant>()
  readonly #refused = new Map<string, Applicant>()

  /** @param error why it was refused; undefined: it was let in */
  note(stable: StablePart, at: Ms, error?: DirectoryError): void {
    const id = hex(stable.id)
    const refused = error === undefined ? null : { code: error.code, why: error.message.slice(0, longestWhy) }
    const { role, addresses } = stable
    this.#admitted.delete(id)
    this.#refused.delete(id)
    const kind = refused === null ? this.#admitted : this.#refused
    kind.set(id, { id, identity: hex(identityOf(stable)), role, addresses, at, refused })
    const [oldest] = kind.keys()
    if (kind.size > most && oldest !== undefined) kind.delete(oldest)
  }

  /** Lists them, the newest first. */
  get list(): readonly Applicant[] {
    return [...this.#admitted.values(), ...this.#refused.values()].sort((a, b) => b.at - a.at)
  }
}
