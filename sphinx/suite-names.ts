// The suites by name, for who reads a network's configuration and makes no packet.

/** The suites of keys and ciphers that packets can be made with. */
export type SuiteName = 'x25519' | 'x25519-2'

/** The names of all suites, the usual one first. */
export const suiteNames: readonly SuiteName[] = ['x25519', 'x25519-2']
