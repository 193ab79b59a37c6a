// docs/threats.md 3.9: some clients are to believe that a node is dead and others not, so that their paths tell them
// apart.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Network } from '../directory/documents/network.ts'
import { noteEffect } from '../directory/documents/status-note.ts'
import type { HeldNotes } from '../directory/follow/status-note-held.ts'
import { at, epoch, idsOf, network, newNotes, one, signedNote, two, view } from './note-samples.ts'
import { codeOf } from './refusals.ts'

/** Two clients that were there before the note's instant. */
const clients = (of: Network = network): readonly HeldNotes[] =>
  [0, 1].map(() => newNotes(undefined, view, of))

/** Tells whether the two avoid different nodes. */
function areApart(both: readonly HeldNotes[], now: number): boolean {
  const [first, second] = both.map(notes => {
    const { nodes } = notes.obeyed(view, now)
    return [...nodes].filter(([, { running }]) => !running).join()
  })
  return first !== second
}

/** The adversary has two of four authorities, and hands each client a note of its own. */
function handTwoNotes(of: Network): readonly HeldNotes[] {
  const both = clients(of)
  for (const [i, name] of [one, two].entries())
    codeOf(() => both[i]?.add(signedNote({ nodes: idsOf(name) }, [0, 1]), at(0.65)))
  return both
}

test('fewer than t authorities cannot give each client a note of its own', () => {
  assert.not(areApart(handTwoNotes(network), at(0.9)))
})

test('control: where two signatures are enough, they can', () => {
  assert.ok(areApart(handTwoNotes({ ...network, threshold: 2 }), at(0.9)))
})

/** One client has the note in time, from the other it is kept back. */
function keptBack(second: HeldNotes): readonly HeldNotes[] {
  const both = [newNotes(), second]
  both[0]?.add(signedNote(), at(0.65))
  return both
}

test('a note kept back past its instant is not taken any more: nobody turns when the adversary wants', () => {
  const both = keptBack(newNotes())
  const before = both[1]?.obeyed(view, noteEffect(network, epoch))
  assert.is(
    codeOf(() => both[1]?.add(signedNote(), at(0.9))),
    'LATE',
  )
  assert.is(both[1]?.obeyed(view, at(0.9)), before)
})

test('control: who takes it whenever it comes turns at the moment that the adversary chose', () => {
  const both = keptBack(newNotes(at(0.92) - at(0.89)))
  assert.ok(areApart(both, at(0.9)))
  both[1]?.add(signedNote(), at(0.92))
  assert.not(areApart(both, at(0.92)))
})

test.run()
