// A survey on a mix-net of packets (docs/spec/surveys.md 4 and 5): its chain, whose senders are those who may answer;
// who they are on the board; and the answers that came out.

import { sha256 } from '@noble/hashes/sha2.js'
import type { Audit } from '../../cascade/audit.ts'
import { type ChainForm, Chains } from '../../cascade/packets/chains.ts'
import { lastCycles, opened, takenFrom } from '../../cascade/packets/recipient.ts'
import type { Recipient } from '../../cascade/packets/recipients.ts'
import type { Peer } from '../../cascade/records.ts'
import { partsOf, sendersText } from '../../cascade/senders.ts'
import { type Signer, signerOf } from '../../cascade/signed.ts'
import type { Group } from '../../shuffle/index.ts'
import { readCode } from '../credential.ts'
import { VotingError } from '../error.ts'
import type { Roll } from '../founding.ts'
import { decodeAnswers, type SurveyAnswer } from './answers.ts'
import { bodyBytesOf, type SurveyForm, surveyId } from './form.ts'

const encoder = new TextEncoder()

/** Gives the seed of a code in a survey: in another survey the same code is somebody else. */
export function participantSeed(survey: string, code: string): Uint8Array {
  return sha256(encoder.encode(`chaffinch-survey-1 credential\n${survey}\n${readCode(code)}`))
}

/** Gives the signer of a code in a survey. @throws VotingError BAD_CODE */
export function participantOf(survey: string, code: string): Signer {
  return signerOf(participantSeed(survey, code))
}

/** Names who reads the answers. */
export function recipientOfSurvey({ recipient, recipient_key }: SurveyForm): Recipient {
  return { id: recipient, sealing_key: recipient_key }
}

/** A survey as its mixers hold it: they make its chain, and close it when that is said. */
export class Survey {
  readonly form: SurveyForm
  /** Its id. */
  readonly id: string
  readonly roll: Roll
  readonly chains: Chains

  /** @throws VotingError BAD_VOTERS for nobody */
  constructor(form: SurveyForm, roll: Roll) {
    if (roll.size === 0) throw new VotingError('BAD_VOTERS', 'participants: want one at least')
    this.form = form
    this.id = surveyId(form)
    this.roll = roll
    this.chains = new Chains(chainForm(form, this.id, roll))
  }

  /** Says whether a peer is of this survey. */
  has({ name, owners }: Peer): boolean {
    return name.startsWith(`${this.id} `) && owners.every(id => this.form.mixers.includes(id))
  }
}

function chainForm(form: SurveyForm, name: string, roll: Roll): ChainForm {
  const parts = partsOf(roll)
  return {
    name,
    hops: form.mixers.length,
    body_bytes: bodyBytesOf(form),
    mixers: form.mixers,
    owners: [...form.mixers].sort(),
    mixers_least: form.mixers_least,
    each: 1,
    size_min: Math.min(form.participants_least, Math.max(1, roll.size)),
    size_max: Math.max(1, roll.size),
    senders: parts,
    sendersText: sendersText(parts),
    cycles: 1,
  }
}

/**
 * Opens the answers that came out of a survey, with the recipient's secret; undefined stands for what is none. Of a
 * cycle whose mixer was left out nothing counts.
 */
export function answersOf(
  group: Group,
  audit: Audit,
  { form, chains }: Survey,
  sealingSecret: Uint8Array,
): readonly (readonly SurveyAnswer[] | undefined)[] | undefined {
  const cycles = lastCycles(audit, chains)
  const [cycle] = cycles.slice(-1)
  if (cycle === undefined) return undefined
  const rows = takenFrom(audit, cycle, form.recipient)
  const contents = opened({ group, mixnet: form.mixnet, sealingSecret }, rows)
  const answers = contents.map(content =>
    content.is === 'piece' && content.parts === 1 ? decodeAnswers(form, content.data) : undefined,
  )
  const unreadable = Array.from({ length: rows.length - contents.length }, () => undefined)
  return [...answers, ...unreadable]
}
