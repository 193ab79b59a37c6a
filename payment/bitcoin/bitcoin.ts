// Joins on Bitcoin: version 2 transactions of P2WPKH inputs and outputs (BIP 141, 143, 173), one input and one output a
// member. Owners and outputs are 32 bytes as on every ledger: the 20 of a key's HASH160, then zeros.
// docs/spec/payments-bitcoin.md 6.

import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ripemd160 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { OutScript, SigHash, Transaction } from '@scure/btc-signer'
import { compare, fromHex, hex, same } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import type { Join, JoinScheme } from '../rounds/join.ts'
import { isOnLadder, type Ladder, nextRung } from './ladder.ts'

/**
 * A note's id is its outpoint as transactions carry it: transaction id (not reversed), then the index, little-endian.
 */
export const outpointBytes = 36
const programBytes = 20

/** Gives what the owner of a secret is known by, 32 bytes. */
export function bitcoinOwner(secret: Uint8Array): Uint8Array {
  return ownerOfKey(secp256k1.getPublicKey(secret, true))
}

function ownerOfKey(publicKey: Uint8Array): Uint8Array {
  const owner = new Uint8Array(32)
  owner.set(ripemd160(sha256(publicKey)))
  return owner
}

/** The output script that pays an owner: OP_0 and 20 bytes. */
export function scriptOf(owner: Uint8Array): Uint8Array {
  return OutScript.encode({ type: 'wpkh', hash: owner.subarray(0, programBytes) })
}

/** Gives the owner whose output a script is; null for any but P2WPKH. */
export function ownerOfScript(script: Uint8Array): Uint8Array | null {
  if (script.length !== 2 + programBytes || script[0] !== 0 || script[1] !== programBytes) return null
  const owner = new Uint8Array(32)
  owner.set(script.subarray(2))
  return owner
}

/**
 * The id of a note on Bitcoin, 32 bytes, of a transaction and the index of its output.
 *
 * @param txid as nodes print it, 64 hex digits
 */
export function outpoint(txid: string, index: number): Uint8Array {
  const id = new Uint8Array(outpointBytes)
  id.set(fromHex(txid).reverse())
  new DataView(id.buffer).setUint32(32, index, true)
  return id
}

/** @throws PaymentError BAD_DOCUMENT when it is no outpoint */
export function readOutpoint(id: Uint8Array): { readonly txid: string; readonly index: number } {
  if (id.length !== outpointBytes) {
    throw new PaymentError('BAD_DOCUMENT', `outpoint: want ${outpointBytes} bytes, have ${id.length}`)
  }
  const index = new DataView(id.buffer, id.byteOffset).getUint32(32, true)
  return { txid: txidOf(id.subarray(0, 32)), index }
}

/** As nodes print a transaction's id. */
export function txidOf(id: Uint8Array): string {
  return hex(Uint8Array.from(id).reverse())
}

/**
 * Joins that spend notes of one rung of the ladder and pay the next one down; what is between is each member's part of
 * the fee.
 *
 * @param ledger 32 bytes, the id of the ledger
 */
export function bitcoinJoins(ledger: Uint8Array, ladder: Ladder): JoinScheme {
  return {
    ledger,
    outputOf: bitcoinOwner,
    isOutput: output =>
      output.length === 32 &&
      output.subarray(programBytes).every(byte => byte === 0) &&
      output.subarray(0, programBytes).some(byte => byte !== 0),
    prove: (statement, secret) => signHash(sha256(statement), secret),
    isProof: (note, statement, proof) => keyBehind(note.owner, sha256(statement), proof) !== null,
    join(notes, outputs) {
      const parts = {
        notes: [...notes].sort((a, b) => compare(a.id, b.id)),
        outputs: [...outputs].sort(compare),
      }
      return { id: idOf(unsigned(parts, ladder)), ...parts }
    },
    sign(join, secret) {
      const owner = bitcoinOwner(secret)
      const place = join.notes.findIndex(note => same(note.owner, owner))
      return signHash(hashToSign(join, place, ladder), secret)
    },
    isSigned(join, note, signature) {
      const place = join.notes.findIndex(({ id }) => same(id, note.id))
      return place !== -1 && keyBehind(note.owner, hashToSign(join, place, ladder), signature) !== null
    },
    move(note, secret, output) {
      const parts = { notes: [note], outputs: [output] }
      const join: Join = { id: idOf(unsigned(parts, ladder)), ...parts }
      return complete(join, [signHash(hashToSign(join, 0, ladder), secret)], ladder)
    },
    complete: (join, signatures) => complete(join, signatures, ladder),
  }
}

/** @throws PaymentError BAD_AMOUNT for notes that stand on no rung, or on different ones */
function unsigned({ notes, outputs }: Omit<Join, 'id'>, ladder: Ladder): Transaction {
  const amount = notes[0]?.denomination ?? 0
  if (!isOnLadder(amount, ladder) || notes.some(({ denomination }) => denomination !== amount)) {
    throw new PaymentError('BAD_AMOUNT', `join: want notes of one rung of the ladder, have ${amount}`)
  }
  const paid = BigInt(nextRung(amount, ladder))
  const transaction = new Transaction({ version: 2 })
  for (const { id, owner } of notes) {
    const witnessUtxo = { script: scriptOf(owner), amount: BigInt(amount) }
    transaction.addInput({ ...readOutpoint(id), witnessUtxo })
  }
  for (const output of outputs) transaction.addOutput({ script: scriptOf(output), amount: paid })
  return transaction
}

/** The join as a partially signed transaction (BIP 174), for signers that keep their keys to themselves. */
export function psbtOf(join: Join, ladder: Ladder): Uint8Array {
  return unsigned(join, ladder).toPSBT()
}

function idOf(transaction: Transaction): Uint8Array {
  return fromHex(transaction.id).reverse()
}

/** BIP 143, SIGHASH_ALL. */
function hashToSign(join: Join, place: number, ladder: Ladder): Uint8Array {
  const { owner, denomination } = join.notes[place] as Note
  const code = OutScript.encode({ type: 'pkh', hash: owner.subarray(0, programBytes) })
  return unsigned(join, ladder).preimageWitnessV0(place, code, SigHash.ALL, BigInt(denomination))
}

/** r and s, 32 bytes each, s low. */
function signHash(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  return secp256k1.sign(hash, secret, { prehash: false, format: 'compact', lowS: true })
}

/**
 * The public key that made a signature, if it is the owner's: an owner is only a hash, so each of the four keys that a
 * signature leaves open is tried (SEC 1, 4.1.6). Never throws.
 */
function keyBehind(owner: Uint8Array, hash: Uint8Array, signature: Uint8Array): Uint8Array | null {
  for (const recovery of [0, 1, 2, 3]) {
    try {
      const parsed = secp256k1.Signature.fromBytes(signature, 'compact')
      if (parsed.hasHighS()) return null
      const key = parsed.addRecoveryBit(recovery).recoverPublicKey(hash).toBytes(true)
      if (same(ownerOfKey(key), owner)) return key
    } catch {
      // no such key
    }
  }
  return null
}

function complete(join: Join, signatures: readonly Uint8Array[], ladder: Ladder): Uint8Array {
  const transaction = unsigned(join, ladder)
  for (const [place, { owner }] of join.notes.entries()) {
    const signature = signatures[place] as Uint8Array
    const key = keyBehind(owner, hashToSign(join, place, ladder), signature)
    if (key === null)
      throw new PaymentError('BAD_SIGNATURE', `join: input ${place} is not signed by its owner`)
    const der = secp256k1.Signature.fromBytes(signature, 'compact').toBytes('der')
    transaction.updateInput(place, { partialSig: [[key, Uint8Array.from([...der, SigHash.ALL])]] })
  }
  transaction.finalize()
  return transaction.extract()
}
