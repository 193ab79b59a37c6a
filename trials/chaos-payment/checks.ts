// What must hold after every run of the chaos harness, whatever the faulty peers did.

import { hex, same } from '../../encoding/bytes.ts'
import { audit } from '../../payment/ledger/audit.ts'
import { ownerOf } from '../../payment/ledger/transaction.ts'
import { messages } from '../../payment/net/dcnet.ts'
import type { Body, Received } from '../../payment/rounds/message.ts'
import type { RoundRecord } from '../../payment/rounds/record.ts'
import type { Peer, World } from './cast.ts'
import { nameOf } from './world.ts'

export interface Violation {
  readonly invariant: string
  readonly detail: string
}

type Check = (world: World) => Promise<string[]> | string[]

export const invariants: Readonly<Record<string, Check>> = {
  'no coins lost or made': coins,
  'no signature without its output': signatures,
  'no honest peer blamed': honestBlamed,
  'every disruptor of a completed blame named': disruptors,
  'every rerun offers a fresh output': freshOutputs,
  'an observer who withholds a message learns no owner': observer,
  'no reveal beside a commit': revealOrCommit,
  'what is said of others throws nobody out': forgotten,
  'no strike but by a vote': struck,
  'what leaves is on disk': savedFirst,
}

export async function violationsOf(world: World): Promise<Violation[]> {
  const found: Violation[] = []
  for (const [invariant, check] of Object.entries(invariants)) {
    for (const detail of await check(world)) found.push({ invariant, detail })
  }
  return found
}

function honest(world: World): Peer[] {
  return world.peers.filter(peer => peer.fault === null)
}

/** The ledger's log adds up, and every honest peer can spend exactly what it began with. */
async function coins(world: World): Promise<string[]> {
  const { minted, notes } = audit(world.genesis, await world.ledger.entries(0, 1_000_000))
  const unspent = [...notes.values()].filter(note => note.spentBy === null)
  const sum = unspent.reduce((total, note) => total + note.denomination, 0)
  const wrong = sum === minted ? [] : [`${minted} minted, ${sum} unspent`]
  for (const peer of honest(world)) {
    const owners = new Set(peer.wallet.map(secret => hex(ownerOf(secret))))
    const has = unspent
      .filter(note => owners.has(hex(note.owner)))
      .reduce((total, note) => total + note.denomination, 0)
    if (has !== peer.note.denomination) {
      wrong.push(
        `peer ${peer.name} has ${has} of ${peer.note.denomination}, ${peer.isSettled ? '' : 'not '}settled`,
      )
    }
  }
  return wrong
}

/** Checks that what an honest peer commits to pays what its own record says that it offered. */
function signatures(world: World): string[] {
  return world.trace.commits.flatMap(({ peer, join, outputSecret }) => {
    const own = hex(ownerOf(outputSecret))
    const pays = join.outputs.filter(output => hex(output) === own).length
    const spends = join.notes.filter(note => hex(note.id) === hex(peer.note.id)).length
    if (pays === 1 && spends === 1 && join.notes.length === join.outputs.length) return []
    return [`peer ${peer.name} signed a join that pays it ${pays} times and spends its note ${spends} times`]
  })
}

function honestBlamed(world: World): string[] {
  return world.trace.blamed.flatMap(({ by, note, conviction }) => {
    const blamed = world.peers.find(peer => hex(peer.note.id) === hex(note.id))
    if (blamed === undefined || blamed.fault !== null) return []
    return [`peer ${by.name} blames honest peer ${blamed.name}: ${conviction.crime}`]
  })
}

/**
 * Where everybody's secrets were on the table, everybody was named whose vector spoilt the run as it was seen there.
 */
function disruptors(world: World): string[] {
  return world.trace.judged.flatMap(({ by, attempt, revealed, saw, named }) =>
    world.trace.spoilt
      .filter(({ peer, vector }) => saw.includes(vector) && revealed.includes(peer.identity))
      .filter(({ peer }) => !named.includes(peer.identity))
      .map(({ peer }) => `peer ${by.name} did not name peer ${peer.name}, who spoilt run ${attempt}`),
  )
}

/** From the peers' own records: no output was offered in two runs. */
function freshOutputs(world: World): string[] {
  return world.trace.records.flatMap(({ peer, record }) => {
    const outputs = record.attempts.map(({ outputSecret }) => hex(outputSecret))
    return new Set(outputs).size === outputs.length ? [] : [`peer ${peer.name} offered an output twice`]
  })
}

/**
 * An observer who knows all message vectors of a run, its own withheld one among them, reads its outputs. If the
 * outputs of two runs differ in one, and the members in one, it knows whose that output is.
 */
function observer(world: World): string[] {
  const runs = runsSeen(world)
  return runs.flatMap((first, i) =>
    runs.slice(i + 1).flatMap(second => {
      const gone = [...first.members].filter(from => !second.members.has(from))
      const left = [...first.outputs].filter(output => !second.outputs.has(output))
      if (gone.length !== 1 || left.length !== 1) return []
      const owner = world.peers.find(({ identity }) => identity === gone[0])
      const own = world.trace.records
        .filter(({ peer }) => peer === owner)
        .flatMap(({ record }) => record.attempts.map(({ outputSecret }) => hex(ownerOf(outputSecret))))
      return own.includes(left[0] as string)
        ? [`the output of ${nameOf(world, gone[0] as string)} stands alone`]
        : []
    }),
  )
}

interface RunSeen {
  readonly members: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
}

/** The runs in which every member made its message vector, also one that withheld it. */
function runsSeen(world: World): RunSeen[] {
  const vectors = new Map<string, Map<string, Received<Extract<Body, { kind: 'DC' }>>>>()
  for (const { message } of world.trace.made) {
    if (message.body.kind !== 'DC') continue
    const run = `${message.body.attempt} ${hex(message.body.saw)}`
    const dc = message as Received<Extract<Body, { kind: 'DC' }>>
    vectors.set(run, (vectors.get(run) ?? new Map()).set(message.from, dc))
  }
  return [...vectors.values()].flatMap(run => {
    const all = [...run.values()].map(({ body }) => body.vector)
    const isWhole = all.every(vector => vector.length === 32 * all.length)
    if (!isWhole) return []
    return [{ members: new Set(run.keys()), outputs: new Set(messages(all).map(hex)) }]
  })
}

function forgotten(world: World): string[] {
  return world.trace.forgotten.map(
    ({ by, identity }) => `peer ${by.name} forgot the request of ${nameOf(world, identity)}`,
  )
}

function struck(world: World): string[] {
  return world.trace.struck.map(({ by, note }) => {
    const whose = world.peers.find(peer => hex(peer.note.id) === hex(note.id))
    return `peer ${by.name} strikes the note of peer ${whose?.name}, for which most did not vote`
  })
}

/** No honest key has revealed and committed in one run. */
function revealOrCommit(world: World): string[] {
  const did = new Map<string, Set<string>>()
  for (const { peer, message } of world.trace.sent) {
    const { body } = message
    if (body.kind !== 'RS' && body.kind !== 'CM') continue
    const run = `peer ${peer.name} in run ${body.attempt}`
    did.set(run, (did.get(run) ?? new Set()).add(body.kind))
  }
  return [...did].filter(([, kinds]) => kinds.size === 2).map(([run]) => `${run} revealed and committed`)
}

/**
 * Whatever a crash may follow: an output that was committed to, a commit and a reveal stand in the record before they
 * leave.
 */
function savedFirst(world: World): string[] {
  return world.trace.sent.flatMap(({ peer, message, onDisk }) =>
    isSaved(message.body, onDisk)
      ? []
      : [`peer ${peer.name} sent ${message.body.kind} before it was on disk`],
  )
}

function isSaved(body: Body, onDisk: RoundRecord | null): boolean {
  if (body.kind === 'PR') return onDisk !== null
  const attempt = onDisk?.attempts.find(({ number }) => number === body.attempt)
  switch (body.kind) {
    case 'CM':
      return (
        attempt?.sent === 'commit' &&
        attempt.transaction !== null &&
        same(attempt.transaction, body.transaction)
      )
    case 'RS':
      return attempt?.sent === 'reveal'
    default:
      return attempt !== undefined
  }
}
