// What happened in a world of the chaos harness, kept for its checks (checks.ts).

import { hex } from '../../encoding/bytes.ts'
import { transcriptOf } from '../../payment/rounds/blame.ts'
import { missingIn } from '../../payment/rounds/judge.ts'
import type { Received } from '../../payment/rounds/message.ts'
import { type RoundRecord, readRecord } from '../../payment/rounds/record.ts'
import type { Report } from '../../payment/rounds/shell.ts'
import type { RoundAction, RoundState } from '../../payment/rounds/state.ts'
import type { Store } from '../../world/store.ts'
import type { Peer, Trace, World } from './cast.ts'

export function emptyTrace(): Trace {
  return {
    sent: [],
    made: [],
    commits: [],
    records: [],
    blamed: [],
    judged: [],
    forgotten: [],
    struck: [],
    states: [],
    spoilt: [],
  }
}

/** A message of its own that an honest peer hands to the network. */
export function observeSent(world: World, peer: Peer, message: Received): void {
  world.trace.sent.push({ peer, message, onDisk: peer.onDisk })
}

/** A peer's disk, of which everything is kept that an honest one writes. */
export function recording(world: World, peer: Peer): Store {
  const { store } = peer
  return {
    put: async (key: string, value: Uint8Array) => {
      await store.put(key, value)
      peer.onDisk = readRecord(value)
      if (peer.fault === null) world.trace.records.push({ peer, record: peer.onDisk })
    },
    get: async (key: string) => await store.get(key),
    del: async (key: string) => await store.del(key),
  } as unknown as Store
}

/** Keeps what a step of an honest peer shows. */
export function observe(
  world: World,
  peer: Peer,
  before: RoundState,
  [after, actions]: [RoundState, RoundAction[]],
): void {
  peer.attempt = Math.max(0, after.attempts.length - 1)
  if (peer.fault === null) {
    observeCommits(world, peer, before, after)
    observeRequests(world, peer, before, after)
    observeStrikes(world, peer, before, actions)
  }
  if (peer.fault !== null || before.at !== 'blaming' || after.at === 'blaming') return
  const inbox = 'inbox' in after ? after.inbox : before.inbox
  const transcript = transcriptOf({ ...before, inbox })
  if (missingIn(transcript).length > 0) return
  world.trace.judged.push({
    by: peer,
    attempt: before.attempt,
    revealed: transcript.reveals.flatMap(reveal => (reveal === null ? [] : [reveal.from])),
    saw: [...transcript.slots, ...transcript.messages].flatMap(one =>
      one === null ? [] : [hex(one.body.vector)],
    ),
    named: actions.flatMap(action => (action.do === 'blame' ? [action.conviction.guilty] : [])),
  })
}

/** Checks that a peer forgets nothing true of what it has heard: it knows the sender, or still asks the ledger. */
function observeRequests(world: World, peer: Peer, before: RoundState, after: RoundState): void {
  if (before.at !== 'pairing' || after.at === 'pairing') return
  for (const [identity, when] of peer.asked) {
    const isHonest = world.peers.some(one => one.identity === identity && one.fault === null)
    const isKnown =
      (before.requests.has(identity) || before.doubtful.has(identity)) && !before.excluded.has(identity)
    if (isHonest && !isKnown && when < world.clock.now() - 5000)
      world.trace.forgotten.push({ by: peer, identity })
  }
}

function observeStrikes(world: World, peer: Peer, before: RoundState, actions: readonly RoundAction[]): void {
  for (const action of actions) {
    if (action.do !== 'strike') continue
    const members = 'members' in before ? before.members : 'candidates' in before ? before.candidates : []
    const inbox = 'inbox' in before ? [...before.inbox.values()] : []
    const one = members.find(({ note }) => hex(note.id) === hex(action.note.id))?.from
    const votes = inbox.filter(
      ({ body }) => body.kind === 'TO' && body.missing.some(identity => hex(identity) === one),
    )
    const isVoted = 2 * new Set(votes.map(({ from }) => from)).size > members.length
    if (members.length === 0 || !isVoted) world.trace.struck.push({ by: peer, note: action.note })
  }
}

function observeCommits(world: World, peer: Peer, before: RoundState, after: RoundState): void {
  const joins = 'joins' in after ? after.joins : [after.join]
  for (const join of joins.slice('joins' in before ? before.joins.length : 0)) {
    const attempt = after.attempts.find(
      ({ transaction }) => transaction !== null && hex(transaction) === hex(join.id),
    )
    if (attempt !== undefined) world.trace.commits.push({ peer, join, outputSecret: attempt.outputSecret })
  }
}

/** Keeps what a peer tells its owner. */
export function observeReport(world: World, peer: Peer, report: Report): void {
  switch (report.type) {
    case 'state':
      peer.outcome = report.state
      world.trace.states.push({ peer, state: report.state, at: world.clock.now() })
      return
    case 'blame':
      world.trace.blamed.push({
        by: peer,
        note: report.note,
        conviction: report.conviction,
        attempt: peer.attempt,
      })
      return
    case 'settled':
      settled(peer, report.settlement, report.record)
      return
    case 'strike':
      return
  }
}

function settled(
  peer: Peer,
  settlement: { is: string; outputSecret?: Uint8Array | null },
  record: RoundRecord,
): void {
  peer.isSettled = true
  if (settlement.is === 'free') peer.wallet.push(record.noteSecret)
  else if (settlement.outputSecret) peer.wallet.push(settlement.outputSecret)
}
