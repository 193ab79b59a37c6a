// docs/spec/payments-rounds.md 4.5, 4.6, 4.9: what somebody says about another peer's note hurts nobody, and neither
// does a ledger that is slow, forgetful or a liar. The controls are defects that chaos-payment plants
// (payment-chaos.test.ts): with the defence out, each of these attacks works.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import type { Ledger } from '../payment/ledger/ledger.ts'
import { ownerOf } from '../payment/ledger/transaction.ts'
import type { PairRequest } from '../payment/rounds/message.ts'
import { usualTimes } from '../payment/times.ts'
import type { VirtualClock } from '../world/clock.ts'
import { fraction, seededRandom } from '../world/random.ts'
import { keysUnder } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { forgedTwin, type Guest, joinOf, Room, requestBy, settlementOf, slowly } from './payment-room.ts'

const honest = ['victim', 'h1', 'h2', 'h3', 'h4', 'h5']

function sizes(guests: readonly Guest[]): number[] {
  return guests.map(guest => joinOf(guest)?.notes.length ?? 0)
}

test('forged requests for the notes of others, before a run and in the midst of one, throw nobody out', async () => {
  for (const when of ['PR', 'KE', 'SR', 'DC'] as const) {
    const room = await Room.open([...honest, 'sybil1', 'sybil2'])
    const random = seededRandom(999)
    const asked: PairRequest[] = []
    room.way = ({ body, bytes }, from) => {
      if (body.kind === 'PR' && from.name !== 'sybil1') asked.push(body)
      if (body.kind === when) for (const one of asked.splice(0)) room.say(forgedTwin(one, random))
      return bytes
    }
    await room.meet(25 * minute)
    assert.equal(sizes(room.guests), Array(8).fill(8), when)
    for (const { store } of room.guests) assert.equal(await keysUnder(store, 'strike/'), [], when)
    room.close()
  }
})

test('of two requests that the owner of a note made itself, all peers mean the same one', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const room = await Room.open(honest)
    const random = seededRandom(seed)
    const owner = room.guests[5] as Guest
    room.way = ({ body, bytes, from: identity }, from) => {
      if (body.kind !== 'PR' || from !== owner || identity === undefined) return bytes
      const other = requestBy(random(32), body, owner.secret)
      // One half hears of the one first, and the other half of the other
      for (const [i, guest] of room.guests.entries()) {
        for (const [j, request] of [bytes, other].entries()) {
          room.clock.after(i % 2 === j ? 1 : 20 * second, () => guest.mixer.receive(request))
        }
      }
      return null
    }
    await room.meet(25 * minute)
    assert.ok(
      sizes(room.guests.slice(0, 5)).every(size => size >= 5),
      `seed ${seed}`,
    )
    room.close()
  }
})

test('a lost answer about a note is asked for again, and everybody is joined', async () => {
  for (const lost of [0.03, 0.1]) {
    const names = Array.from({ length: 16 }, (_, i) => `p${i}`)
    const dice = seededRandom(13)
    const forgetful = (ledger: Ledger): Ledger => ({
      id: ledger.id,
      async note(id) {
        if (fraction(dice) < lost) throw new Error('no answer')
        return await ledger.note(id)
      },
      notesOwnedBy: owner => ledger.notesOwnedBy(owner),
      submit: transaction => ledger.submit(transaction),
      positionOf: transaction => ledger.positionOf(transaction),
      feeTooLow: async () => null,
    })
    const room = await Room.open(names, () => forgetful)
    await room.meet(40 * minute)
    assert.equal(sizes(room.guests), Array(16).fill(16))
    room.close()
  }
})

test('a ledger that answers after up to 20 seconds, and one answer in ten never, keeps nobody out', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `p${i}`)
  const room = await Room.open(names, clock => slowly(clock, seededRandom(5), 10 * second, 0.1))
  await room.meet(40 * minute)
  assert.equal(sizes(room.guests), Array(8).fill(8))
  room.close()
})

test('a ledger that calls the notes of others spent, and cannot show by what, leaves nobody alone', async () => {
  const bad = new Set<string>()
  const liar = (ledger: Ledger): Ledger => ({
    id: ledger.id,
    async note(id) {
      const note = await ledger.note(id)
      const isDenied = note?.spentBy === null && bad.has(hex(id))
      return isDenied ? { ...note, spentBy: new Uint8Array(32).fill(9) } : note
    },
    notesOwnedBy: owner => ledger.notesOwnedBy(owner),
    submit: transaction => ledger.submit(transaction),
    positionOf: transaction => ledger.positionOf(transaction),
    feeTooLow: async () => null,
  })
  const room = await Room.open([...honest, 'sybil1', 'sybil2'], () => liar)
  for (const { name, note } of room.guests) if (name.startsWith('h')) bad.add(hex(note.id))
  await room.meet(40 * minute)
  assert.equal(sizes(room.guests), Array(8).fill(8))
  room.close()
})

/** A node that answers one question a second, each after four seconds, and none that would wait for two minutes. */
function busyNode(clock: VirtualClock): (ledger: Ledger) => Ledger {
  const pause = (ms: number): Promise<void> => new Promise(resolve => clock.after(ms, resolve))
  let free = 0
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    free = Math.max(free, clock.now()) + second
    const wait = free - clock.now() + 4 * second
    await pause(Math.min(wait, 120 * second))
    if (wait > 120 * second) throw new Error('no answer')
    return await work()
  }
  return ledger => ({
    id: ledger.id,
    note: id => inTurn(() => ledger.note(id)),
    notesOwnedBy: owner => inTurn(() => ledger.notesOwnedBy(owner)),
    submit: transaction => inTurn(() => ledger.submit(transaction)),
    positionOf: transaction => inTurn(() => ledger.positionOf(transaction)),
    feeTooLow: async () => null,
  })
}

/** Counts who of six is joined while a stranger asks to join with notes that there are not. @param everyMs so often */
async function joinedBesideJunk(
  viewIn: (clock: VirtualClock) => (ledger: Ledger, name: string) => Ledger,
  everyMs: number = 2 * second,
): Promise<number> {
  const room = await Room.open(honest, viewIn)
  const random = seededRandom(77)
  let asked: PairRequest | undefined
  room.way = ({ body, bytes }) => {
    if (body.kind === 'PR') asked ??= body
    return bytes
  }
  const junk = (): void => {
    if (asked !== undefined)
      room.say(forgedTwin({ ...asked, note: { ...asked.note, id: random(32) } }, random))
  }
  for (let at = 0; at < 9.5 * minute; at += everyMs) room.clock.after(at, junk)
  await room.meet(30 * minute)
  room.close()
  return sizes(room.guests).filter(size => size === 6).length
}

test('made-up requests, half as many as a node can answer, keep nobody apart: each peer looks at a ledger of its own', async () => {
  const own = (clock: VirtualClock) => {
    const nodes = new Map<string, Ledger>()
    return (ledger: Ledger, name: string): Ledger => {
      const node = nodes.get(name) ?? busyNode(clock)(ledger)
      nodes.set(name, node)
      return node
    }
  }
  assert.is(await joinedBesideJunk(own), 6)
})

/** One node for all of them. */
function shared(clock: VirtualClock): (ledger: Ledger) => Ledger {
  let node: Ledger | undefined
  return ledger => {
    node ??= busyNode(clock)(ledger)
    return node
  }
}

test('where all ask one node, twice as many as it can answer keep nobody apart either', async () => {
  assert.is(await joinedBesideJunk(shared, 3 * second), 6)
})

test('control: ten times as many as it can answer keep everybody apart', async () => {
  assert.is(await joinedBesideJunk(shared, 0.6 * second), 0)
})

test('eight notes that fall silent together cost twelve peers one run', async () => {
  const names = [...Array(12).keys()].map(i => `h${i}`).concat([...Array(8).keys()].map(i => `s${i}`))
  const room = await Room.open(names, undefined, { leastCircle: 1000 })
  room.way = ({ body, bytes }, from) => (from.name.startsWith('s') && body.kind === 'SR' ? null : bytes)
  await room.meet(30 * minute)
  assert.equal(sizes(room.guests.slice(0, 12)), Array(12).fill(12))
  for (const { told } of room.guests.slice(0, 12)) {
    const last = told.findLast(({ what }) => what.type === 'settled')?.what
    assert.is(last?.type === 'settled' ? last.record.attempts.length : 0, 2)
  }
  room.close()
})

/**
 * Counts how many of twelve peers are joined beside eight notes of one owner, who lets run after run fail by one of
 * them.
 */
async function joinedBesideSilent(seed: number, leastCircle?: number): Promise<number> {
  const names = [...Array(12).keys()].map(i => `h${i}`).concat([...Array(8).keys()].map(i => `s${i}`))
  const room = await Room.open(names, undefined, {
    roundTimes: usualTimes,
    seed,
    ...(leastCircle === undefined ? {} : { leastCircle }),
  })
  const silent = new Map<string, number>()
  const runs = new Set<string>()
  room.way = ({ body, bytes }, from) => {
    if (!from.name.startsWith('s') || !('attempt' in body)) return bytes
    // One of them in each run is silent from then on: to be silent together would cost the others one run alone
    const run = body.kind === 'KE' ? `${body.attempt} ${body.seen.map(hex)}` : ''
    if (run !== '' && !runs.has(run) && !silent.has(from.name)) {
      runs.add(run)
      silent.set(from.name, body.attempt)
    }
    const since = silent.get(from.name) ?? Number.POSITIVE_INFINITY
    return body.attempt > since || (body.attempt === since && body.kind !== 'KE') ? null : bytes
  }
  await room.meet(45 * minute)
  const joined = room.guests.slice(0, 12).filter(guest => settlementOf(guest)?.is === 'paid')
  room.close()
  return joined.length
}

test('eight notes whose owner lets run after run fail by one of them do not keep twelve peers apart', async () => {
  for (const seed of [1, 3]) assert.is(await joinedBesideSilent(seed), 12)
})

test('control: where those of a failed run stay together, eight such notes keep all twelve from being joined', async () => {
  assert.is(await joinedBesideSilent(1, 1000), 0)
})

test('no coin is lost to a join that comes between two questions, whichever time answers take', async () => {
  for (const oneWay of [4, 15]) {
    for (let seed = 0; seed < 12; seed++) {
      const random = seededRandom(10_000 + seed)
      const room = await Room.open(['a', 'b', 'c'], clock => slowly(clock, random, oneWay * second))
      const [a] = room.guests as [Guest]
      let crashes = 0
      room.travel = to => 500 + (to === a ? 0 : fraction(random) * 30_000)
      room.way = ({ body, bytes }, from) => {
        if (from === a && body.kind === 'CM' && crashes++ === 0) {
          room.clock.after(1, () => a.mixer.close())
          room.clock.after(1 + fraction(random) * 30_000, () => void room.enter(a, 777 + seed))
        }
        return bytes
      }
      await room.meet(60 * minute)
      const settlement = settlementOf(a)
      if (settlement?.is !== 'paid' && settlement?.is !== 'moved')
        return assert.unreachable(`seed ${seed}: ${settlement?.is}`)
      const has = await room.ledger.notesOwnedBy(ownerOf(settlement.outputSecret ?? new Uint8Array(32)))
      assert.ok(
        has.some(note => note.spentBy === null),
        `seed ${seed}: ${settlement.is}`,
      )
      room.close()
    }
  }
})

test.run()
