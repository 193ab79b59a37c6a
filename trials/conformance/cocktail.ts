// Kind cocktail-dkg-ristretto255: C2SP's vectors of a key that trustees make together (CCTV, cocktail-dkg).

import { sha512 } from '@noble/hashes/sha2.js'
import { concat } from '../../encoding/bytes.ts'
import { coreGroup, type Group, nobleGroup } from '../../shuffle/index.ts'
import { certify, recover, transcriptOf, verifyCertificate } from '../../shuffle/keys/certificate.ts'
import { bundleOf, type Dealing, provenBy, readDealing, writeDealing } from '../../shuffle/keys/dealing.ts'
import { contextOf, type Session } from '../../shuffle/keys/session.ts'
import { take } from '../../shuffle/keys/share.ts'
import { publicKeyOf, sign } from '../../shuffle/keys/suite.ts'
import { bytesOf, type Check, failed, readJson, same } from './check.ts'

interface Vector {
  readonly n: number
  readonly t: number
  readonly session_tag: string
  readonly context: string
  readonly extension: string
  readonly config: { readonly static_secret_keys: string[]; readonly static_public_keys: string[] }
  readonly round1: readonly {
    readonly ephemeral_public_key: string
    readonly vss_commitment: string[]
    readonly pop: string
    readonly pop_intermediate?: { readonly nonce_input: string }
    readonly encrypted_shares: string[]
    readonly payload?: string
  }[]
  readonly round2: readonly { readonly secret_share: string; readonly verification_share: string }[]
  readonly round3: {
    readonly transcript_hash: string
    readonly signatures: readonly { readonly signature: string }[]
  }
  readonly group_public_key: string
  readonly recovery?: {
    readonly participant_id: number
    readonly ciphertexts: string[]
    readonly recovered_secret_share: string
    readonly recovered_verification_share: string
  }
}

const bytes = (text: string): Uint8Array => bytesOf(text, 'vector')

export function cocktailDkg(path: string): readonly Check[] {
  const { ciphersuite, vectors } = readJson(path) as { ciphersuite: string; vectors: readonly Vector[] }
  if (ciphersuite !== 'COCKTAIL(Ristretto255, SHA-512)') return [failed('suite', `is ${ciphersuite}`)]
  return [coreGroup(), nobleGroup()].flatMap(group =>
    vectors.flatMap((vector, i) => {
      const id = `${i}, ${vector.t} of ${vector.n}, ${group.name}`
      return checks(group, vector).map(check => ({ ...check, id: `${id}: ${check.id}` }))
    }),
  )
}

function checks(group: Group, vector: Vector): Check[] {
  const secrets = vector.config.static_secret_keys.map(bytes)
  const session: Session = {
    context: bytes(vector.context),
    threshold: vector.t,
    keys: concat(vector.config.static_public_keys.map(bytes)),
    extension: bytes(vector.extension),
  }
  const dealings = vector.round1.map(
    (dealt): Dealing => ({
      commitments: concat(dealt.vss_commitment.map(bytes)),
      proof: bytes(dealt.pop),
      ephemeral: bytes(dealt.ephemeral_public_key),
      sealed: dealt.encrypted_shares.map(bytes),
    }),
  )
  const transcript = transcriptOf(group, session, dealings)
  const signatures = vector.round3.signatures.map(({ signature }) => bytes(signature))
  return [
    same('context', contextOf(bytes(vector.session_tag), session.keys), session.context),
    ...secrets.map((secret, i) =>
      same(`key ${i + 1}`, publicKeyOf(group, secret), session.keys.subarray(32 * i, 32 * (i + 1))),
    ),
    ...dealings.flatMap((dealing, i) => rounds(group, vector, session, dealings, dealing, i)),
    same('transcript', sha512(transcript), bytes(vector.round3.transcript_hash)),
    ...secrets.map((secret, i) =>
      same(`signature ${i + 1}`, certify(group, secret, transcript), signatures[i] as Uint8Array),
    ),
    same(
      'certified key',
      verifyCertificate(group, transcript, signatures).key,
      bytes(vector.group_public_key),
    ),
    ...recovery(group, vector, secrets, transcript, signatures),
  ]
}

/** Checks what trustee i + 1 dealt, and what it took. */
function rounds(
  group: Group,
  vector: Vector,
  session: Session,
  dealings: readonly Dealing[],
  dealing: Dealing,
  i: number,
): Check[] {
  const secret = bytes(vector.config.static_secret_keys[i] as string)
  const taken = take(group, session, { index: i + 1, secret }, dealings)
  const { secret_share, verification_share } = vector.round2[i] as Vector['round2'][number]
  const message = writeDealing(dealing)
  const nonceInput = vector.round1[i]?.pop_intermediate?.nonce_input
  const parts = dealings.map((each, j) => [vector.round1[j]?.payload, taken.payloads[j], each] as const)
  return [
    same(`share ${i + 1}`, taken.share, bytes(secret_share)),
    same(
      `verification ${i + 1}`,
      taken.verification.subarray(32 * i, 32 * (i + 1)),
      bytes(verification_share),
    ),
    same(`group key by ${i + 1}`, taken.key, bytes(vector.group_public_key)),
    same(`dealing ${i + 1}, read and written`, writeDealing(readDealing(group, session, message)), message),
    ...parts.flatMap(([wanted, have], j) =>
      wanted === undefined ? [] : [same(`payload ${j + 1} at ${i + 1}`, have as Uint8Array, bytes(wanted))],
    ),
    ...(nonceInput === undefined ? [] : [proofAgain(group, session, dealing, bytes(nonceInput), i)]),
  ]
}

/** Makes the proof of a dealing again with the secret that the nonce's input shows behind its prefix. */
function proofAgain(
  group: Group,
  session: Session,
  dealing: Dealing,
  nonceInput: Uint8Array,
  i: number,
): Check {
  const message = provenBy(session, dealing)
  const at = nonceInput.length - message.length - 32
  return same(`proof ${i + 1}`, sign(group, nonceInput.slice(at, at + 32), message), dealing.proof)
}

function recovery(
  group: Group,
  { recovery: wanted }: Vector,
  secrets: readonly Uint8Array[],
  transcript: Uint8Array,
  signatures: readonly Uint8Array[],
): Check[] {
  if (wanted === undefined) return []
  const i = wanted.participant_id - 1
  const secret = secrets[i] as Uint8Array
  const bundle = bundleOf(wanted.ciphertexts.map(bytes))
  const { share, verification } = recover(group, secret, transcript, signatures, bundle)
  return [
    same('recovered share', share, bytes(wanted.recovered_secret_share)),
    same(
      'recovered verification',
      verification.subarray(32 * i, 32 * (i + 1)),
      bytes(wanted.recovered_verification_share),
    ),
  ]
}
