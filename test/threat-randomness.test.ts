// docs/threats.md 3.28: an authority that hears what the others dealt before it decides whether to open
// its own, or what to deal, chooses among several outcomes. Here there is one.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { step } from '../directory/rounds/round.ts'
import {
  Alone,
  at,
  finish,
  frozen,
  network,
  randomness,
  revealBy,
  reveals,
  round,
  votedBy,
} from '../simulator/directory-alone.ts'
import { dealtBy } from '../simulator/directory-samples.ts'
import { defects } from '../trials/chaos-directory/defects.ts'
import { codeOf } from './refusals.ts'

/** The voting machine with one defence off. */
function without(defence: 'withheld-left-out' | 'reveals-before-freeze'): typeof step {
  const broken = defects[defence]
  assert.ok(broken)
  return broken(step)
}

/**
 * Lists what two honest authorities publish when the third, who has heard both secrets, opens its own or keeps it back.
 */
function outcomes(machine: typeof step): string[][] {
  return [true, false].map(opens => {
    const group = frozen(machine)
    const opening = revealBy(2, 2, dealtBy(network, 2, round).opening)
    if (opens) for (const member of group) member.take(opening, at(0.43))
    finish(group)
    return group.map(member => randomness(member) ?? 'none')
  })
}

test('who keeps its secret back changes nothing: the others open it, to the same randomness', () => {
  const [opened, withheld] = outcomes(step)
  const value = opened?.[0] ?? ''
  assert.match(value, /^[0-9a-f]{64}$/)
  assert.equal(opened, [value, value])
  assert.equal(withheld, [value, value])
})

test('the control: with withheld secrets left out, who keeps its own back has a second outcome to choose', () => {
  const [opened = '', withheld = ''] = outcomes(without('withheld-left-out')).map(([value]) => value)
  assert.match(opened, /^[0-9a-f]{64}$/)
  assert.match(withheld, /^[0-9a-f]{64}$/)
  assert.is.not(opened, withheld)
})

/** An honest authority while votes are passed on, and what it says to a vote that comes then with all signatures. */
function inAgreement(machine: typeof step): { told: number; takes: string } {
  const member = new Alone(0, {}, network, machine).upload()
  member.tick(0.125)
  member.take({ kind: 'vote', round, signed: votedBy(1) }, at(0.2))
  member.tick(0.26)
  const told = reveals(member)
  return { told, takes: codeOf(() => member.take({ kind: 'vote', round, signed: votedBy(2) }, at(0.27))) }
}

test('while a vote can still count nobody has opened anything that it could be made from', () => {
  assert.equal(inAgreement(step), { told: 0, takes: 'ok' })
  const [member] = frozen()
  assert.is(reveals(member), 1)
  const late = () => member.take({ kind: 'vote', round, signed: votedBy(2, { clock: 1 }) }, at(0.4))
  assert.is(codeOf(late), 'LATE')
})

test('the control: with secrets opened before the votes are frozen, a vote made from them counts', () => {
  assert.equal(inAgreement(without('reveals-before-freeze')), { told: 1, takes: 'ok' })
})

test.run()
