// The phases of a run: SR and DC publish the two vectors of the net, OK approves the transaction that follows from
// them, CM signs it. docs/spec/payments-rounds.md 4.6.

import { hex, same } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'
import { messages, messageVector, slotOf, slotSums, slotVector } from '../net/dcnet.ts'
import { fieldBytes, readElements, writeElements } from '../net/field.ts'
import { messageBytes } from '../net/pads.ts'
import { solve } from '../net/roots.ts'
import type { Moment } from '../times.ts'
import type { Join } from './join.ts'
import type { Conviction } from './judge.ts'
import { publish, save } from './keys.ts'
import {
  type Approval,
  type Body,
  type Commit,
  isApproval,
  type Received,
  signatureOf,
  viewOf,
} from './message.ts'
import { mark } from './record.ts'
import {
  type Approving,
  type InRun,
  type Member,
  type Messages,
  messageOf,
  type RoundAction,
  type RoundConfig,
  type Run,
  runOf,
  type Signing,
  type Slots,
} from './state.ts'

/** Holds what came of a phase from those who saw the same of the phase before. */
export interface Gathered<B extends Body> {
  /** In the order of the members; null for what did not come. */
  readonly messages: readonly (Received<B> | null)[]
  /** True when somebody saw something else of the phase before. */
  readonly isSplit: boolean
}

type Seeing = Extract<Body, { saw: Uint8Array }>

export function gather<K extends Seeing['kind']>(
  state: Run,
  kind: K,
  view: Uint8Array,
): Gathered<Extract<Seeing, { kind: K }>> {
  const all = state.members.map(({ from }) => messageOf(state, state.attempt, kind, from))
  const isSame = (message: Received | null): boolean =>
    message !== null && same((message.body as Seeing).saw, view)
  return {
    messages: all.map(message => (isSame(message) ? message : null)) as Gathered<
      Extract<Seeing, { kind: K }>
    >['messages'],
    isSplit: all.some(message => message !== null && !isSame(message)),
  }
}

/** The messages of a phase when all of them are there. */
export function whole<B extends Body>({ messages }: Gathered<B>): Received<B>[] | null {
  const present = messages.filter(message => message !== null)
  return present.length === messages.length ? present : null
}

/** Gathers what the state's phase waits for. */
export function awaited(state: Exclude<InRun, { at: 'blaming' }>): Gathered<Seeing> {
  switch (state.at) {
    case 'slots':
      return gather(state, 'SR', state.session)
    case 'messages':
      return gather(state, 'DC', state.slotView)
    case 'approving':
      return gather(state, 'OK', state.messageView)
    case 'signing':
      return gather(state, 'CM', state.messageView)
  }
}

export function enterSlots(config: RoundConfig, state: Run): [Slots, RoundAction[]] {
  const vector = writeElements(slotVector(state.secrets.slotNumber, state.pairs))
  const [sent, send] = publish(state, { kind: 'SR', ...headOf(state), saw: state.session, vector })
  return [{ ...sent, at: 'slots' }, [send, waitPhase(config)]]
}

/** @returns null when the slot vectors give no slots, or none for this peer: somebody spoilt the run */
export function enterMessages(
  config: RoundConfig,
  state: Slots,
  slots: readonly Received<Extract<Body, { kind: 'SR' }>>[],
  now: Moment,
): [Messages, RoundAction[]] | null {
  const slot = mySlot(state, slots)
  if (slot === null) return null
  const vector = messageVector(slot, state.secrets.output, state.pairs)
  const slotView = viewOf(state.session, slots)
  const run = runOf(state, config, now)
  const [sent, send] = publish(run, { kind: 'DC', ...headOf(state), saw: slotView, vector })
  return [{ ...sent, at: 'messages', slotView, slot }, [send, waitPhase(config)]]
}

function mySlot(state: Slots, slots: readonly Received<Extract<Body, { kind: 'SR' }>>[]): number | null {
  try {
    const vectors = slots.map(({ body }) => readElements(body.vector, state.members.length))
    return slotOf(state.secrets.slotNumber, solve(slotSums(vectors)))
  } catch (error) {
    if (error instanceof PaymentError) return null
    throw error
  }
}

/** @returns null when the messages are not all different outputs, or this peer's is not in its slot */
export function enterApproving(
  config: RoundConfig,
  state: Messages,
  vectors: readonly Received<Extract<Body, { kind: 'DC' }>>[],
  now: Moment,
): [Approving, RoundAction[]] | null {
  const outputs = messages(vectors.map(({ body }) => body.vector))
  const isMine = same(outputs[state.slot] as Uint8Array, state.secrets.output)
  const areDifferent = new Set(outputs.map(hex)).size === outputs.length
  if (!isMine || !areDifferent || !outputs.every(output => config.scheme.isOutput(output))) return null
  const join = config.scheme.join(
    state.members.map(({ note }) => note),
    outputs,
  )
  const messageView = viewOf(state.slotView, vectors)
  const run = runOf(state, config, now)
  const [sent, send] = publish(run, approvalOf({ ...run, messageView, join }))
  return [{ ...sent, at: 'approving', messageView, join }, [send, waitPhase(config)]]
}

function approvalOf(state: Run & { messageView: Uint8Array; join: Join }): Approval {
  return { kind: 'OK', ...headOf(state), saw: state.messageView, transaction: state.join.id }
}

/** CM: after this, nothing is revealed any more; the bit is on disk before the signature leaves. */
export function enterSigning(
  config: RoundConfig,
  state: Approving,
  all: readonly Received<Approval>[],
  now: Moment,
): [Signing, RoundAction[]] {
  const { join, messageView, mine } = state
  const approvals = all.map(signatureOf)
  const attempts = mark(state.attempts, 'commit', join.id)
  const run = { ...runOf(state, config, now), attempts, joins: [...state.joins, join] }
  const [sent, send] = publish(run, {
    kind: 'CM',
    ...headOf(state),
    saw: messageView,
    transaction: join.id,
    approvals,
    signature: config.scheme.sign(join, mine.noteSecret),
  })
  const next: Signing = { ...sent, at: 'signing', messageView, join, approvals }
  return [next, [save(run), send, { do: 'watch', transaction: join.id }, waitPhase(config)]]
}

/** The transaction, once everybody has signed. */
export function completed(config: RoundConfig, state: Signing, all: readonly Received<Commit>[]): Uint8Array {
  const signatures = state.join.notes.map(note => {
    const owner = state.members.findIndex(member => same(member.note.id, note.id))
    return (all[owner] as Received<Commit>).body.signature
  })
  return config.scheme.complete(state.join, signatures)
}

/**
 * Finds what a phase's messages prove by themselves: vectors of no such run, approvals of something else, bad commits.
 */
export function offences(config: RoundConfig, state: Exclude<InRun, { at: 'blaming' }>): Conviction[] {
  return awaited(state).messages.flatMap((message, i): Conviction[] => {
    if (message === null) return []
    const crime = offence(config, state, message.body, state.members[i] as Member)
    return crime === null ? [] : [{ guilty: message.from, crime, evidence: [message.bytes] }]
  })
}

function offence(
  config: RoundConfig,
  state: Exclude<InRun, { at: 'blaming' }>,
  body: Seeing,
  member: Member,
): 'malformed' | 'bad-commit' | null {
  const n = state.members.length
  switch (body.kind) {
    case 'SR':
      return areElements(body.vector, n) ? null : 'malformed'
    case 'DC':
      return body.vector.length === n * messageBytes ? null : 'malformed'
    case 'OK':
      return state.at === 'approving' && !same(body.transaction, state.join.id) ? 'malformed' : null
    case 'CM':
      return state.at === 'signing' && !isCommit(config, state, body, member) ? 'bad-commit' : null
    case 'RS':
      return null
  }
}

function areElements(vector: Uint8Array, n: number): boolean {
  if (vector.length !== n * fieldBytes) return false
  try {
    readElements(vector, n)
    return true
  } catch {
    return false
  }
}

/** Says whether it carries the approvals of all members and a good signature under the join. */
function isCommit(config: RoundConfig, state: Signing, body: Commit, member: Member): boolean {
  const approval = approvalOf(state)
  const areApprovals =
    body.approvals.length === state.members.length &&
    state.members.every(({ identity }, i) => {
      const shown = body.approvals[i] as Uint8Array
      // Most often these are the bytes that this peer has checked already.
      return same(shown, state.approvals[i] as Uint8Array) || isApproval(approval, identity, shown)
    })
  return (
    areApprovals &&
    same(body.transaction, state.join.id) &&
    config.scheme.isSigned(state.join, member.note, body.signature)
  )
}

/** Gives what every message of a run begins with. */
export function headOf({ mine, attempt }: Run): { pairing: Uint8Array; attempt: number } {
  return { pairing: mine.pairing, attempt }
}

export function waitPhase({ phaseMs }: RoundConfig): RoundAction {
  return { do: 'wait', ms: phaseMs }
}
