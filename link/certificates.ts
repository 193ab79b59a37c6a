// The certificate that a host shows to who connects over TLS. It can be exchanged while the host runs.

/** A certificate and its key, as PEM. */
export interface Certificate {
  /** The host's own certificate, and those between it and a root. */
  readonly chain: string
  readonly key: string
}

/** Holds the certificate that a host shows, and tells the host of a new one. */
export class Certificates {
  #now: Certificate
  readonly #users = new Set<(certificate: Certificate) => void>()

  constructor(first: Certificate) {
    this.#now = first
  }

  /** Gives the one that is shown now. */
  get now(): Certificate {
    return this.#now
  }

  /** Shows this one from now on; connections that are open stay. */
  use(certificate: Certificate): void {
    this.#now = certificate
    for (const user of this.#users) user(certificate)
  }

  /** Tells of each new one. @returns what to call when it is no longer to be told */
  onUse(user: (certificate: Certificate) => void): () => void {
    this.#users.add(user)
    return () => this.#users.delete(user)
  }
}
