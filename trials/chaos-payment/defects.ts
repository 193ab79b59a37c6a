// Defects that the harness must find when they are planted in every honest peer (npm run chaos -- payment --break
// NAME).

import { hex, same } from '../../encoding/bytes.ts'
import type { Ledger } from '../../payment/ledger/ledger.ts'
import { messages } from '../../payment/net/dcnet.ts'
import { type Received, writeMessage } from '../../payment/rounds/message.ts'
import { type Member, messageOf, type RoundState, type Step } from '../../payment/rounds/state.ts'
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
  'believe-twins': {
    what: 'two requests that name one note throw each other out, before the ledger has shown whose it is',
    breaks: 'what is said of others throws nobody out',
    plant: whenNamed(([state, actions], victim) =>
      'excluded' in state
        ? [{ ...state, excluded: new Set([...state.excluded, victim.from]) }, actions]
        : [state, actions],
    ),
  },
  'strike-the-named': {
    what: 'a request that names another note strikes that note',
    breaks: 'no strike but by a vote',
    plant: whenNamed(([state, actions], victim) => [
      state,
      [...actions, { do: 'strike', note: victim.note }],
    ]),
  },
  'strike-the-voted': {
    what: 'votes of those who are in no run count: as many names as a stranger likes strike a note',
    breaks: 'no strike but by a vote',
    plant: parts => {
      const votes = new Map<string, number>()
      return {
        ...parts,
        step(config, state, event, now) {
          const voted = votedOn(state, heard(config, event))
          const [next, actions] = parts.step(config, state, event, now)
          if (voted === null || !('members' in state)) return [next, actions]
          const count = (votes.get(voted.from) ?? 0) + 1
          votes.set(voted.from, count)
          const isStruck = 2 * count > state.members.length && 2 * (count - 1) <= state.members.length
          return [next, isStruck ? [...actions, { do: 'strike', note: voted.note }] : actions]
        },
      }
    },
  },
  'blame-the-named': {
    what: 'a request that names another note convicts its owner of having asked twice',
    breaks: 'no honest peer blamed',
    plant: whenNamed(([state, actions], { from, note }) => [
      state,
      [...actions, { do: 'blame', note, conviction: { guilty: from, crime: 'equivocation', evidence: [] } }],
    ]),
  },
  'silence-is-no': {
    what: 'a question about a note that is not answered counts as: there is no such note',
    breaks: 'what is said of others throws nobody out',
    plant: askedOtherwise(ledger => ({ note: id => ledger.note(id).catch(() => null) })),
  },
  'believe-spent': {
    what: 'a note is spent when the ledger says so, also by a transaction that it does not show',
    breaks: 'what is said of others throws nobody out',
    plant: askedOtherwise(ledger => {
      const denied: Uint8Array[] = []
      return {
        async note(id) {
          const note = await ledger.note(id)
          if (note !== null && note.spentBy !== null) denied.push(id)
          return note
        },
        positionOf: async transaction =>
          (await ledger.positionOf(transaction)) ?? { transaction, index: 0, spends: denied },
      }
    }),
  },
  'infer-the-spender': {
    what: 'a note that is spent while no join was found a moment ago counts as spent by something else',
    breaks: 'no coins lost or made',
    plant: askedOtherwise(ledger => {
      const spent: Uint8Array[] = []
      const somebody = new Uint8Array(32).fill(7)
      const asked = new Set<string>()
      return {
        async note(id) {
          const note = await ledger.note(id)
          if (note === null || note.spentBy === null) return note
          spent.push(id)
          return { ...note, spentBy: somebody }
        },
        async positionOf(transaction) {
          if (same(transaction, somebody)) return { transaction, index: 0, spends: spent }
          // The answer was on its way when the join entered
          const isFirst = !asked.has(hex(transaction))
          asked.add(hex(transaction))
          return isFirst ? null : await ledger.positionOf(transaction)
        },
      }
    }),
  },
}

/** Finds the member of whom somebody votes that its message did not come; null for any other message. */
function votedOn(state: RoundState, message: Received | null): Member | null {
  if (message?.body.kind !== 'TO' || !('members' in state)) return null
  const { missing } = message.body
  return state.members.find(({ identity }) => missing.some(one => same(one, identity))) ?? null
}

/** Finds the member whose note somebody else's request names; null for any other message. */
function named(state: RoundState, message: Received | null): Member | null {
  if (message?.body.kind !== 'PR' || !('requests' in state)) return null
  const { note } = message.body
  const isOthers = ({ from, note: own }: Member): boolean => from !== message.from && same(own.id, note.id)
  return [...state.requests.values()].find(isOthers) ?? null
}

/** Does something when somebody names another's note, before anything of it is verified. */
function whenNamed(change: (step: Step, victim: Member) => Step): Plant {
  return parts => ({
    ...parts,
    step(config, state, event, now) {
      const victim = named(state, heard(config, event))
      const next = parts.step(config, state, event, now)
      return victim === null ? next : change(next, victim)
    },
  })
}

/** Changes some answers of the ledger. */
function askedOtherwise(change: (ledger: Ledger) => Partial<Ledger>): Plant {
  return parts => ({ ...parts, ledger: { ...parts.ledger, ...change(parts.ledger) } })
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
