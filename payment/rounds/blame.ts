// RS: a run failed, so everybody reveals its secrets and all replay what everybody did.
// docs/spec/payments-rounds.md 4.7.

import type { Moment } from '../times.ts'
import { type Conviction, type Judgement, judge, type Transcript } from './judge.ts'
import { publish, save } from './keys.ts'
import { type Approval, isApproval, type Received, type Reveal, viewOf } from './message.ts'
import { gather, headOf, waitPhase, whole } from './net.ts'
import { mark } from './record.ts'
import {
  type Blaming,
  type InRun,
  messageOf,
  type RoundAction,
  type RoundConfig,
  type Run,
  runOf,
} from './state.ts'

/** The first accusation of this run, if somebody accuses. */
export function accusationIn(state: Run): Received<Reveal> | null {
  for (const { from } of state.members) {
    const reveal = messageOf(state, state.attempt, 'RS', from)
    if (reveal?.body.answers === null) return reveal
  }
  return null
}

/** A peer that accuses after having approved contradicts itself; no honest peer has a reason to. */
export function contradictions(state: Run): Conviction[] {
  return state.members.flatMap(({ from }): Conviction[] => {
    const reveal = messageOf(state, state.attempt, 'RS', from)
    const approval = messageOf(state, state.attempt, 'OK', from)
    if (reveal?.body.answers !== null || approval === null) return []
    return [{ guilty: from, crime: 'contradiction', evidence: [approval.bytes, reveal.bytes] }]
  })
}

/**
 * Reveals this peer's secrets of the run, to accuse or in answer. After this nothing is committed; the bit is on disk
 * before the secrets leave.
 *
 * @param why the phase after which this peer accuses, or the accusation that it answers
 */
export function enterBlaming(
  config: RoundConfig,
  state: InRun,
  why: 'SR' | 'DC' | Received<Reveal>,
  now: Moment,
): [Blaming, RoundAction[]] {
  const attempts = mark(state.attempts, 'reveal', null)
  const run = { ...runOf(state, config, now), attempts }
  const { seed, output } = state.secrets
  const accused = typeof why === 'string' ? why : why.body.phase
  const [sent, send] = publish(run, {
    kind: 'RS',
    ...headOf(state),
    saw: viewsOf(state)[accused] ?? state.session,
    phase: accused,
    seed,
    output,
    answers: typeof why === 'string' ? null : why.hash,
  })
  return [{ ...sent, at: 'blaming' }, [save(run), send, waitPhase(config)]]
}

/** Gives what this peer saw of SR and of DC, as far as it has all of them. */
function viewsOf(state: Run): { SR: Uint8Array | null; DC: Uint8Array | null } {
  const slots = whole(gather(state, 'SR', state.session))
  if (slots === null) return { SR: null, DC: null }
  const SR = viewOf(state.session, slots)
  const vectors = whole(gather(state, 'DC', SR))
  return { SR, DC: vectors === null ? null : viewOf(SR, vectors) }
}

export function transcriptOf(state: Blaming): Transcript {
  const views = viewsOf(state)
  return {
    ...headOf(state),
    session: state.session,
    identities: state.members.map(({ identity }) => identity),
    keys: state.keys,
    slots: gather(state, 'SR', state.session).messages,
    messages: gather(state, 'DC', views.SR ?? state.session).messages,
    reveals: state.members.map(({ from }) => messageOf(state, state.attempt, 'RS', from)),
    excused: excusedIn(state),
    views,
  }
}

/** Members who have committed, with the approvals of all to show for it: they may not reveal any more. */
function excusedIn(state: Blaming): ReadonlySet<string> {
  return new Set(
    state.members
      .map(({ from }) => messageOf(state, state.attempt, 'CM', from))
      .filter(commit => commit !== null)
      .filter(({ body }) => {
        const approval: Approval = {
          kind: 'OK',
          ...headOf(state),
          saw: body.saw,
          transaction: body.transaction,
        }
        return (
          body.approvals.length === state.members.length &&
          state.members.every(({ identity }, i) =>
            isApproval(approval, identity, body.approvals[i] as Uint8Array),
          )
        )
      })
      .map(({ from }) => from),
  )
}

export function judgementOf(config: RoundConfig, state: Blaming): Judgement {
  return judge(transcriptOf(state), output => config.scheme.isOutput(output))
}
