// What peers of the chaos harness do wrong. A faulty peer runs the same state machine as an honest one, and something
// between it and the network breaks the protocol.

import { hex, same } from '../../encoding/bytes.ts'
import { type Pairs, slotVector } from '../../payment/net/dcnet.ts'
import { fromStream, writeElements } from '../../payment/net/field.ts'
import { embeddedJoins } from '../../payment/rounds/join.ts'
import { ownMessage } from '../../payment/rounds/keys.ts'
import { type Body, type Received, writeMessage } from '../../payment/rounds/message.ts'
import {
  inboxKey,
  type Messages,
  type RoundAction,
  type RoundEvent,
  type RoundState,
  type Step,
} from '../../payment/rounds/state.ts'
import { below, pick, type Random } from '../../world/random.ts'
import type { Fault, Outgoing, Peer, World } from './cast.ts'
import { deliver, heard } from './world.ts'

type Kind = Body['kind']
type Of<K extends Kind> = Extract<Body, { kind: K }>
const nothing: readonly Outgoing[] = []
const phases = ['KE', 'SR', 'DC', 'OK', 'CM', 'RS', 'PR', 'TO'] as const

/** The names, each with what makes its variant number n; some come in twos. */
export const faults: Readonly<Record<string, (n: number) => Fault[]>> = {
  vanish: n => [vanish(nth(n, phases))],
  'spoil-one': () => [spoilOne()],
  garbage: n => [garbage(nth(n, ['SR', 'DC']), n % 4 < 2)],
  malformed: n => [malformed(nth(n, ['SR', 'DC']))],
  'bad-commit': () => [badCommit()],
  'duplicate-slot': () => duplicateSlot(),
  'duplicate-output': () => duplicateOutput(),
  equivocate: n => [equivocate(nth(n, ['KE', 'SR', 'DC']))],
  'send-to-some': n => [sendToSome(nth(n, ['KE', 'SR', 'DC', 'OK', 'CM']))],
  dissent: () => [dissent()],
  'accuse-falsely': n => [accuseFalsely(nth(n, ['OK', 'SR', 'DC']))],
  'vote-out': () => [voteOut()],
  replay: () => [replay()],
  'double-spend': () => [doubleSpend()],
  'withhold-messages': () => [vanish('DC', 'withhold-messages')],
  'withhold-commit': () => [withholdCommit()],
}

function nth<T>(n: number, of: readonly T[]): T {
  return of[n % of.length] as T
}

function sign(peer: Peer, body: Body): Uint8Array {
  const state = peer.shell.state
  if (state === null || !('mine' in state)) return new Uint8Array(0)
  return writeMessage(body, state.mine.identitySeed)
}

/** Says nothing from a phase on, as if it were gone. */
function vanish(from: (typeof phases)[number], name = 'vanish'): Fault {
  let isGone = false
  return {
    name,
    send(_, { body }) {
      isGone ||= body.kind === from
      return isGone ? nothing : null
    },
  }
}

/** Random bytes of the right length, and then reveals or does not. */
function garbage(kind: 'SR' | 'DC', reveals: boolean): Fault {
  return {
    name: 'garbage',
    send(peer, { body }, world) {
      if (body.kind === 'RS' && !reveals) return nothing
      if (body.kind !== kind) return null
      return spoil(world, peer, body as Of<'SR'>, noise(peer.random, kind, vectorOf(body)))
    },
  }
}

/**
 * Noise in one slot that is not its own: its owner alone can see that the message is not the one it sent. The spoiler
 * goes on as if that were its vector, so that all who do not look approve of one transaction.
 */
function spoilOne(): Fault {
  return {
    name: 'spoil-one',
    send: () => null,
    plant: peer => (parts, world) => {
      const early: RoundEvent[] = []
      return {
        ...parts,
        step(config, state, event, now) {
          if (state.at !== 'messages' && heard(config, event)?.body.kind === 'DC') {
            early.push(event)
            return [state, []]
          }
          const [next, actions] = parts.step(config, state, event, now)
          if (next.at !== 'messages' || state.at === 'messages') return [next, actions]
          let step = spoilSlot(world, peer, next, actions)
          for (const one of early.splice(0)) {
            const [after, more] = parts.step(config, step[0], one, now)
            step = [after, [...step[1], ...more]]
          }
          return step
        },
      }
    },
  }
}

/** The step that published this peer's message vector, with noise in the slot after its own. */
function spoilSlot(world: World, peer: Peer, state: Messages, actions: readonly RoundAction[]): Step {
  const key = inboxKey(state.attempt, 'DC', state.mine.from)
  const own = state.inbox.get(key) as Received<Of<'DC'>>
  const vector = own.body.vector.slice()
  vector.set(peer.random(32), 32 * ((state.slot + 1) % state.members.length))
  world.trace.spoilt.push({ peer, attempt: state.attempt, vector: hex(vector) })
  const message = ownMessage(state.mine, { ...own.body, vector })
  const isOwn = (action: RoundAction): boolean => action.do === 'send' && same(action.message, own.bytes)
  return [
    { ...state, inbox: new Map(state.inbox).set(key, message) },
    actions.map(action => (isOwn(action) ? { do: 'send', message: message.bytes } : action)),
  ]
}

/** Publishes another vector than its own, and leaves a note of it for the checks. */
function spoil(world: World, peer: Peer, body: Of<'SR' | 'DC'>, vector: Uint8Array): Outgoing[] {
  world.trace.spoilt.push({ peer, attempt: body.attempt, vector: hex(vector) })
  return [{ bytes: sign(peer, { ...body, vector }) }]
}

function vectorOf(body: Body): Uint8Array {
  return 'vector' in body ? body.vector : new Uint8Array(0)
}

function noise(random: Random, kind: 'SR' | 'DC', like: Uint8Array): Uint8Array {
  if (kind === 'DC') return random(like.length)
  return writeElements(Array.from({ length: like.length / 16 }, () => fromStream(random(16))))
}

/** A vector of a length that no peer of this run can have, or bytes that nobody can be held to. */
function malformed(kind: 'SR' | 'DC'): Fault {
  return {
    name: 'malformed',
    send(peer, { body, bytes }) {
      if (body.kind !== kind) return null
      const short = (body as Of<'SR'>).vector.slice(32)
      return [
        { bytes: peer.random(200) },
        { bytes: sign(peer, { ...(body as Of<'SR'>), vector: short }) },
        { bytes: bytes.slice(9) },
      ]
    },
  }
}

function badCommit(): Fault {
  return {
    name: 'bad-commit',
    send(peer, { body }) {
      if (body.kind !== 'CM') return null
      return [{ bytes: sign(peer, { ...body, signature: peer.random(64) }) }]
    },
  }
}

/** Two who reserve one slot: the second takes the first's number. */
function duplicateSlot(): Fault[] {
  const numbers = new Map<number, bigint>()
  const share: Fault = {
    name: 'duplicate-slot',
    send(peer, { body }, world) {
      const run = runOf(peer)
      if (body.kind !== 'SR' || run === null) return null
      const first = numbers.get(body.attempt)
      numbers.set(body.attempt, first ?? run.slotNumber)
      if (first === undefined) return null
      return spoil(world, peer, body, writeElements(slotVector(first, run.pairs)))
    },
  }
  return [share, share]
}

/** Two who agreed on one output for both; they keep to everything else. */
function duplicateOutput(): Fault[] {
  const secrets: Uint8Array[] = []
  const fault: Fault = {
    name: 'duplicate-output',
    send: () => null,
    output(attempt, random) {
      secrets[attempt] ??= random(32)
      return secrets[attempt]
    },
  }
  return [fault, fault]
}

/** The secrets of the run that a peer is in. */
function runOf(peer: Peer): { slotNumber: bigint; pairs: Pairs } | null {
  const state: RoundState | null = peer.shell.state
  if (state === null || !('pairs' in state)) return null
  return { slotNumber: state.secrets.slotNumber, pairs: state.pairs }
}

/** One message to half of the peers, and another to the others. */
function equivocate(kind: 'KE' | 'SR' | 'DC'): Fault {
  let isDone = false
  return {
    name: 'equivocate',
    send(peer, { body, bytes }) {
      if (body.kind !== kind || isDone) return null
      isDone = true
      const other: Body =
        body.kind === 'KE'
          ? { ...body, commitment: peer.random(32) }
          : { ...(body as Of<'SR'>), vector: noise(peer.random, kind as 'SR' | 'DC', vectorOf(body)) }
      const isEven = (one: Peer): boolean => one.name % 2 === 0
      return [
        { bytes, to: isEven },
        { bytes: sign(peer, other), to: one => !isEven(one) },
      ]
    },
  }
}

/** Only a third of the peers get it: these will hand it on. */
function sendToSome(kind: Kind): Fault {
  return {
    name: 'send-to-some',
    send: (_, { body, bytes }) => (body.kind === kind ? [{ bytes, to: one => one.name % 3 === 0 }] : null),
  }
}

/** Means another set of peers than all others do, every time. */
function dissent(): Fault {
  return {
    name: 'dissent',
    send: (peer, { body }) =>
      body.kind === 'KE' ? [{ bytes: sign(peer, { ...body, seen: body.seen.slice(1) }) }] : null,
  }
}

/** Claims that its message was lost: before or, against its own word, after approving. */
function accuseFalsely(instead: 'SR' | 'DC' | 'OK'): Fault {
  let isDone = false
  return {
    name: 'accuse-falsely',
    send(peer, { body, bytes }) {
      if (isDone || !('saw' in body) || body.kind === 'RS') return null
      if (body.kind !== (instead === 'SR' ? 'DC' : 'OK')) return null
      isDone = true
      const accusation = accusationOf(peer, body)
      if (accusation === null) return null
      if (instead !== 'OK') return [{ bytes: accusation }]
      return [{ bytes }, { bytes: accusation, delayMs: below(peer.random, 8000) }]
    },
  }
}

function accusationOf(peer: Peer, body: Extract<Body, { saw: Uint8Array }>): Uint8Array | null {
  const state = peer.shell.state
  if (state === null || !('secrets' in state)) return null
  const { seed, output } = state.secrets
  const { pairing, attempt, saw } = body
  const phase = body.kind === 'DC' ? 'SR' : 'DC'
  return sign(peer, { kind: 'RS', pairing, attempt, saw, phase, seed, output, answers: null })
}

/** Says of somebody, in every phase, that their message did not come. */
function voteOut(): Fault {
  return {
    name: 'vote-out',
    send(peer, { body, bytes }) {
      const state = peer.shell.state
      if (state === null || !('members' in state) || !('saw' in body)) return null
      const victim = state.members.find(({ from }) => from !== state.mine.from)
      if (victim === undefined || body.kind === 'RS') return null
      const { pairing, attempt } = body
      const vote = sign(peer, { kind: 'TO', pairing, attempt, phase: body.kind, missing: [victim.identity] })
      return [{ bytes }, { bytes: vote }]
    },
  }
}

/** Publishes again what others and it itself published, in this run and in earlier ones. */
function replay(): Fault {
  const heard: Uint8Array[] = []
  return {
    name: 'replay',
    hear(peer, { bytes }) {
      if (heard.length < 200) heard.push(bytes)
      return below(peer.random, 10) === 0 ? [{ bytes: pick(peer.random, heard), delayMs: 20_000 }] : nothing
    },
    send(peer, { body, bytes }, world) {
      // Its own slot vector of an earlier run, signed again for this one.
      const old = heard.find(one => one.length === bytes.length)
      const foreign = sign(peer, { ...body, pairing: peer.random(32) } as Body)
      for (const one of [foreign, ...(old === undefined ? [] : [old])]) deliver(world, peer, { bytes: one })
      return null
    },
  }
}

/** Signs the join, and spends its note before the join is complete. */
function doubleSpend(): Fault {
  return {
    name: 'double-spend',
    send(peer, { body, bytes }, world) {
      if (body.kind !== 'CM') return null
      const scheme = embeddedJoins(world.ledger.id)
      const secret = peer.random(32)
      const move = scheme.move(peer.note, peer.noteSecret, scheme.outputOf(secret))
      world.ledger.submit(move).then(
        () => peer.wallet.push(secret),
        () => {},
      )
      return [{ bytes, delayMs: 1000 }]
    },
  }
}

/** Keeps its signature until the others have given up, and completes the join then. */
function withholdCommit(): Fault {
  const heard: Received<Of<'CM'>>[] = []
  let isDone = false
  return {
    name: 'withhold-commit',
    hear(_, message) {
      if (isCommit(message)) heard.push(message)
      return nothing
    },
    send(peer, { body, bytes }, world) {
      if (body.kind !== 'CM' || isDone) return isDone ? nothing : null
      isDone = true
      world.clock.after(60_000 * (1 + below(peer.random, 70)), () => {
        const complete = completedBy(peer, world, heard)
        if (complete !== null) void world.ledger.submit(complete).catch(() => {})
      })
      return below(peer.random, 2) === 0 ? nothing : [{ bytes, to: one => one.name === 0 }]
    },
  }
}

/** The transaction from the commits that a peer has heard. */
function completedBy(peer: Peer, world: World, heard: readonly Received<Of<'CM'>>[]): Uint8Array | null {
  const own = peer.shell.state
  const join = own !== null && 'joins' in own ? own.joins[0] : undefined
  if (join === undefined) return null
  const scheme = embeddedJoins(world.ledger.id)
  const signatures = join.notes.map(note => {
    if (hex(note.id) === hex(peer.note.id)) return scheme.sign(join, peer.noteSecret)
    return heard.find(({ body }) => scheme.isSigned(join, note, body.signature))?.body.signature
  })
  const complete = signatures.filter(signature => signature !== undefined)
  return complete.length === signatures.length ? scheme.complete(join, complete) : null
}

function isCommit(message: Received): message is Received<Of<'CM'>> {
  return message.body.kind === 'CM'
}
