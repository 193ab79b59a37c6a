// A voter's receipt (docs/spec/voting.md 8): shows, with nothing but the election's definition, that the log holds the
// ballot, and with the public folder, that it counts. It says nothing of what was voted.

import { sha256 } from '@noble/hashes/sha2.js'
import type { Audit } from '../cascade/audit.ts'
import { isReceipt, type Receipt } from '../cascade/log.ts'
import { digestOf, type SignedRequest, wantRequest } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { type Definition, electionId } from './definition.ts'
import { VotingError } from './error.ts'
import type { Chain } from './founding.ts'
import { doorOf } from './outcome.ts'

/** Names the format of receipts. */
export const receiptFormat = 'chaffinch-election-1 receipt'

/** Holds a ballot as it was sent, and what shows that it was taken. */
export interface VoteReceipt {
  readonly format: typeof receiptFormat
  readonly election: string
  readonly request: SignedRequest
  readonly receipt: Receipt
}

/** Says what became of a ballot. */
export type Fate =
  | 'counts'
  | 'replaced' // by a later one of the same voter
  | 'open' // is taken, and voting is not over
  | 'few' // is taken, and voting ended with too few: it counts if the owners go on until there are enough
  | 'given-up' // is taken, and was never opened, since there were too few
  | 'lost' // is taken, and not among those that count: the Controller or the owners have done it

/** Names a ballot by its row of ciphertexts: four groups of five hexadecimal digits, to be compared by eye. */
export function trackerOf(row: Uint8Array): string {
  return (hex(sha256(row)).slice(0, 20).match(/.{5}/g) as string[]).join('-')
}

/** Gives the tracker of a receipt. */
export function trackerOfReceipt({ request }: VoteReceipt): string {
  return trackerOf(fromHex(String(request.payload['data'])))
}

/** Writes a receipt: canonical JSON and a line feed. */
export function writeReceipt(receipt: VoteReceipt): string {
  return `${canonicalJson(receipt as unknown as Json)}\n`
}

/**
 * Reads a receipt, and checks what can be checked without the folder: that the Controller signed a log with it.
 *
 * @throws VotingError BAD_FOLDER
 */
export function readReceipt(definition: Definition, text: string): VoteReceipt {
  const wrong = (why: string): VotingError => new VotingError('BAD_FOLDER', `receipt: ${why}`)
  try {
    const value = JSON.parse(text) as VoteReceipt
    if (value.format !== receiptFormat) throw wrong('is of another format')
    if (value.election !== electionId(definition)) throw wrong('is of another election')
    const request = wantRequest(value.request)
    if (request.payload.resource !== 'message') throw wrong('is of no ballot')
    fromHex(String(request.payload['data']))
    const key = fromHex(definition.controller_key)
    if (!isReceipt(definition.mixnet, key, request, value.receipt))
      throw wrong('does not show that the log has it')
    return value
  } catch (error) {
    if (error instanceof VotingError) throw error
    throw wrong(`is none: ${(error as Error).message}`)
  }
}

/**
 * Says what became of a ballot, by a log that has been audited.
 *
 * @throws VotingError BAD_FOLDER when the log has something else in the receipt's place: the Controller has lied
 */
export function fateOf(audit: Audit, chains: readonly Chain[], { request, receipt }: VoteReceipt): Fate {
  const entry = audit.entries[receipt.index]
  if (entry === undefined || digestOf(entry as unknown as Json) !== digestOf(request as unknown as Json))
    throw new VotingError('BAD_FOLDER', `receipt: entry ${receipt.index} of the log is not this ballot`)
  const { payload } = request
  const chain = chains.find(([door]) => door?.peer_id === payload['peer_id'])
  const cycle = chain && doorOf(audit, chain)
  const ours = cycle?.messages.find(({ sender }) => sender === payload.signer)
  if (cycle === undefined || ours === undefined) return 'lost'
  if (hex(ours.row) !== payload['data']) return 'replaced'
  const fates: Partial<Record<string, Fate>> = { OPEN: 'open', ABORTED: 'few', ENDED: 'given-up' }
  return fates[cycle.status] ?? 'counts'
}
