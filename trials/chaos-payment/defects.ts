// Defects that the harness must find when they are planted in every honest peer (npm run chaos -- payment --break
// NAME).

import { messages } from '../../payment/net/dcnet.ts'
import { type Received, writeMessage } from '../../payment/rounds/message.ts'
import { messageOf, type RoundState, type Step } from '../../payment/rounds/state.ts'
import type { Store } from '../../world/store.ts'
import type { Plant } from './cast.ts'
import { heard } from './world.ts'

export interface Defect {
  readonly what: string
  /** The invariant (checks.ts) that it breaks. */
  readonly breaks: string
  readonly plant: Plant
}

/** Changes what a step of the state machine gives. */
function afterStep(change: (step: Step, before: RoundState) => Step): Plant {
  return parts => ({
    ...parts,
    step: (config, state, event, now) => change(parts.step(config, state, event, now), state),
  })
}

export const defects: Readonly<Record<string, Defect>> = {
  'keep-messages': {
    what: 'a rerun keeps its messages: every run offers the output of the first',
    breaks: 'every rerun offers a fresh output',
    plant(parts) {
      const first = parts.config.newOutput()
      return { ...parts, config: { ...parts.config, newOutput: () => first } }
    },
  },
  'sign-unseen': {
    what: 'a peer approves and signs a join without looking for its output among the messages',
    breaks: 'no signature without its output',
    plant: parts => ({
      ...parts,
      step: (config, state, event, now) =>
        parts.step(config, content(state, heard(config, event)), event, now),
    }),
  },
  'send-before-save': {
    what: 'a message leaves before the record that it needs is on disk, so that a crash loses the record',
    breaks: 'what leaves is on disk',
    plant: parts => ({ ...parts, store: lateStore(parts.store) }),
  },
  'forget-outputs': {
    what: 'a restarted peer no longer knows the outputs that it offered before the crash',
    breaks: 'no coins lost or made',
    plant: parts => ({
      ...parts,
      found: record => ({ ...parts.found(record), attempts: [] }),
    }),
  },
  'blame-the-silent': {
    what: 'a timeout is taken for a proof of guilt',
    breaks: 'no honest peer blamed',
    plant: afterStep(([state, actions]) => [
      state,
      actions.map(action =>
        action.do === 'strike'
          ? { do: 'blame', note: action.note, conviction: { guilty: '', crime: 'malformed', evidence: [] } }
          : action,
      ),
    ]),
  },
  'blame-the-accuser': {
    what: 'wrong order of convictions: who accuses is named before the secrets are replayed',
    breaks: 'no honest peer blamed',
    plant: afterStep(([state, actions], before) => {
      if (before.at !== 'blaming' || !actions.some(action => action.do === 'blame')) return [state, actions]
      const accuser = before.members.find(
        ({ from }) => messageOf(before, before.attempt, 'RS', from)?.body.answers === null,
      )
      if (accuser === undefined) return [state, actions]
      const conviction = { guilty: accuser.from, crime: 'false-accusation' as const, evidence: [] }
      return [state, [{ do: 'blame', note: accuser.note, conviction }, ...actions]]
    }),
  },
  'forgive-messages': {
    what: 'blame replays the slot vectors and leaves out the message vectors',
    breaks: 'every disruptor of a completed blame named',
    plant: afterStep(([state, actions]) => [
      state,
      actions.filter(action => action.do !== 'blame' || action.conviction.crime !== 'messages'),
    ]),
  },
  'reveal-after-commit': {
    what: 'a peer that has committed reveals its secrets when somebody accuses',
    breaks: 'no reveal beside a commit',
    plant: parts => ({
      ...parts,
      step(config, state, event, now) {
        const [next, actions] = parts.step(config, state, event, now)
        const answer = answerTo(state, heard(config, event))
        return answer === null ? [next, actions] : [next, [...actions, { do: 'send', message: answer }]]
      },
    }),
  },
}

/** The secrets of a peer that has committed, when somebody accuses. */
function answerTo(state: RoundState, accusation: Received | null): Uint8Array | null {
  if (state.at !== 'signing' || accusation?.body.kind !== 'RS') return null
  if (accusation.body.attempt !== state.attempt) return null
  const { seed, output } = state.secrets
  return writeMessage({ ...accusation.body, seed, output, answers: accusation.hash }, state.mine.identitySeed)
}

/** The state of a peer that takes whatever lies in its slot for its own output, when the last message vector comes. */
function content(state: RoundState, last: Received | null): RoundState {
  if (state.at !== 'messages') return state
  const { attempt, members, slot, secrets } = state
  const vectors = members.map(({ from }) => {
    const message = last?.from === from ? last : messageOf(state, attempt, 'DC', from)
    return message?.body.kind === 'DC' && message.body.attempt === attempt ? message.body.vector : null
  })
  const all = vectors.filter(vector => vector?.length === 32 * members.length)
  if (all.length !== members.length) return state
  return { ...state, secrets: { ...secrets, output: messages(all as Uint8Array[])[slot] as Uint8Array } }
}

/** A store whose last write a crash loses: it is written when the next one comes. */
function lateStore(store: Store): Store {
  let waiting: [string, Uint8Array] | null = null
  return {
    put: async (key: string, value: Uint8Array) => {
      if (waiting !== null) await store.put(...waiting)
      waiting = [key, value]
    },
    get: async (key: string) => await store.get(key),
    del: async (key: string) => {
      waiting = null
      await store.del(key)
    },
  } as unknown as Store
}
