// Negotiations (docs/spec/cascade.md 4): named participants change a text until enough of them have accepted the same
// one. The consensus is then a proof for anybody: the text, who was asked, and their signatures.

import { fromHex, hex } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/jcs.ts'
import { CascadeError } from './error.ts'
import { digestOf, type Fields, isSigned, keyId, type Signer } from './signed.ts'

export const participantsAtMost = 100
/** Contributions that a negotiation takes: whoever never agrees fills nothing. */
export const contributionsAtMost = 1000
/** Characters of all its texts as canonical JSON: whoever asks for a negotiation is told all of them at once. */
export const negotiationCharactersAtMost = 8_388_608

/** Holds what a participant last said. */
export interface Contribution {
  readonly signer: string
  readonly text: Fields
  readonly accepts: boolean
  /** Covers mix-net, negotiation and text, 128 hexadecimal digits. */
  readonly text_signature: string
}

/** Holds an agreed text with everything that shows it to be one. */
export interface Consensus {
  readonly mixnet: string
  readonly negotiation_id: string
  /** Signers and their keys, 64 hexadecimal digits each. */
  readonly participants: { readonly [keyId: string]: string }
  readonly least: number
  readonly text: Fields
  readonly signings: { readonly [keyId: string]: string }
}

/** Holds what participants have said so far, and the consensus once there is one. */
export interface Negotiation {
  readonly id: string
  readonly mixnet: string
  readonly participants: { readonly [keyId: string]: string }
  /** So many must accept the same text: more than half, so that no two texts can win. */
  readonly least: number
  readonly contributions: readonly Contribution[]
  /** Counts those of all its texts. */
  readonly characters: number
  readonly consensus: Consensus | undefined
}

/**
 * Begins a negotiation.
 *
 * @param id 32 bytes that nobody can guess, in hexadecimal
 * @throws CascadeError BAD_REQUEST for no participants, too many, or a `least` that two texts could reach
 */
export function negotiate(
  mixnet: string,
  id: string,
  keys: readonly Uint8Array[],
  least: number = keys.length,
): Negotiation {
  const participants = Object.fromEntries(keys.map(key => [keyId(key), hex(key)]))
  const n = Object.keys(participants).length
  if (n !== keys.length || n < 1 || n > participantsAtMost)
    throw new CascadeError('BAD_REQUEST', `participants: want 1 to ${participantsAtMost} different ones`)
  if (!Number.isSafeInteger(least) || least > n || 2 * least <= n)
    throw new CascadeError('BAD_REQUEST', `least: want more than half of ${n}, and at most all`)
  return { id, mixnet, participants, least, contributions: [], characters: 0, consensus: undefined }
}

/** Gives what a participant signs of a text. */
function statement(of: Pick<Negotiation, 'mixnet' | 'id'>, text: Fields): Fields {
  return { mixnet: of.mixnet, negotiation_id: of.id, text }
}

/** Contributes to a negotiation as one of its participants. */
export function contribution(
  signer: Signer,
  of: Pick<Negotiation, 'mixnet' | 'id'>,
  text: Fields,
  accepts: boolean,
): Contribution {
  return { signer: signer.id, text, accepts, text_signature: signer.sign('text', statement(of, text)) }
}

/**
 * Adds a contribution. The negotiation is over when the latest ones of at least `least` participants accept one text.
 *
 * @throws CascadeError FORBIDDEN for a stranger, BAD_SIGNATURE, WRONG_STATE when it is over, FULL
 */
export function contribute(negotiation: Negotiation, said: Contribution): Negotiation {
  const { id, participants, least, contributions, mixnet } = negotiation
  if (negotiation.consensus !== undefined) throw new CascadeError('WRONG_STATE', 'negotiation: is over')
  const key = Object.hasOwn(participants, said.signer) ? participants[said.signer] : undefined
  if (key === undefined) throw new CascadeError('FORBIDDEN', 'negotiation: its signer is no participant')
  if (contributions.length >= contributionsAtMost)
    throw new CascadeError('FULL', `negotiation: has ${contributionsAtMost} contributions`)
  if (!isSigned(fromHex(key), 'text', statement(negotiation, said.text), said.text_signature))
    throw new CascadeError('BAD_SIGNATURE', 'contribution: its text is not signed by its participant')
  const characters = negotiation.characters + canonicalJson(said.text).length
  if (characters > negotiationCharactersAtMost)
    throw new CascadeError('FULL', `negotiation: has ${negotiationCharactersAtMost} characters`)
  const all = [...contributions, said]
  const latest = new Map(all.map(each => [each.signer, each]))
  const wanted = digestOf(said.text)
  const agreed = [...latest.values()].filter(each => each.accepts && digestOf(each.text) === wanted)
  const signings = Object.fromEntries(agreed.map(each => [each.signer, each.text_signature]))
  const consensus =
    agreed.length < least
      ? undefined
      : { mixnet, negotiation_id: id, participants, least, text: said.text, signings }
  return { ...negotiation, contributions: all, characters, consensus }
}

/** Names a consensus: it commits to the text, who was asked, and every signature. */
export function consensusId(consensus: Consensus): string {
  return digestOf(consensus as unknown as Fields)
}

/**
 * Checks a consensus with nothing but itself.
 *
 * @returns why it is none, or undefined when it is one
 */
export function wrongWith(consensus: Consensus): string | undefined {
  const { mixnet, negotiation_id, participants, least, text, signings } = consensus
  const n = Object.keys(participants).length
  if (n < 1 || n > participantsAtMost || !Number.isSafeInteger(least) || least > n || 2 * least <= n)
    return 'its number of participants'
  for (const [id, key] of Object.entries(participants))
    if (key.length !== 64 || keyId(fromHex(key)) !== id) return `the key of ${id}`
  const signers = Object.entries(signings)
  if (signers.length < least) return `has ${signers.length} of ${least} signatures`
  const said = statement({ mixnet, id: negotiation_id }, text)
  for (const [id, signature] of signers) {
    const key = Object.hasOwn(participants, id) ? participants[id] : undefined
    if (key === undefined) return `${id} signed, and is no participant`
    if (!isSigned(fromHex(key), 'text', said, signature)) return `the signature of ${id}`
  }
  return undefined
}

/** Demands that a consensus says just this. @throws CascadeError FORBIDDEN */
export function demandText({ text }: Consensus, wanted: Fields): void {
  if (digestOf(text) !== digestOf(wanted))
    throw new CascadeError('FORBIDDEN', 'consensus: does not say just that')
}
