// The status note (docs/spec/directory-voting.md 8.11): what is accepted, how authorities come to one among liars, and
// that everybody obeys it from one instant on.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nameBody } from '../directory/documents/consensus.ts'
import { writeDocument } from '../directory/documents/document.ts'
import { directoryProtocol, readRequest, writeAnswer, writeRefusal } from '../directory/documents/exchange.ts'
import {
  nameNote,
  noteEffect,
  notePhases,
  readSignedNote,
  writeSignedNote,
} from '../directory/documents/status-note.ts'
import type { View } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import {
  beginNote,
  type NoteAction,
  type NoteMessage,
  type NoteState,
  openNoteMessage,
  stepNote,
  writeNoteMessage,
} from '../directory/rounds/status-note-machine.ts'
import { compare, hex } from '../encoding/bytes.ts'
import { bodyOf, descriptorsOf, idOf, signaturesOf, signer } from '../simulator/directory-samples.ts'
import { DirectoryWorld } from '../simulator/directory-world.ts'
import { at, epoch, idsOf, network, newNotes, one, signedNote, two, view } from './note-samples.ts'
import { codeOf } from './refusals.ts'

test('a note with t signatures is obeyed from its instant on, by everybody who has it', () => {
  const notes = newNotes()
  notes.add(signedNote(), at(0.65))
  const before = notes.obeyed(view, noteEffect(network, epoch) - 1)
  assert.is(before, view)
  const after = notes.obeyed(view, noteEffect(network, epoch))
  assert.is(after.nodes.get(one)?.running, false)
  assert.is(after.layers.flat().filter(({ running }) => !running).length, 1)
  assert.is(after.hash, view.hash)
  assert.is(notes.obeyed(view, at(0.9)), after)
  // It holds for the next document too, and for no later one.
  const of = (later: number): View => ({ ...view, epoch: later })
  assert.is(notes.obeyed(of(2), at(1.5)).nodes.get(one)?.running, false)
  assert.is(notes.obeyed(of(3), at(1.5)).nodes.get(one)?.running, true)
  // Its time is over when the next one's has come.
  assert.is(notes.obeyed(of(2), at(1 + notePhases.effect)).nodes.get(one)?.running, true)
})

test('notes that are refused', () => {
  const refusal = (bytes: Uint8Array, now = at(0.65), notes = newNotes()): string =>
    codeOf(() => notes.add(bytes, now))
  assert.is(refusal(signedNote()), 'ok')
  assert.is(refusal(signedNote({ nodes: [] })), 'ok')
  assert.is(refusal(signedNote({}, [0, 1])), 'TOO_FEW_SIGNATURES')
  assert.is(refusal(signedNote({ network: 'other' })), 'WRONG_NETWORK')
  assert.is(refusal(signedNote({ document: new Uint8Array(32) })), 'UNAVAILABLE')
  assert.is(refusal(signedNote({ nodes: [idOf('stranger')] })), 'BAD_DOCUMENT')
  const ring = (view.layers[0] ?? []).map(({ id }) => id).sort(compare)
  assert.is(refusal(signedNote({ nodes: ring })), 'BAD_DOCUMENT', 'a layer would be empty')
  const gateways = view.gateways.map(({ id }) => id).sort(compare)
  assert.is(refusal(signedNote({ nodes: gateways })), 'BAD_DOCUMENT', 'no gateway would be left')
  assert.is(refusal(signedNote(), at(2.1)), 'OLD_EPOCH')
  assert.is(refusal(signedNote(), at(0.5)), 'FUTURE_EPOCH')
  // Who was there before the instant obeys at the instant or never; who comes later takes what is in force.
  assert.is(refusal(signedNote(), at(0.9)), 'LATE')
  assert.is(refusal(signedNote(), at(0.9), newNotes(at(0.9) - at(0.89))), 'ok')
  const notes = newNotes()
  notes.add(signedNote(), at(0.65))
  assert.not(notes.add(signedNote({}, [1, 2, 3]), at(0.65)).isNew)
  assert.is(refusal(signedNote({ nodes: [] }), at(0.65), notes), 'CONFLICT')
  assert.is(notes.obeyed(view, at(0.9)).nodes.get(one)?.running, false)
})

test('readers of notes and messages: round trips, and any bytes give a result or a DirectoryError', () => {
  const bytes = signedNote({ nodes: idsOf(one, two) })
  const read = readSignedNote(bytes)
  assert.equal(writeSignedNote(nameNote(read.note).bytes, read.signatures), bytes)
  const messages = [...sent(begin(0, [one]).actions), ...sent(signing(0).actions)].map(writeNoteMessage)
  for (const message of messages)
    assert.equal(writeNoteMessage(openNoteMessage(() => network, message)), message)
  for (const [valid, parse] of [
    [bytes, readSignedNote],
    ...messages.map(message => [message, (b: Uint8Array) => openNoteMessage(() => network, b)] as const),
  ] as const) {
    fc.assert(
      fc.property(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }), (where, byte) => {
        const changed = valid.slice()
        changed[where] = byte
        codeOf(() => void parse(changed))
        assert.is.not(
          codeOf(() => void parse(valid.subarray(0, where))),
          'ok',
        )
      }),
      { numRuns: 200 },
    )
    assert.is.not(
      codeOf(() => void parse(new Uint8Array(100_000))),
      'ok',
    )
  }
})

// The machine

const rulesOf = (i: number) => ({ network, id: idOf(`authority ${i}`), sign: signer(`authority ${i}`) })

interface Moved {
  readonly state: NoteState
  readonly actions: readonly NoteAction[]
}

function begin(i: number, dead: readonly string[]): Moved {
  const [state, actions] = beginNote(rulesOf(i), epoch, view, dead)
  return { state, actions }
}

/** Alone with the opinions of all, after the time to sign. */
function signing(i: number, opinions: readonly (readonly string[])[] = [[one], [one], [one], [one]]): Moved {
  let { state } = begin(i, opinions[i] ?? [])
  for (const [j, dead] of opinions.entries()) {
    if (j === i) continue
    for (const message of sent(begin(j, dead).actions)) {
      ;[state] = stepNote(rulesOf(i), state, message, at(0.57))
    }
  }
  const [next, actions] = stepNote(rulesOf(i), state, undefined, at(notePhases.signatures))
  return { state: next, actions }
}

function sent(actions: readonly NoteAction[]): NoteMessage[] {
  return actions.flatMap(action => (action.do === 'send' ? [action.message] : []))
}

function nodesOf({ state }: Moved): string[] {
  return state.at === 'signatures' ? state.named.note.nodes.map(hex) : [state.at]
}

test('a node is named when t authorities find it dead', () => {
  assert.equal(nodesOf(signing(0)), [one])
  assert.equal(nodesOf(signing(0, [[one], [one], [two], [two]])), [])
  assert.equal(nodesOf(signing(1, [[one, two], [two, one], [one], [two]])), [one, two].sort())
  const strange = signing(0, [['00'.repeat(32)], ['00'.repeat(32)], ['00'.repeat(32)], []])
  assert.equal(nodesOf(strange), [], 'a node that the document has not')
})

test('what would empty a layer is not named, the rest is', () => {
  const ring = view.layers[0]?.map(({ id }) => hex(id)) as string[]
  const all = [...ring, two]
  assert.equal(nodesOf(signing(0, [all, all, all, all])), [two])
})

test('all honest: each signs once, and the note has all signatures', () => {
  const moved = [0, 1, 2, 3].map(i => signing(i))
  let { state } = moved[0] as Moved
  for (const { actions } of moved.slice(1)) {
    for (const message of sent(actions)) [state] = stepNote(rulesOf(0), state, message, at(0.6))
  }
  const [end, actions] = stepNote(rulesOf(0), state, undefined, at(notePhases.end))
  assert.is(end.at, 'signed')
  const published = actions[0] as { bytes: Uint8Array }
  assert.is(readSignedNote(published.bytes).signatures.length, 4)
  assert.is(newNotes().add(published.bytes, at(notePhases.end)).isNew, true)
  assert.equal(stepNote(rulesOf(0), end, undefined, at(0.9)), [end, []])
})

test('fewer than t opinions or signatures make no note', () => {
  const { state } = begin(0, [one])
  const [none] = stepNote(rulesOf(0), state, undefined, at(notePhases.end))
  assert.equal(none, { at: 'none', epoch, why: 'too few opinions' })
  const [alone] = stepNote(rulesOf(0), signing(0).state, undefined, at(notePhases.end))
  assert.equal(alone, { at: 'none', epoch, why: 'too few signatures' })
})

test('an authority with two opinions counts with none, and is accused', () => {
  let { state } = begin(0, [one])
  const actions: NoteAction[] = []
  const said = [begin(1, [one]), begin(2, []), begin(3, [one]), begin(3, [two])]
  for (const message of said.flatMap(of => sent(of.actions))) {
    const [next, more] = stepNote(rulesOf(0), state, message, at(0.57))
    state = next
    actions.push(...more)
  }
  assert.is(actions.length, 1)
  const [accusation] = actions
  assert.is(accusation?.do === 'accuse' && hex(accusation.evidence.signer), hex(idOf('authority 3')))
  const [next] = stepNote(rulesOf(0), state, undefined, at(notePhases.signatures))
  assert.equal(nodesOf({ state: next, actions: [] }), [], 'with 3 it would be three of four')
})

test('an authority that signs two notes is accused, and its second signature does not count', () => {
  let { state } = signing(0)
  const other = signing(3, [[two], [two], [two], [two]])
  const honest = signing(3)
  const actions: NoteAction[] = []
  for (const message of [...sent(honest.actions), ...sent(other.actions)]) {
    const [next, more] = stepNote(rulesOf(0), state, message, at(0.6))
    state = next
    actions.push(...more)
  }
  assert.equal(
    actions.map(action => action.do === 'accuse' && action.evidence.kind),
    ['note'],
  )
})

test('messages out of their phase are refused', () => {
  const opinion = sent(begin(1, [one]).actions)[0] as NoteMessage
  const signature = sent(signing(1).actions)[0] as NoteMessage
  const step = (state: NoteState, message: NoteMessage, now: number): string =>
    codeOf(() => void stepNote(rulesOf(0), state, message, now))
  assert.is(step(begin(0, []).state, signature, at(0.57)), 'WRONG_STATE')
  assert.is(step(signing(0).state, opinion, at(0.6)), 'LATE')
  assert.is(step(signing(0).state, signature, at(0.7)), 'LATE')
  assert.is(step(begin(0, []).state, { ...opinion, epoch: 9 }, at(0.57)), 'WRONG_STATE')
  assert.is(step(begin(0, []).state, { ...opinion, epoch: 0 }, at(0.57)), 'LATE')
})

test('a node that dies is out of use for everybody at one instant, and authorities may be killed meanwhile', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  let dead = ''
  const counts = (half: number) =>
    new Map(
      [...(world.clients[0]?.current()?.nodes.keys() ?? [])].map(id => [
        id,
        { sent: 12, returned: id === dead && half >= 6 ? 0 : 12 },
      ]),
    )
  for (let i = 0; i < 6; i++) await world.startNode(`mix ${i}`, 'mix', {}, counts)
  for (let i = 0; i < 2; i++) await world.startNode(`gateway ${i}`, 'gateway', {}, counts)
  for (let i = 0; i < 3; i++) await world.startClient()
  await world.advanceTo(2, 0.99)
  dead = hex(world.nodes[2]?.link.id as Uint8Array)
  const followers = () => [...world.clients, ...world.nodes.map(({ directory }) => directory)]
  const running = () => followers().map(follower => follower.current()?.nodes.get(dead)?.running)
  const told: number[] = []
  world.clients[0]?.onView(view => {
    if (view.nodes.get(dead)?.running === false) told.push(world.clock.now())
  })
  await world.advanceTo(3, 0.7)
  await world.killAuthority(0)
  await world.advanceTo(3, notePhases.effect - 0.001)
  assert.equal(new Set(running()), new Set([true]))
  await world.advanceTo(3, notePhases.effect + 0.001)
  assert.equal(new Set(running()), new Set([false]))
  assert.is(told[0], noteEffect(world.network, 3))
  // Who comes later obeys too, and so it stays until the documents say it.
  const late = await world.startClient()
  await world.advanceTo(3, 0.99)
  assert.is(late.current()?.nodes.get(dead)?.running, false)
  for (const fraction of [0.1, 0.5, 0.9]) {
    await world.advanceTo(4, fraction)
    assert.equal(new Set(running()), new Set([false]), `epoch 4, ${fraction}`)
  }
  await world.advanceTo(5, 0.1)
  assert.equal(new Set(running()), new Set([false]))
  await world.close()
  assert.is(world.clock.pending, 0)
})

test('in the first epoch its own note is asked for, and none of an epoch before', async () => {
  const world = new DirectoryWorld()
  const { network: of } = world
  const { bytes, hash } = nameBody(bodyOf(of, 0, descriptorsOf(of, 0)))
  const document = writeDocument(bytes, signaturesOf(of, 0, hash, 3))
  const link = world.host('source', 'node')
  const asked: (number | null | string)[] = []
  link.serve(directoryProtocol, 64, async (_, request) => {
    try {
      const read = readRequest(request)
      if (read.ask === 'document') return writeAnswer(document)
      if (read.ask === 'note') asked.push(read.epoch)
      throw new DirectoryError('UNAVAILABLE', 'a source of one document')
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      if (error.code !== 'UNAVAILABLE') asked.push(error.message)
      return writeRefusal(error)
    }
  })
  const client = await world.startClient({ sources: [link] })
  await world.advanceTo(0, 0.6)
  assert.is(client.current()?.epoch, 0)
  assert.equal(asked, [])
  await world.advanceTo(0, 0.95)
  assert.equal(new Set(asked), new Set([0]))
  await world.close()
})

test.run()
