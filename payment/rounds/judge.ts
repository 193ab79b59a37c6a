// Finds who spoilt a run: the secrets that everybody revealed are replayed against the messages that everybody sent. An
// honest peer's messages are what its seed gives, so it is never found guilty. docs/spec/payments-rounds.md 4.7.

import { hex, same } from '../../encoding/bytes.ts'
import { messageVector, slotOf, slotSums, slotVector } from '../net/dcnet.ts'
import { readElements, writeElements } from '../net/field.ts'
import { solve } from '../net/roots.ts'
import type { DcMessages, KeyExchange, Received, Reveal, SlotReserve } from './message.ts'
import { pairsOf, secretsOf } from './secrets.ts'

/** Names what somebody is guilty of, in the order in which it is looked for. */
export type Crime =
  /** Signed something that is no message, or a vector that no run of this size has. */
  | 'malformed'
  /** Signed two different messages where there is one. */
  | 'equivocation'
  /** Approved and accused in one run. */
  | 'contradiction'
  /** Signed a commit whose approvals or whose signature under the transaction do not hold. */
  | 'bad-commit'
  /** The note was spent by another transaction meanwhile. */
  | 'double-spend'
  /** Revealed something else than what was committed to. */
  | 'commitment'
  /** The key is not the seed's. */
  | 'key'
  /** The slot vector is not the seed's. */
  | 'slots'
  /** The message vector is not that of seed, slot and output. */
  | 'messages'
  /** The output cannot be paid, or is another peer's as well. */
  | 'output'
  /** Everybody kept to the protocol, so there was nothing to accuse. */
  | 'false-accusation'

/** Says who made a round fail and by what, with the messages that show it to anybody. */
export interface Conviction {
  /** Hex of an identity. */
  readonly guilty: string
  readonly crime: Crime
  /** Messages that show it, as they came. */
  readonly evidence: readonly Uint8Array[]
}

/** A run as far as this peer has it; lists are in the order of the members, null for what did not come. */
export interface Transcript {
  readonly pairing: Uint8Array
  readonly attempt: number
  /** The pads' salt. */
  readonly session: Uint8Array
  readonly identities: readonly Uint8Array[]
  readonly keys: readonly Received<KeyExchange>[]
  readonly slots: readonly (Received<SlotReserve> | null)[]
  readonly messages: readonly (Received<DcMessages> | null)[]
  readonly reveals: readonly (Received<Reveal> | null)[]
  /** Members whose commit this peer has: they need not reveal. */
  readonly excused: ReadonlySet<string>
  /** The views that accusations after SR and DC must have; null when this peer has not the whole phase. */
  readonly views: { readonly SR: Uint8Array | null; readonly DC: Uint8Array | null }
}

export interface Judgement {
  readonly guilty: readonly Conviction[]
  /** Members who neither revealed nor are excused, and accusers who saw another run: excluded, not blamed. */
  readonly missing: readonly string[]
}

/** @param isOutput whether the ledger can pay these 32 bytes */
export function judge(run: Transcript, isOutput: (output: Uint8Array) => boolean): Judgement {
  const missing = missingIn(run)
  const found = slotsFound(run)
  const guilty: Conviction[] = []
  for (const [i, identity] of run.identities.entries()) {
    const reveal = run.reveals[i]
    if (reveal === null || reveal === undefined) continue
    const crime = replay(run, identity, i, reveal.body, found) ?? outputCrime(run, i, isOutput)
    if (crime !== null) guilty.push({ guilty: reveal.from, crime, evidence: evidenceOf(run, i) })
  }
  if (guilty.length === 0 && missing.length === 0) {
    for (const reveal of run.reveals) {
      if (reveal?.body.answers === null) {
        guilty.push({ guilty: reveal.from, crime: 'false-accusation', evidence: [reveal.bytes] })
      }
    }
  }
  return { guilty, missing }
}

/** Finds who has still to reveal, or accuses but saw another run than this peer. */
export function missingIn(run: Transcript): string[] {
  return run.identities
    .map((identity, i) => ({ from: hex(identity), reveal: run.reveals[i] ?? null }))
    .filter(({ from, reveal }) => !run.excused.has(from) && !isOfThisRun(run, reveal))
    .map(({ from }) => from)
}

/** An accusation counts only if it is about the run that this peer saw. */
function isOfThisRun(run: Transcript, reveal: Received<Reveal> | null): boolean {
  if (reveal === null) return false
  if (reveal.body.answers !== null) return true
  const view = run.views[reveal.body.phase]
  return view !== null && same(view, reveal.body.saw)
}

/** The slot numbers that the vectors give; null when one is missing or they give none. */
function slotsFound({ slots }: Transcript): bigint[] | null {
  const vectors = slots.filter(slot => slot !== null).map(({ body }) => body.vector)
  if (vectors.length < slots.length) return null
  try {
    return solve(slotSums(vectors.map(vector => readElements(vector, slots.length))))
  } catch {
    return null
  }
}

/** docs/spec/payments-rounds.md 4.7, steps 1 to 4: what this peer did, against what its seed gives. */
function replay(
  run: Transcript,
  identity: Uint8Array,
  i: number,
  reveal: Reveal,
  found: readonly bigint[] | null,
): Crime | null {
  const { keys, slots, messages } = run
  const key = keys[i] as Received<KeyExchange>
  const secrets = secretsOf(reveal.seed, reveal.output, {
    identity,
    pairing: run.pairing,
    attempt: run.attempt,
  })
  if (!same(secrets.commitment, key.body.commitment)) return 'commitment'
  if (!same(secrets.publicKey, key.body.key)) return 'key'
  const pairs = pairsOf(secrets, keys, i, run.session)
  const slot = slots[i]?.body.vector
  if (slot !== undefined && !same(slot, writeElements(slotVector(secrets.slotNumber, pairs)))) return 'slots'
  const place = found === null ? null : slotOf(secrets.slotNumber, found)
  const vector = messages[i]?.body.vector
  if (vector === undefined || place === null) return null
  return same(vector, messageVector(place, reveal.output, pairs)) ? null : 'messages'
}

/** Step 5: two peers can only have one output if they agreed on it beforehand, because both committed to it. */
function outputCrime(run: Transcript, i: number, isOutput: (output: Uint8Array) => boolean): Crime | null {
  const output = (run.reveals[i] as Received<Reveal>).body.output
  const isShared = run.reveals.some(
    (other, j) =>
      j !== i && other !== null && same(other.body.output, output) && isCommitted(run, j, other.body),
  )
  return isShared || !isOutput(output) ? 'output' : null
}

/** A peer that repeats a revealed output without having committed to it accuses nobody but itself. */
function isCommitted(run: Transcript, i: number, reveal: Reveal): boolean {
  const identity = run.identities[i] as Uint8Array
  const { commitment } = secretsOf(reveal.seed, reveal.output, {
    identity,
    pairing: run.pairing,
    attempt: run.attempt,
  })
  return same(commitment, (run.keys[i] as Received<KeyExchange>).body.commitment)
}

function evidenceOf(run: Transcript, i: number): Uint8Array[] {
  const all = [run.keys[i], run.slots[i], run.messages[i], run.reveals[i]]
  return all.filter(message => message !== null && message !== undefined).map(message => message.bytes)
}
