// A client's folder under lock (docs/spec/client-store.md 11.1): every value of its store is sealed with a store key,
// and the store key lies beside it in a vault that a passphrase or a key opens.

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { argon2id } from '@noble/hashes/argon2.js'
import { blake2b } from '@noble/hashes/blake2.js'
import * as v from 'valibot'
import { base64, fromBase64 } from '../../encoding/base64.ts'
import type { Random } from '../../world/random.ts'
import type { ValueEncoding } from '../../world/store.ts'
import { ClientError } from '../error.ts'

/** Opens a vault: words that a person remembers, or 32 bytes that lie elsewhere. */
export type Unlock = { readonly passphrase: string } | { readonly key: Uint8Array }

/** As it lies on disk, in JSON; bytes in base64. */
export interface Vault {
  readonly version: 1
  readonly kdf:
    | {
        readonly name: 'argon2id'
        readonly t: number
        readonly m: number
        readonly p: number
        readonly salt: string
      }
    | { readonly name: 'key' }
  /** The bytes that are kept, under XChaCha20-Poly1305: nonce 24, ciphertext, tag 16. */
  readonly sealed: string
}

export const keyBytes = 32
const nonceBytes = 24
const tagBytes = 16
const saltBytes = 16
/** RFC 9106, section 4, second choice, with the one lane that JavaScript has: passes, KiB of memory, lanes. */
const usual = { t: 3, m: 65_536, p: 1 } as const
/** The most that a vault may ask of this machine. */
const most = { t: 16, m: 1 << 20, p: 4 } as const
const shortestPassphrase = 8
const keyLabel = new TextEncoder().encode('chaffinch/vault/key/v1')
const vaultLabel = new TextEncoder().encode('chaffinch/vault/v1')
const recordLabel = new TextEncoder().encode('chaffinch/store/v1')

const base64Text = v.pipe(
  v.string(),
  v.maxLength(1 << 20),
  v.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
)
const upTo = (limit: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limit))
const schema: v.GenericSchema<unknown, Vault> = v.strictObject({
  version: v.literal(1),
  kdf: v.variant('name', [
    v.strictObject({
      name: v.literal('argon2id'),
      t: upTo(most.t),
      m: upTo(most.m),
      p: upTo(most.p),
      salt: base64Text,
    }),
    v.strictObject({ name: v.literal('key') }),
  ]),
  sealed: base64Text,
})

/**
 * @param content kept secret: a store key, an identity
 * @param cost passes, KiB and lanes of argon2id
 * @throws ClientError BAD_OPTION for a passphrase of less than 8 characters, or a key that is not 32 bytes long
 */
export function makeVault(
  content: Uint8Array,
  unlock: Unlock,
  random: Random,
  cost: { readonly t: number; readonly m: number; readonly p: number } = usual,
): Vault {
  if ('passphrase' in unlock && [...unlock.passphrase].length < shortestPassphrase)
    throw new ClientError('BAD_OPTION', `passphrase: want at least ${shortestPassphrase} characters`)
  const kdf: Vault['kdf'] =
    'passphrase' in unlock ? { name: 'argon2id', ...cost, salt: base64(random(saltBytes)) } : { name: 'key' }
  return { version: 1, kdf, sealed: base64(seal(keyOf(kdf, unlock), content, vaultLabel, random)) }
}

/**
 * @throws ClientError LOCKED when this does not open it
 */
export function openVault(vault: Vault, unlock: Unlock): Uint8Array {
  const wants = vault.kdf.name === 'key' ? 'key file' : 'passphrase'
  if ((vault.kdf.name === 'key') !== 'key' in unlock)
    throw new ClientError('LOCKED', `vault: a ${wants} opens it`)
  const content = unseal(keyOf(vault.kdf, unlock), fromBase64(vault.sealed), vaultLabel)
  if (content === undefined) throw new ClientError('LOCKED', `vault: this is not its ${wants}`)
  return content
}

/** @throws ClientError STORE_DAMAGED, STORE_NEWER */
export function readVault(text: string, where: string): Vault {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new ClientError('STORE_DAMAGED', `${where}: no JSON; restore it from a copy`, { cause })
  }
  const version = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined
  if (typeof version === 'number' && version > 1)
    throw new ClientError('STORE_NEWER', `${where}: version ${version} is newer than 1: update this program`)
  const read = v.safeParse(schema, json)
  if (read.success) return read.output
  const [issue] = read.issues
  throw new ClientError('STORE_DAMAGED', `${where}: ${v.getDotPath(issue) ?? 'vault'}: ${issue.message}`)
}

/**
 * Seals every value with a store key: nonce 24, ciphertext, tag 16.
 *
 * `decode` throws ClientError STORE_DAMAGED for what was not sealed with it.
 */
export function sealedValues(storeKey: Uint8Array, random: Random): ValueEncoding {
  return {
    name: 'chaffinch-sealed',
    format: 'view',
    encode: value => seal(storeKey, value, recordLabel, random),
    decode: bytes => {
      const value = unseal(storeKey, bytes, recordLabel)
      if (value === undefined)
        throw new ClientError('STORE_DAMAGED', 'store: a record was changed or is not of this vault')
      return value
    },
  }
}

/** Turns the values of a store into what stands on disk, each under its key. */
export interface KeyedValues {
  readonly encode: (key: string, value: Uint8Array) => Uint8Array
  /** @throws ClientError STORE_DAMAGED for what was not written under this key */
  readonly decode: (key: string, bytes: Uint8Array) => Uint8Array
  /** A value from before values were bound to their keys, bound; undefined for one that is. */
  readonly rebind?: (key: string, bytes: Uint8Array) => Uint8Array | undefined
}

/**
 * Seals every value with a store key, under its record's key: nonce 24, ciphertext, tag 16. One that is moved to
 * another key does not open there.
 */
export function boundValues(storeKey: Uint8Array, random: Random): KeyedValues {
  const encode = (key: string, value: Uint8Array): Uint8Array => seal(storeKey, value, labelOf(key), random)
  return {
    encode,
    decode: (key, bytes) => {
      const value = unseal(storeKey, bytes, labelOf(key))
      if (value === undefined)
        throw new ClientError(
          'STORE_DAMAGED',
          `store: ${key} was changed, moved, or is not of this vault: restore the folder from a copy`,
        )
      return value
    },
    rebind: (key, bytes) => {
      if (unseal(storeKey, bytes, labelOf(key)) !== undefined) return undefined
      const value = unseal(storeKey, bytes, recordLabel)
      return value && encode(key, value)
    },
  }
}

/** BLAKE2b-256(key = store key, "chaffinch/beside/v1" | 0x00 | purpose): for what is no record of the store. */
export function derivedKey(storeKey: Uint8Array, purpose: string): Uint8Array {
  return blake2b(new TextEncoder().encode(`chaffinch/beside/v1\0${purpose}`), {
    dkLen: keyBytes,
    key: storeKey,
  })
}

function labelOf(key: string): Uint8Array {
  return new TextEncoder().encode(`chaffinch/store/v2\0${key}`)
}

function keyOf(kdf: Vault['kdf'], unlock: Unlock): Uint8Array {
  if ('passphrase' in unlock && kdf.name === 'argon2id') {
    const { t, m, p, salt } = kdf
    return argon2id(unlock.passphrase.normalize('NFKC'), fromBase64(salt), { t, m, p, dkLen: keyBytes })
  }
  if (!('key' in unlock) || unlock.key.length !== keyBytes)
    throw new ClientError('BAD_OPTION', `key: want ${keyBytes} bytes`)
  return blake2b(unlock.key, { dkLen: keyBytes, key: keyLabel })
}

function seal(key: Uint8Array, content: Uint8Array, label: Uint8Array, random: Random): Uint8Array {
  const nonce = random(nonceBytes)
  const sealed = new Uint8Array(nonceBytes + content.length + tagBytes)
  sealed.set(nonce)
  sealed.set(xchacha20poly1305(key, nonce, label).encrypt(content), nonceBytes)
  return sealed
}

function unseal(key: Uint8Array, sealed: Uint8Array, label: Uint8Array): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  try {
    return xchacha20poly1305(key, sealed.subarray(0, nonceBytes), label).decrypt(sealed.subarray(nonceBytes))
  } catch {
    return undefined
  }
}
