// docs/spec/payments-rounds.md 4.4 to 4.8: the arrows of the machine, one test for each way that a round can go.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex, same } from '../encoding/bytes.ts'
import { ownerOf } from '../payment/ledger/transaction.ts'
import type { Crime } from '../payment/rounds/judge.ts'
import {
  ownershipOf,
  type PairRequest,
  type Received,
  readMessage,
  type TimeoutVote,
} from '../payment/rounds/message.ts'
import { readRecord } from '../payment/rounds/record.ts'
import { request } from '../payment/rounds/requests.ts'
import type { Member, Pairing, RoundState } from '../payment/rounds/state.ts'
import { pairing, type Seat, signedBy, Table, type Way } from './payment-table.ts'

const random = (length: number): Uint8Array => new Uint8Array(length).fill(9)
const submitting = (table: Table): boolean => table.seats.some(({ state }) => state.at === 'submitting')
/** The peers but those named have a whole join. */
const othersSubmit = (table: Table, ...names: number[]): boolean =>
  table.seats.every(({ name, state }) => names.includes(name) || state.at === 'submitting')

/** From one peer, messages of a kind in the first run do not arrive. */
function without(name: number, kind: string, to: (seat: Seat) => boolean = () => true): Way {
  return ({ body, bytes }, from, seat) =>
    from.name === name && body.kind === kind && isFirst(body) && to(seat) ? null : bytes
}

function isFirst(body: Received['body']): boolean {
  return body.kind === 'PR' || body.attempt === 0
}

function crimes({ actions }: Seat): [string, Crime][] {
  return actions.flatMap((action): [string, Crime][] =>
    action.do === 'blame' ? [[hex(action.note.id).slice(0, 2), action.conviction.crime]] : [],
  )
}

function strikes({ actions }: Seat): string[] {
  return actions.flatMap(action => (action.do === 'strike' ? [hex(action.note.id).slice(0, 2)] : []))
}

function outputsOf({ actions }: Seat): string[] {
  const saves = actions.flatMap(action => (action.do === 'save' ? [readRecord(action.record)] : []))
  return saves.at(-1)?.attempts.map(({ outputSecret }) => hex(ownerOf(outputSecret))) ?? []
}

function reasonOf({ state }: Seat): string {
  return state.at === 'aborted' ? state.reason : state.at
}

test('three peers that keep to the protocol make one join that pays all of them', () => {
  const table = new Table(3)
  table.run(() => submitting(table))
  const submitted = table.seats.flatMap(({ actions }) =>
    actions.flatMap(action => (action.do === 'submit' ? [hex(action.transaction)] : [])),
  )
  assert.is(submitted.length, 3)
  assert.is(new Set(submitted).size, 1)
  for (const seat of table.seats) {
    if (seat.state.at !== 'submitting') return assert.unreachable(seat.state.at)
    const { join } = seat.state
    assert.ok(join.outputs.map(hex).includes(outputsOf(seat)[0] as string))
    table.tell(seat, { type: 'entered', transaction: join.id })
  }
  assert.equal(table.at, ['done', 'done', 'done'])
})

test('nothing is sent before what a crash must find is saved', () => {
  const table = new Table(3)
  table.run(() => submitting(table))
  for (const { actions } of table.seats) {
    const order = actions.flatMap(action => {
      if (action.do === 'save') return [readRecord(action.record).attempts.at(-1)?.sent ?? 'started']
      return action.do === 'submit' ? ['submit'] : []
    })
    assert.equal(order, ['started', 'nothing', 'commit', 'submit'])
  }
})

test('two peers make no join, for each would know whose the other output is', () => {
  const table = new Table(2)
  table.run()
  assert.equal(table.seats.map(reasonOf), ['too-few', 'too-few'])
})

for (const kind of ['KE', 'SR', 'DC', 'OK', 'CM']) {
  test(`a peer whose ${kind} comes to nobody is left out, gets a strike and no blame, and all offer fresh outputs`, () => {
    const table = new Table(4, without(3, kind))
    table.run(() => othersSubmit(table, 3))
    for (const seat of table.seats.slice(0, 3)) {
      assert.is(seat.state.at, 'submitting')
      assert.equal(strikes(seat), ['04'])
      assert.equal(crimes(seat), [])
      assert.is(new Set(outputsOf(seat)).size, 2)
    }
  })

  test(`a ${kind} that comes to one peer only is handed on, and nobody is left out`, () => {
    const table = new Table(
      4,
      without(3, kind, ({ name }) => name !== 0),
    )
    table.run(() => othersSubmit(table))
    assert.equal(new Set(table.at), new Set(['submitting']))
    for (const seat of table.seats) {
      assert.equal(strikes(seat), [])
      assert.is(outputsOf(seat).length, 1)
    }
    const handedOn = table.seat(0).sent.filter(({ from, body }) => {
      const state = table.seat(3).state
      return 'mine' in state && from === state.mine.from && body.kind === kind
    })
    assert.is(handedOn.length, 1)
  })
}

test('a request that did not come to one peer is handed on, and that peer joins too', () => {
  const table = new Table(
    4,
    without(3, 'PR', ({ name }) => name === 0),
  )
  table.run(() => submitting(table))
  assert.equal(new Set(table.at), new Set(['submitting']))
})

test('a peer that fewer than half have seen gives up and says so', () => {
  const table = new Table(5, without(4, 'PR'))
  table.run(() => othersSubmit(table, 4) && table.seat(4).state.at === 'aborted')
  assert.is(reasonOf(table.seat(4)), 'unseen')
  assert.is(table.seat(0).state.at, 'submitting')
})

test('a peer that means another set every time is left out', () => {
  const table = new Table(5, (message, from) => {
    if (from.name !== 4 || message.body.kind !== 'KE') return message.bytes
    return signedBy(from, { ...message.body, seen: message.body.seen.slice(1) })
  })
  table.run(() => submitting(table))
  for (const seat of table.seats.slice(0, 4)) assert.is(seat.state.at, 'submitting')
})

test('when no majority can be heard the round ends with that reason', () => {
  const table = new Table(4, ({ body, bytes }) => (body.kind === 'SR' ? null : bytes))
  table.run()
  assert.equal(new Set(table.seats.map(reasonOf)), new Set(['too-few']))
  const split = new Table(4, ({ body, bytes }, from, to) =>
    body.kind !== 'PR' && body.kind !== 'KE' && from.name % 2 !== to.name % 2 ? null : bytes,
  )
  split.run()
  assert.equal(new Set(split.seats.map(reasonOf)), new Set(['no-majority']))
})

test('a round that is not over when its time is up ends', () => {
  const table = new Table(4, ({ body, bytes }) => (body.kind === 'SR' ? null : bytes))
  table.run(() => table.seat(1).state.at === 'slots')
  table.now = 3_600_000
  table.tell(table.seat(0), { type: 'time' })
  assert.is(reasonOf(table.seat(0)), 'expired')
})

/** The last message of a kind by a peer. */
function last(table: Table, name: number, kind: string): Received {
  return table.seat(name).sent.findLast(({ body }) => body.kind === kind) as Received
}

test('two messages of one phase are proof of guilt', () => {
  const table = new Table(4, without(0, 'SR'))
  table.run(() => table.seat(1).state.at === 'slots')
  const first = last(table, 3, 'SR').body
  if (first.kind !== 'SR') return
  table.forge(table.seat(3), { ...first, vector: random(64) }, table.seat(1))
  assert.equal(crimes(table.seat(1)), [['04', 'equivocation']])
  assert.equal(crimes(table.seat(2)), [['04', 'equivocation']], 'the proof was shown to the others')
})

test('a vector of another length, and one with a number beyond the field, are proof of guilt', () => {
  for (const vector of [random(48), new Uint8Array(64).fill(255)]) {
    const table = new Table(4, (message, from) => {
      const { body } = message
      return from.name === 3 && body.kind === 'SR' ? signedBy(from, { ...body, vector }) : message.bytes
    })
    table.run(() => submitting(table))
    for (const seat of table.seats.slice(0, 3)) assert.equal(crimes(seat), [['04', 'malformed']])
  }
})

test('a commit that does not hold is proof of guilt', () => {
  const table = new Table(4, (message, from) => {
    const { body } = message
    return from.name === 3 && body.kind === 'CM'
      ? signedBy(from, { ...body, signature: random(64) })
      : message.bytes
  })
  table.run(() => submitting(table))
  for (const seat of table.seats.slice(0, 3)) {
    assert.equal(crimes(seat), [['04', 'bad-commit']])
    assert.is(seat.state.at, 'submitting')
  }
})

test('noise in the slots or in the messages is found by replay, and the run repeated without its sender', () => {
  for (const kind of ['SR', 'DC']) {
    const table = new Table(4, (message, from) => {
      const { body } = message
      if (from.name !== 3 || body.kind !== kind || !('vector' in body)) return message.bytes
      return signedBy(from, { ...body, vector: random(body.vector.length) })
    })
    table.run(() => submitting(table))
    for (const seat of table.seats.slice(0, 3)) {
      assert.equal(crimes(seat), [['04', kind === 'SR' ? 'slots' : 'messages']])
      assert.is(new Set(outputsOf(seat)).size, 2)
    }
  }
})

test('who accuses although all kept to the protocol is named, and so is who approved before it accused', () => {
  const table = new Table(4, (message, from) => {
    const { body } = message
    const { state } = from
    if (from.name === 3 && body.kind === 'OK') return null
    if (from.name !== 3 || body.kind !== 'DC' || !('secrets' in state)) return message.bytes
    const { seed, output } = state.secrets
    const { attempt, saw } = body
    return signedBy(from, { kind: 'RS', pairing, attempt, saw, phase: 'SR', seed, output, answers: null })
  })
  table.run(() => othersSubmit(table, 3))
  for (const seat of table.seats.slice(0, 3)) assert.equal(crimes(seat), [['04', 'false-accusation']])

  const two = new Table(4, without(0, 'OK'))
  two.run(() => two.seat(1).state.at === 'approving')
  const { state } = two.seat(3)
  if (!('secrets' in state)) return
  const { seed, output } = state.secrets
  const reveal = {
    kind: 'RS',
    pairing,
    attempt: 0,
    saw: random(32),
    phase: 'DC',
    seed,
    output,
    answers: null,
  } as const
  two.forge(two.seat(3), reveal, two.seat(1))
  assert.equal(crimes(two.seat(1)), [['04', 'contradiction']])
})

test('who does not reveal is left out, and not blamed', () => {
  const table = new Table(5, (message, from) => {
    const { body } = message
    if (from.name === 3 && body.kind === 'RS') return null
    return from.name === 3 && body.kind === 'DC'
      ? signedBy(from, { ...body, vector: random(160) })
      : message.bytes
  })
  table.run(() => submitting(table))
  for (const seat of table.seats.filter(({ name }) => name !== 3)) {
    assert.equal(crimes(seat), [])
    assert.equal(strikes(seat), ['04'])
    assert.is(seat.state.at, 'submitting')
  }
})

test('a join that the ledger refuses because a note was spent names its owner, and the others join without', () => {
  const table = new Table(4)
  table.run(() => submitting(table))
  const { note } = table.seat(3)
  for (const seat of table.seats.slice(0, 3)) {
    table.tell(seat, { type: 'refused', spent: [{ note: note.id, by: random(32), isAlone: true }] })
  }
  table.run(() => table.seats.slice(0, 3).every(({ state }) => state.at === 'submitting'))
  for (const seat of table.seats.slice(0, 3)) {
    assert.equal(crimes(seat), [['04', 'double-spend']])
    assert.is(new Set(outputsOf(seat)).size, 2)
  }
})

test('who is in an earlier join that somebody withheld is left out, and not blamed; nobody is once time is over', () => {
  for (const [isAlone, isLate, crimesOf] of [
    [false, false, []],
    [true, true, []],
    // The control: moved by its owner, in time
    [true, false, [['04', 'double-spend']]],
  ] as const) {
    const table = new Table(4)
    table.run(() => submitting(table))
    const { note } = table.seat(3)
    const seat = table.seat(0)
    if (isLate && 'mine' in seat.state) table.now = seat.state.mine.expiry
    table.tell(seat, { type: 'refused', spent: [{ note: note.id, by: random(32), isAlone }] })
    assert.equal(crimes(seat), crimesOf)
    assert.is(table.seat(0).state.at, isLate ? 'aborted' : 'keys')
  }
})

test('an earlier join that somebody completed late pays the output of its own run', () => {
  const table = new Table(4, without(3, 'CM'))
  table.run(() => othersSubmit(table, 3))
  const seat: Seat = table.seat(0)
  if (!('joins' in seat.state)) return assert.unreachable()
  const [first, second] = seat.state.joins
  assert.ok(first !== undefined && second !== undefined)
  if (first === undefined) return
  table.tell(seat, { type: 'refused', spent: [{ note: seat.note.id, by: first.id, isAlone: false }] })
  const after: RoundState = table.seat(0).state
  if (after.at !== 'done') return assert.unreachable(after.at)
  assert.is(hex(ownerOf(after.outputSecret)), outputsOf(seat)[0])
})

test('a note that is cooling is passed over', () => {
  const cooling = new Table(4, undefined, { isCooling: note => note.id[0] === 4 })
  cooling.run(() => submitting(cooling))
  const { state } = cooling.seat(0)
  if (state.at !== 'submitting') return assert.unreachable(state.at)
  assert.is(state.members.length, 3)
})

test('of two true requests for one note the one with the lesser hash counts, for every peer', () => {
  const kinds = new Set<boolean>()
  for (let name = 4; name < 12; name++) {
    const twins = new Table(4)
    twins.run(() => twins.now >= 1003)
    const { note, noteSecret, config, sent } = twins.seat(3)
    const other = new Table(12).seat(name)
    if (!('mine' in other.state)) return
    const { identity, expiry } = other.state.mine
    const proof = config.scheme.prove(
      ownershipOf(identity, { kind: 'PR', pairing, note, expiry }),
      noteSecret,
    )
    const request = { kind: 'PR', pairing, note, expiry, proof, evidence: new Uint8Array(0) } as const
    const { hash } = readMessage(signedBy(other, request)) as Received
    const isLess = hex(hash) < hex(sent[0]?.hash as Uint8Array)
    kinds.add(isLess)
    for (const seat of twins.seats.slice(0, 3)) twins.forge(other, request, seat)
    twins.run(() => othersSubmit(twins, 3))
    const joined = twins.seat(0).state
    // The other one is nobody here, and silent
    assert.is('members' in joined ? joined.members.length : 0, isLess ? 3 : 4)
  }
  assert.is(kinds.size, 2)
})

test('a request with a proof by another key, or for a note that the ledger does not show, is passed over', () => {
  const table = new Table(4, (message, from) => {
    const { body } = message
    if (from.name !== 3 || body.kind !== 'PR') return message.bytes
    return signedBy(from, { ...body, proof: random(64) })
  })
  table.run(() => submitting(table))
  const { state } = table.seat(0)
  assert.is('members' in state ? state.members.length : 0, 3)
})

test('a vote for a phase says who is missing, in the order of identities', () => {
  const table = new Table(5, ({ body, bytes }, from) => (from.name > 2 && body.kind === 'SR' ? null : bytes))
  table.run(() => table.seat(0).sent.some(({ body }) => body.kind === 'TO'))
  const { body } = last(table, 0, 'TO') as Received<TimeoutVote>
  assert.is(body.phase, 'SR')
  assert.is(body.missing.length, 2)
  assert.ok(hex(body.missing[0] as Uint8Array) < hex(body.missing[1] as Uint8Array))
})

test('any bytes leave the machine as it was', () => {
  const table = new Table(3, without(0, 'SR'))
  table.run(() => table.seat(1).state.at === 'slots')
  const before = table.seat(1).state
  const own = last(table, 0, 'KE').bytes
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (any, at) => {
      table.tell(table.seat(1), { type: 'message', bytes: any })
      const cut = own.slice(0, at % own.length)
      table.tell(table.seat(1), { type: 'message', bytes: cut })
    }),
    { numRuns: 100 },
  )
  assert.is(table.seat(1).state, before)
})

test('messages of strangers and of other pairings change nothing and fill nothing', () => {
  const table = new Table(3, without(0, 'SR'))
  table.run(() => table.seat(1).state.at === 'slots')
  const stranger = new Table(5).seat(4)
  const to = table.seat(1)
  const vote = { kind: 'TO', pairing, attempt: 0, phase: 'SR', missing: [] } as const
  for (let i = 0; i < 200; i++) {
    table.forge(stranger, { ...vote, attempt: i % 60 }, to)
    table.forge(table.seat(2), { ...vote, pairing: random(32) }, to)
    table.forge(table.seat(2), { ...vote, attempt: 60 }, to)
  }
  if (!('strays' in to.state)) return assert.unreachable()
  assert.ok(to.state.strays.length <= 128)
  assert.not.ok([...to.state.inbox.values()].some(({ body }) => !same(body.pairing, pairing)))
  assert.not.ok([...to.state.inbox.keys()].some(key => key.startsWith('60 ')))
})

test('made-up requests that fill what waits for the ledger keep out nobody who comes later', () => {
  const { config, state } = new Table(3).seat(0)
  if (state.at !== 'pairing') return assert.unreachable()
  const scheme = { ...config.scheme, isProof: () => true }
  const { body } = (state.requests.get(state.mine.from) as Member).request as Received<PairRequest>
  const asks = (number: number): Received<PairRequest> => {
    const identity = new Uint8Array(32)
    new DataView(identity.buffer).setUint32(0, number)
    const note = { ...body.note, id: identity }
    return { identity, from: hex(identity), hash: identity, bytes: identity, body: { ...body, note } }
  }
  let now: Pairing = state
  for (let i = 0; i < 4200; i++) now = request({ ...config, scheme }, now, asks(i)).state
  assert.is(now.doubtful.size, 4096)
  // By lot: each of the last hundred has hardly one chance in forty to have given way to a later one
  const waiting = [...Array(100).keys()].filter(i => now.doubtful.has(asks(4100 + i).from))
  assert.ok(waiting.length > 90, `${waiting.length} of 100`)
})

test.run()
