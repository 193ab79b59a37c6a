// The voting machine (docs/spec/directory-voting.md 8), one authority at a time and all of them against a liar.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NamedBody } from '../directory/documents/consensus.ts'
import { evidenceOf, verifyEvidence, writeEvidence } from '../directory/documents/evidence.ts'
import { openMessage, setHash, type VotingMessage, writeMessage } from '../directory/documents/message.ts'
import { phaseEnds } from '../directory/documents/network.ts'
import { beginRound } from '../directory/rounds/state.ts'
import { digest, signStatement } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import {
  Alone,
  at,
  converse,
  descriptors,
  names,
  network,
  passedBy,
  round,
  votedBy,
} from '../simulator/directory-alone.ts'
import { descriptorsOf, signer } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'
import { codeOf } from './refusals.ts'

test('a round by the clock: descriptors, votes, agreement, reveals, signatures, published', () => {
  const group = [0, 1, 2].map(i => new Alone(i).upload())
  const phases: string[] = []
  for (const end of Object.values(phaseEnds)) {
    phases.push(group[0]?.state.at as string)
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  assert.equal(phases, ['descriptors', 'votes', 'agreement', 'reveals', 'signatures'])
  assert.equal(
    group.map(({ state }) => state.at),
    ['published', 'published', 'published'],
  )
  assert.is(new Set(group.flatMap(names)).size, 1)
})

test('what an authority says is kept before it is sent', () => {
  const group = [0, 1, 2].map(i => new Alone(i).upload())
  for (const end of Object.values(phaseEnds)) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  for (const { actions, rules } of group) {
    actions.forEach((action, i) => {
      if (action.do !== 'send') return
      const { message } = action
      if (message.kind === 'vote' && hex(message.signed.vote.author) !== hex(rules.id)) return
      // What is opened was kept with the vote, or comes out the same each time.
      if (message.kind === 'reveal') return
      assert.is(actions[i - 1]?.do, 'keep', message.kind)
      assert.is((actions[i - 1] as { message: unknown }).message, message)
      assert.is('opening' in (actions[i - 1] as object), message.kind === 'vote')
    })
  }
})

test('the phase gate: a message fits its phase, is early or is late', () => {
  const made = [0, 1, 2].map(i => new Alone(i).upload())
  for (const end of Object.values(phaseEnds)) {
    for (const member of made) member.tick(end)
    converse(made, at(end))
  }
  const set = made[1]?.sent('set') as VotingMessage
  const reveal = made[1]?.sent('reveal') as VotingMessage
  const signature = made[1]?.sent('signature') as VotingMessage
  const vote = { kind: 'vote', round, signed: passedBy(votedBy(1), 2) } as const
  const descriptor = { kind: 'descriptor', descriptor: descriptors[0] as (typeof descriptors)[0] } as const
  const table = {
    descriptors: [0.1, 'ok', 'WRONG_STATE', 'WRONG_STATE', 'WRONG_STATE', 'WRONG_STATE'],
    votes: [0.2, 'LATE', 'ok', 'WRONG_STATE', 'WRONG_STATE', 'WRONG_STATE'],
    agreement: [0.3, 'LATE', 'ok', 'WRONG_STATE', 'WRONG_STATE', 'WRONG_STATE'],
    reveals: [0.4, 'LATE', 'LATE', 'ok', 'ok', 'WRONG_STATE'],
    signatures: [0.6, 'LATE', 'LATE', 'LATE', 'LATE', 'ok'],
    published: [0.7, 'LATE', 'LATE', 'LATE', 'LATE', 'LATE'],
  } as const
  for (const [phase, [fraction, ...codes]] of Object.entries(table)) {
    const member = new Alone(0).upload()
    for (const end of Object.values(phaseEnds).filter(end => end <= fraction)) {
      member.tick(end)
      for (const action of made.flatMap(({ actions }) => actions)) {
        if (action.do === 'send') codeOf(() => member.take(action.message, at(end)))
      }
    }
    assert.is(member.state.at, phase)
    const before = member.state
    const have = [descriptor, vote, set, reveal, signature].map(message => {
      const alone = new Alone(0)
      alone.state = before
      return codeOf(() => alone.take(message, at(fraction)))
    })
    assert.equal(have, [...codes], phase)
  }
})

test('in relay round r a vote counts with r signatures only', () => {
  const votes = { once: votedBy(1), twice: passedBy(votedBy(1), 2) }
  // Three authorities, two of them needed: two relay rounds in the eighth of the agreement.
  for (const [fraction, once, twice] of [
    [0.2, 'ok', 'ok'],
    [0.26, 'ok', 'ok'],
    [0.32, 'LATE', 'ok'],
    [0.374, 'LATE', 'ok'],
    [0.376, 'LATE', 'LATE'],
  ] as const) {
    for (const [name, want] of [
      ['once', once],
      ['twice', twice],
    ] as const) {
      const member = new Alone(0).upload()
      member.tick(0.125)
      const code = codeOf(() => member.take({ kind: 'vote', round, signed: votes[name] }, at(fraction)))
      assert.is(code, want, `${name} at ${fraction}`)
    }
  }
})

test('a vote is passed on once, with the own signature on it', () => {
  const member = new Alone(0).upload()
  member.tick(0.125)
  const event = { kind: 'vote', round, signed: votedBy(1) } as const
  const said = member.take(event, at(0.2))
  assert.is(said.length, 1)
  assert.is(member.sent('vote')?.signed.signatures.length, 2)
  assert.equal(member.take(event, at(0.2)), [])
})

test('two votes of one author count as none, and are a proof against it', () => {
  const member = new Alone(0).upload()
  member.tick(0.125)
  member.take({ kind: 'vote', round, signed: votedBy(1) }, at(0.15))
  member.take({ kind: 'vote', round, signed: votedBy(2) }, at(0.15))
  const [, accuse] = member.take({ kind: 'vote', round, signed: votedBy(2, { clock: 5 }) }, at(0.2))
  assert.is(accuse?.do, 'accuse')
  if (accuse?.do !== 'accuse') return
  assert.is(hex(accuse.evidence.signer), hex(network.authorities[2]?.id as Uint8Array))
  verifyEvidence(network.name, accuse.evidence)
  // A third one is nobody's business any more.
  assert.equal(member.take({ kind: 'vote', round, signed: votedBy(2, { clock: 6 }) }, at(0.2)), [])
  member.tick(0.25)
  member.tick(0.375)
  assert.is(member.sent('set')?.set.length, 2)
})

test('a liar that shows its vote to one authority at the last moment divides nobody', () => {
  for (const fraction of [0.126, 0.2499, 0.27, 0.3124]) {
    const [a, b] = [new Alone(0).upload(), new Alone(1).upload()]
    const group = [a, b]
    for (const member of group) member.tick(0.125)
    converse(group, at(0.13))
    a.take({ kind: 'vote', round, signed: votedBy(2) }, at(fraction))
    // A relay round later at the latest the other one has it from the first.
    converse(group, at(Math.min(0.374, fraction + 0.06)))
    for (const end of [0.25, 0.375, 0.4375, 0.5, 0.625]) {
      for (const member of group) member.tick(Math.max(end, fraction))
      converse(group, at(Math.max(end, fraction)))
    }
    assert.is(a.sent('set')?.set.length, 3, `${fraction}`)
    assert.equal(setHash(a.sent('set')?.set ?? []), setHash(b.sent('set')?.set ?? []))
    assert.equal(names(a), names(b))
    assert.is(names(a).length, 1)
  }
})

test('a liar with a different vote for each divides nobody, and the document is made without it', () => {
  const [a, b] = [new Alone(0).upload(), new Alone(1).upload()]
  const group = [a, b]
  for (const member of group) member.tick(0.125)
  a.take({ kind: 'vote', round, signed: votedBy(2) }, at(0.2))
  b.take({ kind: 'vote', round, signed: votedBy(2, { clock: 77 }) }, at(0.2))
  for (const end of [0.22, 0.25, 0.375, 0.5, 0.625]) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  for (const member of group) {
    assert.is(member.sent('set')?.set.length, 2)
    assert.ok(member.actions.some(action => action.do === 'accuse'))
  }
  assert.equal(names(a), names(b))
  assert.is(names(a).length, 1)
})

test('a liar that signs two documents and two sets is accused of both', () => {
  const group = [new Alone(0).upload(), new Alone(1).upload()]
  const [a, b] = group as [Alone, Alone]
  const accused = (): number => a.actions.filter(action => action.do === 'accuse').length
  for (const end of [0.125, 0.25, 0.375]) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  const id = b.rules.id
  const other = { kind: 'set', epoch: round, signer: id, about: setHash([]) } as const
  const twice = signStatement(network.name, other, b.rules.sign)
  a.take({ kind: 'set', round, signer: id, set: [], signature: twice }, at(0.4))
  assert.is(accused(), 1)
  for (const member of group) member.tick(0.5)
  converse(group, at(0.5))
  const hash = new Uint8Array(32)
  const lie = { kind: 'consensus', epoch: round + 1, signer: id, about: hash } as const
  const signature = signStatement(network.name, lie, b.rules.sign)
  a.take({ kind: 'signature', round, epoch: round + 1, hash, signer: id, signature }, at(0.55))
  assert.is(accused(), 2)
  for (const action of a.actions) if (action.do === 'accuse') verifyEvidence(network.name, action.evidence)
})

test('who is proven to have contradicted itself is named in the next document, and its vote counts no more', () => {
  const accused = { kind: 'set', epoch: round - 1, signer: network.authorities[2]?.id as Uint8Array } as const
  const said = (about: Uint8Array): { about: Uint8Array; signature: Uint8Array } => ({
    about,
    signature: signStatement(network.name, { ...accused, about }, signer('authority 2')),
  })
  const evidence = evidenceOf(accused, said(new Uint8Array(32)), said(new Uint8Array(32).fill(1)))
  const group = [0, 1, 2].map(i =>
    new Alone(i, { evidence: () => (i === 0 ? [evidence] : []), newestBefore: () => null }).upload(),
  )
  for (const end of Object.values(phaseEnds)) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  const state = group[1]?.state
  assert.is(state?.at, 'published')
  const body = state?.at === 'published' ? state.documents[0]?.body : undefined
  assert.equal(
    body?.excluded.map(({ id, proof }) => [hex(id), hex(proof)]),
    [[hex(accused.signer), hex(digest(writeEvidence(evidence)))]],
  )
  assert.equal(
    body?.authorities.filter(({ voted }) => !voted).map(({ id }) => hex(id)),
    [hex(accused.signer)],
  )
})

test('a vote with a proof that proves nothing is refused whole', () => {
  const id = network.authorities[2]?.id as Uint8Array
  const said = (about: number): { about: Uint8Array; signature: Uint8Array } => ({
    about: new Uint8Array(32).fill(about),
    signature: new Uint8Array(64),
  })
  const forged = writeEvidence(evidenceOf({ kind: 'set', epoch: 1, signer: id }, said(0), said(1)))
  const stranger = writeEvidence(
    evidenceOf({ kind: 'set', epoch: 1, signer: new Uint8Array(32) }, said(0), said(1)),
  )
  for (const [proof, code] of [
    [forged, 'BAD_SIGNATURE'],
    [stranger, 'UNKNOWN_AUTHORITY'],
    [new Uint8Array(3), 'BAD_DOCUMENT'],
  ] as const) {
    const bytes = writeMessage({ kind: 'vote', round, signed: votedBy(1, { evidence: [proof] }) })
    assert.is(
      codeOf(() => openMessage(network, bytes)),
      code,
    )
  }
})

test('a name that was signed once is not signed again for another body', () => {
  const group = [new Alone(0, { signed: () => new Uint8Array(32) }).upload(), new Alone(1).upload()]
  for (const end of Object.values(phaseEnds)) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  assert.is(group[0]?.sent('signature'), undefined)
  assert.equal(group[1]?.state.at === 'failed' && group[1].state.why, 'too few signatures')
})

test('an authority that was away takes over the set that the threshold counts, and says nothing without it', () => {
  const made = [0, 1].map(i => new Alone(i).upload())
  const away = new Alone(2)
  away.state = beginRound(network, { epoch: round, bootstrap: false, now: at(0.2) })
  for (const end of [0.2, 0.25, 0.375, 0.5, 0.625]) {
    for (const member of [...made, away]) member.tick(end)
    converse([...made, away], at(end))
  }
  assert.is(away.sent('set'), undefined)
  assert.equal(names(away), names(made[0] as Alone))
  const lone = new Alone(2)
  lone.state = beginRound(network, { epoch: round, bootstrap: false, now: at(0.2) })
  lone.tick(0.6)
  assert.is(lone.state.at, 'failed')
  assert.equal(lone.actions, [])
})

test('a document without a whole path does not take the place of one that has one', () => {
  const roundOf = (change: ConstructorParameters<typeof Alone>[1], gateways: boolean): Alone[] => {
    const group = [0, 1, 2].map(i => new Alone(i, change))
    for (const member of group)
      for (const descriptor of descriptors)
        if (gateways || descriptor.stable.role === 'mix')
          member.take({ kind: 'descriptor', descriptor }, at(0.05))
    for (const end of Object.values(phaseEnds)) {
      for (const member of group) member.tick(end)
      converse(group, at(end))
    }
    return group
  }
  const published = roundOf({}, true)[0]?.actions.find(action => action.do === 'publish')
  const { body, hash } = (published as { document: NamedBody }).document
  const before = { ...body, epoch: round }
  const pointer = { epoch: round, hash, signatures: [] }
  const after = { newestBefore: () => pointer, body: () => before }
  for (const { state } of roundOf(after, false))
    assert.equal([state.at, 'why' in state && state.why], ['failed', 'no whole path'])
  for (const { state } of roundOf(after, true)) assert.is(state.at, 'published')
  // A network that begins, or has none left to lose, takes what there is
  for (const { state } of roundOf({}, false)) assert.is(state.at, 'published')
})

test('fewer votes than the threshold make no document', () => {
  const lone = new Alone(0).upload()
  for (const end of Object.values(phaseEnds)) lone.tick(end)
  assert.equal(lone.state.at === 'failed' && lone.state.why, 'too few votes')
})

test('a round with one authority needs nobody else', () => {
  const single = networkOf({ authorities: 1 })
  const lone = new Alone(0, {}, single)
  for (const descriptor of descriptorsOf(single, round + 1))
    lone.take({ kind: 'descriptor', descriptor }, at(0.05))
  lone.tick(0.7)
  assert.is(lone.state.at, 'published')
})

test('of two descriptors for one epoch the later counts; two of one serial are a contradiction', () => {
  const member = new Alone(0).upload()
  const [first] = descriptors
  assert.ok(first)
  const again = (serial: number, family: string): string => {
    const descriptor = { ...first, serial, stable: { ...first.stable, family } }
    return codeOf(() => member.take({ kind: 'descriptor', descriptor }, at(0.1)))
  }
  assert.is(again(first.serial, first.stable.family), 'ok')
  assert.is(again(first.serial - 1, 'another'), 'LATE')
  assert.is(again(first.serial + 1, 'another'), 'ok')
  assert.is(again(first.serial + 1, 'a third'), 'ok')
  const accused = member.actions.flatMap(action => (action.do === 'accuse' ? [action.evidence] : []))
  assert.equal(
    accused.map(({ kind, signer: who }) => [kind, hex(who)]),
    [['descriptor', hex(first.stable.id)]],
  )
  member.tick(0.125)
  const own = member.sent('vote')?.signed.vote.ballots[0]?.candidates
  assert.is(own?.length, descriptors.length - 1)
})

test('nothing that is taken or refused changes a state that somebody holds', () => {
  const member = new Alone(0).upload()
  member.tick(0.2)
  const before = member.state
  const copy = structuredClone({ at: before.at, votes: 'votes' in before ? [...before.votes.keys()] : [] })
  member.take({ kind: 'vote', round, signed: votedBy(1) }, at(0.2))
  assert.is.not(member.state, before)
  assert.equal({ at: before.at, votes: 'votes' in before ? [...before.votes.keys()] : [] }, copy)
})

test.run()
