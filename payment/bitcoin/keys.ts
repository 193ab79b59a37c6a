// A person's keys on Bitcoin, from the same 24 words as all others, on the paths that every wallet of the field
// knows (BIP 32, 44, 49, 84, 86), and the descriptors by which a node watches them (BIP 380).
// docs/spec/payments-bitcoin.md 6.6.

import { HDKey } from '@scure/bip32'
import { PaymentError } from '../error.ts'
import { bitcoinOwner, type ScriptKind, scriptKinds } from './bitcoin.ts'

/** Keys that others pay to, and keys that one pays to oneself: change, notes, outputs of joins. */
export type KeyChain = 'receive' | 'own'
export const keyChains: readonly KeyChain[] = ['receive', 'own']

/** The place of a key. */
export interface KeyPlace {
  readonly kind: ScriptKind
  readonly chain: KeyChain
  readonly number: number
}

const purposes: Readonly<Record<ScriptKind, number>> = { p2wpkh: 84, p2tr: 86, 'p2sh-p2wpkh': 49 }
const versions = {
  main: { private: 0x0488ade4, public: 0x0488b21e },
  test: { private: 0x04358394, public: 0x043587cf },
} as const

/** Derives the keys of a seed on one chain of Bitcoin. */
export class BitcoinKeys {
  readonly #accounts = new Map<ScriptKind, HDKey>()
  readonly #coin: number
  /** Names the seed to other signers, 4 bytes as a number. */
  readonly fingerprint: number

  /**
   * @param seed 64 bytes
   * @param isMain of the chain where coins are worth something; all others share their paths
   */
  constructor(seed: Uint8Array, isMain: boolean) {
    const root = HDKey.fromMasterSeed(seed, isMain ? versions.main : versions.test)
    this.#coin = isMain ? 0 : 1
    this.fingerprint = root.fingerprint
    for (const kind of scriptKinds) this.#accounts.set(kind, root.derive(`m/${this.#account(kind)}`))
  }

  #account(kind: ScriptKind): string {
    return `${purposes[kind]}'/${this.#coin}'/0'`
  }

  #at({ kind, chain, number }: KeyPlace): HDKey {
    const account = this.#accounts.get(kind) as HDKey
    return account.deriveChild(keyChains.indexOf(chain)).deriveChild(number)
  }

  /** Gives what spends at a place, 32 bytes. */
  secretAt(place: KeyPlace): Uint8Array {
    return this.#at(place).privateKey as Uint8Array
  }

  /** The compressed key of a place, 33 bytes. */
  publicAt(place: KeyPlace): Uint8Array {
    return this.#at(place).publicKey as Uint8Array
  }

  /** Gives who is paid at a place, 32 bytes. */
  ownerAt(place: KeyPlace): Uint8Array {
    return bitcoinOwner(this.secretAt(place), place.kind)
  }

  /** The path of a place, as PSBTs carry it. */
  pathOf({ kind, chain, number }: KeyPlace): number[] {
    const hardened = 0x80000000
    return [purposes[kind] + hardened, this.#coin + hardened, hardened, keyChains.indexOf(chain), number]
  }

  /** Reads a path back: one place, or none where it is not of these keys. */
  placeOf(path: readonly number[]): KeyPlace[] {
    const [chain, number] = [keyChains[path[3] ?? -1], path[4]]
    if (chain === undefined || number === undefined) return []
    const places = scriptKinds.map((kind): KeyPlace => ({ kind, chain, number }))
    return places.filter(
      place => this.pathOf(place).every((step, i) => step === path[i]) && path.length === 5,
    )
  }

  /** Gives what a node, or another wallet, watches all keys with; it spends nothing. */
  descriptors(): string[] {
    return scriptKinds.flatMap(kind => keyChains.map(chain => this.descriptor(kind, chain)))
  }

  /** Gives the descriptor of one branch, with its checksum. */
  descriptor(kind: ScriptKind, chain: KeyChain): string {
    const account = this.#accounts.get(kind) as HDKey
    const origin = `[${this.fingerprint.toString(16).padStart(8, '0')}/${this.#account(kind)}]`
    const key = `${origin}${account.publicExtendedKey}/${keyChains.indexOf(chain)}/*`
    const forms: Readonly<Record<ScriptKind, string>> = {
      p2wpkh: `wpkh(${key})`,
      p2tr: `tr(${key})`,
      'p2sh-p2wpkh': `sh(wpkh(${key}))`,
    }
    return withChecksum(forms[kind])
  }
}

/** Finds the place of a key in a descriptor that a node gives for an output; null when it is none of these. */
export function placeIn(descriptor: string, fingerprint: number): KeyPlace | null {
  const found = /\[([0-9a-f]{8})\/(\d+)['h]\/\d+['h]\/0['h]\/([01])\/(\d+)\]/.exec(descriptor)
  if (found === null || Number.parseInt(found[1] as string, 16) !== fingerprint) return null
  const kind = scriptKinds.find(one => purposes[one] === Number(found[2]))
  const chain = keyChains[Number(found[3])]
  return kind === undefined || chain === undefined ? null : { kind, chain, number: Number(found[4]) }
}

const inputCharacters =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const checksumCharacters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const generator = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn] as const

/** Adds the checksum of BIP 380 to a descriptor. @throws PaymentError BAD_DOCUMENT for a character that none has */
export function withChecksum(descriptor: string): string {
  const symbols: number[] = []
  let groups: number[] = []
  for (const character of descriptor) {
    const value = inputCharacters.indexOf(character)
    if (value === -1) throw new PaymentError('BAD_DOCUMENT', `descriptor: '${character}' stands in none`)
    symbols.push(value & 31)
    groups.push(value >> 5)
    if (groups.length === 3) {
      symbols.push((groups[0] as number) * 9 + (groups[1] as number) * 3 + (groups[2] as number))
      groups = []
    }
  }
  if (groups.length === 1) symbols.push(groups[0] as number)
  if (groups.length === 2) symbols.push((groups[0] as number) * 3 + (groups[1] as number))
  let sum = 1n
  for (const symbol of [...symbols, 0, 0, 0, 0, 0, 0, 0, 0]) {
    const top = sum >> 35n
    sum = ((sum & 0x7ffffffffn) << 5n) ^ BigInt(symbol)
    for (const [i, one] of generator.entries()) if ((top >> BigInt(i)) & 1n) sum ^= one
  }
  sum ^= 1n
  const checksum = Array.from(
    { length: 8 },
    (_, i) => checksumCharacters[Number((sum >> BigInt(5 * (7 - i))) & 31n)],
  )
  return `${descriptor}#${checksum.join('')}`
}
