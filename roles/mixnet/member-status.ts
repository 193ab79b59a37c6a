// How a mixer or trustee is, for the page of its operator (docs/spec/pages.md 9): the founding of its mix-net, the
// elections that it holds with the others, and what it has signed. By the log that it has checked itself.

import {
  type Board,
  digestOfPlan,
  keyAgreed,
  keyId,
  type Member,
  type Plan,
  plannedPeers,
} from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import {
  chainsOf,
  hasTimes,
  type Opening,
  type Question,
  type Standing,
  standingOf,
  VotingError,
} from '../../voting/index.ts'

/** Names the rounds in which trustees make their key, in their order. */
export const rounds = ['commit', 'deal', 'certify'] as const

/** Says what one of the plan's people has done to found the mix-net. */
export interface PersonStatus {
  readonly name: string
  readonly id: string
  readonly what: 'mixer' | 'trustee'
  readonly registered: boolean
  /** Rounds of the key that it has taken part in. */
  readonly rounds: readonly (typeof rounds)[number][]
}

/** Says how an election of this member is. */
export interface ElectionStatus {
  readonly election: string
  readonly title: string
  readonly voters: number
  readonly questions: readonly Pick<Question, 'text' | 'kind'>[]
  /** Null until all owners have founded it. */
  readonly standing: readonly Standing[] | null
  /** When it opens by its definition, as 2026-01-31T18:00:00Z; null where that is when all have founded it. */
  readonly opens: string | null
  /** When it is closed, by its definition or by this member's operator; null where nobody has said. */
  readonly closes: string | null
  /** Says whether its definition has that time: then no operator is asked. */
  readonly dated: boolean
  /** Fewer ballots are never opened. */
  readonly least: number
  /** So many owners close it, give it up, or prolong it. */
  readonly quorum: number
  /** Says whether its definition has any times: then it goes on with too few ballots only where that is agreed. */
  readonly timed: boolean
  /** Says whether this member's operator wants it given up, if it has too few ballots. */
  readonly ends: boolean
  /** Until when this member's operator wants it to go on, if it ends with too few; null where that was not said. */
  readonly prolongs: string | null
}

/** Something that this member has signed, as the log has it. */
export interface SignedStatus {
  /** Its place in the log, from 0 on. */
  readonly index: number
  /** Names what was done: operation, resource, and action where there is one. */
  readonly what: string
  /** Names what it was about: a text that was agreed on, a name, or an id. */
  readonly about: string
}

export interface MemberStatus {
  readonly what: 'mixer' | 'trustee'
  readonly name: string
  readonly id: string
  readonly mixnet: string
  readonly plan: string
  readonly threshold: number
  readonly entries: number
  /** Says why nothing of the Controller is believed any more. */
  readonly lied: string | null
  /** Says why the trustees' key cannot be made. */
  readonly fault: string | null
  readonly people: readonly PersonStatus[]
  /** The trustees' key, in hexadecimal. */
  readonly key: string | null
  readonly founded: boolean
  readonly elections: readonly ElectionStatus[]
  readonly findings: readonly string[]
  /** The newest first. */
  readonly signed: readonly SignedStatus[]
}

/** Holds what the status is made of. */
export interface MemberStatusParts {
  readonly what: 'mixer' | 'trustee'
  readonly name: string
  readonly id: string
  readonly plan: Plan
  readonly audit: Member['audit']
  readonly fault: string | undefined
  readonly elections: readonly Opening[]
  /** Says when an election is to be closed, by its definition or by this operator's word. */
  readonly closes: (election: Opening) => string | undefined
  readonly ends: (election: Opening) => boolean
  readonly prolongs: (election: Opening) => string | undefined
}

const signedAtMost = 50

export function memberStatus(parts: MemberStatusParts): MemberStatus {
  const { what, name, id, plan, audit, fault, elections, closes, ends, prolongs } = parts
  const { board } = audit
  const [lie] = audit.isForked ? audit.findings : []
  return {
    ...{ what, name, id, mixnet: plan.mixnet, plan: digestOfPlan(plan), threshold: plan.threshold },
    entries: audit.size,
    lied: lie === undefined ? null : `${lie.who} ${lie.what}`,
    fault: fault ?? null,
    people: peopleOf(plan, board),
    key: String(keyAgreed(plan, board)?.text['key_data'] ?? '') || null,
    founded: plannedPeers(plan, board) !== undefined,
    elections: elections.map(each => ({
      election: each.election,
      title: each.definition.title,
      voters: each.roll.size,
      questions: each.definition.questions.map(({ text, kind }) => ({ text, kind })),
      standing: standingIn(audit, each),
      opens: each.definition.opens_at ?? null,
      dated: each.definition.closes_at !== undefined,
      closes: closes(each) ?? null,
      least: each.definition.ballots_least,
      quorum: each.definition.quorum,
      timed: hasTimes(each.definition),
      ends: ends(each),
      prolongs: prolongs(each) ?? null,
    })),
    findings: audit.findings.map(({ who, what: did }) => `${who} ${did}`),
    signed: signedIn(audit, id),
  }
}

function peopleOf(plan: Plan, board: Board): PersonStatus[] {
  const digest = digestOfPlan(plan)
  const said = [...board.negotiations.values()]
    .flatMap(({ contributions }) => contributions)
    .filter(({ text }) => text['action'] === 'make key' && text['plan'] === digest)
  const person =
    (what: PersonStatus['what']) =>
    ({ name, key_data }: { readonly name: string; readonly key_data: string }): PersonStatus => {
      const id = keyId(fromHex(key_data))
      const done = rounds.filter(round =>
        said.some(({ signer, text }) => signer === id && text['round'] === round),
      )
      return { name, id, what, registered: board.persons.has(id), rounds: what === 'trustee' ? done : [] }
    }
  return [...plan.mixers.map(person('mixer')), ...plan.trustees.map(person('trustee'))]
}

function standingIn(audit: Member['audit'], { definition, roll }: Opening): readonly Standing[] | null {
  try {
    return standingOf(audit, chainsOf(audit.board, definition, roll))
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    return null
  }
}

function signedIn({ entries }: Member['audit'], id: string): SignedStatus[] {
  const own: SignedStatus[] = []
  for (let index = entries.length - 1; index >= 0 && own.length < signedAtMost; index--) {
    const payload = entries[index]?.payload
    if (payload?.signer !== id) continue
    const text = payload['text'] as Readonly<Record<string, unknown>> | undefined
    const action = text?.['action'] ?? payload['action']
    const about = text?.['name'] ?? text?.['round'] ?? payload['name'] ?? payload['peer_id'] ?? ''
    const what = [payload.operation, payload.resource, action].filter(part => part !== undefined).join(' ')
    own.push({ index, what, about: String(about) })
  }
  return own
}
