// An identity key as libp2p has it. Its own way from a seed goes through curves in JavaScript, which costs a program
// that starts more time than all its other keys.

import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { concat } from '../../encoding/bytes.ts'
import { publicKeyOf } from '../identity.ts'

/** Gives the Ed25519 key of a seed (32 bytes). */
export function privateKeyOf(seed: Uint8Array): PrivateKey {
  return privateKeyFromRaw(concat([seed, publicKeyOf(seed)]))
}
