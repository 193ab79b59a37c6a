// Trustees of Belenios 3 (specification 3.0, sections 4.5 to 4.8): one alone, or several of whom a threshold decrypts.

import { announced, demand, type ProofText, readProof } from './belenios-ballot.ts'
import { type BeleniosGroup, hashOf } from './belenios-group.ts'
import { mod, product } from './prime-group.ts'

interface PublicKeyText {
  readonly pok: ProofText
  readonly public_key: string
  readonly signature?: ProofText
}

interface SignedText {
  readonly message: string
  readonly signature: ProofText
}

interface PedersenText {
  readonly threshold: number
  readonly certs: readonly SignedText[]
  readonly coefexps: readonly SignedText[]
  readonly signatures: readonly ProofText[]
  readonly verification_keys: readonly PublicKeyText[]
}

export type TrusteesText = readonly (
  | readonly ['Single', PublicKeyText]
  | readonly ['Pedersen', PedersenText]
)[]

/** Holds trustees of whom `threshold` decrypt together. */
export interface TrusteeSet<E> {
  readonly threshold: number
  readonly key: E
  /** The numbers of its trustees among all of the election, from 1 on, and their verification keys. */
  readonly members: readonly { readonly owner: number; readonly key: E }[]
}

/** Checks everything that trustees have signed and proved. Throws an Error that says what does not hold. */
export function readTrustees<E>(group: BeleniosGroup<E>, text: string): TrusteeSet<E>[] {
  let owner = 0
  return (JSON.parse(text) as TrusteesText).map(([kind, value]) => {
    if (kind === 'Single') {
      const key = checkedKey(group, value)
      return { threshold: 1, key, members: [{ owner: ++owner, key }] }
    }
    if (kind !== 'Pedersen') throw new Error(`trustees: kind ${String(kind)} is not known here`)
    const { key, keys } = pedersen(group, value)
    return { threshold: value.threshold, key, members: keys.map(each => ({ owner: ++owner, key: each })) }
  })
}

function checkedKey<E>(group: BeleniosGroup<E>, { pok, public_key }: PublicKeyText): E {
  const key = group.read(public_key)
  const proof = readProof(group, pok)
  const hash = hashOf(
    group,
    `pok|${group.name}|${public_key}|`,
    announced(group, [[group.group.g, key]], proof),
  )
  demand(hash === proof.challenge, 'trustee: that it knows its key')
  return key
}

function demandSigned<E>(
  group: BeleniosGroup<E>,
  by: E,
  { message, signature }: SignedText,
  what: string,
): void {
  const proof = readProof(group, signature)
  const hash = hashOf(group, `sigmsg|${message}|`, announced(group, [[group.group.g, by]], proof))
  demand(hash === proof.challenge, what)
}

interface CertificateKeys {
  readonly context: unknown
  readonly verification: string
  readonly encryption: string
}

function pedersen<E>(
  group: BeleniosGroup<E>,
  of: PedersenText,
): { readonly key: E; readonly keys: readonly E[] } {
  const { threshold, certs, coefexps, signatures, verification_keys } = of
  const size = certs.length
  const counts = [coefexps, signatures, verification_keys].every(list => list.length === size)
  demand(counts && threshold >= 1 && threshold <= size, 'trustees: their numbers')
  const signers = certs.map((cert, i) => {
    const { context, verification } = JSON.parse(cert.message) as CertificateKeys
    const wanted = { group: group.name, size, threshold, index: i + 1 }
    demand(
      JSON.stringify(context) === JSON.stringify(wanted),
      `trustee ${i + 1}: the context of its certificate`,
    )
    const key = group.read(verification)
    demandSigned(group, key, cert, `trustee ${i + 1}: its certificate`)
    return key
  })
  const texts = coefexps.map(
    ({ message }) => (JSON.parse(message) as { coefexps: readonly string[] }).coefexps,
  )
  const polynomials = texts.map((text, i) => {
    const signer = signers[i] as E
    demand(text.length === threshold, `trustee ${i + 1}: the number of its coefficients`)
    demandSigned(group, signer, coefexps[i] as SignedText, `trustee ${i + 1}: its coefficients`)
    const message = `certs_sig|${JSON.stringify({ certs, coefexps: text })}`
    const signed = { message, signature: signatures[i] as ProofText }
    demandSigned(group, signer, signed, `trustee ${i + 1}: its signature of all certificates`)
    return text.map(group.read)
  })
  const keys = verification_keys.map((text, j) => {
    const key = checkedKey(group, text)
    const at = BigInt(j + 1)
    const computed = product(
      group.group,
      polynomials.flat(),
      polynomials.flatMap(each => each.map((_, k) => at ** BigInt(k))),
    )
    demand(group.group.same(key, computed), `trustee ${j + 1}: its key`)
    const signature = text.signature as ProofText
    demandSigned(group, signers[j] as E, { message: text.public_key, signature }, `trustee ${j + 1}: its key`)
    return key
  })
  return {
    key: product(
      group.group,
      polynomials.map(each => each[0] as E),
    ),
    keys,
  }
}

/** Gives Lagrange's coefficient of one of these places at 0. */
export function coefficient(places: readonly number[], place: number, order: bigint): bigint {
  let [above, below] = [1n, 1n]
  for (const other of places) {
    if (other === place) continue
    above = mod(above * BigInt(other), order)
    below = mod(below * BigInt(other - place), order)
  }
  return mod(above * inverse(below, order), order)
}

function inverse(of: bigint, order: bigint): bigint {
  let [a, b, x, y] = [mod(of, order), order, 1n, 0n]
  while (a !== 0n) {
    const times = b / a
    ;[a, b, x, y] = [b - times * a, a, y - times * x, x]
  }
  return mod(y, order)
}
