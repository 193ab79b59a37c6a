// Who takes part in a survey, and who reads it, with what is kept of them on a shelf: commands and pages stand on it
// (docs/spec/surveys.md 4 and 5).

import type { Audit } from '../../cascade/audit.ts'
import type { SignerParts } from '../../cascade/caller.ts'
import { sealingKey, sealingSecret } from '../../cascade/packets/contents.ts'
import { PacketRecipient } from '../../cascade/packets/recipient.ts'
import { PacketSender } from '../../cascade/packets/sender.ts'
import { type Signer, signerOf } from '../../cascade/signed.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { VotingError } from '../error.ts'
import { participantSeed, type Survey } from './survey.ts'

/** Holds what somebody has a part in a survey with; the shelf keeps it through a restart. */
export interface SurveyPartParts extends Pick<SignerParts, 'group' | 'random' | 'shelf' | 'source' | 'post'> {
  readonly survey: Survey
  /** Has followed the log; it is followed on. */
  readonly audit: Audit
}

/**
 * Writes down who answers.
 *
 * @param code as it was typed
 * @throws VotingError BAD_CODE for no participant's
 */
export function keepParticipant({ id, roll }: Survey, code: string, shelf: SignerParts['shelf']): Signer {
  const seed = participantSeed(id, code.trim())
  const signer = signerOf(seed)
  if (!roll.has(signer.id)) throw new VotingError('BAD_CODE', 'the code is of no participant of this survey')
  shelf.put('seed', hex(seed))
  return signer
}

/**
 * Makes what sends the answers of whoever was written down.
 *
 * @throws VotingError BAD_FOLDER where nobody was, or the shelf holds something else
 */
export function answerSender({ survey, audit, ...parts }: SurveyPartParts): PacketSender {
  const seed = parts.shelf.get('seed')
  if (seed === undefined || !/^[0-9a-f]{64}$/.test(seed))
    throw new VotingError('BAD_FOLDER', 'nobody has answered into it')
  const signer = signerOf(fromHex(seed))
  sayLater(parts.shelf, audit, signer)
  try {
    return new PacketSender({
      ...parts,
      ...named(survey),
      signer,
      audit,
      chains: survey.chains,
      // All know who reads the answers: a lost one shows nothing but who lost it
      showsLost: true,
      replaces: true,
    })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new VotingError('BAD_FOLDER', `is no answer that was kept: ${error.message}`)
  }
}

/**
 * Makes what takes the answers of a survey that is over, and says so on the board.
 *
 * @param seed of whoever the form names as its recipient, 32 bytes, secret
 * @param deliver says whether the answers are there for good
 * @throws VotingError BAD_CODE for another seed
 */
export function answerRecipient(
  { survey, audit, ...parts }: SurveyPartParts,
  seed: Uint8Array,
  deliver: () => Promise<boolean>,
): PacketRecipient {
  const signer = signerOf(seed)
  if (signer.id !== survey.form.recipient)
    throw new VotingError('BAD_CODE', 'it is not the key that the answers are sealed to')
  sayLater(parts.shelf, audit, signer)
  const { group } = parts
  return new PacketRecipient({
    ...parts,
    mixnet: survey.form.mixnet,
    signer,
    sealingSecret: sealingSecret(group, seed),
    sealingKey: sealingKey(group, seed),
    audit,
    chains: survey.chains,
    settle: survey.form.settle_ms,
    // All answers are written down together, before the board is told of any
    deliver,
  })
}

function named({ form }: Survey): { readonly mixnet: string; readonly controllerKey: Uint8Array } {
  return { mixnet: form.mixnet, controllerKey: fromHex(form.controller_key) }
}

/** Goes on behind what was said elsewhere with the same key. */
function sayLater(shelf: SignerParts['shelf'], { board }: Audit, { id }: Signer): void {
  const last = board.sequenceOf(id)
  if (Number(shelf.get('sequence') ?? '0') < last) shelf.put('sequence', String(last))
}
