// Defects that the harness must find when they are planted in every honest peer (npm run chaos -- payment --break NAME).

import type { Store } from '../link/store.ts'
import { messages } from '../payment/dcnet.ts'
import { writeMessage } from '../payment/message.ts'
import { readRecord, writeRecord } from '../payment/round-record.ts'
import { messageOf, type RoundConfig, type RoundState, type Step } from '../payment/round-state.ts'
import type { Plant } from './chaos-payment-world.ts'

export interface Defect {
  readonly what: string
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
    plant(parts) {
      const first = parts.config.newOutput()
      return { ...parts, config: { ...parts.config, newOutput: () => first } }
    },
  },
  'sign-unseen': {
    what: 'a peer approves and signs a join without looking for its output among the messages',
    plant: parts => ({
      ...parts,
      step: (config, state, event, now) => parts.step(config, content(state), event, now),
    }),
  },
  'send-before-save': {
    what: 'a message leaves before the record that it needs is on disk, so that a crash loses the record',
    plant: parts => ({ ...parts, store: lateStore(parts.store) }),
  },
  'forget-outputs': {
    what: 'a restarted peer no longer knows the outputs that it offered before the crash',
    plant: parts => ({
      ...parts,
      found: bytes => writeRecord({ ...readRecord(parts.found(bytes)), attempts: [] }),
    }),
  },
  'blame-the-silent': {
    what: 'a timeout is taken for a proof of guilt',
    plant: afterStep(([state, actions]) => [
      state,
      actions.map(action =>
        action.do === 'strike'
          ? { do: 'blame', note: action.note, verdict: { guilty: '', crime: 'malformed', evidence: [] } }
          : action,
      ),
    ]),
  },
  'blame-the-accuser': {
    what: 'wrong order of verdicts: who accuses is named before the secrets are replayed',
    plant: afterStep(([state, actions], before) => {
      if (before.at !== 'blaming' || !actions.some(action => action.do === 'blame')) return [state, actions]
      const accuser = before.members.find(
        ({ from }) => messageOf(before, before.attempt, 'RS', from)?.body.answers === null,
      )
      if (accuser === undefined) return [state, actions]
      const verdict = { guilty: accuser.from, crime: 'false-accusation' as const, evidence: [] }
      return [state, [{ do: 'blame', note: accuser.note, verdict }, ...actions]]
    }),
  },
  'forgive-messages': {
    what: 'blame replays the slot vectors and leaves out the message vectors',
    plant: afterStep(([state, actions]) => [
      state,
      actions.filter(action => action.do !== 'blame' || action.verdict.crime !== 'messages'),
    ]),
  },
  'reveal-after-commit': {
    what: 'a peer that has committed reveals its secrets when somebody accuses',
    plant: parts => ({
      ...parts,
      step(config, state, event, now) {
        const [next, actions] = parts.step(config, state, event, now)
        const answer = event.kind === 'message' ? answerTo(state, config.read, event.bytes) : null
        return answer === null ? [next, actions] : [next, [...actions, { do: 'send', message: answer }]]
      },
    }),
  },
}

/** The secrets of a peer that has committed, when somebody accuses. */
function answerTo(state: RoundState, read: RoundConfig['read'], bytes: Uint8Array): Uint8Array | null {
  if (state.at !== 'signing') return null
  let message: ReturnType<RoundConfig['read']>
  try {
    message = read(bytes)
  } catch {
    return null
  }
  if ('why' in message || message.body.kind !== 'RS' || message.body.attempt !== state.attempt) return null
  const { seed, output } = state.secrets
  return writeMessage({ ...message.body, seed, output, answers: message.hash }, state.mine.identitySeed)
}

/** The state of a peer that takes whatever lies in its slot for its own output. */
function content(state: RoundState): RoundState {
  if (state.at !== 'messages') return state
  const vectors = state.members.map(({ from }) => messageOf(state, state.attempt, 'DC', from)?.body.vector)
  const all = vectors.filter(vector => vector?.length === 32 * state.members.length)
  if (all.length !== state.members.length) return state
  const output = messages(all as Uint8Array[])[state.slot] as Uint8Array
  return { ...state, secrets: { ...state.secrets, output } }
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
