// Joins on Bitcoin: version 2 transactions, one input and one output a member, of P2WPKH and P2TR (BIP 141, 143, 341).
// Owners and outputs are 32 bytes as on every ledger. docs/spec/payments-bitcoin.md 6.

import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { ripemd160 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { OutScript, SigHash, Transaction } from '@scure/btc-signer'
import { taprootTweakPrivKey, taprootTweakPubkey } from '@scure/btc-signer/utils.js'
import { compare, concat, fromHex, hex, same } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import type { Join, JoinScheme } from '../rounds/join.ts'
import { tagged } from '../tagged.ts'
import { isOnLadder, type Ladder, movedTo, nextRung, type OutputKind, usualOutputs } from './ladder.ts'

/**
 * A note's id is its outpoint as transactions carry it: transaction id (not reversed), then the index, little-endian.
 */
export const outpointBytes = 36
const programBytes = 20

/** Kinds of outputs that can be spent: a join's own are `p2wpkh` or `p2tr`. */
export type ScriptKind = OutputKind | 'p2sh-p2wpkh'
export const scriptKinds: readonly ScriptKind[] = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh']

/** Inputs may be replaced by ones that pay more (BIP 125), as a wallet of Bitcoin Core marks them. */
export const sequence = 0xfffffffd
const noTree = new Uint8Array(0)

/** Gives what the owner of a secret is known by, 32 bytes. @param kind of the output that pays it */
export function bitcoinOwner(secret: Uint8Array, kind: ScriptKind = 'p2wpkh'): Uint8Array {
  return ownerOfKey(secp256k1.getPublicKey(secret, true), kind)
}

/** Gives what the owner of a key (33 bytes, compressed) is known by, 32 bytes. */
export function ownerOfKey(publicKey: Uint8Array, kind: ScriptKind): Uint8Array {
  // BIP 341: the output key is the internal one and a commitment to no tree of scripts
  if (kind === 'p2tr') return taprootTweakPubkey(publicKey.slice(1), noTree)[0]
  const hash = hash160(publicKey)
  return kind === 'p2wpkh' ? padded(hash, 0) : padded(hash160(witnessProgram(hash)), 1)
}

function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes))
}

function padded(hash: Uint8Array, mark: number): Uint8Array {
  const owner = new Uint8Array(32)
  owner.set(hash)
  owner[31] = mark
  return owner
}

function witnessProgram(hash: Uint8Array): Uint8Array {
  return OutScript.encode({ type: 'wpkh', hash })
}

/** Says which output pays an owner: 20 bytes and zeros, 20 bytes, zeros and a one, or a key. */
export function kindOf(owner: Uint8Array): ScriptKind {
  if (!owner.subarray(programBytes, 31).every(byte => byte === 0)) return 'p2tr'
  if (owner[31] === 0) return 'p2wpkh'
  return owner[31] === 1 ? 'p2sh-p2wpkh' : 'p2tr'
}

/** The output script that pays an owner. */
export function scriptOf(owner: Uint8Array): Uint8Array {
  const hash = owner.subarray(0, programBytes)
  switch (kindOf(owner)) {
    case 'p2wpkh':
      return witnessProgram(hash)
    case 'p2sh-p2wpkh':
      return Uint8Array.from([0xa9, programBytes, ...hash, 0x87])
    case 'p2tr':
      return Uint8Array.from([0x51, 32, ...owner])
  }
}

/** Gives the owner whose output a script is; null for any but P2WPKH, P2TR and P2SH. */
export function ownerOfScript(script: Uint8Array): Uint8Array | null {
  const { length } = script
  if (length === 34 && script[0] === 0x51 && script[1] === 32) return script.slice(2)
  if (length === 22 && script[0] === 0 && script[1] === programBytes) return padded(script.subarray(2), 0)
  const isHash = length === 23 && script[0] === 0xa9 && script[1] === programBytes && script[22] === 0x87
  return isHash ? padded(script.subarray(2, 22), 1) : null
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
 * the fee. Inputs are P2WPKH or P2TR, outputs all of the ladder's kind.
 *
 * @param ledger 32 bytes, the id of the ledger
 */
export function bitcoinJoins(ledger: Uint8Array, ladder: Ladder): JoinScheme {
  const outputs = ladder.outputs ?? usualOutputs
  const join = (notes: readonly Note[], paid: readonly Uint8Array[]): Join => {
    const parts = inOrder(notes, paid)
    return { id: idOf(unsigned(parts, ladder)), ...parts }
  }
  return {
    ledger,
    outputOf: secret => bitcoinOwner(secret, outputs),
    isOutput: output => isOwner(output, outputs),
    prove: (statement, secret) => signHash(sha256(statement), secret),
    isProof: (note, statement, proof) => keyBehind(note.owner, sha256(statement), proof) !== null,
    join,
    sign(joined, secret) {
      const owners = [bitcoinOwner(secret, 'p2wpkh'), bitcoinOwner(secret, 'p2tr')]
      const place = joined.notes.findIndex(note => owners.some(owner => same(note.owner, owner)))
      return signInput(joined, place, secret, ladder)
    },
    isSigned(joined, note, signature) {
      const place = joined.notes.findIndex(({ id }) => same(id, note.id))
      return place !== -1 && signerOf(joined, place, signature, ladder) !== null
    },
    move(note, secret, output) {
      const alone = join([note], [output])
      return complete(alone, [signInput(alone, 0, secret, ladder)], ladder)
    },
    complete: (joined, signatures) => complete(joined, signatures, ladder),
  }
}

/** All members come to the same order without asking, and it is none that an observer could tell from a random one. */
function inOrder(notes: readonly Note[], outputs: readonly Uint8Array[]): Omit<Join, 'id'> {
  const ids = notes.map(note => note.id).sort(compare)
  const salt = sha256(tagged('chaffinch/order/v1', ...ids, ...[...outputs].sort(compare)))
  const by = <T>(all: readonly T[], bytesOf: (one: T) => Uint8Array): T[] =>
    all
      .map(one => ({ one, rank: sha256(concat([salt, bytesOf(one)])) }))
      .sort((a, b) => compare(a.rank, b.rank))
      .map(({ one }) => one)
  return { notes: by(notes, note => note.id), outputs: by(outputs, output => output) }
}

/** Says whether these bytes can be paid by an output of this kind. */
function isOwner(output: Uint8Array, kind: OutputKind): boolean {
  if (output.length !== 32 || kindOf(output) !== kind) return false
  if (kind === 'p2wpkh') return output.subarray(0, programBytes).some(byte => byte !== 0)
  try {
    schnorr.utils.lift_x(BigInt(`0x${hex(output)}`))
    return true
  } catch {
    return false
  }
}

/** @throws PaymentError BAD_AMOUNT for notes that stand on no rung, or on different ones */
function unsigned({ notes, outputs }: Omit<Join, 'id'>, ladder: Ladder): Transaction {
  const amount = notes[0]?.denomination ?? 0
  if (!isOnLadder(amount, ladder) || notes.some(({ denomination }) => denomination !== amount)) {
    throw new PaymentError('BAD_AMOUNT', `join: want notes of one rung of the ladder, have ${amount}`)
  }
  // What needs nobody else is worth more to miners than any join that spends the same note
  const paid = BigInt(notes.length === 1 ? movedTo(amount, ladder) : nextRung(amount, ladder))
  const transaction = new Transaction({ version: 2 })
  for (const { id, owner } of notes) {
    const witnessUtxo = { script: scriptOf(owner), amount: BigInt(amount) }
    transaction.addInput({ ...readOutpoint(id), sequence, witnessUtxo })
  }
  for (const output of outputs) transaction.addOutput({ script: scriptOf(output), amount: paid })
  return transaction
}

/**
 * The join as a partially signed transaction (BIP 174), for signers that keep their keys to themselves.
 *
 * @param previous the transactions that made its notes, as they lie in blocks, where the signer wants to see them
 */
export function psbtOf(join: Join, ladder: Ladder, previous: readonly Uint8Array[] = []): Uint8Array {
  const transaction = unsigned(join, ladder)
  addPrevious(transaction, previous)
  return transaction.toPSBT()
}

/** Puts the transactions that made the inputs into a PSBT: signers without a node check amounts with them. */
export function addPrevious(transaction: Transaction, previous: readonly Uint8Array[]): void {
  const byId = new Map(previous.map(bytes => [readLoosely(bytes).id, bytes]))
  for (let i = 0; i < transaction.inputsLength; i++) {
    const { txid } = transaction.getInput(i)
    const nonWitnessUtxo = txid === undefined ? undefined : byId.get(hex(txid))
    if (nonWitnessUtxo !== undefined) transaction.updateInput(i, { nonWitnessUtxo }, true)
  }
}

/** Reads a transaction with whatever scripts there are in blocks. */
export function readLoosely(bytes: Uint8Array): Transaction {
  return Transaction.fromRaw(bytes, {
    allowUnknownOutputs: true,
    allowUnknownInputs: true,
    disableScriptCheck: true,
  })
}

function idOf(transaction: Transaction): Uint8Array {
  return fromHex(transaction.id).reverse()
}

/** Hashes what an input's owner signs: BIP 143 with SIGHASH_ALL, or BIP 341 with SIGHASH_DEFAULT. */
function hashToSign(join: Join, place: number, ladder: Ladder): Uint8Array {
  const { owner, denomination } = join.notes[place] as Note
  const transaction = unsigned(join, ladder)
  if (kindOf(owner) === 'p2tr') {
    const scripts = join.notes.map(note => scriptOf(note.owner))
    const amounts = join.notes.map(note => BigInt(note.denomination))
    return transaction.preimageWitnessV1(place, scripts, SigHash.DEFAULT, amounts)
  }
  const code = OutScript.encode({ type: 'pkh', hash: owner.subarray(0, programBytes) })
  return transaction.preimageWitnessV0(place, code, SigHash.ALL, BigInt(denomination))
}

function signInput(join: Join, place: number, secret: Uint8Array, ladder: Ladder): Uint8Array {
  const hash = hashToSign(join, place, ladder)
  const { owner } = join.notes[place] as Note
  return kindOf(owner) === 'p2tr' ? schnorr.sign(hash, taprootTweakPrivKey(secret)) : signHash(hash, secret)
}

/** Gives who signed an input, if that is its owner: the compressed key, or for P2TR the output key. */
function signerOf(join: Join, place: number, signature: Uint8Array, ladder: Ladder): Uint8Array | null {
  const { owner } = join.notes[place] as Note
  const hash = hashToSign(join, place, ladder)
  if (kindOf(owner) !== 'p2tr') return keyBehind(owner, hash, signature)
  return isSchnorr(signature, hash, owner) ? owner : null
}

function isSchnorr(signature: Uint8Array, hash: Uint8Array, key: Uint8Array): boolean {
  try {
    return schnorr.verify(signature, hash, key)
  } catch {
    return false
  }
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
  const kind = kindOf(owner)
  // A hash of a hash: its key would have to be known to check the signature of a join
  if (kind === 'p2sh-p2wpkh') return null
  for (const recovery of [0, 1, 2, 3]) {
    try {
      const parsed = secp256k1.Signature.fromBytes(signature, 'compact')
      if (parsed.hasHighS()) return null
      const key = parsed.addRecoveryBit(recovery).recoverPublicKey(hash).toBytes(true)
      if (same(ownerOfKey(key, kind), owner)) return key
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
    const signer = signerOf(join, place, signature, ladder)
    if (signer === null)
      throw new PaymentError('BAD_SIGNATURE', `join: input ${place} is not signed by its owner`)
    if (kindOf(owner) === 'p2tr') transaction.updateInput(place, { tapKeySig: signature })
    else {
      const der = secp256k1.Signature.fromBytes(signature, 'compact').toBytes('der')
      transaction.updateInput(place, { partialSig: [[signer, Uint8Array.from([...der, SigHash.ALL])]] })
    }
  }
  transaction.finalize()
  return transaction.extract()
}
